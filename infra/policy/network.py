"""Rules on networks, their security groups, private endpoints, public addresses and firewalls."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .conditions import get, items, must_be, must_be_named, must_have, same
from .model import OURS, Body, Context, Finding, Rule, Severity
from .monitor import tail
from .prefixes import open_prefixes

VNET = "Microsoft.Network/virtualNetworks"
PEERING = f"{VNET}/virtualNetworkPeerings"
NSG = "Microsoft.Network/networkSecurityGroups"
ENDPOINT = "Microsoft.Network/privateEndpoints"
PUBLIC_IP = "Microsoft.Network/publicIPAddresses"
POLICY = "Microsoft.Network/firewallPolicies"
RULE_GROUP = f"{POLICY}/ruleCollectionGroups"
WITHOUT_NSG = {"gatewaysubnet", "azurefirewallsubnet", "azurefirewallmanagementsubnet", "routeserversubnet"}
MAY_BE_PUBLIC = ("Microsoft.Network/azureFirewalls", "Microsoft.Network/natGateways", "Microsoft.Network/bastionHosts")
NAMED = r"[A-Za-z0-9](?:[\w.-]{{0,{0}}}\w)?"
REMOTE = ("22", "3389")


def linked(context: Context) -> bool:
    """Whether a planned private endpoint leads to the resource under the check."""
    own = tail(context.resource.id)
    for endpoint in context.of(ENDPOINT):
        for kind in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
            for _, link in items(endpoint.body, f"properties.{kind}"):
                if tail(str(get(link, "properties.privateLinkServiceId", ""))) == own:
                    return True
    return False


def _subnets(body: Body) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from items(body, "properties.subnets")


def _guarded(body: Body, _context: Context) -> Iterable[Finding]:
    for place, subnet in _subnets(body):
        if get(subnet, "name", "").lower() not in WITHOUT_NSG and not get(subnet, "properties.networkSecurityGroup.id"):
            yield Finding(f"{place}.properties.networkSecurityGroup", f"{get(subnet, 'name')} has none")


def _private_subnets(body: Body, _context: Context) -> Iterable[Finding]:
    for place, subnet in _subnets(body):
        if get(subnet, "properties.defaultOutboundAccess", True) is not False:
            yield Finding(
                f"{place}.properties.defaultOutboundAccess", f"{get(subnet, 'name')} has a way out by default"
            )


def _subnet_names(body: Body, _context: Context) -> Iterable[Finding]:
    for place, subnet in _subnets(body):
        if not re.fullmatch(NAMED.format(78), get(subnet, "name", "")):
            yield Finding(f"{place}.name", f"{get(subnet, 'name')!r} must have 1 to 80 letters, digits, ., _ and -")


def _two_dns(body: Body, _context: Context) -> Iterable[Finding]:
    if len(get(body, "properties.dhcpOptions.dnsServers", ())) == 1:
        yield Finding("properties.dhcpOptions.dnsServers", "one server alone: two, or none for Azure's own")


def _local_dns(body: Body, context: Context) -> Iterable[Finding]:
    servers = get(body, "properties.dhcpOptions.dnsServers", ())
    ranges = [get(one.body, "properties.addressSpace.addressPrefixes", ()) for one in context.of(VNET)]
    networks = [ipaddress.ip_network(prefix) for given in ranges for prefix in given]
    if servers and not any(ipaddress.ip_address(servers[0]) in network for network in networks):
        yield Finding("properties.dhcpOptions.dnsServers", f"{servers[0]} is in no network that is planned")


def _bastion(body: Body, _context: Context) -> Iterable[Finding]:
    names = {get(subnet, "name", "").lower() for _, subnet in _subnets(body)}
    if "gatewaysubnet" in names and "azurebastionsubnet" not in names:
        yield Finding("properties.subnets", "a gateway, but no AzureBastionSubnet")


def _rules(body: Body, direction: str) -> list[tuple[str, Mapping[str, Any]]]:
    found = [
        (place, get(rule, "properties", {}))
        for place, rule in items(body, "properties.securityRules")
        if same(get(rule, "properties.direction"), direction)
    ]
    return sorted(found, key=lambda pair: int(get(pair[1], "priority", 0)))


def _values(rule: Mapping[str, Any], one: str) -> list[str]:
    return [
        value for value in (get(rule, one), *get(rule, f"{one}es" if one.endswith("x") else f"{one}s", ())) if value
    ]


def _any_source(body: Body, _context: Context) -> Iterable[Finding]:
    for place, rule in _rules(body, "Inbound"):
        if same(get(rule, "access"), "Allow") and get(rule, "sourceAddressPrefix") == "*":
            yield Finding(f"{place}.properties.sourceAddressPrefix", "'*' lets everyone in")


def _for_bastion(context: Context) -> bool:
    """Whether the group is of Bastion's subnet: 443 from the internet, shells to the network (bastion/bastion-nsg)."""
    own = tail(context.resource.id)
    return any(
        same(get(subnet, "name"), "AzureBastionSubnet")
        and tail(str(get(subnet, "properties.networkSecurityGroup.id", ""))) == own
        for one in context.of(VNET)
        for _, subnet in _subnets(one.body)
    )


