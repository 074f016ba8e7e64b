"""Nodes of computes: a job waits in line until its compute has one free."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from azlocal.arm.providers.machinelearning.computes import NODES
from azlocal.machinelearning.jobs.failures import JobFailureError
from azlocal.state import Resource, State


@dataclass(slots=True)
class _Line:
    used: int = 0
    waiting: deque[tuple[int, asyncio.Future[None]]] = field(default_factory=deque)


def capacity(compute: Resource | None) -> int:
    """How many nodes a compute has at most; what has no nodes of its own has this machine's cores."""
    properties = compute.properties if compute else {}
    if properties.get("computeType") == "AmlCompute":
        return int(properties["properties"]["scaleSettings"]["maxNodeCount"])
    if properties.get("computeType") == "ComputeInstance":
        return 1
    return os.cpu_count() or 1


class Pools:
    """One line for each compute (its lower-cased id), first come first served."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lines: dict[str, _Line] = {}
        for key, _ in state.documents(NODES):
            state.delete_document(NODES, key)

    @asynccontextmanager
    async def nodes(self, compute: str, count: int) -> AsyncIterator[None]:
        """Hold nodes of a compute; waits for them.

        Raises:
            JobFailureError: the compute is gone.
        """
        line = self._lines.setdefault(compute, _Line())
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append((count, turn))
        self.look(compute)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and not turn.exception():
                self._give_back(compute, line, count)
            elif (count, turn) in line.waiting:
                line.waiting.remove((count, turn))
            raise
        try:
            yield
        finally:
            self._give_back(compute, line, count)

    def look(self, compute: str) -> None:
        """Let in who fits; called when something was given back, or the compute has changed."""
        line = self._lines.get(compute)
        if line is None:
            return
        resource = self._state.get(compute)
        if resource is None and "/computes/" in compute:
            while line.waiting:
                _, turn = line.waiting.popleft()
                turn.set_exception(JobFailureError(f"The compute '{compute.rsplit('/', 1)[-1]}' was deleted."))
            return
        while line.waiting and line.used + line.waiting[0][0] <= capacity(resource):
            count, turn = line.waiting.popleft()
            if not turn.done():
                line.used += count
                turn.set_result(None)
        with suppress(sqlite3.OperationalError):  # it is for show: who waits for a node gets one on a full disk too
            self._state.put_document(NODES, compute, line.used)

    def _give_back(self, compute: str, line: _Line, count: int) -> None:
        line.used -= count
        self.look(compute)
