"""What a job of GitHub Actions may say: a summary, values for later steps and jobs, an error. Elsewhere: the terminal.

Only the standard library: a job that just comments needs no environment.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"


class StepError(Exception):
    """What is wrong, and the way out."""

    def __init__(self, message: str, hint: str, status: int = 1) -> None:
        super().__init__(message)
        self.hint = hint
        self.status = status


def stack_outputs() -> dict[str, Any]:
    """What STACK_OUTPUTS names: an environment's outputs.

    Raises:
        StepError: it names no such file.
    """
    path = Path(os.environ.get("STACK_OUTPUTS") or "missing")
    if not path.is_file():
        raise StepError(
            "STACK_OUTPUTS names no file", "write it with `python -m tools.ci.stack outputs STACK --file FILE`"
        )
    return dict(json.loads(path.read_text()))


def summarize(markdown: str) -> None:
    """Add to the page of the run, where an approver looks first."""
    _append("GITHUB_STEP_SUMMARY", f"{markdown.rstrip()}\n\n")


def output(name: str, value: str) -> None:
    """A value for later jobs.

    Raises:
        ValueError: it has several lines, the second of which would be another value.
    """
    _set("GITHUB_OUTPUT", name, value)


def variable(name: str, value: str) -> None:
    """A variable of the environment for the job's later steps.

    Raises:
        ValueError: it has several lines, the second of which would be another variable.
    """
    _set("GITHUB_ENV", name, value)


def _set(file: str, name: str, value: str) -> None:
    line = f"{name}={value}"
    if len(line.splitlines()) != 1:
        raise ValueError(f"{name} has several lines")
    if not _append(file, f"{line}\n"):
        sys.stdout.write(f"{line}\n")


def _append(variable: str, text: str) -> bool:
    if not (path := os.environ.get(variable)):
        return False
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text)
    return True


def fail(error: StepError) -> int:
    """Say what is wrong, as an annotation of the run where there is one; the status to end with."""
    first, _, rest = str(error).partition("\n")
    mark = "::error::" if os.environ.get("GITHUB_ACTIONS") else "error: "
    lines = [f"{mark}{first}", *([rest] if rest else []), f"hint: {error.hint}"]
    sys.stderr.write("\n".join(lines) + "\n")
    return error.status
