"""What azlocal itself does in the real cluster of its kubeconfig, beside what clients have it forward."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from azlocal.kubernetes.forward import Forwarder
from azlocal.kubernetes.status import Json, StatusError, not_found
from azlocal.state import Resource, State

MADE = "kubernetesMade"  # documents: AKS cluster|namespace → a namespace that an extension made in the real cluster
EXTENSION_MANAGER = "azure-extension"
GONE_WITHIN = 120.0  # seconds: what Azure takes to delete an extension
POLL_SECONDS = 0.2
_APPLY = "application/apply-patch+yaml"
_NAMESPACES = "/api/v1/namespaces"

logger = logging.getLogger("azlocal.kubernetes")


class RealCluster:
    """The cluster that every AKS cluster of this Azure is."""

    def __init__(self, state: State, forward: Forwarder) -> None:
        self._state = state
        self.forward = forward

    async def account(self, namespace: str, name: str) -> Json:
        """A service account.

        Raises:
            StatusError: 404, or why the cluster doesn't say.
        """
        status, found = await self.forward.json("GET", f"{_NAMESPACES}/{namespace}/serviceaccounts/{name}")
        if status == 404:
            raise not_found("serviceaccounts", "", name)
        return dict(_taken(status, found))

    async def add_namespace(self, cluster: Resource, name: str) -> None:
        """An extension's namespace; one that was not there is remembered as the AKS cluster's.

        Raises:
            StatusError: the cluster refuses it.
        """
        path = f"{_NAMESPACES}/{name}?fieldManager={EXTENSION_MANAGER}&force=true"
        status, found = await self.forward.json("PATCH", path, namespace_manifest(name), _APPLY)
        _taken(status, found)
        if status == 201:
            self._state.put_document(MADE, f"{cluster.key}|{name}", name)

    async def apply(self, path: str, manifest: Json) -> None:
        """An object that an extension or an add-on brings.

        Raises:
            StatusError: the cluster refuses it.
        """
        query = f"fieldManager={EXTENSION_MANAGER}&force=true"
        _taken(*await self.forward.json("PATCH", f"{path}?{query}", manifest, _APPLY))

    async def leave(self, cluster: Resource) -> None:
        """An AKS cluster that goes takes its extensions' namespaces along: the real cluster, which stays, loses them.

        A real cluster that does not answer any more hinders nobody.
        """
        for key, name in self._state.documents(MADE, f"{cluster.key}|"):
            try:
                await self._remove(name)
            except (StatusError, TimeoutError) as error:
                logger.warning("the namespace %s stays in the cluster: %s", name, error)
            self._state.delete_document(MADE, key)

    async def _remove(self, namespace: str) -> None:
        """Delete a namespace, and wait until what was in it is gone too."""
        path = f"{_NAMESPACES}/{namespace}"
        status, found = await self.forward.json("DELETE", path)
        async with asyncio.timeout(GONE_WITHIN):
            while status != 404:
                _taken(status, found)
                await asyncio.sleep(POLL_SECONDS)
                status, found = await self.forward.json("GET", path)


def namespace_manifest(name: str) -> Json:
    """A namespace, and nothing said of it."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _taken(status: int, found: Any) -> Any:
    """What the cluster answered, unless it refused.

    Raises:
        StatusError: its refusal.
    """
    if status < 400:
        return found
    said = found if isinstance(found, dict) else {}
    raise StatusError(status, str(said.get("reason", "")), str(said.get("message") or found))
