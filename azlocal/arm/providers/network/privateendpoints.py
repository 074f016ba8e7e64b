"""Private endpoints: an address in a subnet for another resource, and the records that lead to it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from azlocal.arm import privatelink
from azlocal.arm.deletes import purge
from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.providers.network.addresses import allocate, hold, release
from azlocal.arm.providers.network.common import check_region, name_rule, show_etag
from azlocal.arm.providers.network.subnetuse import check_user
from azlocal.arm.types import Json, Reference, ResourceType
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

ENDPOINT = "Microsoft.Network/privateEndpoints"
NIC = "Microsoft.Network/networkInterfaces"
_LINKED = "privateEndpointConnection"  # document: the target's side of each of an endpoint's connections
_AUTOMATIC, _MANUAL = "privateLinkServiceConnections", "manualPrivateLinkServiceConnections"


def connections(endpoint: Resource) -> list[tuple[Json, bool]]:
    """An endpoint's connections, each with whether it wants to be approved at once."""
    return [(one, kind == _AUTOMATIC) for kind in (_AUTOMATIC, _MANUAL) for one in endpoint.properties.get(kind) or []]


def _check(call: Call, new: Resource, old: Resource | None) -> None:
    wanted = connections(new)
    if not wanted:
        raise bad_request(
            f"Private endpoint {new.id} must have exactly one connection to a private link service.",
            "PrivateEndpointMustHaveConnection",
        )
    check_region(call, new, [new.properties["subnet"]["id"].rpartition("/subnets/")[0]])
    subnet = call.state.get(new.properties["subnet"]["id"].lower())
    if subnet and old is None:
        check_user(call, subnet, new)
    for connection, approved in wanted:
        properties = connection.setdefault("properties", {})
        name = connection.setdefault("name", new.name)
        connection["id"] = f"{new.id}/{_AUTOMATIC if approved else _MANUAL}/{name}"
        connection["type"] = f"{ENDPOINT}/{_AUTOMATIC if approved else _MANUAL}"
        target = call.state.get(str(properties.get("privateLinkServiceId", "")).lower())
        if target is None:
            raise bad_request(
                f"Private link service connection {connection['id']} names no target that exists:"
                f" {properties.get('privateLinkServiceId')}.",
                "PrivateLinkServiceIdNotFound",
            )
        group = privatelink.check_group(connection["id"], target, properties.get("groupIds") or [])
        properties["groupIds"] = [group]
        if old is None:
            _check_permitted(call, new, target, approved=approved)
    if old and _targets(old) != _targets(new):
        raise ArmError(
            409,
            "PropertyChangeNotAllowed",
            f"The target of private endpoint {new.id} cannot change in place.",
        )


def _targets(endpoint: Resource) -> list[tuple[str, list[str]]]:
    return [
        (one["properties"]["privateLinkServiceId"].lower(), one["properties"]["groupIds"])
        for one, _ in connections(endpoint)
    ]


def _check_permitted(call: Call, new: Resource, target: Resource, *, approved: bool) -> None:
    """Joining a subnet and approving a connection are permissions on the subnet and the target.

    Raises:
        ArmError: 403 LinkedAuthorizationFailed.
    """
    type_name = call.control.types[target.type.lower()][1].name
    needed = [(new.properties["subnet"]["id"], "Microsoft.Network/virtualNetworks/subnets/join/action")]
    if approved:
        needed.append((target.id, f"{type_name}/PrivateEndpointConnectionsApproval/action"))
    for scope, action in needed:
        if not call.control.access.allows(call.principal, action, scope):
            raise ArmError(
                403,
                "LinkedAuthorizationFailed",
                f"The client '{call.principal.client_id}' with object id '{call.principal.object_id}' has permission to"
                f" perform action '{ENDPOINT}/write' on scope '{new.id}'; however, it does not have permission to"
                f" perform action(s) '{action}' on the linked scope(s) '{scope}' or the linked scope(s) are invalid.",
            )


def _written(call: Call, new: Resource, old: Resource | None) -> None:
    if old:
        return
    subnet = call.state.get(new.properties["subnet"]["id"].lower())
    if subnet is None:  # checked as a reference before
        raise bad_request(f"Subnet {new.properties['subnet']['id']} was not found.", "InvalidResourceReference")
    nic = Resource(
        f"{new.id.rpartition('/privateEndpoints/')[0]}/networkInterfaces/{_nic_name(new)}",
        NIC,
        {"location": new.body["location"], "properties": {"privateEndpoint": {"id": new.id}}},
        etag=str(uuid.uuid4()),
    )
    dns: list[Json] = []
    configurations: list[Json] = []
    linked = []
    for connection, approved in connections(new):
        properties = connection["properties"]
        target = call.state.get(properties["privateLinkServiceId"].lower())
        if target is None:
            continue
        group = properties["groupIds"][0]
        message = properties.get("requestMessage", "")
        linked.append(privatelink.connect(call.state, new, target, group, approved=approved, message=message))
        for name in privatelink.names(target, group):
            address = _address(call, new, subnet, nic, name.member)
            dns.append({"fqdn": name.host, "ipAddresses": [address]})
            configurations.append(_configuration(nic, subnet, group, name, address, first=not configurations))
    nic.properties["ipConfigurations"] = configurations
    call.state.put(nic, {subnet.key, new.key})
    new.properties["networkInterfaces"] = [{"id": nic.id}]
    new.properties["customDnsConfigs"] = dns
    call.state.put_document(_LINKED, new.key, linked)
    call.state.put(new)


def _nic_name(endpoint: Resource) -> str:
    return endpoint.properties.get("customNetworkInterfaceName") or f"{endpoint.name}.nic.{uuid.uuid4()}"


