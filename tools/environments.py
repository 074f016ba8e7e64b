"""Virtual environments in .cache for tools that do not resolve beside the platform, each from its own lock file."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = ROOT / ".venv" / "bin" / "uv"


def interpreter(name: str) -> Path:
    """The interpreter of the environment of ``locks/<name>.txt``, made or renewed where that file has changed.

    Raises:
        CalledProcessError: uv could not install it, and has said why.
    """
    lock, folder = ROOT / "locks" / f"{name}.txt", ROOT / ".cache" / name
    python, stamp = folder / "bin" / "python", folder / ".ready"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        _uv("venv", "--allow-existing", "--python", sys.executable, str(folder))
        _uv("pip", "sync", "--python", str(python), "--require-hashes", str(lock))
        stamp.write_text(wanted)
    return python


def _uv(*arguments: str) -> None:
    kept = {"UV_CACHE_DIR": str(ROOT / ".cache" / "uv"), **os.environ}
    subprocess.run([str(UV), *arguments, "--quiet"], check=True, env=kept)
