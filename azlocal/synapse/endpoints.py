"""Managed private endpoints: how a Synapse workspace's managed network reaches a resource.

Making one leaves a pending connection on the target, whose owner approves it there (Microsoft Learn, "Synapse
managed private endpoints"). The endpoint itself lives in a subscription of Microsoft's; the target sees it as
``{workspace}.{name}``.
"""

from __future__ import annotations

import re
from typing import Any

from azlocal.arm import privatelink
from azlocal.arm.deletes import purge
from azlocal.arm.errors import ArmError, bad_request
from azlocal.azure import Azure
from azlocal.state import Resource
from azlocal.synapse.documents import ENDPOINT

Json = dict[str, Any]

NETWORK = "default"
TYPE = "Microsoft.Synapse/workspaces/managedVirtualNetworks/managedPrivateEndpoints"
PROVISIONING_SECONDS = 90.0  # "+1-2 minutes" until the network has it
_NAME = re.compile(r"[a-zA-Z0-9]([\w.-]{0,62}\w)?")


class Endpoints:
    """The managed private endpoints of one workspace."""

    def __init__(self, azure: Azure, workspace: Resource) -> None:
        self._azure = azure
        self._state = azure.state
        self._workspace = workspace

    def check_network(self, network: str) -> None:
        """There is at most one managed network, and it is made with the workspace.

        Raises:
            ArmError: 400 or 404.
        """
        if self._workspace.properties.get("managedVirtualNetwork") != NETWORK:
            raise bad_request(
                f"Workspace '{self._workspace.name}' has no managed virtual network: it has to be created with"
                " managedVirtualNetwork 'default'.",
                "ManagedVirtualNetworkNotEnabled",
            )
        if network.lower() != NETWORK:
            raise ArmError(404, "ManagedVirtualNetworkNotFound", f"There is no managed virtual network '{network}'.")

    def put(self, name: str, given: Json) -> Json:
        """Make one, or find it as it is.

        Raises:
            ArmError: 400 for a target or group that does not exist; 409 for a target that would change.
        """
        if not _NAME.fullmatch(name):
            raise bad_request(
                f"'{name}' is no name: 1-64 letters, digits, hyphens, dots and underscores.", "InvalidName"
            )
        properties = given.get("properties") or {}
        id_ = str(properties.get("privateLinkResourceId") or "")
        target = self._state.get(id_.lower())
        if target is None:
            raise bad_request(f"privateLinkResourceId '{id_}' names no resource that exists.", "InvalidResource")
        group = privatelink.check_group(name, target, [str(properties.get("groupId"))])
        before = self._find(name)
        if before is None:
            before = self._make(name, target, group, properties.get("fqdns"))
        elif (before["target"].lower(), before["group"]) != (target.key, group):
            raise ArmError(
                409,
                "ManagedPrivateEndpointExists",
                f"The managed private endpoint '{name}' exists with another target, which cannot change.",
            )
        return self._body(before)

    def get(self, name: str) -> Json:
        """One of them.

        Raises:
            ArmError: 404.
        """
        found = self._find(name)
        if found is None:
            raise ArmError(
                404,
                "ManagedPrivateEndpointNotFound",
                f"There is no managed private endpoint '{name}' in workspace '{self._workspace.name}'.",
            )
        return self._body(found)

    def all(self) -> list[Json]:
        """All of them."""
        return [self._body(one) for _, one in self._state.documents(ENDPOINT, f"{self._workspace.key}|")]

    def delete(self, name: str) -> bool:
        """Remove one with its connection; whether there was one."""
        found = self._find(name)
        if found is None:
            return False
        with self._state.transaction():
            purge(self._azure.control, found["connection"].lower())
            self._state.delete_document(ENDPOINT, self._key(name))
        return True

    def _make(self, name: str, target: Resource, group: str, fqdns: Any) -> Json:
        there = Resource(
            f"/subscriptions/{self._workspace.id.split('/')[2]}/resourceGroups/managed/providers/"
            f"Microsoft.Network/privateEndpoints/{self._workspace.name}.{name}",
            "Microsoft.Network/privateEndpoints",
            {},
        )
        wait = PROVISIONING_SECONDS if self._azure.control.operations.faithful else 0.0
        made = {
            "name": name,
            "target": target.id,
            "group": group,
            "fqdns": fqdns or [one.host for one in privatelink.names(target, group)],
            "ready": self._azure.control.clock() + wait,
        }
        with self._state.transaction():
            made["connection"] = privatelink.connect(self._state, there, target, group, approved=False, message="")
            self._state.put_document(ENDPOINT, self._key(name), made)
        return made

    def _body(self, made: Json) -> Json:
        connection = self._state.get(made["connection"].lower())
        gone = {"status": "Disconnected", "description": "", "actionsRequired": "None"}
        state = connection.properties["privateLinkServiceConnectionState"] if connection else gone
        ready = self._azure.control.clock() >= made["ready"]
        return {
            "id": f"{self._workspace.id}/managedVirtualNetworks/{NETWORK}/managedPrivateEndpoints/{made['name']}",
            "name": made["name"],
            "type": TYPE,
            "properties": {
                "name": made["name"],
                "privateLinkResourceId": made["target"],
                "groupId": made["group"],
                "provisioningState": "Succeeded" if ready else "Provisioning",
                "connectionState": state,
                "isReserved": False,
                "fqdns": made["fqdns"],
                "isCompliant": True,
            },
        }

    def _find(self, name: str) -> Json | None:
        found: Json | None = self._state.document(ENDPOINT, self._key(name))
        return found

    def _key(self, name: str) -> str:
        return f"{self._workspace.key}|{name.lower()}"
