"""Private Link: which sub-resources a target offers, under which names, and its connections.

The table follows Microsoft Learn, "Azure Private Endpoint private DNS zone values". Field names in braces:
``name`` and ``region`` of the target, ``id`` its workspace id.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.ids import parse
from azlocal.arm.locations import normalize
from azlocal.arm.messages import ArmResponse
from azlocal.arm.types import Json, ResourceType
from azlocal.state import Resource, State

if TYPE_CHECKING:
    from azlocal.arm.control import Call


@dataclass(frozen=True, slots=True)
class Member:
    """One address of a sub-resource: its name, host name and private DNS zone.

    ``suffix`` is what the host name ends with in the zone's place; by default the zone without ``privatelink.``.
    """

    name: str
    host: str
    zone: str
    suffix: str = ""

    def record(self, host: str, zone: str) -> str:
        """The record's name in the zone."""
        return host.removesuffix("." + (self.suffix or zone.removeprefix("privatelink.")))


@dataclass(frozen=True, slots=True)
class Name:
    """A member filled in for one target."""

    member: str
    host: str
    zone: str
    record: str


def _storage(group: str) -> tuple[Member, ...]:
    service = group.removesuffix("_secondary")
    label = "{name}-secondary" if group != service else "{name}"
    return (Member(group, f"{label}.{service}.core.windows.net", f"privatelink.{service}.core.windows.net"),)


_ML = "privatelink.api.azureml.ms"
_MONITOR = "privatelink.monitor.azure.com"
_BLOB = "privatelink.blob.core.windows.net"
WORKSPACES = "workspaceIds"
"""Property of a private link scope: the Log Analytics workspaces in it, each with names of its own."""
GROUPS: dict[str, dict[str, tuple[Member, ...]]] = {
    "microsoft.storage/storageaccounts": {
        group: _storage(group)
        for service in ("blob", "dfs", "file", "queue", "table", "web")
        for group in ((service,) if service == "file" else (service, f"{service}_secondary"))
    },
    "microsoft.keyvault/vaults": {
        "vault": (Member("default", "{name}.vault.azure.net", "privatelink.vaultcore.azure.net", "vault.azure.net"),),
    },
    "microsoft.containerregistry/registries": {
        "registry": (
            Member("registry_data_{region}", "{name}.{region}.data.azurecr.io", "privatelink.azurecr.io"),
            Member("registry", "{name}.azurecr.io", "privatelink.azurecr.io"),
        ),
    },
    "microsoft.machinelearningservices/workspaces": {
        "amlworkspace": (
            Member("default", "{id}.workspace.{region}.api.azureml.ms", _ML),
            Member("certificate", "{id}.workspace.{region}.cert.api.azureml.ms", _ML),
            Member(
                "notebook",
                "ml-{name}-{region}-{id}.{region}.notebooks.azure.net",
                "privatelink.notebooks.azure.net",
            ),
            Member("inference", "*.{id}.inference.{region}.api.azureml.ms", _ML),
        ),
    },
    "microsoft.machinelearningservices/registries": {
        "amlregistry": (Member("default", "{id}.registry.{region}.api.azureml.ms", _ML),),
    },
    "microsoft.synapse/workspaces": {
        "Sql": (Member("Sql", "{name}.sql.azuresynapse.net", "privatelink.sql.azuresynapse.net"),),
        "SqlOnDemand": (
            Member("SqlOnDemand", "{name}-ondemand.sql.azuresynapse.net", "privatelink.sql.azuresynapse.net"),
        ),
        "Dev": (Member("Dev", "{name}.dev.azuresynapse.net", "privatelink.dev.azuresynapse.net"),),
    },
    "microsoft.synapse/privatelinkhubs": {
        "Web": (Member("Web", "web.azuresynapse.net", "privatelink.azuresynapse.net"),),
    },
    "microsoft.insights/privatelinkscopes": {
        "azuremonitor": (
            Member("api", "api.monitor.azure.com", _MONITOR),
            Member("global-in-ai", "global.in.ai.monitor.azure.com", _MONITOR),
            Member("live", "live.monitor.azure.com", _MONITOR),
            Member("profiler", "profiler.monitor.azure.com", _MONITOR),
            Member("snapshot", "snapshot.monitor.azure.com", _MONITOR),
            Member("oms-{id}", "{id}.oms.opinsights.azure.com", "privatelink.oms.opinsights.azure.com"),
            Member("ods-{id}", "{id}.ods.opinsights.azure.com", "privatelink.ods.opinsights.azure.com"),
            Member(
                "agentsvc-{id}",
                "{id}.agentsvc.azure-automation.net",
                "privatelink.agentsvc.azure-automation.net",
            ),
            Member("scadvisorcontentpl", "scadvisorcontentpl.blob.core.windows.net", _BLOB),
        ),
    },
    "microsoft.containerservice/managedclusters": {
        "management": (Member("management", "{name}.{region}.azmk8s.io", "privatelink.{region}.azmk8s.io"),),
    },
}
CONNECTIONS = "privateEndpointConnections"


def names(target: Resource, group: str) -> list[Name]:
    """The host names, zones and records behind one group of a target."""
    region = normalize(target.body.get("location", ""))
    properties = target.properties
    unique = properties.get("workspaceId") or properties.get("registryId") or target.name
    several = properties.get(WORKSPACES, [unique])
    found = []
    for member in GROUPS[target.type.lower()][group]:
        for one in several if "{id}" in member.host else [unique]:
            facts = {"name": target.name.lower(), "region": region, "id": one}
            host, zone = member.host.format(**facts), member.zone.format(**facts)
            found.append(Name(member.name.format(**facts), host, zone, member.record(host, zone)))
    return found


