"""Firewalls, Bastion, peerings and what subnets may be used for, through azure-mgmt-network."""

from __future__ import annotations

from typing import Any

import pytest
from azure.mgmt.network import NetworkManagementClient

from .conftest import GROUP, LOCATION, World, refused

NETWORK = f"{GROUP}/providers/Microsoft.Network"


@pytest.fixture
def network(world: World) -> Any:
    return world.client(NetworkManagementClient)


def vnet(network: Any, name: str, space: str, *subnets: tuple[str, str], **more: Any) -> str:
    """A virtual network; `more` goes into each subnet."""
    parts = [{"name": one, "properties": {"addressPrefix": prefix, **more}} for one, prefix in subnets]
    body = {"location": LOCATION, "properties": {"addressSpace": {"addressPrefixes": [space]}, "subnets": parts}}
    return str(network.virtual_networks.begin_create_or_update("rg", name, body).result().id)


def address(network: Any, name: str = "pip", **sku: Any) -> str:
    body = {"location": LOCATION, "sku": {"name": "Standard", **sku}, "properties": {}}
    return str(network.public_ip_addresses.begin_create_or_update("rg", name, body).result().id)


def placed(subnet: str, public: str, **more: Any) -> dict[str, Any]:
    """The body of what stands in a subnet with a public address."""
    part = {"name": "one", "properties": {"subnet": {"id": subnet}, "publicIPAddress": {"id": public}}}
    return {"location": LOCATION, "properties": {"ipConfigurations": [part], **more}}


@pytest.fixture
def hub(network: Any) -> str:
    return vnet(network, "hub", "10.9.0.0/24", ("AzureFirewallSubnet", "10.9.0.0/26"), ("other", "10.9.0.64/26"))


def test_a_firewall_has_the_first_address_of_its_subnet(network: Any, hub: str) -> None:
    policy = network.firewall_policies.begin_create_or_update("rg", "policy", {"location": LOCATION}).result()
    body = placed(f"{hub}/subnets/AzureFirewallSubnet", address(network), firewallPolicy={"id": policy.id})
    made = network.azure_firewalls.begin_create_or_update("rg", "afw", body).result()
    assert made.ip_configurations[0].private_ip_address == "10.9.0.4"
    again = network.azure_firewalls.begin_create_or_update("rg", "afw", body).result()
    assert again.ip_configurations[0].private_ip_address == "10.9.0.4"
    assert [one.id for one in network.firewall_policies.get("rg", "policy").firewalls] == [made.id]
    with refused("FirewallPolicyInUse", 400):
        network.firewall_policies.begin_delete("rg", "policy").result()


def test_a_firewall_is_where_azure_looks_for_it(network: Any, hub: str) -> None:
    with refused("AzureFirewallInvalidSubnetName", 400):
        network.azure_firewalls.begin_create_or_update(
            "rg", "afw", placed(f"{hub}/subnets/other", address(network))
        ).result()
    basic = {"location": LOCATION, "sku": {"name": "Basic"}, "properties": {"publicIPAllocationMethod": "Dynamic"}}
    public = network.public_ip_addresses.begin_create_or_update("rg", "basic", basic).result().id
    with refused("AzureFirewallPublicIPAddressInvalidSku", 400):
        network.azure_firewalls.begin_create_or_update(
            "rg", "afw", placed(f"{hub}/subnets/AzureFirewallSubnet", public)
        ).result()


RULE = {
    "name": "rule",
    "ruleType": "NetworkRule",
    "ipProtocols": ["TCP"],
    "sourceAddresses": ["10.0.0.0/24"],
    "destinationAddresses": ["AzureMonitor"],
    "destinationPorts": ["443"],
}
HOSTS = {
    "name": "hosts",
    "ruleType": "ApplicationRule",
    "sourceAddresses": ["10.0.0.0/24"],
    "protocols": [{"protocolType": "Https", "port": 443}],
    "targetFqdns": ["example.com"],
}


def collection(priority: int, *rules: dict[str, Any], name: str = "one") -> dict[str, Any]:
    kind = {"ruleCollectionType": "FirewallPolicyFilterRuleCollection", "action": {"type": "Allow"}}
    return {"name": name, "priority": priority, "rules": list(rules), **kind}


