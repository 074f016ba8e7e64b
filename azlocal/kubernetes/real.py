"""What azlocal itself does in the real cluster of its kubeconfig, beside what clients have it forward."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from azlocal.kubernetes.forward import Forwarder
from azlocal.kubernetes.status import Json, StatusError, not_found
from azlocal.state import Resource, State

# Documents: AKS cluster|name → where a namespace or a kind is that an extension or an add-on made in the real cluster.
MADE = "kubernetesMade"
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
        await self.bring(cluster, f"{_NAMESPACES}/{name}", namespace_manifest(name))

    async def bring(self, cluster: Resource, path: str, manifest: Json) -> None:
        """What an extension or an add-on brings, and takes along; what was there before is not remembered as theirs.

        Raises:
            StatusError: the cluster refuses it.
        """
        if await self.apply(path, manifest):
            self._state.put_document(MADE, f"{cluster.key}|{manifest['metadata']['name']}", path)

    async def apply(self, path: str, manifest: Json) -> bool:
        """An object that an extension brings; answers whether it was not there.

        Raises:
            StatusError: the cluster refuses it.
        """
        query = f"fieldManager={EXTENSION_MANAGER}&force=true"
        status, found = await self.forward.json("PATCH", f"{path}?{query}", manifest, _APPLY)
        _taken(status, found)
        return status == 201

    async def leave(self, cluster: Resource) -> None:
        """An AKS cluster that goes takes along what its extensions and add-ons made: the real cluster, which stays,
        loses their namespaces, and then their kinds.

        A real cluster that does not answer any more hinders nobody.
        """
        made = [(_path(told), key) for key, told in self._state.documents(MADE, f"{cluster.key}|")]
        for path, key in sorted(made, key=lambda one: not one[0].startswith(_NAMESPACES)):
            try:
                await self._remove(path)
            except (StatusError, TimeoutError) as error:
                logger.warning("%s stays in the cluster: %s", path, error)
            self._state.delete_document(MADE, key)

    async def _remove(self, path: str) -> None:
        """Delete an object, and wait until what was in it, or of its kind, is gone too."""
        status, found = await self.forward.json("DELETE", path)
        async with asyncio.timeout(GONE_WITHIN):
            while status != 404:
                _taken(status, found)
                await asyncio.sleep(POLL_SECONDS)
                status, found = await self.forward.json("GET", path)


def _path(told: str) -> str:
    """Where a remembered object is; a bare name, of an earlier version, is a namespace's."""
    return told if told.startswith("/") else f"{_NAMESPACES}/{told}"


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
