"""The state folder: everything one installation owns, and the lock that keeps it to one process."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import Any

from azlocal.errors import StateError

DEFAULT_FOLDER = ".azlocal"


class StateFolder:
    """Paths inside the state folder. ``AZLOCAL_STATE`` names it; the default is ``.azlocal`` here."""

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = Path(path or os.environ.get("AZLOCAL_STATE") or DEFAULT_FOLDER).absolute()
        self._lock: int | None = None

    @property
    def database(self) -> Path:
        """The SQLite database of resources, operations and documents."""
        return self.path / "state.db"

    @property
    def ca_certificate(self) -> Path:
        """The installation's own CA, alone: what a trust store needs to add."""
        return self.path / "ca" / "ca.pem"

    @property
    def ca_bundle(self) -> Path:
        """The machine's usual roots and the installation's CA: what ``REQUESTS_CA_BUNDLE`` names."""
        return self.path / "ca" / "bundle.pem"

    @property
    def runtime(self) -> Path:
        """The running server's pid and ports, written once it is ready."""
        return self.path / "server.json"

    @property
    def log(self) -> Path:
        """What the server writes about itself."""
        return self.path / "server.log"

    def sub(self, *parts: str) -> Path:
        """A folder below the state folder, made if it is missing."""
        path = self.path.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def create(self) -> None:
        """Make the folder, readable by its owner alone: it holds keys.

        Raises:
            StateError: it cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StateError(
                f"state folder {self.path} cannot be made: {error.strerror}",
                "name a folder you may write to: AZLOCAL_STATE=/some/where",
            ) from None

    def lock(self) -> None:
        """Take the folder for this process. The kernel releases it when the process ends, however it ends.

        Raises:
            StateError: another azlocal holds it.
        """
        self.create()
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise StateError(
                f"state folder {self.path} is in use by another azlocal",
                "stop it with `azlocal stop`, or give this one its own folder: AZLOCAL_STATE=/some/where",
            ) from None
        self._lock = handle

    def unlock(self) -> None:
        """Give the folder up before the process ends."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def secret(self, name: str) -> str:
        """A random secret of this installation, made on first use and kept in a file only its owner reads."""
        path = self.sub("secrets") / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32))
        return path.read_text()

    def read_runtime(self) -> dict[str, Any] | None:
        """What the last ready server wrote, or None where there is none."""
        try:
            return dict(json.loads(self.runtime.read_text()))
        except (OSError, json.JSONDecodeError):
            return None


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
