"""What a subnet may be used for: names that Azure reserves, delegations, and uses that exclude each other.

Sources: Microsoft Learn, "Virtual network FAQ", "Azure Firewall FAQ", "About Azure Bastion configuration settings",
"About VPN Gateway settings" and "What is subnet delegation?".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import bad_request
from azlocal.arm.providers.network.addresses import parse_range, prefixes
from azlocal.state import Resource, State

if TYPE_CHECKING:
    from azlocal.arm.control import Call


@dataclass(frozen=True, slots=True)
class Reserved:
    """A subnet that Azure knows by its name."""

    name: str
    longest: int  # prefix
    security_group: bool = False
    nat_gateway: bool = False
    route_table: bool = True


RESERVED = {
    row.name.lower(): row
    for row in (
        Reserved("GatewaySubnet", 29),
        Reserved("AzureFirewallSubnet", 26, nat_gateway=True),
        Reserved("AzureFirewallManagementSubnet", 26),
        Reserved("AzureBastionSubnet", 26, security_group=True, route_table=False),
        Reserved("RouteServerSubnet", 27, route_table=False),
    )
}
_PARTS = (
    ("security_group", "networkSecurityGroup", "NetworkSecurityGroupNotAllowedOnSubnet"),
    ("nat_gateway", "natGateway", "NatGatewayNotAllowedOnSubnet"),
    ("route_table", "routeTable", "RouteTableCannotBeAttachedForSubnet"),
)
# What a person places in a subnet, by the marker in its id, and the one that the reserved name is for.
_USERS = {
    "/privateendpoints/": "a private endpoint",
    "/networkinterfaces/": "a network interface",
    "/managedclusters/": "an AKS node pool",
    "/workspaces/": "a machine learning compute",
    "/azurefirewalls/": "Azure Firewall",
    "/bastionhosts/": "Azure Bastion",
}
_OWNERS = {"azurefirewallsubnet": "/azurefirewalls/", "azurebastionsubnet": "/bastionhosts/"}


def check_reserved(subnet: Resource) -> None:
    """Size and parts of a subnet with a reserved name.

    Raises:
        ArmError: 400 with the code of what is wrong.
    """
    row = RESERVED.get(subnet.name.lower())
    if row is None:
        return
    for prefix in prefixes(subnet.properties):
        one = parse_range(prefix, subnet.id)
        if one.version == 4 and one.prefixlen > row.longest:
            raise bad_request(
                f"Subnet {row.name} with address prefix {prefix} is too small: it needs at least a /{row.longest}.",
                "NetcfgSubnetTooSmallForReservedName",
                "properties.addressPrefix",
            )
    for allowed, part, code in _PARTS:
        if not getattr(row, allowed) and subnet.properties.get(part):
            raise bad_request(f"Subnet {row.name} ({subnet.id}) cannot have a {part}.", code, f"properties.{part}")


def check_delegations(subnet: Resource, state: State) -> None:
    """One service for a subnet, and nothing in it already that is not that service's.

    Raises:
        ArmError: 400 SubnetHasMoreThanOneDelegation or SubnetDelegationNotAllowedInUse.
    """
    wanted = delegations(subnet)
    if len(wanted) > 1:
        raise bad_request(
            f"Subnet {subnet.id} is delegated to {', '.join(wanted)}; a subnet has one delegation.",
            "SubnetHasMoreThanOneDelegation",
            "properties.delegations",
        )
    if not wanted:
        return
    for user in state.referrers(subnet.key):
        kind = next((what for marker, what in _USERS.items() if marker in user), None)
        if kind:
            raise bad_request(
                f"Subnet {subnet.id} cannot be delegated to {wanted[0]}: {kind} is in it ({user}).",
                "SubnetDelegationNotAllowedInUse",
                "properties.delegations",
            )


# Direction, ports, and the peer that has to be let through; Azure refuses a group without them (Microsoft Learn,
# "Working with NSG access and Azure Bastion").
_BASTION = (
    ("inbound", "443", "Internet"),
    ("inbound", "443", "GatewayManager"),
    ("inbound", "443", "AzureLoadBalancer"),
    ("inbound", "8080", "VirtualNetwork"),
    ("inbound", "5701", "VirtualNetwork"),
    ("outbound", "22", "VirtualNetwork"),
    ("outbound", "3389", "VirtualNetwork"),
    ("outbound", "443", "AzureCloud"),
    ("outbound", "8080", "VirtualNetwork"),
    ("outbound", "5701", "VirtualNetwork"),
    ("outbound", "80", "Internet"),
)


def check_bastion_group(subnet: Resource, state: State) -> None:
    """A security group on Bastion's subnet lets through what Bastion needs.

    Raises:
        ArmError: 400 NetworkSecurityGroupNotCompliantForAzureBastionSubnet.
    """
    group_id = str((subnet.properties.get("networkSecurityGroup") or {}).get("id") or "")
    if subnet.name.lower() != "azurebastionsubnet" or not group_id:
        return
    rules = [
        one.properties
        for one in state.children(group_id.lower(), "Microsoft.Network/networkSecurityGroups/securityRules")
        if one.properties["access"].lower() == "allow"
    ]
    missing = [
        f"{direction} {port} {peer}"
        for direction, port, peer in _BASTION
        if not any(_lets_through(rule, direction, port, peer) for rule in rules)
    ]
    if missing:
        raise bad_request(
            f"Network security group {group_id.rsplit('/', 1)[-1]} does not have necessary rules for Azure Bastion"
            f" Subnet {subnet.name}: {', '.join(missing)}.",
            "NetworkSecurityGroupNotCompliantForAzureBastionSubnet",
            "properties.networkSecurityGroup",
        )


def _lets_through(rule: dict[str, Any], direction: str, port: str, peer: str) -> bool:
    side = "source" if direction == "inbound" else "destination"
    peers = [rule.get(f"{side}AddressPrefix"), *(rule.get(f"{side}AddressPrefixes") or [])]
    ports = [rule.get("destinationPortRange"), *(rule.get("destinationPortRanges") or [])]
    return rule["direction"].lower() == direction and bool({peer, "*"} & {*peers}) and bool({port, "*"} & {*ports})


def delegations(subnet: Resource) -> list[str]:
    """The services that a subnet is delegated to."""
    found = [one.get("properties", {}).get("serviceName") for one in subnet.properties.get("delegations") or []]
    return [name for name in found if name]


def check_user(call: Call, subnet: Resource, user: Resource) -> None:
    """Whether somebody may stand in this subnet.

    Raises:
        ArmError: 400 where it is delegated, or reserved for somebody else.
    """
    marker = next((marker for marker in _USERS if marker in f"{user.key}/"), "")
    kind = _USERS.get(marker, user.type)
    if wanted := delegations(subnet):
        raise bad_request(
            f"Subnet {subnet.id} is delegated to {', '.join(wanted)}, and {kind} ({user.id}) cannot be in it.",
            "SubnetIsDelegated",
        )
    owner = _OWNERS.get(subnet.name.lower())
    if subnet.name.lower() in RESERVED and marker != owner:
        raise bad_request(
            f"Subnet {subnet.id} is reserved by its name, and {kind} ({user.id}) cannot be in it.",
            "SubnetNameIsReserved",
        )
    _check_alone(call, subnet, user, marker)


def _check_alone(call: Call, subnet: Resource, user: Resource, marker: str) -> None:
    """AKS' nodes share a subnet with other pools, not with a firewall or a host; those stand alone."""
    alone = {"/azurefirewalls/", "/bastionhosts/"}
    for other in call.state.referrers(subnet.key):
        theirs = next((one for one in _USERS if one in other), None)
        if theirs and other != user.key and marker in alone and not other.startswith(f"{user.key}/"):
            raise bad_request(
                f"Subnet {subnet.id} is in use already by {other}; {user.id} needs one of its own.",
                "SubnetAlreadyInUse",
            )
