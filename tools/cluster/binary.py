"""The control plane's program: API server and controllers in one file, built once from Kubernetes' Go modules."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
SOURCE = Path(__file__).parent / "kubernetes"
BINARIES = CACHE / "kubernetes"
NEEDED = ("go", "etcd")
INSTALL = (
    "install Go 1.24 or newer and etcd (Debian and Ubuntu: etcd-server; Homebrew: go, etcd), or let KUBECONFIG name a"
    " cluster, such as one of kind"
)


class ClusterError(Exception):
    """What is wrong, and the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def binary() -> Path:
    """The program, built if need be.

    Raises:
        ClusterError: something to build or run it with is missing, or the build failed.
    """
    built = place()
    needed = NEEDED[1:] if built.exists() else NEEDED
    if missing := [name for name in needed if not shutil.which(name)]:
        raise ClusterError(f"no cluster is given, and to make one here {' and '.join(missing)} must be there", INSTALL)
    if not built.exists():
        _build(built)
    return built


def place() -> Path:
    """Where the program is: by what it is built from."""
    inputs = [SOURCE / name for name in ("main.go", "go.mod", "go.sum")]
    return BINARIES / hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()[:16]


def version() -> str:
    """The version of Kubernetes that is built."""
    found = re.search(r"k8s\.io/kubernetes (v\S+)", (SOURCE / "go.mod").read_text())
    if found is None:
        raise ClusterError("tools/kubernetes/go.mod names no k8s.io/kubernetes", "restore it")
    return found[1]


def _build(target: Path) -> None:
    sys.stderr.write(f"cluster: building Kubernetes {version()}, once: some minutes, 3 GB meanwhile ... ")
    sys.stderr.flush()
    began = time.monotonic()
    caches = CACHE / "go"
    places = {"GOPATH": caches, "GOMODCACHE": caches / "modules", "GOCACHE": caches / "build"}
    major, minor, _ = version().removeprefix("v").split(".", 2)
    told = "".join(
        f" -X k8s.io/component-base/version.{name}={value}"
        for name, value in (("gitVersion", version()), ("gitMajor", major), ("gitMinor", minor))
    )
    shutil.rmtree(BINARIES, ignore_errors=True)
    BINARIES.mkdir(parents=True)
    part = target.with_suffix(".part")
    flags = ("-trimpath", "-buildvcs=false", "-modcacherw", "-ldflags", f"-s -w{told}")
    done = subprocess.run(
        ("nice", "go", "build", *flags, "-o", str(part), "."),
        cwd=SOURCE, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env={**{name: str(path) for name, path in places.items()}, **os.environ, "CGO_ENABLED": "0"},
    )  # fmt: skip
    if done.returncode:
        sys.stderr.write("failed\n")
        said = [line for line in done.stderr.splitlines() if not line.startswith("go: downloading")]
        words = "\n".join(said[-12:]) or f"go ended with status {done.returncode}"
        raise ClusterError(f"Kubernetes could not be built:\n{words}", INSTALL)
    part.rename(target)
    shutil.rmtree(caches, ignore_errors=True)  # of use to nothing else
    sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