def zones(target: Resource, group: str) -> set[str]:
    """The private DNS zones in which a group's names are."""
    region = normalize(target.body.get("location", ""))
    return {member.zone.format(region=region) for member in GROUPS[target.type.lower()][group]}


def check_group(connection_id: str, target: Resource, groups: list[str]) -> str:
    """The one group a connection asks for, as the target spells it.

    Raises:
        ArmError: 400 where the target takes no private endpoints, the group isn't one of its, or there are several.
    """
    known = GROUPS.get(target.type.lower())
    type_name = "/".join(parse(target.id).type.split("/"))
    if known is None:
        raise bad_request(
            f"Call to {type_name} failed. Error message: it does not support private endpoints.",
            "PrivateEndpointNotSupported",
        )
    if len(groups) != 1:
        raise bad_request(
            f"Private link service connection {connection_id} has the following group Ids: {', '.join(groups)}."
            f" Only one group Id is permitted when connecting to a first-party resource ({target.id}).",
            "OnlyOneGroupIdPermitted",
        )
    storage = target.type.lower() == "microsoft.storage/storageaccounts"  # the only one that minds the case
    for group in known:
        if group == groups[0] or (not storage and group.lower() == groups[0].lower()):
            return group
    raise bad_request(
        f"Call to {type_name} failed. Error message: Values for request parameters are invalid: GroupId: {groups[0]}."
        f" It is one of: {', '.join(known)}.",
        "InvalidValuesForRequestParameters" if storage else "BadRequest",
        "groupIds",
    )


def connect(state: State, endpoint: Resource, target: Resource, group: str, *, approved: bool, message: str) -> str:
    """Make the target's side of a connection; answers its id."""
    connection = Resource(
        f"{target.id}/{CONNECTIONS}/{endpoint.name}.{uuid.uuid4()}",
        f"{parse(target.id).type}/{CONNECTIONS}",
        {
            "properties": {
                "privateEndpoint": {"id": endpoint.id},
                "groupIds": [group],
                "privateLinkServiceConnectionState": {
                    "status": "Approved" if approved else "Pending",
                    "description": message or ("Auto-Approved" if approved else ""),
                    "actionsRequired": "None",
                },
            }
        },
        etag=str(uuid.uuid4()),
    )
    state.put(connection, {endpoint.key})
    return connection.id


def show(call: Call, resource: Resource, body: Json) -> None:
    """Put a target's connections into its response body. Used as, or in, a type's ``present``."""
    found = call.state.children(resource.key, f"{resource.type}/{CONNECTIONS}")
    body["properties"] = {
        **body.get("properties", {}),
        CONNECTIONS: [
            {
                "id": one.id,
                "name": one.name,
                "type": f"{call.control.types[resource.type.lower()][1].name}/{CONNECTIONS}",
                "properties": {**one.properties, "provisioningState": "Succeeded"},
            }
            for one in found
        ],
    }


def connection_type(target: str) -> ResourceType:
    """The declaration of a target's ``privateEndpointConnections``: its owner approves, rejects or removes them."""
    return ResourceType(
        name=f"{target}/{CONNECTIONS}",
        read_only=("properties.privateEndpoint", "properties.groupIds"),
        check=_check_connection,
    )


def links_type(target: str) -> ResourceType:
    """The declaration of a target's ``privateLinkResources``: what an endpoint may connect to."""
    return ResourceType(name=f"{target}/privateLinkResources", provisioning=False, list=_links, get=_link)


def _check_connection(call: Call, new: Resource, old: Resource | None) -> None:
    if old is None:
        raise ArmError(
            404,
            "PrivateEndpointConnectionNotFound",
            f"'{call.path.path}' does not exist: a private endpoint makes its own connection, it can only be approved,"
            " rejected or removed here.",
        )
    state = new.properties.get("privateLinkServiceConnectionState") or {}
    if state.get("status") not in {"Approved", "Rejected", "Pending", "Disconnected"}:
        raise bad_request(f"'{state.get('status')}' is no connection status: Approved or Rejected.", target="status")
    state.setdefault("actionsRequired", "None")


def _links(call: Call) -> ArmResponse:
    target = call.state.get(call.path.parent.lower())
    if target is None:
        raise ArmError(404, "ResourceNotFound", f"The resource '{call.path.parent}' was not found.")
    return ArmResponse(200, {"value": [_link_body(call, target, group) for group in GROUPS[target.type.lower()]]})


def _link(call: Call) -> ArmResponse:
    target = call.state.get(call.path.parent.lower())
    wanted = call.path.names[-1].lower()
    for group in GROUPS[target.type.lower()] if target else ():
        if target and group.lower() == wanted:
            return ArmResponse(200, _link_body(call, target, group))
    raise ArmError(404, "ResourceNotFound", f"The resource '{call.path.path}' was not found.")


def _link_body(call: Call, target: Resource, group: str) -> Json:
    found = names(target, group)
    return {
        "id": f"{target.id}/privateLinkResources/{group}",
        "name": group,
        "type": call.type.name,
        "properties": {
            "groupId": group,
            "requiredMembers": list(dict.fromkeys(one.member for one in found)),
            "requiredZoneNames": list(dict.fromkeys(one.zone for one in found)),
        },
    }
