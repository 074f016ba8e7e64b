"""How a job fails: a code and a sentence, which every one of its views shows."""

from __future__ import annotations

import signal
from pathlib import Path

_TAIL = 2000  # bytes of a log that an error repeats


class JobFailureError(Exception):
    """A job that cannot go on. ``status`` is what the run becomes."""

    def __init__(self, message: str, code: str = "UserError", status: str = "Failed") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


def exited(code: int, log: Path) -> JobFailureError:
    """A process that ended badly, in Azure's words."""
    status = code if code >= 0 else 128 - code  # ended by a signal: as a shell counts it
    said = tail(log) or (f"ended by {signal.Signals(-code).name}" if code < 0 else "it printed nothing")
    return JobFailureError(
        f"Execution failed. User process '/bin/bash' exited with status code {status}. Please check log file"
        f" 'user_logs/std_log.txt' for error details. Error: {said}"
    )


def timed_out(seconds: float) -> JobFailureError:
    """A process over its limit: the system cancels it (Microsoft Learn, command job YAML, limits.timeout)."""
    return JobFailureError(
        f"The job ran longer than its limit of {seconds:g} s (limits.timeout) and was canceled. Raise the limit, or"
        " give it less to do.",
        "JobTimeout",
        "Canceled",
    )


def tail(log: Path) -> str:
    """The end of a log."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL))
        return file.read().decode("utf-8", "replace").strip()
