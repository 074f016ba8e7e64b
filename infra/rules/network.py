"""Rules about addresses: ranges that overlap, are too small, or belong to somebody else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from itertools import combinations

from pydantic.alias_generators import to_camel

from infra import settings as s
from infra.network.tables import AKS_SYSTEM, AKS_USER, FIREWALL_SUBNET, SUBNETS, TRAINING, ranges, wanted
from infra.rules.base import Problem, RuleRow, sound
from infra.settings.network import Subnets

# Ranges that Docker's bridge or AKS itself uses inside the nodes.
RESERVED = {
    IPv4Network("172.17.0.0/16"): "Docker's bridge on the compute nodes",
    IPv4Network("169.254.0.0/16"): "AKS",
    IPv4Network("172.30.0.0/16"): "AKS",
    IPv4Network("172.31.0.0/16"): "AKS",
    IPv4Network("192.0.2.0/24"): "AKS",
}
# Azure takes 5 addresses of each subnet; smaller ranges than these leave too few for nodes or endpoints.
SMALLEST_PREFIX = {row.name: row.smallest for row in SUBNETS}
AKS_NETWORK = "aks/azure-cni-overlay#ip-address-planning"
# Azure's answer where two of the environment's ranges overlap.
OVERLAPS = {
    ("network.addressSpace", "network.hub.addressSpace"): "VnetAddressSpacesOverlap",
    ("network.addressSpace", "cluster.podCidr"): "PodCidrOverlapExistingSubnetsCidr",
    ("network.addressSpace", "cluster.serviceCidr"): "ServiceCidrOverlapExistingSubnetsCidr",
    ("cluster.podCidr", "cluster.serviceCidr"): "InvalidParameter",
}


def ranges_are_apart(network: s.Network, cluster: s.Cluster) -> Iterator[Problem]:
    """Address space, hub, pods and services do not overlap each other or reserved ranges."""
    parts: dict[str, Callable[[], IPv4Network | None]] = {
        "network.addressSpace": lambda: network.address_space,
        "network.hub.addressSpace": lambda: network.hub.address_space if network.hub else None,
        "cluster.podCidr": lambda: cluster.pod_cidr,
        "cluster.serviceCidr": lambda: cluster.service_cidr,
    }
    spaces = {key: given for key, given in sound(parts).items() if given is not None}
    for (key, first), (other, second) in combinations(spaces.items(), 2):
        if first.overlaps(second):
            code = OVERLAPS.get((key, other), "")
            yield Problem(other, f"{second} overlaps {key} {first}", "choose disjoint ranges", AKS_NETWORK, code)
    for key, given in spaces.items():
        for taken, owner in RESERVED.items():
            if given.overlaps(taken):
                yield Problem(key, f"{given} overlaps {taken}, which {owner} uses", "choose another range", AKS_NETWORK)


def subnets_fit(network: s.Network) -> Iterator[Problem]:
    """Subnets lie in the address space, apart from each other, and are large enough."""
    page = "virtual-network/virtual-networks-faq"
    plan = ranges(network)
    subnets = {name: plan.ranges[name] for name in network.subnets.given()}
    if homeless := _homeless(network):
        yield Problem(
            "network.addressSpace",
            f"{network.address_space} has no room for {', '.join(map(to_camel, homeless))}",
            f"{_widened(network)}, or give smaller ranges in network.subnets",
            page,
            "NetcfgInvalidSubnet",
        )
    for name, given in subnets.items():
        key = f"network.subnets.{to_camel(name)}"
        if not given.subnet_of(network.address_space):
            yield Problem(
                key,
                f"{given} is outside network.addressSpace {network.address_space}",
                "choose a range inside it or widen it",
                page,
                "NetcfgInvalidSubnet",
            )
        if given.prefixlen > SMALLEST_PREFIX[name]:
            yield Problem(key, f"{given} is too small", f"give it a /{SMALLEST_PREFIX[name]} or a larger range", page)
    for (name, first), (other, second) in combinations(subnets.items(), 2):
        if first.overlaps(second):
            yield Problem(
                f"network.subnets.{to_camel(other)}",
                f"{second} overlaps network.subnets.{to_camel(name)} {first}",
                "choose disjoint ranges",
                page,
                "NetcfgSubnetRangesOverlap",
            )


def _homeless(network: s.Network) -> list[str]:
    """The subnets that the environment has and the address space has no room for."""
    used = {row.name for row in wanted(network)}
    return [name for name in ranges(network).homeless if name in used]


def _widened(network: s.Network) -> str:
    """How wide the address space would have to be for all subnets."""
    for prefix in range(network.address_space.prefixlen - 1, 7, -1):
        space = network.address_space.supernet(new_prefix=prefix)
        if not _homeless(network.model_copy(update={"address_space": space})):
            return f"make it a /{prefix} or wider, such as {space}"
    return "widen it"


def firewall_ranges_are_public(network: s.Network) -> Iterator[Problem]:
    """Storage firewalls take public addresses, single or as /30 and larger, and only while access is on."""
    page, refused = "storage/common/storage-network-security-limitations", "InvalidValuesForRequestParameters"
    for index, given in enumerate(network.allowed_ip_ranges):
        key = f"network.allowedIpRanges[{index}]"
        if given.is_private:
            yield Problem(key, f"{given} is a private range", "give the public address it appears from", page, refused)
        if given.prefixlen == 31:
            yield Problem(key, f"{given} is a /31", "give two single addresses or a /30", page, refused)
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
            "InvalidParameter" if given not in services else "",
        )


EXISTING = "architecture/networking/architecture/hub-spoke"


def the_way_out_is_given(network: s.Network) -> Iterator[Problem]:
    """Each kind of way out has its block, and no other one."""
    blocks = {"firewall": ("hub", network.hub), "existingHub": ("existingHub", network.existing_hub)}
    for egress, (key, given) in blocks.items():
        foreign = network.existing_network is not None
        if network.egress == egress and given is None and not foreign:
            yield Problem(f"network.{key}", f"missing, but network.egress is {egress}", "add the block", EXISTING)
        if given is not None and (network.egress != egress or foreign):
            why = "network.existingNetwork has its own way out" if foreign else f"network.egress is {network.egress}"
            yield Problem(f"network.{key}", f"given, but {why}", "remove the block", EXISTING)
    if network.hub and network.hub.address_space.prefixlen > FIREWALL_SUBNET.smallest:
        yield Problem(
            "network.hub.addressSpace",
            f"{network.hub.address_space} is too small for {FIREWALL_SUBNET.fixed_name}",
            f"give it a /{FIREWALL_SUBNET.smallest} or a larger range",
            "firewall/firewall-faq",
            "NetcfgSubnetTooSmallForReservedName",
        )


def an_existing_network_has_every_role(network: s.Network) -> Iterator[Problem]:
    """Whatever the environment places needs the name of a subnet, and ranges are the owner's."""
    if network.existing_network is None:
        return
    key = "network.existingNetwork.subnets"
    for row in wanted(network):
        if getattr(network.existing_network.subnets, row.name) is None:
            yield Problem(f"{key}.{to_camel(row.name)}", "missing", "name the subnet that shall have this role")
    if network.subnets != Subnets():
        yield Problem("network.subnets", "given beside network.existingNetwork", "remove it: the ranges are there")


