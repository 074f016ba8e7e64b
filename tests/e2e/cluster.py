"""The cluster of KUBECONFIG itself, past the local Azure."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from azlocal.kubernetes.forward import Kubeconfig

# What comes and goes by itself in any cluster, and what its controllers give to each namespace when they come to it.
_RESTLESS = {"events", "leases"}
_GIVEN = {"v1/ServiceAccount default", "v1/ConfigMap kube-root-ca.crt"}


class RealCluster:
    """HTTP to its API server, as whom the kubeconfig names."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def get(self, path: str) -> Any:
        """What there is."""
        return self.http.get(path).raise_for_status().json()

    def resources(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every kind of its preferred versions: group and version, and what discovery says of it."""
        groups = [group["preferredVersion"]["groupVersion"] for group in self.get("/apis")["groups"]]
        for version in ("v1", *groups):
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            for one in self.get(root)["resources"]:
                if "/" not in one["name"]:
                    yield version, one

    def objects(self) -> set[str]:
        """What it holds, but for what comes and goes by itself."""
        found = set()
        for version, one in self.resources():
            if {"list", "create"} <= set(one["verbs"]) and one["name"] not in _RESTLESS:
                root = f"/apis/{version}" if "/" in version else f"/api/{version}"
                for item in self.get(f"{root}/{one['name']}")["items"]:
                    what, metadata = f"{version}/{one['kind']}", item["metadata"]
                    if f"{what} {metadata['name']}" not in _GIVEN:
                        found.add(f"{what} {metadata.get('namespace', '')}/{metadata['name']}")
        return found

    def served(self, path: str) -> None:
        """Until the resources of a new group are served: asked again and again, for nothing tells of it."""
        until = time.monotonic() + 30
        while self.http.get(path).status_code == 404:
            assert time.monotonic() < until, f"{path} is not served"


@contextmanager
def connect() -> Iterator[RealCluster]:
    """A client of the cluster that KUBECONFIG names."""
    config = Kubeconfig(kubeconfig())
    headers = {"authorization": f"Bearer {config.token}"} if config.token else {}
    with httpx.Client(
        base_url=config.server, verify=config.tls(), headers=headers, trust_env=False, timeout=90
    ) as client:
        yield RealCluster(client)


def kubeconfig() -> Path:
    """The file that KUBECONFIG names."""
    path = os.environ.get("KUBECONFIG")
    assert path, "KUBECONFIG must name the kubeconfig of a cluster that may be written to: make test-kubernetes"
    return Path(path)
