"""Network security groups and their rules, route tables and their routes."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from azlocal.arm.errors import bad_request
from azlocal.arm.inline import Inline, show, sync
from azlocal.arm.providers.network.addresses import parse_range
from azlocal.arm.providers.network.common import name_rule, show_etag, users
from azlocal.arm.providers.network.servicetags import is_tag
from azlocal.arm.types import Json, ResourceType
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

RULE = "Microsoft.Network/networkSecurityGroups/securityRules"
DEFAULT_RULE = "Microsoft.Network/networkSecurityGroups/defaultSecurityRules"
ROUTE = "Microsoft.Network/routeTables/routes"
_RULES = Inline("properties.securityRules", RULE)
_ROUTES = Inline("properties.routes", ROUTE)
PRIORITIES = (100, 4096)
_SERVICE_TAG = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)*")

# Name, direction, access, priority, source, destination (Microsoft Learn, "Network security groups").
_DEFAULTS = (
    ("AllowVnetInBound", "Inbound", "Allow", 65000, "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", "Inbound", "Allow", 65001, "AzureLoadBalancer", "*"),
    ("DenyAllInBound", "Inbound", "Deny", 65500, "*", "*"),
    ("AllowVnetOutBound", "Outbound", "Allow", 65000, "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", "Outbound", "Allow", 65001, "*", "Internet"),
    ("DenyAllOutBound", "Outbound", "Deny", 65500, "*", "*"),
)
_LISTS = ("sourcePortRanges", "destinationPortRanges", "sourceAddressPrefixes", "destinationAddressPrefixes")


def _default_rules(group: Resource) -> list[Json]:
    return [
        {
            "name": name,
            "id": f"{group.id}/defaultSecurityRules/{name}",
            "type": DEFAULT_RULE,
            "etag": f'W/"{group.etag}"',
            "properties": {
                "provisioningState": "Succeeded",
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
                "access": access,
                "priority": priority,
                "direction": direction,
                **{name: [] for name in _LISTS},
            },
        }
        for name, direction, access, priority, source, destination in _DEFAULTS
    ]


def _group_written(call: Call, new: Resource, _old: Resource | None) -> None:
    sync(call, new, _RULES)
    _check_priorities(call, new.key)


def _rule_written(call: Call, new: Resource, _old: Resource | None) -> None:
    _check_priorities(call, new.key.rpartition("/securityrules/")[0])


def _check_priorities(call: Call, group: str) -> None:
    """No two rules of one direction with one priority.

    Raises:
        ArmError: 400 SecurityRuleConflict.
    """
    seen: dict[tuple[str, int], str] = {}
    for rule in call.state.children(group, RULE):
        place = (rule.properties["direction"].lower(), int(rule.properties["priority"]))
        if place in seen:
            raise bad_request(
                f"Security rule {rule.name} conflicts with rule {seen[place]}. Rules cannot have the same Priority"
                f" and Direction ({place[1]}, {place[0]}).",
                "SecurityRuleConflict",
            )
        seen[place] = rule.name


def _show_group(call: Call, resource: Resource, body: Json) -> None:
    show(call, resource, body, _RULES)
    body["properties"]["defaultSecurityRules"] = _default_rules(resource)
    if subnets := users(call, resource, "/subnets/[^/]+$"):
        body["properties"]["subnets"] = subnets
    show_etag(call, resource, body)


def _check_rule(_call: Call, new: Resource, _old: Resource | None) -> None:
    """Priority, ports and addresses of a rule, each in one of its two spellings."""
    properties = new.properties
    priority = properties["priority"]
    if not isinstance(priority, int) or not PRIORITIES[0] <= priority <= PRIORITIES[1]:
        raise bad_request(
            f"Security rule {new.id} has invalid Priority. Value provided: {priority}. Allowed range"
            f" {PRIORITIES[0]}-{PRIORITIES[1]}.",
            "SecurityRuleInvalidPriority",
        )
    for side in ("source", "destination"):
        for port in _given(new, f"{side}PortRange", f"{side}PortRanges", "SecurityRuleInvalidPortRange"):
            _check_port(new, port)
        groups = properties.get(f"{side}ApplicationSecurityGroups")
        if not groups:
            code = "SecurityRuleInvalidAddressPrefix"
            for address in _given(new, f"{side}AddressPrefix", f"{side}AddressPrefixes", code):
                _check_address(new, address)


def _given(rule: Resource, one: str, many: str, code: str) -> list[str]:
    single, several = rule.properties.get(one), rule.properties.get(many) or []
    if not single and not several:
        raise bad_request(f"Security rule {rule.id} has neither {one} nor {many}.", code, one)
    if single and several:
        raise bad_request(f"Security rule {rule.id} has both {one} and {many}. Give one of them.", code, one)
    if "*" in several:
        raise bad_request(
            f"Security rule parameter {many} for rule with Id {rule.id} contains unsupported value '*'."
            f" Use {one} for it.",
            "SecurityRuleParameterContainsUnsupportedValue",
            many,
        )
    return several or [single]


def _check_port(rule: Resource, port: str) -> None:
    low, _, high = port.partition("-")
    bounds = (low, high or low)
    if port == "*" or (all(one.isdigit() for one in bounds) and 0 <= int(low) <= int(high or low) <= 65535):
        return
    raise bad_request(
        f"Security rule {rule.id} has invalid Port range. Value provided: {port}. Value should be an integer OR integer"
        " range with '-' delimiter. Valid range 0-65535.",
        "SecurityRuleInvalidPortRange",
    )


def _check_address(rule: Resource, address: str) -> None:
    if address == "*" or (_SERVICE_TAG.fullmatch(address) and is_tag(address)):
        return
    try:
        ipaddress.ip_network(address, strict=False)
    except ValueError:
        raise bad_request(
            f"Security rule {rule.id} has invalid Address prefix. Value provided: {address}.",
            "SecurityRuleInvalidAddressPrefix",
        ) from None


def _table_written(call: Call, new: Resource, _old: Resource | None) -> None:
    sync(call, new, _ROUTES)
    _check_prefixes(call, new.key)


def _route_written(call: Call, new: Resource, _old: Resource | None) -> None:
    _check_prefixes(call, new.key.rpartition("/routes/")[0])


def _check_prefixes(call: Call, table: str) -> None:
    """No two routes of a table for one prefix.

    Raises:
        ArmError: 400 RouteConflict.
    """
    seen: dict[str, str] = {}
    for route in call.state.children(table, ROUTE):
        prefix = str(route.properties["addressPrefix"]).lower()
        if prefix in seen:
            raise bad_request(
                f"Route {route.name} conflicts with route {seen[prefix]}. Routes cannot have the same address prefix"
                f" {prefix}.",
                "RouteConflict",
            )
        seen[prefix] = route.name


def _show_table(call: Call, resource: Resource, body: Json) -> None:
    show(call, resource, body, _ROUTES)
    if subnets := users(call, resource, "/subnets/[^/]+$"):
        body["properties"]["subnets"] = subnets
    show_etag(call, resource, body)


def _check_route(_call: Call, new: Resource, _old: Resource | None) -> None:
    properties = new.properties
    if not _SERVICE_TAG.fullmatch(properties["addressPrefix"]):
        parse_range(properties["addressPrefix"], new.id)
    appliance = properties["nextHopType"].lower() == "virtualappliance"
    if appliance and not properties.get("nextHopIpAddress"):
        raise bad_request(
            f"Route {new.id} with next hop type VirtualAppliance needs nextHopIpAddress.",
            "NextHopIpAddressRequired",
        )
    if appliance:
        try:
            ipaddress.ip_address(properties["nextHopIpAddress"])
        except ValueError:
            raise bad_request(
                f"Route {new.id} has next hop {properties['nextHopIpAddress']}, which is no IP address.",
                "InvalidNextHopIpAddress",
            ) from None
    if not appliance and properties.get("nextHopIpAddress"):
        raise bad_request(
            f"Route {new.id} has nextHopIpAddress, which only next hop type VirtualAppliance takes.",
            "NextHopIpAddressNotAllowed",
        )


TYPES = (
    ResourceType(
        name="Microsoft.Network/networkSecurityGroups",
        tracked=True,
        name_rule=name_rule(80),
        in_use_code="InUseNetworkSecurityGroupCannotBeDeleted",
        duration=5,
        delete_duration=5,
        committed=_group_written,
        present=_show_group,
    ),
    ResourceType(
        name=RULE,
        name_rule=name_rule(80),
        required=("properties.protocol", "properties.access", "properties.priority", "properties.direction"),
        enums={
            "properties.protocol": ("*", "Tcp", "Udp", "Icmp", "Esp", "Ah"),
            "properties.access": ("Allow", "Deny"),
            "properties.direction": ("Inbound", "Outbound"),
        },
        defaults={f"properties.{name}": [] for name in _LISTS},
        duration=4,
        check=_check_rule,
        committed=_rule_written,
        present=show_etag,
    ),
    ResourceType(
        name="Microsoft.Network/routeTables",
        tracked=True,
        name_rule=name_rule(80),
        in_use_code="InUseRouteTableCannotBeDeleted",
        defaults={"properties.disableBgpRoutePropagation": False},
        duration=5,
        committed=_table_written,
        present=_show_table,
    ),
    ResourceType(
        name=ROUTE,
        name_rule=name_rule(80),
        required=("properties.addressPrefix", "properties.nextHopType"),
        enums={
            "properties.nextHopType": (
                "VirtualNetworkGateway",
                "VnetLocal",
                "Internet",
                "VirtualAppliance",
                "None",
            )
        },
        defaults={"properties.hasBgpOverride": False},
        duration=4,
        check=_check_route,
        committed=_route_written,
        present=show_etag,
    ),
)
