"""``azlocal up local`` on an empty local Azure, and once more without a change: whole processes, imports included."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from azlocal import lifecycle
from azlocal.state import StateFolder
from benchmarks.plan import ROOT, timed
from benchmarks.report import Figure

ROUNDS = 3


def measure() -> list[Figure]:
    """The first time, and the times after it."""
    first, again = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as base:
            folder = StateFolder(Path(base) / "azlocal")
            lifecycle.start(folder, 0)
            up = [str(ROOT / ".venv/bin/azlocal"), "up", "local", "--state", str(folder.path)]
            try:
                first.append(timed(up))
                again += [timed(up), timed(up)]
            finally:
                lifecycle.stop(folder)
    return [
        Figure("azlocal up local", statistics.median(first), "s", "≤ 15"),
        Figure("azlocal up local, nothing changed", statistics.median(again), "s", "≤ 6"),
    ]
