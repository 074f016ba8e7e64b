"""Leaving a command before its end: the local Azure has gone, or somebody has pressed Ctrl-C.

Azure's clients in a program's own code ask again for minutes, in threads that nobody can end. Every step is on disk
before its next one begins (``StackState``), so that this process can leave at any moment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from azlocal.engine.errors import EngineError
from azlocal.errors import AzureLocalError, StoppedError, tell
from azlocal.lifecycle import Running, ends_within, require_running
from azlocal.state.folder import StateFolder

LOOK_SECONDS = 0.5  # how soon a watch ends that is over; the end of a server is known at once
GRACE_SECONDS = 3.0  # after Ctrl-C, for steps under way to end


@contextlib.contextmanager
def while_it_runs(folder: StateFolder, then: str, hush: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Do something with the local Azure; where that ends meanwhile, say so in one sentence and leave the process.

    Ctrl-C lets steps under way end, but not for long.

    Args:
        folder: whose server it is.
        then: how to go on.
        hush: ends the view, so that nothing more is shown of what fails now.

    Raises:
        EngineError: what happens inside; or that the server has gone, where something inside notices first.
    """
    watch = _Watch(require_running(folder), folder, then, hush)
    threading.Thread(target=watch.run, name="server", daemon=True).start()
    try:
        with _on_interrupt(watch.interrupted):
            yield
    except EngineError:
        if watch.end():
            raise watch.error from None
        raise
    finally:
        watch.end()


class _Watch:
    """Waits for the end of a server or of the work, whichever comes first; one of two threads tells of it."""

    def __init__(self, server: Running, folder: StateFolder, then: str, hush: Callable[[], None]) -> None:
        self.error = EngineError(
            f"the local Azure on port {server.port} went away; what was made is kept",
            f"`azlocal start`, then {then}; its log is {folder.log}",
        )
        self._pid = server.pid
        self._hush = hush
        self._over = threading.Event()
        self._telling = threading.Lock()

    def run(self) -> None:
        """Wait."""
        while not self._over.is_set():
            if ends_within(self._pid, LOOK_SECONDS):
                self._leave(self.error)

    def interrupted(self) -> None:
        """Somebody pressed Ctrl-C: leave, unless all ends soon."""
        if not self._over.wait(GRACE_SECONDS):
            self._leave(StoppedError())

    def end(self) -> bool:
        """The work is over; answers whether the server is. Never comes back where the other thread tells of it."""
        with self._telling:
            self._over.set()
            return ends_within(self._pid, 0)

    def _leave(self, error: AzureLocalError) -> None:
        with self._telling:
            if self._over.is_set():
                return
            with contextlib.suppress(Exception):  # whoever read this may be gone
                self._hush()
                tell(error)
                sys.stdout.flush()
            os._exit(error.exit_code)


@contextlib.contextmanager
def _on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """On the first Ctrl-C do this beside what follows from it anyway; another one follows as always."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: Any) -> None:
        signal.signal(signal.SIGINT, before)
        threading.Thread(target=act, name="interrupt", daemon=True).start()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
