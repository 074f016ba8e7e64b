"""Clusters for a plan: the stand-in's own checks and memory, in this process."""

from __future__ import annotations

import threading
from typing import Any

from azlocal.engine.errors import ResourceError
from azlocal.engine.kubernetes import refusal
from azlocal.kubernetes.standin import StandIn
from azlocal.kubernetes.status import StatusError
from azlocal.state import State

Json = dict[str, Any]

FIELD_MANAGER = "pulumi-kubernetes"


class PaperCluster:
    """A cluster that checks and remembers."""

    def __init__(self, standin: StandIn) -> None:
        self._standin = standin
        self._lock = threading.Lock()

    def apply(self, manifest: Json) -> Json:
        """Server-side apply."""
        with self._lock:
            try:
                return self._standin.apply(manifest, FIELD_MANAGER)
            except StatusError as error:
                raise _refusal(error) from None

    def get(self, manifest: Json) -> Json | None:
        """The object, or None."""
        metadata = manifest["metadata"]
        with self._lock:
            try:
                kind = self._standin.kind(str(manifest["apiVersion"]), str(manifest["kind"]))
                return self._standin.get(kind, metadata.get("namespace", ""), metadata["name"])
            except StatusError as error:
                if error.code == 404:
                    return None
                raise _refusal(error) from None

    def delete(self, manifest: Json, timeout: float) -> None:
        """Forget the object."""
        metadata = manifest["metadata"]
        with self._lock:
            try:
                kind = self._standin.kind(str(manifest["apiVersion"]), str(manifest["kind"]))
                self._standin.delete(kind, metadata.get("namespace", ""), metadata["name"])
            except StatusError as error:
                if error.code != 404:
                    raise _refusal(error) from None

    def is_namespaced(self, api_version: str, kind: str) -> bool:
        """As the stand-in's discovery says."""
        try:
            return self._standin.kind(api_version, kind).namespaced
        except StatusError as error:
            raise _refusal(error) from None


class PaperClusters:
    """One cluster on paper for each that a provider names, in the plan's own state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[str, PaperCluster] = {}

    def __call__(self, settings: Json) -> PaperCluster:
        """The cluster of a provider's inputs."""
        key = str(settings.get("clusterIdentifier") or settings.get("kubeconfig") or "default")
        if key not in self._known:
            self._known[key] = PaperCluster(StandIn(self._state, key))
        return self._known[key]


def _refusal(error: StatusError) -> ResourceError:
    return refusal(error.code, error.reason, error.message)
