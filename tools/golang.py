"""Programs built here from Go modules: once for what they are built from, into ``.cache``, by the sums in go.sum."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache"


class ToolError(Exception):
    """What is wrong, and the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class BuildError(Exception):
    """Go could not build it; what it said last."""


def place(source: Path, folder: Path) -> Path:
    """Where the program built from a folder's module is: by what it is built from."""
    found = (path for path in source.iterdir() if path.suffix in {".go", ".mod", ".sum"})
    inputs = sorted(found, key=lambda path: (path.suffix, path.name))
    return folder / hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()[:16]


def build(source: Path, target: Path, package: str = ".", defined: str = "") -> None:
    """Build a package of a folder's module; what was built before in the target's folder goes.

    Args:
        source: the folder of go.mod.
        target: the program.
        package: the package's path.
        defined: variables for the linker.

    Raises:
        BuildError: it failed; nothing is left of it.
    """
    caches = CACHE / "go"
    places = {"GOPATH": caches, "GOMODCACHE": caches / "modules", "GOCACHE": caches / "build"}
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir(parents=True)
    part = target.with_suffix(".part")
    flags = ("-trimpath", "-buildvcs=false", "-modcacherw", "-ldflags", f"-s -w{defined}")
    done = subprocess.run(
        ("nice", "go", "build", *flags, "-o", str(part), package),
        cwd=source, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env={**{name: str(path) for name, path in places.items()}, **os.environ, "CGO_ENABLED": "0"},
    )  # fmt: skip
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if not line.startswith("go: downloading")]
        raise BuildError("\n".join(said[-12:]) or f"go ended with status {done.returncode}")
    part.rename(target)
    shutil.rmtree(caches, ignore_errors=True)  # of use to nothing else
