"""What a plan takes for granted: a resource group that is read, and what the settings name by its id.

Another team runs that. How it is set nobody here knows, so it is taken to be as whatever uses it needs it; the plan
says what it has taken for granted.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from azlocal.engine.azure import RESOURCE_GROUP, RESOURCE_GROUPS_VERSION, AzureProvider
from azlocal.engine.plan.shapes import refuse_misshapen
from azlocal.engine.ports import Port, call
from azlocal.engine.provider import Checked, Goal, Json
from azlocal.engine.views.resources import strings

if TYPE_CHECKING:
    from azlocal.arm.control import ControlPlane

LOCATION = "westeurope"  # of a group whose location nothing says
_ID = re.compile(r"/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[-\w./()]+")
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_GROUPS = "Microsoft.Resources/resourceGroups"
# Ranges of assumed subnets: shared address space (RFC 6598), which nobody plans with.
_RANGES = ipaddress.ip_network("100.64.0.0/10")
_TENANT = "00000000-0000-0000-0000-000000000000"
# What is sent to make one, so that it is as complete as any; other types are just there.
_BODIES: dict[str, Json] = {
    "microsoft.storage/storageaccounts": {
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"isHnsEnabled": True, "allowSharedKeyAccess": False},
    },
    "microsoft.operationalinsights/workspaces": {"properties": {}},
    "microsoft.containerregistry/registries": {"sku": {"name": "Premium"}, "properties": {}},
    "microsoft.managedidentity/userassignedidentities": {},
    "microsoft.keyvault/vaults": {
        "properties": {
            "tenantId": _TENANT,
            "sku": {"family": "A", "name": "premium"},
            "enableRbacAuthorization": True,
            "enablePurgeProtection": True,
        }
    },
}


class Assumptions:
    """The resources that are taken for granted on one control plane.

    Args:
        control: where they are put.
        config: the stack's settings; what counts are the ids in them, and whatever lies below those.
    """

    def __init__(self, control: ControlPlane, config: Mapping[str, str]) -> None:
        self._control = control
        self._given = {found.rstrip("/").lower() for text in config.values() for found in _ID.findall(text)}
        self.taken: list[str] = []

    def take(self, id_: str) -> None:
        """Have this resource there, if the settings name it, or what it lies in, and it is not there."""
        key = id_.lower()
        if self._control.state.exists(key) or not self._is_given(key):
            return
        group = "/".join(id_.split("/")[:5])
        if not self._control.state.exists(group.lower()):
            self._put(group, _GROUPS, {"location": self.location()})
            self._permit(group)
        if key == group.lower():
            return
        self.take(_parent(id_))
        self._make(id_)
        self.taken.append(id_)

    def location(self) -> str:
        """That of the first resource group: nobody says another one."""
        found = self._control.state.of_type(_GROUPS, limit=1)
        return str(found[0].body["location"]) if found else LOCATION

    def _is_given(self, key: str) -> bool:
        return any(key == given or key.startswith(f"{given}/") for given in self._given)

    def _make(self, id_: str) -> None:
        from azlocal.engine.tables.base import arm_type_of

        type_ = arm_type_of(id_)
        if (body := _BODIES.get(type_.lower())) is not None:
            self._send(id_, type_, {"location": self.location(), **body})
        elif type_.lower() == "microsoft.network/virtualnetworks/subnets":
            self._put(id_, type_, {"properties": self._subnet(id_)})
        else:
            self._put(id_, type_, {"location": self.location(), "properties": {"provisioningState": "Succeeded"}})

    def _subnet(self, id_: str) -> Json:
        """A large one, with whichever way out is asked for."""
        size = 2 ** (32 - 20)
        range_ = ipaddress.ip_network((int(_RANGES.network_address) + len(self.taken) * size, 20))
        beside = id_.partition("/virtualNetworks/")[0]
        return {
            "addressPrefix": str(range_),
            "delegations": [],
            "routeTable": {"id": f"{beside}/routeTables/assumed"},
            "natGateway": {"id": f"{beside}/natGateways/assumed"},
            "provisioningState": "Succeeded",
        }

    def _send(self, id_: str, type_: str, body: Json) -> None:
        from azlocal.arm.messages import ArmRequest
        from azlocal.entra.principals import OWNER

        namespace, declared = self._control.types[type_.lower()]
        version = (declared.versions or namespace.versions)[-1]
        answer = self._control.handle(
            ArmRequest("PUT", id_, query={"api-version": version}, body=body, principal=OWNER)
        )
        if answer.status >= 400:  # it may be called what nothing new could be called: then it is just there
            self._put(id_, type_, body)

    def _put(self, id_: str, type_: str, body: Json) -> None:
        from azlocal.state import Resource

        self._control.state.put(Resource(id_, type_, body))

    def _permit(self, group: str) -> None:
        """Whoever deploys may do there what the program does: Azure, not a plan, decides that."""
        from azlocal.entra.principals import OWNER

        definition = f"/providers/Microsoft.Authorization/roleDefinitions/{_OWNER}"
        self._put(
            f"{group}/providers/Microsoft.Authorization/roleAssignments/{OWNER.object_id}",
            "Microsoft.Authorization/roleAssignments",
            {"properties": {"roleDefinitionId": definition, "principalId": OWNER.object_id}},
        )
        self._control.access.changed()


class AssumingAzure(AzureProvider):
    """An empty Azure, but for what is taken for granted the moment that a program names it."""

    def __init__(
        self, port: Port, config: Mapping[str, str], suffix: Callable[[str], str], assumptions: Assumptions
    ) -> None:
        super().__init__(port, config, suffix)
        self._assumptions = assumptions

    def create(self, goal: Goal, checked: Checked, timeout: float) -> Json:
        """PUT, once the inputs have been held against the SDK's own classes."""
        refuse_misshapen(goal.type, checked.inputs)
        for id_ in (*_above(checked.id), *_ids(checked.body)):
            self._assumptions.take(id_)
        return super().create(goal, checked, timeout)

    def read(self, goal: Goal, id_: str, version: str = "") -> Json | None:
        """GET, as outputs; of a group always found."""
        self._assumptions.take(id_)
        found = super().read(goal, id_, version)
        if found is not None or not goal.type.endswith(RESOURCE_GROUP):
            return found
        location = str(goal.settings.get("location") or self._assumptions.location())
        call(self._port, "PUT", id_, RESOURCE_GROUPS_VERSION, {"location": location})
        return super().read(goal, id_, version)


def _above(id_: str) -> Iterator[str]:
    """The ids of what a resource lies in, the outermost first."""
    parent = _parent(id_)
    if parent.count("/") >= GROUP_SLASHES:
        yield from _above(parent)
        yield parent


GROUP_SLASHES = 4  # in the id of a resource group


def _parent(id_: str) -> str:
    """The parent resource, or the scope of one that has none."""
    head = id_.rsplit("/", 2)[0]
    return head.rsplit("/providers/", 1)[0] if head.rpartition("/")[0].endswith("/providers") else head


def _ids(body: Any) -> Iterator[str]:
    return (text.rstrip("/") for text in strings(body) if _ID.fullmatch(text.rstrip("/")))