@pytest.mark.parametrize(
    ("collections", "code"),
    [
        ([collection(99, RULE)], "FirewallPolicyRuleCollectionGroupInvalidPriority"),
        (
            [collection(200, RULE), collection(200, RULE, name="two")],
            "FirewallPolicyRuleCollectionDuplicatePriority",
        ),
        ([collection(200, RULE, HOSTS)], "FirewallPolicyRuleCollectionMixedRuleTypes"),
        ([collection(200, {**RULE, "sourceAddresses": []})], "FirewallPolicyRuleInvalidSource"),
        ([collection(200, {**RULE, "destinationAddresses": []})], "FirewallPolicyRuleInvalidTarget"),
        ([collection(200, {**RULE, "destinationPorts": []})], "FirewallPolicyRuleInvalidPort"),
        ([collection(200, {**HOSTS, "fqdnTags": ["AzureKubernetesService"]})], "FirewallPolicyRuleInvalidTarget"),
    ],
)
def test_rules_are_checked(network: Any, world: World, collections: list[dict[str, Any]], code: str) -> None:
    world.group()
    network.firewall_policies.begin_create_or_update("rg", "policy", {"location": LOCATION}).result()
    groups = network.firewall_policy_rule_collection_groups
    with refused(code, 400):
        body = {"properties": {"priority": 200, "ruleCollections": collections}}
        groups.begin_create_or_update("rg", "policy", "rules", body).result()
    good = {"properties": {"priority": 200, "ruleCollections": [collection(200, RULE)]}}
    made = groups.begin_create_or_update("rg", "policy", "rules", good).result()
    assert made.rule_collections[0].rules[0].destination_addresses == ["AzureMonitor"]


def test_bastion_stands_alone_in_its_subnet(network: Any) -> None:
    spoke = vnet(network, "spoke", "10.8.0.0/24", ("AzureBastionSubnet", "10.8.0.0/26"), ("other", "10.8.0.64/26"))
    with refused("BastionHostSubnetNameInvalid", 400):
        network.bastion_hosts.begin_create_or_update(
            "rg", "bas", placed(f"{spoke}/subnets/other", address(network))
        ).result()
    body = placed(f"{spoke}/subnets/AzureBastionSubnet", address(network))
    assert network.bastion_hosts.begin_create_or_update("rg", "bas", body).result().sku.name == "Standard"
    second = placed(f"{spoke}/subnets/AzureBastionSubnet", address(network, "second"))
    with refused("SubnetAlreadyInUse", 400):
        network.bastion_hosts.begin_create_or_update("rg", "bas2", second).result()


@pytest.mark.parametrize(
    ("name", "prefix", "code"),
    [
        ("AzureFirewallSubnet", "10.7.0.0/27", "NetcfgSubnetTooSmallForReservedName"),
        ("AzureBastionSubnet", "10.7.0.0/27", "NetcfgSubnetTooSmallForReservedName"),
        ("RouteServerSubnet", "10.7.0.0/28", "NetcfgSubnetTooSmallForReservedName"),
    ],
)
def test_reserved_names_ask_for_room(network: Any, world: World, name: str, prefix: str, code: str) -> None:
    world.group()
    with refused(code, 400):
        vnet(network, "vnet", "10.7.0.0/16", (name, prefix))


# Direction, source, destination, ports (Microsoft Learn, "Working with NSG access and Azure Bastion").
BASTION_NEEDS = (
    ("Inbound", "Internet", "*", ["443"]),
    ("Inbound", "GatewayManager", "*", ["443"]),
    ("Inbound", "AzureLoadBalancer", "*", ["443"]),
    ("Inbound", "VirtualNetwork", "VirtualNetwork", ["8080", "5701"]),
    ("Outbound", "*", "VirtualNetwork", ["22", "3389"]),
    ("Outbound", "*", "AzureCloud", ["443"]),
    ("Outbound", "VirtualNetwork", "VirtualNetwork", ["8080", "5701"]),
    ("Outbound", "*", "Internet", ["80"]),
)


def let_through(number: int, direction: str, source: str, destination: str, ports: list[str]) -> dict[str, Any]:
    return {
        "name": f"rule{number}",
        "properties": {
            "priority": 100 + number,
            "direction": direction,
            "access": "Allow",
            "protocol": "*",
            "sourcePortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "destinationPortRanges": ports,
        },
    }


