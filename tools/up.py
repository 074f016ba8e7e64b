"""``make up``: the whole way once, on this machine, each step timed.

The steps are the very commands a platform engineer and a data scientist type, each as who they are. On Azure
the first two are ``pulumi up`` and the rest are the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
OUTPUTS = ROOT / "build" / "outputs" / "local.json"


@dataclass(frozen=True)
class Step:
    """One command, who runs it (None: whoever owns the machine), and what it is for."""

    title: str
    command: tuple[str, ...]
    principal: str | None = None


STEPS = (
    Step("start the local Azure", ("azlocal", "start")),
    Step("the architecture (azlocal up local)", ("azlocal", "up", "local", "--outputs", str(OUTPUTS))),
    Step("a year of flights into the lake", ("ml", "ingest"), "data-scientist"),
    Step("prepare, train, evaluate, register", ("ml", "train"), "data-scientist"),
    Step("deploy blue", ("ml", "deploy"), "data-scientist"),
    Step("deploy green, switch over, delete blue", ("ml", "deploy", "--new"), "data-scientist"),
    Step("score held-out flights", ("ml", "score"), "data-scientist"),
)


def main() -> int:
    """Run every step; stop at the first that fails, with its status."""
    console = Console(highlight=False)
    environment = {**os.environ, "STACK_OUTPUTS": str(OUTPUTS)}
    took: list[tuple[str, float]] = []
    for number, step in enumerate(STEPS, 1):
        who = f" as {step.principal}" if step.principal else ""
        shown = f"{' '.join(step.command[:3])}{who}"
        console.rule(f"[bold]{number}/{len(STEPS)} {step.title}[/bold] · {shown}", align="left", characters="─")
        began = time.monotonic()
        done = subprocess.run(full(step), cwd=ROOT, env=environment, check=False, stdin=subprocess.DEVNULL)
        took.append((step.title, time.monotonic() - began))
        if done.returncode:
            sys.stderr.write(f"error: '{step.title}' failed with status {done.returncode}\n")
            sys.stderr.write("hint: what was made is kept: mend what it says, and `make up` goes on from there\n")
            return done.returncode
    table = Table("step", "seconds", title="make up")
    for title, seconds in took:
        table.add_row(title, f"{seconds:.1f}")
    table.add_row("[bold]all[/bold]", f"[bold]{sum(seconds for _, seconds in took):.1f}[/bold]")
    console.print(table)
    conclude(console)
    console.print("The local Azure goes on running: `azlocal status` shows it, `make down` stops it.", soft_wrap=True)
    return 0


def conclude(console: Console) -> None:
    """What stands now: where to ask, how good the answers are, and where to look."""
    scored = max((ROOT / "build" / "ml").glob("*/scored.json"), key=lambda path: path.stat().st_mtime)
    report = scored.parent
    errors = json.loads((report / "metrics.json").read_text())
    model, baseline = (f"{errors[f'{who}_mae']:.2f} min" for who in ("model", "baseline"))
    console.print(f"endpoint   {json.loads(scored.read_text())['endpoint']}", soft_wrap=True)
    console.print(
        f"error      {model} on held-out months, the baseline {baseline} (mean absolute error)", soft_wrap=True
    )
    for number, picture in enumerate(sorted(report.glob("*.png"))):
        console.print(f"{'' if number else 'pictures':<10} {picture.relative_to(ROOT)}", soft_wrap=True)


def full(step: Step) -> list[str]:
    """The command with this project's programs, as its principal."""
    command = [str(BIN / step.command[0]), *step.command[1:]]
    return [str(BIN / "azlocal"), "exec", "--as", step.principal, "--", *command] if step.principal else command


if __name__ == "__main__":
    sys.exit(main())