def _address(call: Call, endpoint: Resource, subnet: Resource, nic: Resource, member: str) -> str:
    for fixed in endpoint.properties.get("ipConfigurations") or []:
        properties = fixed.get("properties", {})
        if str(properties.get("memberName", "")).lower() == member.lower():
            address = str(properties.get("privateIPAddress"))
            hold(call.state, subnet, address, nic.id)
            return address
    return allocate(call.state, subnet, nic.id)


def _configuration(
    nic: Resource, subnet: Resource, group: str, name: privatelink.Name, address: str, *, first: bool
) -> Json:
    part = f"privateEndpointIpConfig.{uuid.uuid4()}"
    return {
        "name": part,
        "id": f"{nic.id}/ipConfigurations/{part}",
        "type": f"{NIC}/ipConfigurations",
        "properties": {
            "provisioningState": "Succeeded",
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Dynamic",
            "privateIPAddressVersion": "IPv4",
            "primary": first,
            "subnet": {"id": subnet.id},
            "privateLinkConnectionProperties": {
                "groupId": group,
                "requiredMemberName": name.member,
                "fqdns": [name.host],
            },
        },
    }


def _show(call: Call, resource: Resource, body: Json) -> None:
    show_etag(call, resource, body)
    linked = call.state.document(_LINKED, resource.key) or []
    for (connection, _), connection_id in zip(connections(resource), linked, strict=False):
        found = call.state.get(connection_id.lower())
        state = (
            found.properties["privateLinkServiceConnectionState"]
            if found
            else {
                "status": "Disconnected",
                "description": "The target removed the connection.",
                "actionsRequired": "None",
            }
        )
        connection["properties"] = {
            **connection["properties"],
            "provisioningState": "Succeeded",
            "privateLinkServiceConnectionState": state,
        }


def _deleted(control: ControlPlane, endpoint: Resource) -> None:
    """Take along the network interface, its addresses and the target's side."""
    for reference in endpoint.properties.get("networkInterfaces", []):
        nic = control.state.get(reference["id"].lower())
        if nic:
            purge(control, nic.key)
    for connection in control.state.document(_LINKED, endpoint.key) or []:
        purge(control, connection.lower())
    control.state.delete_document(_LINKED, endpoint.key)


def _nic_deleted(control: ControlPlane, nic: Resource) -> None:
    for part in nic.properties.get("ipConfigurations", []):
        properties = part["properties"]
        if properties.get("privateIPAddress") and properties.get("subnet"):
            release(control.state, properties["subnet"]["id"].lower(), properties["privateIPAddress"])


def _nic_deleting(_call: Call, nic: Resource) -> None:
    owner = nic.properties.get("privateEndpoint")
    if owner:
        raise bad_request(
            f"Network interface {nic.id} belongs to private endpoint {owner['id']} and goes with it.",
            "NetworkInterfaceAttachedToPrivateEndpointCannotBeDeleted",
        )


def _check_nic(call: Call, new: Resource, old: Resource | None) -> None:
    """Addresses for a network interface of one's own."""
    if new.properties.get("privateEndpoint"):
        return
    for index, part in enumerate(new.properties["ipConfigurations"]):
        properties = part.setdefault("properties", {})
        subnet = call.state.get((properties.get("subnet") or {}).get("id", "").lower())
        if subnet is None:
            raise bad_request(f"An IP configuration of {new.id} names no subnet.", "SubnetRequired")
        part["id"] = f"{new.id}/ipConfigurations/{part.get('name', 'default')}"
        properties.setdefault("primary", index == 0)
        properties.setdefault("privateIPAddressVersion", "IPv4")
        properties.setdefault("privateIPAllocationMethod", "Dynamic")
        before = next(
            (one for one in (old.properties["ipConfigurations"] if old else []) if one["id"] == part["id"]),
            None,
        )
        address = properties.get("privateIPAddress") or (before or {}).get("properties", {}).get("privateIPAddress")
        if address:
            hold(call.state, subnet, address, new.id)
        properties["privateIPAddress"] = address or allocate(call.state, subnet, new.id)


TYPES = (
    ResourceType(
        name=ENDPOINT,
        tracked=True,
        name_rule=name_rule(64),
        required=("properties.subnet.id",),
        references=(
            Reference("properties.subnet.id", "Microsoft.Network/virtualNetworks/subnets"),
            Reference(f"properties.{_AUTOMATIC}.*.properties.privateLinkServiceId"),
            Reference(f"properties.{_MANUAL}.*.properties.privateLinkServiceId"),
        ),
        defaults={
            f"properties.{_AUTOMATIC}": [],
            f"properties.{_MANUAL}": [],
            "properties.customNetworkInterfaceName": "",
            "properties.ipConfigurations": [],
            "properties.ipVersionType": "IPv4",
        },
        create_only=("properties.subnet.id", "properties.customNetworkInterfaceName"),
        read_only=("properties.networkInterfaces", "properties.customDnsConfigs"),
        duration=60,
        delete_duration=30,
        check=_check,
        committed=_written,
        present=_show,
        deleted=_deleted,
    ),
    ResourceType(
        name=NIC,
        tracked=True,
        name_rule=name_rule(80),
        required=("properties.ipConfigurations",),
        references=(
            Reference(
                "properties.ipConfigurations.*.properties.subnet.id",
                "Microsoft.Network/virtualNetworks/subnets",
            ),
        ),
        in_use_code=None,
        duration=5,
        check=_check_nic,
        present=show_etag,
        deleting=_nic_deleting,
        deleted=_nic_deleted,
    ),
)
