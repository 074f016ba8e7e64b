"""Seeing that somebody looks: a client that streams prints nothing of a job it first meets when it is over."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from azlocal.machinelearning.runs import Run

PATIENCE = 3.0  # seconds after a job was sent: by then a client that streams has asked once


class Watch:
    """Remembers which runs were looked at while they went on."""

    def __init__(self) -> None:
        self._looks: dict[tuple[str, str], asyncio.Event] = {}

    def expect(self, run: Run) -> None:
        """A run begins that somebody may stream."""
        self._looks[run.workspace, run.id.lower()] = asyncio.Event()

    def seen(self, workspace: str, run_id: str) -> None:
        """A client asked for the run's details."""
        if event := self._looks.get((workspace, run_id.lower())):
            event.set()

    async def first_look(self, run: Run) -> None:
        """Wait for the first look, but not beyond the patience."""
        event = self._looks.get((run.workspace, run.id.lower()))
        left = run.created + PATIENCE - time.time()
        if event and left > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await event.wait()

    def forget(self, run: Run) -> None:
        """The run is over."""
        self._looks.pop((run.workspace, run.id.lower()), None)
