"""A deployment on the terminal: live where there is one, plain lines where there isn't."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Self, TextIO

from azlocal.engine.events import Action, Failure, Summary
from azlocal.engine.urns import name_of, short_type

if TYPE_CHECKING:
    from rich.console import RenderableType

SIGNS = {
    Action.CREATE: ("+", "green", "created"),
    Action.UPDATE: ("~", "yellow", "updated"),
    Action.REPLACE: ("±", "magenta", "replaced"),
    Action.DELETE: ("-", "red", "deleted"),
    Action.IMPORT: ("=", "cyan", "imported"),
    Action.READ: (">", "cyan", "read"),
    Action.SAME: (" ", "dim", "unchanged"),
}
ROWS = 12  # of what is running; the rest is counted


class Lines:
    """One line for each thing done; what stays as it is is counted only."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._begun: dict[str, float] = {}
        self._lock = threading.Lock()
        self._hushed = False

    def __enter__(self) -> Self:
        """Nothing to set up."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to tear down."""

    def started(self, urn: str, action: Action) -> None:
        """Remember when."""
        self._begun.setdefault(urn, time.monotonic())

    def finished(self, urn: str, action: Action) -> None:
        """Say what was done, and how long it took."""
        seconds = time.monotonic() - self._begun.pop(urn, time.monotonic())
        if action not in (Action.SAME, Action.READ):
            sign, _, done = SIGNS[action]
            self._write(f"{sign} {short_type(urn)} {name_of(urn)} {done} ({seconds:.1f} s)")

    def failed(self, urn: str, action: Action, failure: Failure) -> None:
        """Say what could not be done, in Azure's own words."""
        self._begun.pop(urn, None)
        self._write(f"! {short_type(urn)} {name_of(urn)}: {action.value} failed: {failure.code}: {failure.message}")

    def note(self, severity: str, message: str) -> None:
        """What the program says."""
        self._write(f"{severity}: {message}")

    def hush(self) -> None:
        """Show nothing from now on."""
        self._hushed = True

    def _write(self, text: str) -> None:
        with self._lock:
            if self._hushed:
                return
            self._out.write(text + "\n")
            self._out.flush()


class Live(Lines):
    """The same lines above a region that shows what is running right now."""

    def __init__(self, title: str) -> None:
        super().__init__()
        from rich.console import Console
        from rich.live import Live as RichLive

        self._title = title
        self._console = Console()
        self._running: dict[str, tuple[Action, float]] = {}
        self._counts: Counter[Action] = Counter()
        self._live = RichLive(console=self._console, get_renderable=self._render, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        """Take the terminal."""
        self._live.start()
        return self

    def __exit__(self, *problem: object) -> None:
        """Give it back."""
        self._live.stop()

    def hush(self) -> None:
        """Give the terminal back, and show nothing from now on."""
        super().hush()
        self._live.stop()

    def started(self, urn: str, action: Action) -> None:
        """Show it among what is running."""
        super().started(urn, action)
        with self._lock:
            self._running[urn] = action, time.monotonic()

    def finished(self, urn: str, action: Action) -> None:
        """Take it off and say what was done."""
        with self._lock:
            self._running.pop(urn, None)
            self._counts[action] += 1
        super().finished(urn, action)

    def failed(self, urn: str, action: Action, failure: Failure) -> None:
        """Take it off and say why."""
        with self._lock:
            self._running.pop(urn, None)
        super().failed(urn, action, failure)

    def _write(self, text: str) -> None:
        from rich.text import Text

        if self._hushed:
            return
        styles = {sign: style for sign, style, _ in SIGNS.values()} | {"!": "bold red"}
        self._console.print(Text(text, style=styles.get(text[:1], "")))

    def _render(self) -> RenderableType:
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        with self._lock:
            running, counts = list(self._running.items()), dict(self._counts)
        table = Table.grid(padding=(0, 1))
        for urn, (action, begun) in running[:ROWS]:
            sign, style, _ = SIGNS[action]
            row = Text(f"{sign} {short_type(urn)} {name_of(urn)} {time.monotonic() - begun:.0f} s", style=style)
            table.add_row(Spinner("dots"), row)
        if len(running) > ROWS:
            table.add_row("", Text(f"and {len(running) - ROWS} more", style="dim"))
        done = ", ".join(f"{count} {SIGNS[action][2]}" for action, count in counts.items())
        table.add_row(Spinner("dots"), Text(f"{self._title}: {done or 'reading the program'}", style="bold"))
        return table


def watch(title: str) -> Lines:
    """The view that fits where output goes."""
    return Live(title) if sys.stdout.isatty() else Lines()


def summary_line(summary: Summary, seconds: float) -> str:
    """How it went, in one line."""
    parts = [f"{count} {SIGNS[action][2]}" for action, count in summary.counts.items() if count]
    parts += [f"{len(summary.failures)} failed"] if summary.failures else []
    parts += [f"{len(summary.skipped)} waiting for them"] if summary.skipped else []
    return f"{', '.join(parts) or 'nothing to do'} in {seconds:.1f} s"
