"""The networks of a plan: which subnets there are, and what stands in each."""

from __future__ import annotations

from dataclasses import dataclass, field

from azlocal.engine.views.graph.services import span
from azlocal.engine.views.resources import Json, Resources, at, last


@dataclass(slots=True)
class Endpoint:
    """A private endpoint: which part of which resource it opens."""

    name: str
    part: str
    target: str


@dataclass(slots=True)
class Subnet:
    """A subnet with what stands in it."""

    id: str
    name: str
    range: str
    facts: list[str]
    nodes: list[tuple[str, str]] = field(default_factory=list)
    endpoints: list[Endpoint] = field(default_factory=list)


@dataclass(slots=True)
class Network:
    """A virtual network."""

    id: str
    name: str
    range: str
    subnets: list[Subnet]
    peers: list[str] = field(default_factory=list)


def networks(resources: Resources) -> list[Network]:
    """The virtual networks, those first that hold the fewest subnets: a hub stands above its spokes."""
    found = [_network(one, resources) for one in resources.of("Microsoft.Network/virtualNetworks")]
    subnets = {subnet.id.lower(): subnet for network in found for subnet in network.subnets}
    for id_, name, fact in _nodes(resources):
        if id_.lower() in subnets:
            subnets[id_.lower()].nodes.append((name, fact))
    for subnet in subnets.values():
        subnet.nodes += _load_balancers(resources, subnet.name)
    for id_, endpoint in _endpoints(resources):
        if id_.lower() in subnets:
            subnets[id_.lower()].endpoints.append(endpoint)
    return sorted(found, key=lambda network: (len(network.subnets), network.name))


def _network(one: Json, resources: Resources) -> Network:
    body = one["body"] or {}
    inline = [_subnet(f"{one['id']}/subnets/{item['name']}", item) for item in at(body, "properties.subnets") or []]
    apart = [
        _subnet(item["id"], item["body"])
        for item in resources.of("Microsoft.Network/virtualNetworks/subnets")
        if item["id"].lower().startswith(f"{one['id'].lower()}/")
    ]
    peers = [
        str(at(item["body"], "properties.remoteVirtualNetwork.id"))
        for item in resources.of("Microsoft.Network/virtualNetworks/virtualNetworkPeerings")
        if item["id"].lower().startswith(f"{one['id'].lower()}/")
    ]
    ranges = ", ".join(at(body, "properties.addressSpace.addressPrefixes") or [])
    return Network(one["id"], last(one["id"]), ranges, sorted([*inline, *apart], key=_by_range), peers)


def _by_range(subnet: Subnet) -> list[int]:
    address = subnet.range.split("/")[0]
    return [int(part) for part in address.split(".") if part.isdigit()]


# What a subnet refers to, and how the picture says it.
_GUARDS = {"networkSecurityGroup": "NSG", "routeTable": "routes", "natGateway": "NAT gateway"}


def _subnet(id_: str, item: Json) -> Subnet:
    given = item.get("properties") or {}
    facts = [words for key, words in _GUARDS.items() if given.get(key)]
    facts += [str(at(one, "properties.serviceName")) for one in given.get("delegations") or []]
    range_ = given.get("addressPrefix") or ", ".join(given.get("addressPrefixes") or [])
    return Subnet(id_, last(id_), str(range_), facts)


def _nodes(resources: Resources) -> list[tuple[str, str, str]]:
    """Subnet, name and fact of whatever has its machines in a subnet."""
    found = []
    for one in resources.of("Microsoft.Network/azureFirewalls", "Microsoft.Network/bastionHosts"):
        kind = "Azure Firewall" if one["armType"].endswith("azureFirewalls") else "Bastion"
        tier = at(one["body"], "properties.sku.tier") or at(one["body"], "sku.name") or ""
        configs = at(one["body"], "properties.ipConfigurations") or []
        found += [
            (str(at(item, "properties.subnet.id")), last(one["id"]), f"{kind} {tier}".strip()) for item in configs
        ]
    for one in resources.of("Microsoft.ContainerService/managedClusters"):
        for pool in at(one["body"], "properties.agentPoolProfiles") or []:
            fact = f"AKS pool {span(pool)} × {pool.get('vmSize')}"
            found.append((str(pool.get("vnetSubnetID")), str(pool["name"]), fact))
    for one in resources.of("Microsoft.ContainerService/managedClusters/agentPools"):
        pool = at(one["body"], "properties") or {}
        fact = f"AKS pool {span(pool)} × {pool.get('vmSize')}"
        found.append((str(pool.get("vnetSubnetID")), last(one["id"]), fact))
    for one in resources.of("Microsoft.MachineLearningServices/workspaces/computes"):
        given = at(one["body"], "properties.properties") or {}
        size = given.get("vmSize")
        fact = f"{span(given.get('scaleSettings'))} × {size}"
        found.append((str(at(given, "subnet.id")), last(one["id"]), fact))
    return found


_INTERNAL = "service.beta.kubernetes.io/azure-load-balancer"


def _load_balancers(resources: Resources, subnet: str) -> list[tuple[str, str]]:
    """Name and fact of the Kubernetes services whose internal load balancer takes its address from this subnet.

    A service names the subnet and not its network (aks/internal-lb#specify-a-different-subnet).
    """
    services = [one for one in resources.every if one["armType"] == "Service"]
    notes = [(one, at(one["body"], "metadata.annotations") or {}) for one in services]
    return [
        (last(one["id"]), f"internal load balancer {note.get(f'{_INTERNAL}-ipv4', '')}".strip())
        for one, note in notes
        if note.get(f"{_INTERNAL}-internal-subnet") == subnet
    ]


def _endpoints(resources: Resources) -> list[tuple[str, Endpoint]]:
    found = []
    for one in resources.of("Microsoft.Network/privateEndpoints"):
        given = at(one["body"], "properties") or {}
        asked = given.get("privateLinkServiceConnections") or given.get("manualPrivateLinkServiceConnections") or []
        for link in asked:
            parts = at(link, "properties.groupIds") or [""]
            target = str(at(link, "properties.privateLinkServiceId"))
            found.append((str(at(given, "subnet.id")), Endpoint(last(one["id"]), ", ".join(parts), target)))
    return found
