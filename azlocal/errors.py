"""The errors a person sees at the command line; what a client sees on the wire is in ``azlocal.arm.errors``."""

from __future__ import annotations

import sys


class AzureLocalError(Exception):
    """A mistake or a condition the caller can do something about.

    ``message`` says what is wrong and what was given; ``hint`` says the way out. The command line
    prints both without a traceback and ends with ``exit_code``.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AzureLocalError):
    """The command itself was wrong: exit code 2, as for any wrong usage."""

    exit_code = 2


class StoppedError(AzureLocalError):
    """Somebody pressed Ctrl-C: the exit code is what a shell says of a program that it ended."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("interrupted", "what was done is kept: the same command goes on from there")


class StateError(AzureLocalError):
    """The state folder cannot be used: locked by another process, of a newer version, or unreadable."""


def tell(error: AzureLocalError) -> None:
    """Show an error as the command line does: what is wrong, then the way out."""
    sys.stderr.write(f"error: {error.message}\n")
    if error.hint:
        sys.stderr.write(f"hint: {error.hint}\n")
    sys.stderr.flush()
