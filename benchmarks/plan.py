"""``azlocal plan`` beside the bare import of the SDK modules that the program uses, run in turn."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import Figure

ROUNDS = 5
ROOT = Path(__file__).parents[1]
# The SDK's modules that a plan of prod ends with, and nothing else: importing them is what no plan can do without.
USED = """
import atexit, runpy, sys
atexit.register(lambda: print("\\n".join(name for name in sys.modules if name.startswith("pulumi")), file=sys.stderr))
sys.argv = ["azlocal", "plan", "prod"]
runpy.run_module("azlocal.cli", run_name="__main__")
"""
PLANS = {"dev": "≤ 1.5", "prod": "≤ 1.5", "--all": "≤ 2.5"}


def measure() -> list[Figure]:
    """Whole processes, alternating, so that a noisy machine treats all alike."""
    bare = [sys.executable, "-c", _imports()]
    plans = {what: [str(ROOT / ".venv/bin/azlocal"), "plan", what] for what in PLANS}
    for command in (bare, *plans.values()):
        timed(command)
    imports: list[float] = []
    ratios: dict[str, list[float]] = {what: [] for what in PLANS}
    for _ in range(ROUNDS):
        imports.append(timed(bare))
        for what, command in plans.items():
            ratios[what].append(timed(command) / imports[-1])
    return [
        Figure("bare import of the SDK modules", statistics.median(imports), "s", None),
        *(
            Figure(f"azlocal plan {what} / bare import", statistics.median(ratios[what]), "×", target)
            for what, target in PLANS.items()
        ),
    ]


def _imports() -> str:
    used = subprocess.run([sys.executable, "-c", USED], cwd=ROOT, check=True, capture_output=True, text=True)
    return f"import importlib\nfor name in {used.stderr.split()!r}:\n    importlib.import_module(name)"


def timed(command: list[str]) -> float:
    """Seconds a command takes; it must succeed."""
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began