def test_reserved_names_refuse_what_azure_refuses_there(network: Any, world: World) -> None:
    world.group()
    nsg = network.network_security_groups.begin_create_or_update("rg", "nsg", {"location": LOCATION}).result()
    table = network.route_tables.begin_create_or_update("rg", "rt", {"location": LOCATION}).result()
    group, routes = {"networkSecurityGroup": {"id": nsg.id}}, {"routeTable": {"id": table.id}}
    with refused("NetworkSecurityGroupNotAllowedOnSubnet", 400):
        vnet(network, "vnet", "10.7.0.0/16", ("AzureFirewallSubnet", "10.7.0.0/26"), **group)
    with refused("RouteTableCannotBeAttachedForSubnet", 400):
        vnet(network, "vnet", "10.7.0.0/16", ("AzureBastionSubnet", "10.7.0.0/26"), **routes)
    with refused("NetworkSecurityGroupNotCompliantForAzureBastionSubnet", 400):
        vnet(network, "vnet", "10.7.0.0/16", ("AzureBastionSubnet", "10.7.0.0/26"), **group)
    rules = [let_through(number, *row) for number, row in enumerate(BASTION_NEEDS)]
    network.network_security_groups.begin_create_or_update(
        "rg", "nsg", {"location": LOCATION, "properties": {"securityRules": rules}}
    ).result()
    vnet(network, "vnet", "10.7.0.0/16", ("AzureBastionSubnet", "10.7.0.0/26"), **group)
    vnet(network, "vnet2", "10.7.0.0/16", ("AzureFirewallSubnet", "10.7.0.0/26"), **routes)


def delegated(*services: str) -> dict[str, Any]:
    return {"delegations": [{"name": one.replace("/", "-"), "properties": {"serviceName": one}} for one in services]}


def test_a_delegated_subnet_is_for_its_service_alone(network: Any, world: World) -> None:
    world.group()
    spoke = vnet(network, "vnet", "10.7.0.0/16", ("free", "10.7.0.0/24"))
    with refused("SubnetHasMoreThanOneDelegation", 400):
        vnet(network, "two", "10.7.0.0/16", ("a", "10.7.0.0/24"), **delegated("GitHub.Network/x", "Microsoft.Web/y"))
    connection = {"name": "c", "properties": {"privateLinkServiceId": world.account(), "groupIds": ["blob"]}}
    body = {
        "location": LOCATION,
        "properties": {"subnet": {"id": f"{spoke}/subnets/free"}, "privateLinkServiceConnections": [connection]},
    }
    network.private_endpoints.begin_create_or_update("rg", "pep", body).result()
    with refused("SubnetDelegationNotAllowedInUse", 400):
        vnet(network, "vnet", "10.7.0.0/16", ("free", "10.7.0.0/24"), **delegated("GitHub.Network/networkSettings"))
    network.private_endpoints.begin_delete("rg", "pep").result()
    vnet(network, "vnet", "10.7.0.0/16", ("free", "10.7.0.0/24"), **delegated("GitHub.Network/networkSettings"))
    with refused("SubnetIsDelegated", 400):
        network.private_endpoints.begin_create_or_update("rg", "pep", body).result()


def peer(network: Any, one: str, other: str) -> Any:
    body = {"properties": {"remoteVirtualNetwork": {"id": f"{NETWORK}/virtualNetworks/{other}"}}}
    peerings = network.virtual_network_peerings
    return peerings.begin_create_or_update("rg", one, f"to-{other}", body).result()


def test_a_peering_is_connected_by_its_second_side(network: Any, world: World, hub: str) -> None:
    vnet(network, "spoke", "10.8.0.0/24")
    vnet(network, "clash", "10.9.0.128/25")
    assert hub
    assert peer(network, "spoke", "hub").peering_state == "Initiated"
    assert peer(network, "hub", "spoke").peering_state == "Connected"
    assert network.virtual_network_peerings.get("rg", "spoke", "to-hub").peering_state == "Connected"
    with refused("VnetAddressSpacesOverlap", 400):
        peer(network, "clash", "hub")
    network.virtual_network_peerings.begin_delete("rg", "hub", "to-spoke").result()
    assert network.virtual_network_peerings.get("rg", "spoke", "to-hub").peering_state == "Disconnected"


@pytest.mark.parametrize(
    ("route", "code"),
    [
        ({"nextHopType": "VirtualAppliance"}, "NextHopIpAddressRequired"),
        ({"nextHopType": "VirtualAppliance", "nextHopIpAddress": "firewall"}, "InvalidNextHopIpAddress"),
        ({"nextHopType": "Internet", "nextHopIpAddress": "10.0.0.4"}, "NextHopIpAddressNotAllowed"),
    ],
)
def test_routes_say_where_to(network: Any, world: World, route: dict[str, str], code: str) -> None:
    world.group()
    network.route_tables.begin_create_or_update("rg", "rt", {"location": LOCATION}).result()
    with refused(code, 400):
        body = {"properties": {"addressPrefix": "0.0.0.0/0", **route}}
        network.routes.begin_create_or_update("rg", "rt", "default", body).result()
    good = {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.0.4"}
    network.routes.begin_create_or_update("rg", "rt", "default", {"properties": good}).result()
    with refused("RouteConflict", 400):
        network.routes.begin_create_or_update("rg", "rt", "again", {"properties": good}).result()