def _open_source(body: Body, context: Context) -> Iterable[Finding]:
    bastion = _for_bastion(context)
    allowed = [
        (place, rule)
        for place, rule in _rules(body, "Inbound")
        if same(get(rule, "access"), "Allow") and not (bastion and _values(rule, "destinationPortRange") == ["443"])
    ]
    sources = [prefix for _, rule in allowed for prefix in _values(rule, "sourceAddressPrefix")]
    together = set(open_prefixes(sources))
    for place, rule in allowed:
        for prefix in get(rule, "sourceAddressPrefixes", ()):
            if prefix in together:
                yield Finding(f"{place}.properties.sourceAddressPrefixes", f"{prefix} lets the internet in")
        if (one := get(rule, "sourceAddressPrefix", "")) in together - {"*"}:
            yield Finding(f"{place}.properties.sourceAddressPrefix", f"{one} lets the internet in")


def _deny_all(body: Body, _context: Context) -> Iterable[Finding]:
    rules = _rules(body, "Inbound")
    if rules and same(get(rules[0][1], "access"), "Deny") and get(rules[0][1], "sourceAddressPrefix") == "*":
        yield Finding(f"{rules[0][0]}.properties.priority", "the first rule denies all: Azure's own probes too")


def _lateral(body: Body, context: Context) -> Iterable[Finding]:
    if _for_bastion(context):
        return
    closed = set()
    for _, rule in _rules(body, "Outbound"):
        if same(get(rule, "access"), "Deny") and set(_values(rule, "destinationAddressPrefix")) & {
            "*",
            "VirtualNetwork",
        }:
            ports = _values(rule, "destinationPortRange")
            closed |= set(REMOTE) if "*" in ports else set(ports) & set(REMOTE)
    if not closed:
        yield Finding("properties.securityRules", "22 and 3389 are open from here to the whole network")


def _no_dnat(body: Body, _context: Context) -> Iterable[Finding]:
    for place, collection in items(body, "properties.ruleCollections"):
        if same(get(collection, "ruleCollectionType"), "FirewallPolicyNatRuleCollection"):
            yield Finding(f"{place}.ruleCollectionType", "a way from the internet to the inside")


def _public(_body: Body, context: Context) -> Iterable[Finding]:
    own = tail(context.resource.id)
    for holder in context.of(*MAY_BE_PUBLIC):
        if own and own in str(holder.body).lower():
            return
    yield Finding("id", "a public address that no firewall, NAT gateway or bastion holds")


def _label(body: Body, _context: Context) -> Iterable[Finding]:
    given = get(body, "properties.dnsSettings.domainNameLabel")
    if given and not re.fullmatch("[a-z](?:[a-z0-9-]{1,61}[a-z0-9])", given):
        yield Finding("properties.dnsSettings.domainNameLabel", f"{given!r} must have 3 to 63 letters, digits and -")


def _connected(body: Body, _context: Context) -> Iterable[Finding]:
    if not same(get(body, "properties.peeringState", "Connected"), "Connected"):
        yield Finding("properties.peeringState", "is not Connected")


