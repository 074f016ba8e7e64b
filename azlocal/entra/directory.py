"""The directory: the fixed principals, and a service principal for every managed identity that ARM makes."""

from __future__ import annotations

from typing import Any

from azlocal.entra.principals import BY_CLIENT_ID, BY_OBJECT_ID, GROUPS, Principal
from azlocal.state import State

_KIND = "servicePrincipal"
_BY_CLIENT = "servicePrincipalByClientId"


class Directory:
    """Object ids and client ids to principals."""

    def __init__(self, state: State) -> None:
        self._state = state

    def managed_identity(self, resource_id: str, name: str) -> Principal:
        """The principal of a resource's identity, made on first use and the same ever after."""
        key = "byResource:" + resource_id.lower()
        found = self._state.document(_KIND, key)
        if found:
            return self._principal(found)
        value = {
            "objectId": self._state.ids(f"{resource_id}#object"),
            "clientId": self._state.ids(f"{resource_id}#client"),
            "name": name,
            "resourceId": resource_id,
        }
        with self._state.transaction():
            self._state.put_document(_KIND, key, value)
            self._state.put_document(_KIND, value["objectId"], value)
            self._state.put_document(_BY_CLIENT, value["clientId"], value)
        return self._principal(value)

    def forget(self, resource_id: str) -> None:
        """Remove the principal of a deleted resource."""
        key = "byResource:" + resource_id.lower()
        if found := self._state.document(_KIND, key):
            self._state.delete_document(_KIND, key)
            self._state.delete_document(_KIND, found["objectId"])
            self._state.delete_document(_BY_CLIENT, found["clientId"])

    def by_object_id(self, object_id: str) -> Principal | None:
        """A principal that can sign in."""
        if known := BY_OBJECT_ID.get(object_id.lower()):
            return known
        found = self._state.document(_KIND, object_id.lower())
        return self._principal(found) if found else None

    def by_client_id(self, client_id: str) -> Principal | None:
        """A principal by its application (client) id."""
        if known := BY_CLIENT_ID.get(client_id.lower()):
            return known
        found = self._state.document(_BY_CLIENT, client_id.lower())
        return self._principal(found) if found else None

    def kind_of(self, object_id: str) -> str | None:
        """``Group``, ``ServicePrincipal`` or None for an object that does not exist."""
        if any(group.object_id == object_id.lower() for group in GROUPS):
            return "Group"
        found = self.by_object_id(object_id)
        return found.kind if found else None

    def resource_of(self, object_id: str) -> str | None:
        """The id of the resource a managed identity belongs to."""
        found = self._state.document(_KIND, object_id.lower())
        return str(found["resourceId"]) if found else None

    @staticmethod
    def _principal(value: dict[str, Any]) -> Principal:
        return Principal(value["objectId"], value["clientId"], value["name"])
