"""Logs on their way: files that grow on disk are appended to the artifact store while a job runs."""

from __future__ import annotations

import asyncio
import functools
import logging
from contextlib import suppress
from pathlib import Path

from azlocal.machinelearning.places import Place, Places
from azlocal.machinelearning.runs import Run, Runs
from azlocal.storage.errors import StorageError
from azlocal.storage.internal import Blobs

STD_LOG = "user_logs/std_log.txt"
BUILD_LOG = "azureml-logs/20_image_build_log.txt"
EXECUTION_LOG = "logs/azureml/executionlogs.txt"
_INTERVAL = 0.5  # seconds between looks at the files: a client polls every 2 s or slower
_CHUNK = 4 << 20

logger = logging.getLogger("azlocal.machinelearning")


class LogShip:
    """Carries a run's log files to its artifacts. ``files`` maps an artifact's path to the file on disk."""

    def __init__(self, blobs: Blobs, places: Places, runs: Runs, workspace: str, run_id: str) -> None:
        self._blobs, self._places, self._runs = blobs, places, runs
        self._workspace, self._run_id = workspace, run_id
        self._files: dict[str, Path] = {}
        self._sent: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._one = asyncio.Lock()

    def add(self, name: str, path: Path) -> None:
        """Carry one more file from its beginning."""
        self._files[name] = path
        self._sent.setdefault(name, 0)

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._carry())

    async def resume(self) -> None:
        """Find out what a server that is gone has carried already."""
        for name in self._files:
            place = self._place(name)
            with suppress(StorageError):
                self._sent[name] = len(await self._blobs.read(place.account, place.container, place.path))

    def drop(self) -> None:
        """End at once; what is not carried stays on disk."""
        if self._task:
            self._task.cancel()

    async def finish(self) -> None:
        """Carry the rest and end."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._flush()
        for name, path in self._files.items():
            if not self._sent[name] and path.exists():  # a process that said nothing has a log all the same
                with suppress(StorageError):
                    place = self._place(name)
                    await self._blobs.write(place.account, place.container, place.path, b"", content_type="text/plain")
                    self._runs.change(self._workspace, self._run_id, functools.partial(_add, name=name))

    async def _carry(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL)
            await self._flush()

    async def _flush(self) -> None:
        async with self._one:
            for name, path in list(self._files.items()):
                try:
                    await self._send(name, path)
                except StorageError as error:
                    logger.warning("log %s of %s is not stored yet: %s", name, self._run_id, error.message)

    async def _send(self, name: str, path: Path) -> None:
        size = _size(path)
        place = self._place(name)
        while self._sent[name] < size:
            with path.open("rb") as file:
                file.seek(self._sent[name])
                data = file.read(_CHUNK)
            await asyncio.shield(self._append(place, name, data))

    async def _append(self, place: Place, name: str, data: bytes) -> None:
        """Shielded from being cancelled in the middle: what is sent is counted, so nothing is sent twice."""
        await self._blobs.append(place.account, place.container, place.path, data)
        first = not self._sent[name]
        self._sent[name] += len(data)
        if first:
            self._runs.change(self._workspace, self._run_id, lambda run: _add(run, name))

    def _place(self, name: str) -> Place:
        return self._places.artifacts(self._workspace, self._run_id, name)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _add(run: Run, name: str) -> None:
    if name not in run.logs:
        run.logs.append(name)
