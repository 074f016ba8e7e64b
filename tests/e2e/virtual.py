"""Time that passes only while everybody waits: an ``up`` of half an hour, walked in seconds, at Azure's durations."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from azlocal.engine.ports import InProcess, Reply

Given = TypeVar("Given")
Found = TypeVar("Found")

_QUIET_TURNS = 300  # of the loop without a new call: far more than any chain of outputs needs to begin one


class Clock:
    """Moves on to the next end of a pause once every thread of the engine pauses and its loop has nothing to do."""

    def __init__(self) -> None:
        self.now = 0.0
        self._start = time.time()
        self._ends: list[tuple[float, int, threading.Event]] = []
        self._order = itertools.count()
        self._busy = self._threads = 0
        self._lock = threading.Condition()
        self._stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._start + self.now

    def pause(self, seconds: float) -> None:
        """Wait until the clock has moved on by so much."""
        over = threading.Event()
        with self._lock:
            heapq.heappush(self._ends, (self.now + seconds, next(self._order), over))
            self._lock.notify_all()
        over.wait()

    def executor(self, threads: int, **_: Any) -> ThreadPoolExecutor:
        """A pool whose tasks the clock knows of."""
        self._threads = threads
        return _Counted(self, threads)

    def new_loop(self) -> asyncio.AbstractEventLoop:
        """The engine's loop, watched from now on."""
        self._loop = asyncio.SelectorEventLoop()
        threading.Thread(target=self._watch, args=(self._loop,), daemon=True).start()
        return self._loop

    def stop(self) -> None:
        """Watch no longer."""
        with self._lock:
            self._stopped = True
            self._lock.notify_all()

    def count(self, change: int) -> None:
        """Tasks have begun or ended."""
        with self._lock:
            self._busy += change
            self._lock.notify_all()

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._stopped or self._all_pause())
                if self._stopped:
                    return
            looked = threading.Event()
            try:
                loop.call_soon_threadsafe(self._move_on, loop, looked)
            except RuntimeError:  # the loop was closed meanwhile
                return
            looked.wait(60.0)

    def _all_pause(self) -> bool:
        return bool(self._ends) and len(self._ends) == min(self._busy, self._threads)

    def _move_on(self, loop: asyncio.AbstractEventLoop, looked: threading.Event, turns: int = _QUIET_TURNS) -> None:
        """Runs on the loop, turn after turn: what could still happen now would happen in one of them.

        That the loop has nothing to do does not show: the SDK looks again in every turn whether all calls have ended.
        """
        with self._lock:
            quiet = self._all_pause()
            if quiet and not turns:
                self.now = self._ends[0][0]
                while self._ends and self._ends[0][0] <= self.now:
                    heapq.heappop(self._ends)[2].set()
        if quiet and turns:
            loop.call_soon(self._move_on, loop, looked, turns - 1)
        else:
            looked.set()


class _Counted(ThreadPoolExecutor):
    """A task ends for the clock only after whoever waits for it has been told."""

    def __init__(self, clock: Clock, threads: int) -> None:
        super().__init__(threads)
        self._clock = clock

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it, and count it while it runs."""
        told: Future[Any] = Future()
        self._clock.count(1)

        def run() -> None:
            try:
                told.set_result(fn(*args, **kwargs))
            except BaseException as error:  # handed on as it is
                told.set_exception(error)
            finally:
                self._clock.count(-1)

        super().submit(run)
        return told


class TimedAzure(InProcess):
    """A control plane in this process whose operations take their time on a clock of their own."""

    def __init__(self, clock: Clock, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._clock = clock
        self._one_at_a_time = threading.Lock()

    def send(self, method: str, path: str, query: Mapping[str, str], body: Any = None) -> Reply:
        """One call, which takes no time."""
        with self._one_at_a_time:
            return super().send(method, path, query, body)

    def alone(self, call: Callable[[Given], Found]) -> Callable[[Given], Found]:
        """A call that is made while no request is."""

        def guarded(given: Given) -> Found:
            with self._one_at_a_time:
                return call(given)

        return guarded

    def pause(self, seconds: float) -> None:
        """What Azure said to wait."""
        self._clock.pause(seconds)
