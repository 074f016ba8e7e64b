"""What a command shows while it works (standard error) and what it leaves (tables, standard output)."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.table import Table

err = Console(file=sys.stderr, highlight=False, soft_wrap=True)
out = Console(file=sys.stdout, highlight=False, soft_wrap=True)


@contextmanager
def step(text: str) -> Iterator[Step]:
    """A step of a command: a spinner while it runs, a line with its time when it has ended well."""
    started = time.perf_counter()
    with err.status(text) as status:
        running = Step(text, status)
        yield running
    seconds = time.perf_counter() - started
    err.print(f"[green]✓[/green] {running.text} [dim]{seconds:.1f} s[/dim]")


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Steps that follow each other: each call begins one and ends the one before."""
    with ExitStack() as running:

        def begin(text: str) -> None:
            running.close()
            running.enter_context(step(text))

        yield begin


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what Azure's SDK prints on its own account off the screen; these consoles still write to it."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


class Step:
    """A step under way; `say` replaces its text."""

    def __init__(self, text: str, status: Status) -> None:
        self.text = text
        self._status = status

    def say(self, text: str) -> None:
        """Show what it is doing now, and leave that as its line."""
        self.text = text
        self._status.update(text)


class Progress:
    """Steps that run elsewhere: the spinner says what runs, a line with its time remains of each that ended."""

    def __init__(self, step: Step, final: Collection[str]) -> None:
        self._step = step
        self._final = final
        self._begun: dict[str, float] = {}
        self._ended: set[str] = set()

    def tell(self, statuses: Mapping[str, str]) -> None:
        """Show the statuses of the steps that have begun; a status may be followed by a comma and a remark."""
        now = time.perf_counter()
        running = []
        for name, status in statuses.items():
            begun = self._begun.setdefault(name, now)
            if status.partition(",")[0] not in self._final:
                running.append(f"{name} {status}")
            elif name not in self._ended:
                self._ended.add(name)
                note(f"{name}: {status} [dim]{now - begun:.1f} s[/dim]")
        self._step.say("run the pipeline" + (f": {', '.join(running)}" if running else ""))


def note(text: str) -> None:
    """A line that stays."""
    err.print(f"  {text}")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table of results; all but the first column are figures and stand to the right."""
    drawn = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for number, column in enumerate(columns):
        drawn.add_column(column, justify="right" if number else "left")
    for row in rows:
        drawn.add_row(*row)
    out.print()
    out.print(drawn)


def paths(title: str, files: Sequence[Path]) -> None:
    """Where to find what was written."""
    out.print(title)
    for file in files:
        out.print(f"  {file}")


def failure(message: str, hint: str = "") -> None:
    """An error and the way out."""
    err.print(f"[red]error:[/red] {message}", markup=True)
    if hint:
        err.print(f"[cyan]hint:[/cyan] {hint}")
