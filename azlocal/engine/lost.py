"""The local Azure that ends while something works on it.

Azure's clients in a program's own code ask again for minutes, in threads that nobody can end. Every step is on disk
before its next one begins (``StackState``), so that this process can leave at any moment: it does so at once.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator

from azlocal.engine.errors import EngineError
from azlocal.errors import tell
from azlocal.lifecycle import Running, ends_within, require_running
from azlocal.state.folder import StateFolder

LOOK_SECONDS = 0.5  # how soon a watch ends that is over; the end of a server is known at once


@contextlib.contextmanager
def while_it_runs(folder: StateFolder, then: str, hush: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Do something with the local Azure; where that ends meanwhile, say so in one sentence and leave the process.

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
                self._leave()

    def end(self) -> bool:
        """The work is over; answers whether the server is. Never comes back where the other thread tells of it."""
        with self._telling:
            self._over.set()
            return ends_within(self._pid, 0)

    def _leave(self) -> None:
        with self._telling:
            if self._over.is_set():
                return
            with contextlib.suppress(Exception):  # whoever read this may be gone
                self._hush()
                tell(self.error)
                sys.stdout.flush()
            os._exit(self.error.exit_code)
