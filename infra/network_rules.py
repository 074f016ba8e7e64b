"""Rules about addresses: ranges that overlap, are too small, or belong to somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from infra import settings as s
from infra.settings_rules import Problem, RuleRow

# Ranges that Docker's bridge or AKS itself uses inside the nodes.
RESERVED = {
    IPv4Network("172.17.0.0/16"): "Docker's bridge on the compute nodes",
    IPv4Network("169.254.0.0/16"): "AKS",
    IPv4Network("172.30.0.0/16"): "AKS",
    IPv4Network("172.31.0.0/16"): "AKS",
    IPv4Network("192.0.2.0/24"): "AKS",
}
# Azure takes 5 addresses of each subnet; smaller ranges than these leave too few for nodes or endpoints.
SMALLEST_PREFIX = {"training": 27, "endpoints": 27, "cluster": 24}
AKS_NETWORK = "aks/azure-cni-overlay#ip-address-planning"


def ranges_are_apart(network: s.Network, cluster: s.Cluster) -> Iterator[Problem]:
    """Address space, pods and services do not overlap each other or reserved ranges."""
    ranges = {
        "network.addressSpace": network.address_space,
        "cluster.podCidr": cluster.pod_cidr,
        "cluster.serviceCidr": cluster.service_cidr,
    }
    for (key, first), (other, second) in combinations(ranges.items(), 2):
        if first.overlaps(second):
            yield Problem(other, f"{second} overlaps {key} {first}", "choose disjoint ranges", AKS_NETWORK)
    for key, given in ranges.items():
        for taken, owner in RESERVED.items():
            if given.overlaps(taken):
                yield Problem(key, f"{given} overlaps {taken}, which {owner} uses", "choose another range", AKS_NETWORK)


def subnets_fit(network: s.Network) -> Iterator[Problem]:
    """Subnets lie in the address space, apart from each other, and are large enough."""
    subnets = {name: getattr(network.subnets, name) for name in s.Subnets.model_fields}
    page = "virtual-network/virtual-networks-faq"
    for name, given in subnets.items():
        key = f"network.subnets.{name}"
        if not given.subnet_of(network.address_space):
            yield Problem(
                key,
                f"{given} is outside network.addressSpace {network.address_space}",
                "choose a range inside it or widen it",
                page,
            )
        if given.prefixlen > SMALLEST_PREFIX[name]:
            yield Problem(key, f"{given} is too small", f"give it a /{SMALLEST_PREFIX[name]} or a larger range", page)
    for (name, first), (other, second) in combinations(subnets.items(), 2):
        if first.overlaps(second):
            yield Problem(
                f"network.subnets.{other}",
                f"{second} overlaps network.subnets.{name} {first}",
                "choose disjoint ranges",
                page,
            )


def firewall_ranges_are_public(network: s.Network) -> Iterator[Problem]:
    """Storage firewalls take public addresses, single or as /30 and larger, and only while access is on."""
    page = "storage/common/storage-network-security-limitations"
    for index, given in enumerate(network.allowed_ip_ranges):
        key = f"network.allowedIpRanges[{index}]"
        if given.is_private:
            yield Problem(key, f"{given} is a private range", "give the public address it appears from", page)
        if given.prefixlen == 31:
            yield Problem(key, f"{given} is a /31", "give two single addresses or a /30", page)
    if network.allowed_ip_ranges and network.public_access == "Disabled":
        yield Problem(
            "network.allowedIpRanges",
            "given, but network.publicAccess is Disabled",
            "remove the ranges or set network.publicAccess to Enabled",
            page,
        )


def dns_is_a_service(cluster: s.Cluster) -> Iterator[Problem]:
    """The DNS address is a service address and not the first one, which is the API server's."""
    given, services = cluster.dns_service_ip, cluster.service_cidr
    if given not in services or given == services[1]:
        yield Problem(
            "cluster.dnsServiceIp",
            f"{given} must lie in cluster.serviceCidr {services} and not be its first address",
            f"for instance {services[10]}" if services.num_addresses > 10 else "widen cluster.serviceCidr",
            "aks/concepts-network-ip-address-planning",
        )


RULES: tuple[RuleRow, ...] = (
    (("network", "cluster"), ranges_are_apart),
    (("network",), subnets_fit),
    (("network",), firewall_ranges_are_public),
    (("cluster",), dns_is_a_service),
)
"""The blocks that a rule reads, and the rule."""
