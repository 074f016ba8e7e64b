"""Resolve the lock files anew: pinned, hashed, and without any address of an index."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = ROOT / ".venv" / "bin" / "uv"
# lock file → what goes into it
LOCKS: dict[str, tuple[str, ...]] = {
    "checkov.txt": ("--group", "checkov"),
    "platform.txt": ("pyproject.toml", "--group", "local", "--group", "dev"),
    "jobs.txt": ("--group", "jobs"),
    "policy.txt": ("--group", "policy"),
    "spark.txt": ("--group", "spark"),
}
FLAGS = (
    "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes",
    "--no-header", "--no-annotate", "--no-emit-index-url",
)  # fmt: skip


def main() -> int:
    """Resolve each; a lock that cannot be resolved stays as it is."""
    for name, what in LOCKS.items():
        command = [str(UV), "pip", "compile", *FLAGS, *what, "--output-file", f"locks/{name}", *sys.argv[1:]]
        if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