def _named(kind: str, type_: str, number: str, longest: int = 80) -> Rule:
    return Rule(f"Azure.{kind}.Name", "the name is one Azure takes", Severity.AWARENESS, (type_,),
                must_be_named(NAMED.format(longest - 2), f"1 to {longest} letters, digits, ., _ and -"), number,
                "Operational Excellence")  # fmt: skip


RULES = (
    Rule("Azure.VNET.UseNSGs", "each subnet has a security group", Severity.CRITICAL, (VNET,), _guarded, "AZR-000263",
         controls=("NS-1",)),
    Rule("Azure.VNET.SingleDNS", "names don't hang on one server", Severity.IMPORTANT, (VNET,), _two_dns, "AZR-000264",
         "Reliability"),
    Rule("Azure.VNET.LocalDNS", "names are answered nearby", Severity.IMPORTANT, (VNET,), _local_dns, "AZR-000265",
         "Reliability", whole=True),
    Rule("Azure.VNET.PeerState", "peerings are whole", Severity.IMPORTANT, (PEERING,), _connected, "AZR-000266",
         "Operational Excellence"),
    Rule("Azure.VNET.SubnetName", "the name is one Azure takes", Severity.AWARENESS, (VNET,), _subnet_names,
         "AZR-000267",
         "Operational Excellence"),
    _named("VNET", VNET, "AZR-000268", 64),
    Rule("Azure.VNET.BastionSubnet", "a hub has room for Bastion", Severity.IMPORTANT, (VNET,), _bastion, "AZR-000314",
         controls=("PA-7",)),
    Rule("Azure.VNET.PrivateSubnet", "no subnet has a way out by default", Severity.CRITICAL, (VNET,), _private_subnets,
         controls=("NS-1",)),
    Rule("Azure.NSG.AnyInboundSource", "no rule lets '*' in", Severity.CRITICAL, (NSG,), _any_source, "AZR-000137",
         controls=("NS-1",)),
    Rule("Azure.NSG.DenyAllInbound", "Azure's own probes get in", Severity.IMPORTANT, (NSG,), _deny_all, "AZR-000138",
         "Reliability"),
    Rule("Azure.NSG.LateralTraversal", "no shells from machine to machine", Severity.IMPORTANT, (NSG,), _lateral,
         "AZR-000139", controls=("NS-1",), whole=True),
    _named("NSG", NSG, "AZR-000141"),
    _named("PrivateEndpoint", ENDPOINT, ""),
    _named("PublicIP", PUBLIC_IP, ""),
    Rule("Azure.PublicIP.DNSLabel", "the label is one Azure takes", Severity.AWARENESS, (PUBLIC_IP,), _label,
         pillar="Operational Excellence"),
    Rule("Azure.PublicIP.StandardSKU", "the address is Standard", Severity.IMPORTANT, (PUBLIC_IP,),
         must_be("sku.name", "Standard", default="Basic"), pillar="Reliability"),
    Rule("Azure.PublicIP.AvailabilityZone", "the address outlives a zone", Severity.IMPORTANT, (PUBLIC_IP,),
         must_have("zones"), pillar="Reliability"),
    Rule(f"{OURS}Network.OpenInbound", "no rule lets the internet in, however it is written", Severity.CRITICAL, (NSG,),
         _open_source, controls=("NS-1",), source="CKV_AZURE_9, 10, 160, with every form of 'open'", whole=True),
    Rule(f"{OURS}Network.PublicAddress", "public addresses are for ways out alone", Severity.CRITICAL, (PUBLIC_IP,),
         _public,
         controls=("NS-2",), source="MCSB NS-2", whole=True),
    Rule(f"{OURS}Network.NoDnat", "the firewall lets nothing in", Severity.CRITICAL, (RULE_GROUP,), _no_dnat,
         controls=("NS-1",), source="MCSB NS-1"),
    Rule(f"{OURS}Network.ThreatIntelligence", "the firewall refuses known bad addresses", Severity.IMPORTANT, (POLICY,),
         must_be("properties.threatIntelMode", "Deny", default="Alert"), controls=("NS-1",),
         source="PSRule.Rules.Azure: Azure.Firewall.PolicyMode"),
)  # fmt: skip
