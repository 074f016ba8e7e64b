"""The processes of one deployment and the queue before them: bounded, timed, and whole again after a crash.

A process that ends is replaced at once. Where a model takes long to load, that would not be soon, so one spare
process has it loaded already and takes the place; another spare then loads behind.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable

from azlocal.machinelearning.endpoints import log
from azlocal.machinelearning.endpoints.connection import BrokenError, Reply
from azlocal.machinelearning.endpoints.process import GoneError, Launch, Process, StartError, describe
from azlocal.machinelearning.endpoints.settings import Serving

_FREE_RESTARTS = 3  # crashes in a minute that are answered with a restart at once
_WINDOW = 60.0  # seconds
_LONGEST_PAUSE = 30.0  # seconds between restarts of a process that keeps crashing
_SLOW_START = 1.0  # seconds; where loading takes longer, a spare process stands by
_LIVENESS = b"GET / HTTP/1.1\r\n\r\n"


class RefusedError(Exception):
    """A request that reaches no process."""


class TooManyRequestsError(RefusedError):
    """As many requests are pending as the deployment may have."""


class UnavailableError(RefusedError):
    """No process is up, and none is about to be."""


class Replicas:
    """A deployment that runs."""

    def __init__(self, launch: Launch, serving: Serving) -> None:
        self._launch = launch
        self._serving = serving
        self._processes: list[Process] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._waiting: deque[asyncio.Future[Process]] = deque()
        self._retiring: set[Process] = set()
        self._pending = 0
        self._starting = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._crashes: deque[float] = deque()
        self._spare: Process | None = None
        self._spare_start: asyncio.Task[None] | None = None

    @property
    def launch(self) -> Launch:
        """How its processes are started."""
        return self._launch

    @property
    def processes(self) -> list[Process]:
        """Those that are up."""
        return list(self._processes)

    async def start(self) -> None:
        """Start every process and wait until each is ready.

        Raises:
            StartError: one of them does not become ready; none is left.
        """
        log.make_room(self._launch.log)
        await self._grow(self._serving.processes)
        self._want_spare()

    async def _grow(self, count: int) -> None:
        starts = [
            asyncio.create_task(Process.start(self._launch, self._serving.readiness.patience)) for _ in range(count)
        ]
        try:
            started = await asyncio.gather(*starts)
        except BaseException:
            for outcome in await _outcomes(starts):
                if isinstance(outcome, Process):
                    await outcome.stop()
            raise
        for process in started:
            self._add(process)

    def _add(self, process: Process) -> None:
        self._processes.append(process)
        keeper = asyncio.create_task(self._keep(process))
        self._keepers.append(keeper)
        keeper.add_done_callback(self._keepers.remove)
        self._serve_waiting()

    async def resize(self, serving: Serving) -> None:
        """Change limits and the number of processes while requests go on.

        Raises:
            StartError: a further process does not become ready; the old ones go on.
        """
        more = serving.processes - len(self._processes)
        if more > 0:
            await self._grow(more)
        self._serving = serving
        while len(self._processes) > serving.processes:
            process = self._processes.pop()
            if process.in_flight:
                self._retiring.add(process)  # it goes once it has answered
            else:
                await process.stop()
        self._serve_waiting()

    async def submit(self, head: bytes, body: Iterable[bytes]) -> Reply:
        """Have one request answered.

        Raises:
            TooManyRequestsError: over the limit of pending requests.
            UnavailableError: no process is up.
            TimeoutError: it took longer than the deployment's request timeout, waiting included.
            BrokenError: the process died with the request.
        """
        if self._pending >= self._serving.pending:
            raise TooManyRequestsError
        self._pending += 1
        self._idle.clear()
        try:
            async with asyncio.timeout(self._serving.timeout):
                while True:
                    process = self._free() or await self._wait()
                    try:
                        return await process.exchange(head, body)
                    except GoneError:
                        continue
                    finally:
                        self._release(process)
        finally:
            self._pending -= 1
            if not self._pending:
                self._idle.set()

    def _free(self) -> Process | None:
        """A slot of the process with the least to do, taken."""
        process = min((one for one in self._processes if one.alive), key=_load, default=None)
        if process is None or process.in_flight >= self._serving.slots:
            return None
        process.in_flight += 1
        return process

    async def _wait(self) -> Process:
        if not self._processes and not self._starting:
            raise UnavailableError
        future: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and not future.exception():
                self._release(future.result())  # the slot came with the time-out: it goes to the next one
            raise

    def _release(self, process: Process) -> None:
        process.in_flight -= 1
        if process in self._retiring and not process.in_flight:
            self._retiring.discard(process)
            process.kill()
        self._serve_waiting()

    def _serve_waiting(self) -> None:
        """Give free slots to the requests that wait, oldest first."""
        while self._waiting:
            if self._waiting[0].done():
                self._waiting.popleft()
            elif process := self._free():
                self._waiting.popleft().set_result(process)
            else:
                return

    async def _keep(self, process: Process) -> None:
        """Watch one process: when it ends, or no longer answers, another takes its place."""
        probe = asyncio.create_task(self._probe(process))
        try:
            code = await process.ended()
        finally:
            probe.cancel()
        process.dispose()
        if process not in self._processes:
            return  # stopped on purpose
        self._starting += 1
        try:
            self._processes.remove(process)
            log.write(self._launch.log, f"scoring process {process.pid} ended {describe(code)}; starting another")
            pause = self._pause()
            if (spare := self._spare) and spare.alive:
                self._spare = None
                self._add(spare)
                self._want_spare(pause)
            else:
                await self._replace(pause)
        finally:
            self._starting -= 1

    async def _replace(self, pause: float) -> None:
        while True:
            if pause:
                self._give_up_waiting()
                self._starting -= 1
                log.write(self._launch.log, f"it keeps ending: the next start is in {pause:g} seconds")
                try:
                    await asyncio.sleep(pause)
                finally:
                    self._starting += 1
            try:
                self._add(await Process.start(self._launch, self._serving.readiness.patience))
            except StartError as error:
                log.write(self._launch.log, f"a scoring process did not start: {error}")
                pause = self._pause()
            else:
                return

    def _want_spare(self, pause: float = 0.0) -> None:
        """Have a spare process, where loading is slow."""
        slow = max((one.load_seconds for one in self._processes), default=0.0) > _SLOW_START
        if slow and (self._spare_start is None or self._spare_start.done()):
            self._spare_start = asyncio.create_task(self._start_spare(pause))

    async def _start_spare(self, pause: float) -> None:
        await asyncio.sleep(pause)
        try:
            self._spare = await Process.start(self._launch, self._serving.readiness.patience)
        except StartError as error:
            log.write(self._launch.log, f"the spare scoring process did not start: {error}")

    def _pause(self) -> float:
        """Seconds to wait before the next start: none at first, then doubling while it keeps crashing."""
        now = time.monotonic()
        self._crashes.append(now)
        while self._crashes[0] < now - _WINDOW:
            self._crashes.popleft()
        beyond = len(self._crashes) - _FREE_RESTARTS
        return min(2.0 ** (beyond - 1), _LONGEST_PAUSE) if beyond > 0 else 0.0

    def _give_up_waiting(self) -> None:
        if self._processes or self._starting > 1:
            return
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(UnavailableError())

    async def _probe(self, process: Process) -> None:
        """Liveness: a process that fails the probe too often in a row is ended, and so replaced."""
        probe, failures = self._serving.liveness, 0
        await asyncio.sleep(probe.delay)
        while failures < probe.failures:
            try:
                async with asyncio.timeout(probe.timeout):
                    await process.exchange(_LIVENESS, ())
                failures = 0
            except (TimeoutError, BrokenError):
                failures += 1
            await asyncio.sleep(probe.period)
        log.write(self._launch.log, f"scoring process {process.pid} failed {failures} liveness probes; ending it")
        process.kill()

    async def drain(self) -> None:
        """Wait until the requests that go on have been answered, then stop."""
        await self._idle.wait()
        await self.stop()

    async def stop(self) -> None:
        """End every process."""
        stopping, self._processes = [*self._processes, *self._retiring], []
        self._retiring.clear()
        tasks = [*self._keepers, *([self._spare_start] if self._spare_start else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._spare:
            stopping.append(self._spare)
        self._give_up_waiting()
        await asyncio.gather(*(process.stop() for process in stopping))


def _load(process: Process) -> int:
    return process.in_flight


async def _outcomes(tasks: list[asyncio.Task[Process]]) -> list[Process | BaseException]:
    return await asyncio.gather(*tasks, return_exceptions=True)
