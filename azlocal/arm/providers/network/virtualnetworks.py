"""Virtual networks, their subnets and peerings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm.errors import bad_request
from azlocal.arm.inline import Inline, show, sync
from azlocal.arm.providers.network.addresses import Range, contains, forget, overlapping, parse_range, prefixes
from azlocal.arm.providers.network.common import name_rule, show_etag
from azlocal.arm.providers.network.subnetuse import check_bastion_group, check_delegations, check_reserved
from azlocal.arm.providers.network.subnetuse import delegations as delegations_of
from azlocal.arm.types import Json, Reference, ResourceType
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

SUBNET = "Microsoft.Network/virtualNetworks/subnets"
PEERING = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
SMALLEST = {4: 29, 6: 64}  # an IPv6 subnet is a /64 exactly
_SUBNETS = Inline("properties.subnets", SUBNET)
_PEERINGS = Inline("properties.virtualNetworkPeerings", PEERING)


def _spaces(vnet: Resource) -> list[Range]:
    space = vnet.properties.get("addressSpace") or {}
    return [parse_range(prefix, vnet.id) for prefix in space.get("addressPrefixes", [])]


def _check_vnet(_call: Call, new: Resource, _old: Resource | None) -> None:
    for one, other in overlapping((str(space), space) for space in _spaces(new)):
        raise bad_request(
            f"Virtual network {new.id} has overlapping address prefixes {one} and {other}.",
            "OverlappingAddressPrefixes",
            "properties.addressSpace",
        )


def _vnet_written(call: Call, new: Resource, _old: Resource | None) -> None:
    sync(call, new, _SUBNETS)
    sync(call, new, _PEERINGS)
    _check_plan(call, new)


def _show_vnet(call: Call, resource: Resource, body: Json) -> None:
    show(call, resource, body, _SUBNETS)
    show(call, resource, body, _PEERINGS)
    show_etag(call, resource, body)


def _check_subnet(call: Call, new: Resource, old: Resource | None) -> None:
    """Its own ranges, and no change under those who hold an address."""
    given = prefixes(new.properties)
    if not given:
        raise bad_request(
            f"Subnet {new.id} has neither addressPrefix nor addressPrefixes.", "SubnetMustHaveAddressPrefix"
        )
    for prefix in given:
        one = parse_range(prefix, new.id)
        if one.prefixlen > SMALLEST[one.version]:
            raise bad_request(
                f"Subnet '{new.name}' is not valid in virtual network '{_vnet_name(new)}': {prefix} is too small,"
                f" a subnet needs at least a /{SMALLEST[one.version]}.",
                "NetcfgInvalidSubnet",
            )
    check_reserved(new)
    check_bastion_group(new, call.state)
    if delegations_of(new) != (delegations_of(old) if old else []):
        check_delegations(new, call.state)
    gone = set(prefixes(old.properties)) - set(given) if old else set()
    if gone and call.state.referrers(new.key):
        raise bad_request(
            f"IpPrefix {min(gone)} on Subnet {new.name} has active allocations and cannot be deleted.",
            "InUsePrefixCannotBeDeleted",
        )


def _subnet_written(call: Call, new: Resource, _old: Resource | None) -> None:
    vnet = call.state.get(new.key.rpartition("/subnets/")[0])
    if vnet:
        _check_plan(call, vnet)


def _subnet_deleted(control: ControlPlane, subnet: Resource) -> None:
    forget(control.state, subnet.key)


def _vnet_name(subnet: Resource) -> str:
    return subnet.id.rpartition("/subnets/")[0].rsplit("/", 1)[-1]


def _check_plan(call: Call, vnet: Resource) -> None:
    """Every subnet inside the virtual network, none over another.

    Raises:
        ArmError: 400 NetcfgInvalidSubnet or NetcfgSubnetRangesOverlap.
    """
    spaces = _spaces(vnet)
    named = [
        (subnet.name, parse_range(prefix, subnet.id))
        for subnet in call.state.children(vnet.key, SUBNET)
        for prefix in prefixes(subnet.properties)
    ]
    for name, one in named:
        if not contains(spaces, one):
            raise bad_request(
                f"Subnet '{name}' is not valid in virtual network '{vnet.name}': {one} lies outside of"
                f" {', '.join(map(str, spaces))}.",
                "NetcfgInvalidSubnet",
            )
    for one_name, other in overlapping(named):
        raise bad_request(
            f"Subnet '{other}' is not valid because its IP address range overlaps with that of an existing subnet"
            f" ('{one_name}') in virtual network '{vnet.name}'.",
            "NetcfgSubnetRangesOverlap",
        )


def _show_subnet(call: Call, resource: Resource, body: Json) -> None:
    show_etag(call, resource, body)
    holders = [key for key in call.state.referrers(resource.key) if "/networkinterfaces/" in key]
    endpoints = [key for key in call.state.referrers(resource.key) if "/privateendpoints/" in key]
    if holders:
        body["properties"]["ipConfigurations"] = [
            {"id": f"{one.id}/ipConfigurations/{part['name']}"}
            for one in filter(None, map(call.state.get, holders))
            for part in one.properties.get("ipConfigurations", [])
        ]
    if endpoints:
        body["properties"]["privateEndpoints"] = [
            {"id": one.id} for one in filter(None, map(call.state.get, endpoints))
        ]


def _check_peering(call: Call, new: Resource, _old: Resource | None) -> None:
    """Two different networks whose ranges do not overlap; connected once both sides are there.

    Raises:
        ArmError: 400 VnetCannotBePeeredWithItself or VnetAddressSpacesOverlap.
    """
    remote = (new.properties.get("remoteVirtualNetwork") or {}).get("id", "")
    if remote.lower() == new.key.rpartition("/virtualnetworkpeerings/")[0]:
        raise bad_request(
            f"Peering {new.id} cannot have itself as remote virtual network.", "VnetCannotBePeeredWithItself"
        )
    mine = call.state.get(new.key.rpartition("/virtualnetworkpeerings/")[0])
    other = call.state.get(remote.lower())
    if mine and other:
        for one in _spaces(mine):
            for space in _spaces(other):
                if one.version == space.version and one.overlaps(space):
                    raise bad_request(
                        f"Cannot create or update peering {new.id}. Virtual networks {mine.id} and {other.id} cannot be"
                        f" peered because their address spaces overlap: {one}, {space}.",
                        "VnetAddressSpacesOverlap",
                    )
        new.properties["remoteAddressSpace"] = other.properties.get("addressSpace")
        new.properties["remoteVirtualNetworkAddressSpace"] = other.properties.get("addressSpace")
    back = _other_side(call, new, remote)
    new.properties["peeringState"] = "Connected" if back else "Initiated"
    new.properties["peeringSyncLevel"] = "FullyInSync" if back else "RemoteNotInSync"


def _other_side(call: Call, peering: Resource, remote: str) -> Resource | None:
    mine = peering.key.rpartition("/virtualnetworkpeerings/")[0]
    for one in call.state.children(remote.lower(), PEERING):
        if (one.properties.get("remoteVirtualNetwork") or {}).get("id", "").lower() == mine:
            return one
    return None


def _peering_written(call: Call, new: Resource, _old: Resource | None) -> None:
    """The second side connects the first one too."""
    other = _other_side(call, new, (new.properties.get("remoteVirtualNetwork") or {}).get("id", ""))
    if other and other.properties.get("peeringState") != "Connected":
        other.properties.update(peeringState="Connected", peeringSyncLevel="FullyInSync")
        call.state.put(other)


def _peering_deleted(control: ControlPlane, peering: Resource) -> None:
    """The side that stays is disconnected, and has to be deleted before it can be made anew."""
    remote = (peering.properties.get("remoteVirtualNetwork") or {}).get("id", "").lower()
    mine = peering.key.rpartition("/virtualnetworkpeerings/")[0]
    for one in control.state.children(remote, PEERING):
        if (one.properties.get("remoteVirtualNetwork") or {}).get("id", "").lower() == mine:
            one.properties["peeringState"] = "Disconnected"
            control.state.put(one)


TYPES = (
    ResourceType(
        name="Microsoft.Network/virtualNetworks",
        tracked=True,
        name_rule=name_rule(64),
        required=("properties.addressSpace.addressPrefixes",),
        defaults={
            "properties.enableDdosProtection": False,
            "properties.privateEndpointVNetPolicies": "Disabled",
        },
        duration=9,
        delete_duration=10,
        check=_check_vnet,
        committed=_vnet_written,
        present=_show_vnet,
    ),
    ResourceType(
        name=SUBNET,
        name_rule=name_rule(80),
        references=(
            Reference("properties.networkSecurityGroup.id", "Microsoft.Network/networkSecurityGroups"),
            Reference("properties.routeTable.id", "Microsoft.Network/routeTables"),
            Reference("properties.natGateway.id", "Microsoft.Network/natGateways"),
        ),
        enums={
            "properties.privateEndpointNetworkPolicies": (
                "Enabled",
                "Disabled",
                "NetworkSecurityGroupEnabled",
                "RouteTableEnabled",
            ),
            "properties.privateLinkServiceNetworkPolicies": ("Enabled", "Disabled"),
        },
        defaults={
            "properties.delegations": [],
            "properties.privateEndpointNetworkPolicies": "Disabled",
            "properties.privateLinkServiceNetworkPolicies": "Enabled",
        },
        in_use_code="InUseSubnetCannotBeDeleted",
        duration=4,
        delete_duration=10,
        check=_check_subnet,
        committed=_subnet_written,
        present=_show_subnet,
        deleted=_subnet_deleted,
    ),
    ResourceType(
        name=PEERING,
        name_rule=name_rule(80),
        required=("properties.remoteVirtualNetwork.id",),
        references=(Reference("properties.remoteVirtualNetwork.id", "Microsoft.Network/virtualNetworks"),),
        defaults={
            "properties.allowVirtualNetworkAccess": True,
            "properties.allowForwardedTraffic": False,
            "properties.allowGatewayTransit": False,
            "properties.useRemoteGateways": False,
        },
        duration=10,
        check=_check_peering,
        committed=_peering_written,
        deleted=_peering_deleted,
        present=show_etag,
    ),
)
