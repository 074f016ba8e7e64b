"""What a machine in a virtual network reaches others through: its network's way out, and the names that it resolves."""

from __future__ import annotations

from collections.abc import Iterator

from azlocal.engine.views.resources import Json, Resources, at, strings

WAYS = (
    "microsoft.network/azurefirewalls",
    "microsoft.network/routetables/routes",
    "microsoft.network/virtualnetworks/virtualnetworkpeerings",
    "microsoft.network/firewallpolicies/rulecollectiongroups",
    "microsoft.network/natgateways",
)
NAMES = (
    "microsoft.network/privateendpoints",
    "microsoft.network/privateendpoints/privatednszonegroups",
    "microsoft.network/privatednszones/virtualnetworklinks",
)
_CLUSTER = "microsoft.containerservice/managedclusters"
_SUBNETS = "/subnets/"
# Groups of a workspace's storage account that its nodes start with: queue and table serve batch endpoints and
# ParallelRunStep (machine-learning/how-to-secure-workspace-vnet).
_NODES_NEED = frozenset({"blob", "file"})


def is_way_out(machine: Json, needed: Json, resources: Resources) -> bool:
    """Whether something is of the way out that a machine's own subnets have."""
    subnets = _subnets(machine, resources)
    networks = {subnet.partition(_SUBNETS)[0] for subnet in subnets}
    id_, kind = str(needed["id"]).lower(), str(needed["armType"]).lower()
    if kind.endswith("/virtualnetworkpeerings"):
        return not networks.isdisjoint(_ends(needed))
    if kind.endswith("/azurefirewalls"):
        return _is_joined(needed, networks, resources)
    if kind.endswith("/rulecollectiongroups"):
        return any(
            id_.startswith(f"{at(firewall['body'], 'properties.firewallPolicy.id')}/".lower())
            and _is_joined(firewall, networks, resources)
            for firewall in resources.of("microsoft.network/azurefirewalls")
        )
    ways = {way.lower() for subnet in subnets for way in _ways(subnet, resources)}
    return any(id_ == way or id_.startswith(f"{way}/") for way in ways)


def is_let_in(cluster: Json, address: Json, resources: Resources) -> bool:
    """Whether an address is one that a cluster's nodes leave from, and its API server takes calls of a list alone."""
    if not at(cluster["body"], "properties.apiServerAccessProfile.authorizedIPRanges"):
        return False
    id_ = str(address["id"]).lower()
    ways = resources.of("microsoft.network/natgateways", "microsoft.network/azurefirewalls")
    return any(
        is_way_out(cluster, way, resources) for way in ways if any(text.lower() == id_ for text in strings(way["body"]))
    )


def gives_names(machine: Json, needed: Json, resources: Resources) -> bool:
    """Whether a machine resolves a name through something with which it starts."""
    kind = str(needed["armType"]).lower()
    if not kind.endswith("/virtualnetworklinks"):
        endpoint = resources.around(str(needed["id"]).partition("/privateDnsZoneGroups/")[0])
        return endpoint is not None and _starts_with(machine, endpoint, resources)
    networks = {subnet.partition(_SUBNETS)[0] for subnet in _subnets(machine, resources)}
    if str(at(needed["body"], "properties.virtualNetwork.id")).lower() not in networks:
        return False
    zone = str(needed["id"]).lower().partition("/virtualnetworklinks/")[0]
    users = [machine, *_records(machine, resources)]
    return any(zone == text.lower() for user in users for text in strings(user["body"]))


def leads_to(route: Json, firewall: Json, resources: Resources) -> bool:
    """Whether a route ends at a firewall: its table is that of a network which the firewall's is joined to."""
    table = str(route["id"]).lower().partition("/routes/")[0]
    networks = {
        str(network["id"]).lower()
        for network in resources.of("microsoft.network/virtualnetworks")
        if any(text.lower() == table for text in strings(network["body"]))
    }
    return _is_joined(firewall, networks, resources)


def _subnets(machine: Json, resources: Resources) -> set[str]:
    """The subnets that a machine is in; what lies below a cluster runs where the cluster does."""
    found = {text.lower() for text in strings(machine["body"]) if _is_subnet(text)}
    cluster = str(machine["id"]).lower().partition("/providers/microsoft.kubernetesconfiguration/")[0]
    above = resources.around(cluster) if cluster != str(machine["id"]).lower() else None
    if above and str(above["armType"]).lower() == _CLUSTER:
        found |= {text.lower() for text in strings(above["body"]) if _is_subnet(text)}
    return found


def _is_subnet(text: str) -> bool:
    return text.startswith("/subscriptions/") and _SUBNETS in text.lower()


def _ways(subnet: str, resources: Resources) -> Iterator[str]:
    """The ids that a subnet's definition names, in its network's body or in one of its own."""
    holder = resources.around(subnet)
    if holder is None:
        return
    name = subnet.rsplit("/", 1)[-1]
    inline = at(holder["body"], "properties.subnets") or []
    mine = [one for one in inline if str(one.get("name")).lower() == name]
    if str(holder["id"]).lower() == subnet:
        mine.append(holder["body"])
    for one in mine:
        for kind in ("routeTable", "natGateway"):
            if id_ := at(one, f"properties.{kind}.id"):
                yield str(id_)


def _ends(peering: Json) -> set[str]:
    """The two networks that a peering joins."""
    remote = str(at(peering["body"], "properties.remoteVirtualNetwork.id")).lower()
    return {str(peering["id"]).lower().partition("/virtualnetworkpeerings/")[0], remote}


def _is_joined(firewall: Json, networks: set[str], resources: Resources) -> bool:
    """Whether a firewall stands in one of the networks, or in one that is joined to them."""
    own = {text.lower().partition(_SUBNETS)[0] for text in strings(firewall["body"]) if _is_subnet(text)}
    peerings = resources.of("microsoft.network/virtualnetworks/virtualnetworkpeerings")
    joined = {end for peering in peerings if not networks.isdisjoint(_ends(peering)) for end in _ends(peering)}
    return not own.isdisjoint(networks | joined)


def _starts_with(machine: Json, endpoint: Json, resources: Resources) -> bool:
    """Whether a workspace's nodes call an end point when they start: the workspace's own, or its storage account's."""
    id_ = str(machine["id"]).lower()
    workspace = resources.around(id_.partition("/computes/")[0])
    if "/computes/" not in id_ or workspace is None or not _subnets(machine, resources):
        return False
    storage = str(at(workspace["body"], "properties.storageAccount")).lower()
    for connection in at(endpoint["body"], "properties.privateLinkServiceConnections") or []:
        target = str(at(connection, "properties.privateLinkServiceId")).lower()
        groups = set(at(connection, "properties.groupIds") or [])
        if target == str(workspace["id"]).lower() or (target == storage and groups & _NODES_NEED):
            return True
    return False


def _records(machine: Json, resources: Resources) -> list[Json]:
    """The records of the end points that a machine starts with."""
    groups = resources.of("microsoft.network/privateendpoints/privatednszonegroups")
    return [
        one
        for one in groups
        if (endpoint := resources.around(str(one["id"]).rpartition("/privateDnsZoneGroups/")[0]))
        and _starts_with(machine, endpoint, resources)
    ]
