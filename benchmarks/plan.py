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
# What the program imports of the SDKs, and nothing else. A module of azure-native loads when it is first touched.
BARE = """
import re, pathlib, importlib, pulumi, pulumi_kubernetes.core.v1
text = "".join(path.read_text() for path in pathlib.Path("infra").rglob("*.py"))
imported = ",".join(re.findall(r"from pulumi_azure_native import ([^\\n]+)", text))
for name in sorted({name.split(" as ")[0].strip() for name in imported.split(",")}):
    hasattr(importlib.import_module(f"pulumi_azure_native.{name}"), "loaded")
"""
PLANS = {"dev": "≤ 1.5", "prod": "≤ 1.5", "--all": "≤ 2.5"}


def measure() -> list[Figure]:
    """Whole processes, alternating, so that a noisy machine treats all alike."""
    bare = [sys.executable, "-c", BARE]
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


def timed(command: list[str]) -> float:
    """Seconds a command takes; it must succeed."""
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began
