"""The component tests: what a resource costs under Pulumi's mocks beyond the import, and how long all of them take."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import Figure
from tests.infra import program

ROOT = Path(__file__).parents[1]
ROUNDS = 3
# The tests that run the program under mocks; those beside them judge plans, settings and documents.
TESTS = ("blocks", "bootstrap", "diagnostics", "governance", "network", "program", "reference", "roles")


def measure() -> list[Figure]:
    """Each environment several times in this process, then the tests as `make test` runs them."""
    for environment in program.ENVIRONMENTS:  # imports what it uses
        program.run(environment)
    each = [_milliseconds(environment) for _ in range(ROUNDS) for environment in program.ENVIRONMENTS]
    return [
        Figure("a resource under mocks", statistics.median(each), "ms", "≤ 3"),
        Figure("all component tests, imports included", _suite(), "s", "< 20"),
    ]


def _milliseconds(environment: str) -> float:
    began = time.perf_counter()
    made = program.run(environment)
    return (time.perf_counter() - began) * 1000 / len(made.resources)


def _suite() -> float:
    files = [f"tests/infra/test_{name}.py" for name in TESTS]
    began = time.perf_counter()
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup"]
    subprocess.run([*pytest, *files], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began