def nodes_are_let_into_the_api_server(network: s.Network, cluster: s.Cluster) -> Iterator[Problem]:
    """Behind authorized ranges the nodes' own way out must be known."""
    foreign = network.existing_network is not None
    unknown = network.existing_hub is not None and network.existing_hub.egress_address is None
    if cluster.authorized_ip_ranges and (foreign or unknown):
        yield Problem(
            "cluster.authorizedIpRanges",
            "given, but the address that nodes leave from is not known here",
            "give network.existingHub.egressAddress, or remove the ranges",
            "aks/api-server-authorized-ip-ranges",
        )


# Azure keeps the first four addresses of a subnet and the last one.
KEPT = 5
# Of the pods' range each node gets a /24 (aks/azure-cni-overlay).
NODE_PREFIX = 24


def pods_have_addresses(cluster: s.Cluster) -> Iterator[Problem]:
    """At their largest, pools have a range of pods for each node."""
    nodes = sum(surged(pool.max_nodes) for pool in (cluster.system_pool, cluster.workload_pool))
    if nodes > 2 ** max(NODE_PREFIX - cluster.pod_cidr.prefixlen, 0):
        yield Problem(
            "cluster.podCidr",
            f"{cluster.pod_cidr} has no /{NODE_PREFIX} for each of {nodes} nodes, those of an upgrade among them",
            "widen it, or make the pools smaller",
            AKS_NETWORK,
        )


def nodes_have_addresses(network: s.Network, cluster: s.Cluster, workspace: s.Workspace) -> Iterator[Problem]:
    """At their largest, pools and clusters fit into their subnets."""
    pools = {"systemPool": (cluster.system_pool, AKS_SYSTEM), "workloadPool": (cluster.workload_pool, AKS_USER)}
    nodes = {f"cluster.{key}.maxNodes": (surged(pool.max_nodes), subnet) for key, (pool, subnet) in pools.items()}
    if network.existing_network is not None:
        return
    if network.mode == "byo":
        computes = sum(one.max_nodes for one in workspace.clusters().values()) + len(workspace.instances.people)
        nodes["workspace.cpuCluster.maxNodes"] = (computes, TRAINING)
    for key, (count, subnet) in nodes.items():
        place = ranges(network).ranges.get(subnet)
        if place and count > place.num_addresses - KEPT:
            yield Problem(
                key,
                f"{count} nodes at most, and {place} of subnet {to_camel(subnet)} has {place.num_addresses - KEPT} "
                "addresses for them",
                f"give network.subnets.{to_camel(subnet)} a larger range, or make the pools smaller",
                AKS_NETWORK if key.startswith("cluster") else "machine-learning/how-to-secure-training-vnet",
            )


def surged(nodes: int) -> int:
    """Nodes at most while AKS upgrades a pool: a third more, as `node_pools.py` has it."""
    return nodes + math.ceil(nodes * SURGE)


SURGE = 0.33

RULES: tuple[RuleRow, ...] = (
    (("cluster",), pods_have_addresses),
    (("network", "cluster", "workspace"), nodes_have_addresses),
    (("network",), the_way_out_is_given),
    (("network",), an_existing_network_has_every_role),
    (("network", "cluster"), nodes_are_let_into_the_api_server),
    (("network", "cluster"), ranges_are_apart),
    (("network",), subnets_fit),
    (("network",), firewall_ranges_are_public),
    (("cluster",), dns_is_a_service),
)
"""The blocks that a rule reads, and the rule."""
