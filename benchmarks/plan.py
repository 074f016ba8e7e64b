"""``azlocal plan dev`` beside the bare import of the SDK modules that the program uses, run in turn."""

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
text = "".join(path.read_text() for path in pathlib.Path("infra").glob("*.py"))
imported = ",".join(re.findall(r"from pulumi_azure_native import ([^\\n]+)", text))
for name in sorted({name.split(" as ")[0].strip() for name in imported.split(",")}):
    hasattr(importlib.import_module(f"pulumi_azure_native.{name}"), "loaded")
"""


def measure() -> list[Figure]:
    """Whole processes, alternating, so that a noisy machine treats both alike."""
    plan = [str(ROOT / ".venv/bin/azlocal"), "plan", "dev"]
    bare = [sys.executable, "-c", BARE]
    timed(plan), timed(bare)
    ratios, plans, imports = [], [], []
    for _ in range(ROUNDS):
        plans.append(timed(plan))
        imports.append(timed(bare))
        ratios.append(plans[-1] / imports[-1])
    return [
        Figure("bare import of the SDK modules", statistics.median(imports), "s", None),
        Figure("azlocal plan dev", statistics.median(plans), "s", None),
        Figure("azlocal plan dev / bare import", statistics.median(ratios), "×", "≤ 1.5"),
    ]


def timed(command: list[str]) -> float:
    """Seconds a command takes; it must succeed."""
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began
