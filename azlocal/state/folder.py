"""The state folder: everything one installation owns, and the lock that keeps it to one process."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any

from azlocal.errors import StateError

DEFAULT_FOLDER = ".azlocal"
DATABASE = "state.db"
MARK = ".azlocal-state"
"""Says that a folder is azlocal's; a reset leaves it."""
COSTLY = frozenset({"environments", "cache"})
"""What was built for jobs: a reset leaves it too."""
OWN = COSTLY | {
    MARK, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal", "azurite.log", "ca", "endpoints",
    "jobs", "keys", "lock", "secrets", "server.json", "server.log", "stacks", "storage", "storage.lock", "tokens",
}  # fmt: skip
"""All that azlocal puts into the folder: anything else in it is somebody else's."""

_ANOTHER = "AZLOCAL_STATE=/some/where"


class StateFolder:
    """Paths inside the state folder. ``AZLOCAL_STATE`` names it; the default is ``.azlocal`` here."""

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = Path(path or os.environ.get("AZLOCAL_STATE") or DEFAULT_FOLDER).absolute()
        self._lock: int | None = None

    @property
    def database(self) -> Path:
        """The SQLite database of resources, operations and documents."""
        return self.path / DATABASE

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

    def without_spaces(self, path: Path) -> Path:
        """The same place by a path that a shell takes for one word, as those are that Azure mounts data at.

        Where this folder lies below a name with spaces the way leads over a link in the folder for temporary files.

        Raises:
            StateError: that link is somebody else's.
        """
        if not re.search(r"\s", str(self.path)):
            return path
        link = self._link
        if not link.is_symlink():
            link.symlink_to(self.path)
        if link.lstat().st_uid != os.getuid() or link.readlink() != self.path:
            raise StateError(f"{link} is not this folder's link", f"remove it, or use another state folder: {_ANOTHER}")
        return link / path.relative_to(self.path)

    @property
    def _link(self) -> Path:
        mark = hashlib.sha256(str(self.path).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"azlocal-{os.getuid()}-{mark}"

    def create(self) -> None:
        """Make the folder, readable by its owner alone: it holds keys.

        Raises:
            StateError: it cannot be made, or it is a folder of something else.
        """
        self.require_own()
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.path / MARK).touch()
        except OSError as error:
            raise StateError(
                f"state folder {self.path} cannot be {'used' if self.path.is_dir() else 'made'}: {error.strerror}",
                f"name a folder you may write to: {_ANOTHER}",
            ) from None

    def require_own(self) -> None:
        """Keep away from a folder that other things live in: what starts here is one day reset.

        Raises:
            StateError: it holds something, and no state of azlocal's.
        """
        try:
            inside = {entry.name for entry in self.path.iterdir()} if self.path.is_dir() else set()
        except OSError as error:
            raise StateError(
                f"state folder {self.path} cannot be read: {error.strerror}",
                f"name a folder you may write to: {_ANOTHER}",
            ) from None
        others = sorted(inside - OWN)
        if others and not inside & {MARK, DATABASE}:
            raise StateError(
                f"{self.path} is no state folder of azlocal: it holds '{others[0]}'",
                f"name a folder that is new or empty, or one that azlocal made: {_ANOTHER}",
            )

    def clear(self) -> None:
        """Remove what azlocal put here, but not the environments built for jobs.

        Raises:
            StateError: it is a folder of something else, or something cannot be removed.
        """
        self.require_own()
        self._link.unlink(missing_ok=True)
        for name in sorted(OWN - COSTLY - {MARK}):
            path = self.path / name
            try:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            except OSError as error:
                raise StateError(
                    f"{path} cannot be removed: {error.strerror}",
                    "make it writable, or end what uses it; then reset again",
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
                f"stop it with `azlocal stop`, or give this one its own folder: {_ANOTHER}",
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
    """Write a file that only its owner reads, whole or not at all.

    Raises:
        StateError: it can't be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StateError(
            f"{path} can't be written: {error.strerror}", "free some space there, or make the folder writable"
        ) from None
