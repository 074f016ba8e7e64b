"""Building environments with uv: one folder for each content, built once however many jobs wait for it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import uuid
from contextlib import suppress
from pathlib import Path

from azlocal.machinelearning.jobs.definitions import Definition
from azlocal.state import StateFolder

_NETWORK = ("failed to fetch", "error sending request", "dns error", "connection refused", "network is unreachable",
            "tcp connect error", "connect error", "name resolution")  # fmt: skip
_TAIL = 30  # lines of uv's words in a job's error


class BuildError(Exception):
    """An environment that cannot be built, in uv's words."""


class Environments:
    """The built environments below ``environments/`` of the state folder."""

    def __init__(self, folder: StateFolder) -> None:
        self._root = folder.sub("environments")
        self._cache = os.environ.get("UV_CACHE_DIR") or str(folder.path / "cache" / "uv")
        self._building: dict[str, asyncio.Task[None]] = {}
        for leftover in self._root.glob("*.building-*"):  # a build that the last server did not finish
            shutil.rmtree(leftover, ignore_errors=True)

    def folder(self, definition: Definition) -> Path:
        """Where the environment is, or will be."""
        return self._root / definition.key

    def log(self, definition: Definition) -> Path:
        """What was said while it was built; streamed into every waiting job's log."""
        return self._root / f"{definition.key}.log"

    def is_ready(self, definition: Definition) -> bool:
        """Whether it is built."""
        return self.folder(definition).is_dir()

    async def ready(self, definition: Definition) -> Path:
        """Wait until the environment is built; its folder.

        Raises:
            BuildError: it cannot be built.
        """
        if not self.is_ready(definition):
            task = self._building.get(definition.key)
            if task is None:
                task = asyncio.get_running_loop().create_task(self._build(definition))
                self._building[definition.key] = task
                task.add_done_callback(lambda _: self._building.pop(definition.key, None))
            await asyncio.shield(task)  # a cancelled job leaves the build to the others
        return self.folder(definition)

    async def stop(self) -> None:
        """End builds under way; they start anew next time."""
        for task in list(self._building.values()):
            task.cancel()
        await asyncio.gather(*self._building.values(), return_exceptions=True)

    async def _build(self, definition: Definition) -> None:
        uv = find_uv()
        place = self._root / f"{definition.key}.building-{uuid.uuid4().hex[:8]}"
        log = self.log(definition)
        log.write_text("".join(f"{note}\n" for note in definition.notes))
        try:
            python = sys.executable if definition.python == _own_python() else definition.python
            await self._run(log, uv, "venv", "--relocatable", "--no-project", "--python", python, str(place))
            if definition.requirements:
                listed = place / "requirements.txt"
                listed.write_text("\n".join(definition.requirements) + "\n")
                await self._run(log, uv, "pip", "install", "--python", str(place / "bin" / "python"), "-r", str(listed))
            place.rename(self.folder(definition))
        finally:
            shutil.rmtree(place, ignore_errors=True)

    async def _run(self, log: Path, *arguments: str) -> None:
        with log.open("ab") as sink:
            sink.write(f"$ uv {' '.join(arguments[1:])}\n".encode())
            sink.flush()
            start = sink.tell()
            process = await asyncio.create_subprocess_exec(
                *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=sink, stderr=sink, env=self._variables()
            )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if code:
            raise BuildError(_reason(log, start))

    def _variables(self) -> dict[str, str]:
        """The user's own proxy and trust: what is fetched is no business of the gateway's."""
        kept = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
        kept["UV_CACHE_DIR"] = self._cache
        kept.setdefault("UV_PYTHON_INSTALL_DIR", str(Path(self._cache).parent / "python"))
        kept["UV_NO_PROGRESS"] = kept["NO_COLOR"] = "1"
        return kept


def find_uv() -> str:
    """The uv beside the running Python, or the one ``AZLOCAL_UV`` names, or the one on the path.

    Raises:
        BuildError: there is none.
    """
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else os.environ.get("AZLOCAL_UV") or shutil.which("uv")
    if not found or not Path(found).exists():
        raise BuildError(
            "uv was not found, which builds the environments of jobs. Install it (pip install uv), or name it with"
            " AZLOCAL_UV."
        )
    return found


def _own_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _reason(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        text = file.read().decode("utf-8", "replace").strip()
    words = "\n".join(text.splitlines()[-_TAIL:])
    if any(sign in words.lower() for sign in _NETWORK):
        return f"The package index cannot be reached. Check the network and the proxy settings. uv says:\n{words}"
    return words
