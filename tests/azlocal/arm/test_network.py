"""Virtual networks, rules, routes and ways out through azure-mgmt-network."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from azure.mgmt.network import NetworkManagementClient
from hypothesis import given, settings
from hypothesis import strategies as st

from azlocal.arm.providers.network.addresses import overlapping

from .conftest import GROUP, LOCATION, World, refused


@pytest.fixture
def network(world: World) -> Any:
    return world.client(NetworkManagementClient)


def vnet(*subnets: tuple[str, str], space: str = "10.0.0.0/16") -> dict[str, Any]:
    return {
        "location": LOCATION,
        "properties": {
            "addressSpace": {"addressPrefixes": [space]},
            "subnets": [{"name": name, "properties": {"addressPrefix": prefix}} for name, prefix in subnets],
        },
    }


def rule(name: str, priority: int, **changes: Any) -> dict[str, Any]:
    properties = {
        "protocol": "Tcp",
        "access": "Allow",
        "direction": "Inbound",
        "priority": priority,
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "VirtualNetwork",
        "destinationPortRange": "443",
        **changes,
    }
    return {"name": name, "properties": {key: value for key, value in properties.items() if value is not None}}


def test_subnets_are_the_same_in_the_body_and_as_children(network: Any) -> None:
    made = network.virtual_networks.begin_create_or_update(
        "rg", "vnet", vnet(("b", "10.0.1.0/24"), ("a", "10.0.0.0/24"))
    )
    assert [one.name for one in made.result().subnets] == ["b", "a"]  # in the order given
    assert network.subnets.get("rg", "vnet", "a").private_endpoint_network_policies == "Disabled"
    network.subnets.begin_create_or_update("rg", "vnet", "c", {"properties": {"addressPrefix": "10.0.2.0/24"}}).result()
    assert [one.name for one in network.virtual_networks.get("rg", "vnet").subnets] == ["b", "a", "c"]
    network.virtual_networks.begin_create_or_update("rg", "vnet", vnet(("a", "10.0.0.0/25"))).result()
    assert [one.name for one in network.subnets.list("rg", "vnet")] == ["a"]
    assert network.subnets.get("rg", "vnet", "a").address_prefix == "10.0.0.0/25"


def test_a_body_without_subnets_leaves_them(network: Any, world: World) -> None:
    world.network("10.0.0.0/24")
    body = vnet()
    del body["properties"]["subnets"]
    made = network.virtual_networks.begin_create_or_update("rg", "vnet", body).result()
    assert [one.name for one in made.subnets] == ["snet0"]


def test_an_unchanged_subnet_keeps_its_etag(network: Any, world: World) -> None:
    world.network("10.0.0.0/24", "10.0.1.0/24")
    before = network.subnets.get("rg", "vnet", "snet0").etag
    world.network("10.0.0.0/24", "10.0.4.0/24")
    assert network.subnets.get("rg", "vnet", "snet0").etag == before


@pytest.mark.parametrize(
    ("subnets", "code"),
    [
        ([("a", "10.1.0.0/24")], "NetcfgInvalidSubnet"),
        ([("a", "10.0.0.0/30")], "NetcfgInvalidSubnet"),
        ([("a", "10.0.0.0/24"), ("b", "10.0.0.128/25")], "NetcfgSubnetRangesOverlap"),
        ([("a", "10.0.0.1/24")], "InvalidCIDRNotation"),
        ([("a", "ten")], "InvalidAddressPrefixFormat"),
        ([("a", "10.0.0.0/24"), ("A", "10.0.1.0/24")], "DuplicateResourceName"),
    ],
)
def test_subnet_refusals_leave_nothing_behind(network: Any, world: World, subnets: Any, code: str) -> None:
    with refused(code, 400):
        network.virtual_networks.begin_create_or_update("rg", "vnet", vnet(*subnets)).result()
    assert world.state.below(GROUP.lower()) == []


def test_two_subnets_may_swap_their_ranges(network: Any, world: World) -> None:
    world.network("10.0.0.0/24", "10.0.1.0/24")
    world.network("10.0.1.0/24", "10.0.0.0/24")
    assert network.subnets.get("rg", "vnet", "snet0").address_prefix == "10.0.1.0/24"


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 255), st.integers(20, 29)).map(
            lambda one: ipaddress.ip_network(f"10.0.{one[0]}.0/{one[1]}", strict=False)
        ),
        max_size=8,
    )
)
def test_overlaps_are_found_as_by_comparing_all_pairs(ranges: list[ipaddress.IPv4Network]) -> None:
    named = [(str(index), one) for index, one in enumerate(ranges)]
    expected = any(one.overlaps(other) for i, one in enumerate(ranges) for other in ranges[:i])
    assert bool(list(overlapping(named))) == expected


def test_a_subnet_in_use_stays(network: Any, world: World) -> None:
    subnet = world.network("10.0.0.0/24") + "/subnets/snet0"
    nic = {
        "location": LOCATION,
        "properties": {"ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet}}}]},
    }
    made = network.network_interfaces.begin_create_or_update("rg", "nic", nic).result()
    assert made.ip_configurations[0].private_ip_address == "10.0.0.4"
    with refused("InUseSubnetCannotBeDeleted", 400):
        network.subnets.begin_delete("rg", "vnet", "snet0").result()
    with refused("InUseSubnetCannotBeDeleted", 400):
        network.virtual_networks.begin_delete("rg", "vnet").result()
    with refused("InUseSubnetCannotBeDeleted", 400):  # also by leaving it out of the network's body
        network.virtual_networks.begin_create_or_update("rg", "vnet", vnet()).result()
    with refused("InUsePrefixCannotBeDeleted", 400):
        network.virtual_networks.begin_create_or_update("rg", "vnet", vnet(("snet0", "10.0.9.0/24"))).result()
    network.network_interfaces.begin_delete("rg", "nic").result()
    network.virtual_networks.begin_delete("rg", "vnet").result()


def test_security_group_and_its_rules(network: Any, world: World) -> None:
    body = {"location": LOCATION, "properties": {"securityRules": [rule("one", 100), rule("two", 200)]}}
    made = network.network_security_groups.begin_create_or_update("rg", "nsg", body).result()
    assert [one.name for one in made.security_rules] == ["one", "two"]
    assert [one.priority for one in made.default_security_rules] == [65000, 65001, 65500] * 2
    network.security_rules.begin_create_or_update("rg", "nsg", "three", rule("three", 300)).result()
    assert len(network.network_security_groups.get("rg", "nsg").security_rules) == 3
    with refused("SecurityRuleConflict", 400):
        network.security_rules.begin_create_or_update("rg", "nsg", "four", rule("four", 300)).result()
    outbound = rule("four", 300, direction="Outbound")
    network.security_rules.begin_create_or_update("rg", "nsg", "four", outbound).result()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"priority": 4097}, "SecurityRuleInvalidPriority"),
        ({"destinationPortRange": "70000"}, "SecurityRuleInvalidPortRange"),
        ({"destinationPortRange": "20-10"}, "SecurityRuleInvalidPortRange"),
        (
            {"destinationPortRange": None, "destinationPortRanges": ["*"]},
            "SecurityRuleParameterContainsUnsupportedValue",
        ),
        ({"sourceAddressPrefix": "10.0.0.0/99"}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": None}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": "BatchNodes.WestEurope"}, "SecurityRuleInvalidAddressPrefix"),
        ({"protocol": "Carrier pigeon"}, "InvalidParameter"),
    ],
)
def test_rule_refusals(network: Any, changes: dict[str, Any], code: str) -> None:
    body = {"location": LOCATION, "properties": {"securityRules": [rule("one", **{"priority": 100, **changes})]}}
    with refused(code, 400):
        network.network_security_groups.begin_create_or_update("rg", "nsg", body).result()


def test_a_security_group_knows_its_subnets_and_stays_while_it_has_any(network: Any) -> None:
    group = network.network_security_groups.begin_create_or_update("rg", "nsg", {"location": LOCATION}).result()
    body = vnet(("a", "10.0.0.0/24"))
    body["properties"]["subnets"][0]["properties"]["networkSecurityGroup"] = {"id": group.id}
    network.virtual_networks.begin_create_or_update("rg", "vnet", body).result()
    assert network.network_security_groups.get("rg", "nsg").subnets[0].id.endswith("/subnets/a")
    with refused("InUseNetworkSecurityGroupCannotBeDeleted", 400):
        network.network_security_groups.begin_delete("rg", "nsg").result()
    network.virtual_networks.begin_delete("rg", "vnet").result()
    network.network_security_groups.begin_delete("rg", "nsg").result()


def test_a_missing_reference_is_refused(network: Any) -> None:
    body = vnet(("a", "10.0.0.0/24"))
    missing = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/none"
    body["properties"]["subnets"][0]["properties"]["networkSecurityGroup"] = {"id": missing}
    with refused("InvalidResourceReference", 400):
        network.virtual_networks.begin_create_or_update("rg", "vnet", body).result()


def test_routes(network: Any) -> None:
    route: dict[str, Any] = {"name": "out", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "Internet"}}
    body = {"location": LOCATION, "properties": {"routes": [route]}}
    made = network.route_tables.begin_create_or_update("rg", "routes", body).result()
    assert made.routes[0].next_hop_type == "Internet"
    with refused("NextHopIpAddressRequired", 400):
        route["properties"]["nextHopType"] = "VirtualAppliance"
        network.route_tables.begin_create_or_update("rg", "routes", body).result()


def test_way_out(network: Any) -> None:
    address = network.public_ip_addresses.begin_create_or_update(
        "rg",
        "pip",
        {"location": LOCATION, "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}},
    ).result()
    assert ipaddress.ip_address(address.ip_address) in ipaddress.ip_network("198.18.0.0/15")
    gateway = {
        "location": LOCATION,
        "sku": {"name": "Standard"},
        "properties": {"publicIpAddresses": [{"id": address.id}]},
    }
    made = network.nat_gateways.begin_create_or_update("rg", "nat", gateway).result()
    assert made.idle_timeout_in_minutes == 4
    assert network.public_ip_addresses.get("rg", "pip").nat_gateway.id == made.id
    with refused("PublicIPAddressInUse", 400):
        network.nat_gateways.begin_create_or_update("rg", "nat2", gateway).result()
    with refused("PublicIPAddressCannotBeDeleted", 400):
        network.public_ip_addresses.begin_delete("rg", "pip").result()
    again = network.public_ip_addresses.begin_create_or_update(
        "rg", "pip", {"location": LOCATION, "sku": {"name": "Standard"}}
    ).result()
    assert again.ip_address == address.ip_address


def test_load_balancer_takes_an_address_of_its_subnet(network: Any, world: World) -> None:
    subnet = world.network("10.0.0.0/24") + "/subnets/snet0"
    body = {
        "location": LOCATION,
        "sku": {"name": "Standard"},
        "properties": {
            "frontendIPConfigurations": [{"name": "front", "properties": {"subnet": {"id": subnet}}}],
            "backendAddressPools": [{"name": "back"}],
        },
    }
    made = network.load_balancers.begin_create_or_update("rg", "lb", body).result()
    assert made.frontend_ip_configurations[0].private_ip_address == "10.0.0.4"
    assert made.backend_address_pools[0].id.endswith("/loadBalancers/lb/backendAddressPools/back")
