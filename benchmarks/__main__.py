"""``python -m benchmarks [PART …]``: run them all, or those named."""

from __future__ import annotations

import importlib
import sys

from benchmarks.report import write

PARTS = ("arm", "blob", "components", "plan", "scoring", "up")


def main(names: list[str]) -> int:
    """Measure and report each part."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.stderr.write(f"error: unknown benchmark {', '.join(unknown)}\nhint: choose from {', '.join(PARTS)}\n")
        return 2
    for name in names or PARTS:
        write(name, importlib.import_module(f"benchmarks.{name}").measure())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
