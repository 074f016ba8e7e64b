"""The control plane's program: API server and controllers in one file, built once from Kubernetes' Go modules."""

from __future__ import annotations

import re
import shutil
import sys
import time
from pathlib import Path

from tools import golang
from tools.golang import CACHE

SOURCE = Path(__file__).parent / "kubernetes"
BINARIES = CACHE / "kubernetes"
NEEDED = ("go", "etcd")
INSTALL = (
    "install Go 1.24 or newer and etcd (Debian and Ubuntu: etcd-server; Homebrew: go, etcd), or let KUBECONFIG name a"
    " cluster, such as one of kind"
)


class ClusterError(golang.ToolError):
    """What keeps a cluster from running."""


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
    return golang.place(SOURCE, BINARIES)


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
    major, minor, _ = version().removeprefix("v").split(".", 2)
    told = "".join(
        f" -X k8s.io/component-base/version.{name}={value}"
        for name, value in (("gitVersion", version()), ("gitMajor", major), ("gitMinor", minor))
    )
    try:
        golang.build(SOURCE, target, defined=told)
    except golang.BuildError as error:
        sys.stderr.write("failed\n")
        raise ClusterError(f"Kubernetes could not be built:\n{error}", INSTALL) from None
    sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
