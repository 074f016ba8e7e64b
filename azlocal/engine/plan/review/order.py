"""Order that Azure needs and the program's graph lacks.

A plan makes one resource after the other, in the order of the program's text; ``pulumi up`` makes at once whatever
does not wait. What is found here works in a plan and fails in Azure, now and then or always.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

from azlocal.engine.plan.problems import Problem
from azlocal.engine.plan.review.base import Json, Planned, ids_in, key, kind, problem
from azlocal.engine.views.resources import at, last

if TYPE_CHECKING:
    from azlocal.arm.types import ResourceType

_ROLE = "microsoft.authorization/roleassignments"
_CLUSTER = "microsoft.containerservice/managedclusters"
_WORKSPACE = "microsoft.machinelearningservices/workspaces"
_COMPUTE = "microsoft.machinelearningservices/workspaces/computes"
_POOL = "microsoft.containerservice/managedclusters/agentpools"
_TAINT = "CriticalAddonsOnly=true:NoSchedule"
_EXTENSION = "microsoft.kubernetesconfiguration/extensions"
# What Azure checks while it makes a resource of this type: that its identity may use what the body names.
_NEED_ROLES = frozenset({_CLUSTER, _WORKSPACE})
# Azure's code where the role is missing, by the type that it is given on.
_ROLE_CODES = {
    "microsoft.managedidentity/userassignedidentities": "CustomKubeletIdentityMissingPermissionError",
    "microsoft.network/privatednszones": "CustomPrivateDNSZoneMissingPermissionError",
}
# Children of one resource that Azure does not take at the same time, with its code.
_ONE_BY_ONE = {
    "microsoft.network/virtualnetworks/subnets": "AnotherOperationInProgress",
    "microsoft.network/firewallpolicies/rulecollectiongroups": "FirewallPolicyUpdateNotAllowedWhenUpdatingOrDeleting",
    "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials": (
        "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
    ),
}


def problems(planned: Planned) -> Iterator[Problem]:
    """Every order that is missing."""
    for one in planned.sound:
        yield from _what_it_names(planned, one)
    for one in planned.of(*_NEED_ROLES):
        yield from _roles(planned, one, list(_identities(one)), set(ids_in(one["body"])))
    for one in planned.of(_COMPUTE):
        yield from _compute(planned, one)
    for one in planned.of(_CLUSTER):
        yield from _way_out(planned, one, one, at(one["body"], "properties.agentPoolProfiles") or [])
    for one in planned.of(_POOL):
        yield from _pool(planned, one)
    for one in planned.of(_EXTENSION):
        yield from _extension(planned, one)
    for one in planned.of("microsoft.network/azurefirewalls"):
        yield from _firewall(planned, one)
    yield from _one_by_one(planned)


def _what_it_names(planned: Planned, one: Json) -> Iterator[Problem]:
    """A resource waits for what it lies in and for what its body names, also where the name was put together."""
    own = key(one)
    above = _around(planned, own.rsplit("/", 1)[0])
    named = {item["urn"]: item for text in ids_in(one["body"]) if (item := _around(planned, text)) is not None}
    for other in [*([above] if above else []), *named.values()]:
        # What lies below it is part of it, and what waits for it cannot be waited for.
        mine = key(other) == own or key(other).startswith(f"{own}/")
        if mine or planned.waits(one, other) or planned.waits(other, one):
            continue
        yield _missing(_code(one, other, above), one, other)
        if other is above:
            return  # whatever else is named: all of it lies there


def _around(planned: Planned, id_: str) -> Json | None:
    """What has to be there for an id to be: what comes with its parent is there with it."""
    found = planned.taken.around(id_)
    while found is not None and kind(found) in _with_their_parent():
        found = planned.taken.around(key(found).rsplit("/", 1)[0])
    return found


@cache
def _declared() -> dict[str, ResourceType]:
    from azlocal.arm.providers import NAMESPACES

    return {type_.name.lower(): type_ for space in NAMESPACES for type_ in space.types}


@cache
def _with_their_parent() -> frozenset[str]:
    """Types that come with their parent, as a storage account's services do."""
    return frozenset(f"{name}/{child}".lower() for name, type_ in _declared().items() for child in type_.singletons)


def _code(one: Json, other: Json, above: Json | None) -> str:
    """What Azure answers where the other one is not there yet."""
    from azlocal.arm.types import each

    if other is above:
        return "ResourceGroupNotFound" if kind(other).endswith("/resourcegroups") else "ParentResourceNotFound"
    declared = _declared().get(kind(one))
    for reference in declared.references if declared else ():
        if any(target.lower().startswith(key(other)) for target in each(one["body"], reference.path)):
            return reference.code
    return "ResourceNotFound"


def _identities(one: Json) -> Iterator[str]:
    return (text.lower() for text in at(one["body"], "identity.userAssignedIdentities") or {})


def _roles(planned: Planned, one: Json, identities: list[str], targets: set[str]) -> Iterator[Problem]:
    """A resource waits for the roles of these identities on what they are to use."""
    principals = {str(found.properties.get("principalId")) for id_ in identities if (found := planned.made(id_))}
    missing: dict[str, list[Json]] = {}
    for role in planned.of(_ROLE):
        scope = key(role).rpartition("/providers/microsoft.authorization/")[0]
        used = any(target == scope or target.startswith(f"{scope}/") for target in targets)
        if not used or at(role["body"], "properties.principalId") not in principals or planned.ordered(one, role):
            continue
        on = planned.taken.around(scope)
        missing.setdefault(_ROLE_CODES.get(kind(on) if on else "", "AuthorizationFailed"), []).append(role)
    for code, roles in missing.items():
        names = ", ".join(sorted(role["name"] for role in roles))
        yield _missing(code, one, roles[0], f"what its identity needs: {names}")


def _compute(planned: Planned, one: Json) -> Iterator[Problem]:
    """An attached cluster has the extension and lets the workspace in; nodes without a public address start privately.

    Microsoft Learn, "Attach a Kubernetes cluster to Azure Machine Learning workspace" and "Secure an Azure Machine
    Learning training environment with virtual networks".
    """
    workspace_id = key(one).rpartition("/computes/")[0]
    cluster_id = str(at(one["body"], "properties.resourceId") or "").lower()
    if at(one["body"], "properties.computeType") == "Kubernetes":
        for other in planned.of(_EXTENSION, f"{_CLUSTER}/trustedaccessrolebindings"):
            if key(other).startswith(f"{cluster_id}/") and not planned.waits(one, other):
                yield _missing("ExtensionNotInstalled", one, other)
        workspace = planned.taken.around(workspace_id)
        if workspace and workspace["body"]:
            yield from _roles(planned, one, list(_identities(workspace)), {cluster_id})
    elif _is_private_in_a_subnet(one):  # the workspace's own network has an endpoint of its own
        for endpoint in planned.of("microsoft.network/privateendpoints"):
            if workspace_id in ids_in(endpoint["body"]):
                for other in [endpoint, *_groups(planned, endpoint)][-1:]:
                    if not planned.waits(one, other):
                        yield _missing("ComputeNodesUnreachable", one, other)


def _is_private_in_a_subnet(compute: Json) -> bool:
    nodes = at(compute["body"], "properties.properties") or {}
    return nodes.get("enableNodePublicIp") is False and bool(nodes.get("subnet"))


def _groups(planned: Planned, endpoint: Json) -> list[Json]:
    below = f"{key(endpoint)}/"
    return [one for one in planned.of(f"{kind(endpoint)}/privatednszonegroups") if key(one).startswith(below)]


def _pool(planned: Planned, one: Json) -> Iterator[Problem]:
    """A pool of its own needs what those of its cluster's body need."""
    cluster = planned.taken.around(key(one).rpartition("/agentpools/")[0])
    if cluster:
        yield from _roles(planned, one, list(_identities(cluster)), set(ids_in(one["body"])))
        yield from _way_out(planned, one, cluster, [at(one["body"], "properties") or {}])


def _extension(planned: Planned, one: Json) -> Iterator[Problem]:
    """Its pods find nodes: where the cluster's own pools carry AKS' pods alone, another pool is there first."""
    cluster_id = key(one).rpartition("/providers/microsoft.kubernetesconfiguration/")[0]
    cluster = planned.taken.around(cluster_id)
    inline = at((cluster or {}).get("body"), "properties.agentPoolProfiles") or []
    others = [pool for pool in planned.of(_POOL) if key(pool).startswith(f"{cluster_id}/")]
    if any(_TAINT not in (pool.get("nodeTaints") or []) for pool in inline):
        return
    if others and not any(planned.waits(one, pool) for pool in others):
        yield _missing("ExtensionOperationFailed", one, others[0], f"{last(key(others[0]))}, whose nodes its pods need")


def _way_out(planned: Planned, one: Json, cluster: Json, pools: list[Json]) -> Iterator[Problem]:
    """Nodes install what they need through the routes of their subnets (aks/egress-udr)."""
    if at(cluster["body"], "properties.networkProfile.outboundType") != "userDefinedRouting":
        return
    subnets = [planned.made(str(pool.get("vnetSubnetID") or "")) for pool in pools]
    tables = {str((found.properties.get("routeTable") or {}).get("id") or "").lower() for found in subnets if found}
    networks = {found.key.rpartition("/subnets/")[0] for found in subnets if found}
    ways = ("microsoft.network/routetables/routes", "microsoft.network/virtualnetworks/virtualnetworkpeerings")
    for other in planned.of(*ways):
        if key(other).rsplit("/", 2)[0] in tables | networks and not planned.waits(one, other):
            yield _missing("OutboundConnFailVMExtensionError", one, other)


def _firewall(planned: Planned, one: Json) -> Iterator[Problem]:
    """A policy takes no rules while a firewall is made with it."""
    policy = str(at(one["body"], "properties.firewallPolicy.id") or "").lower()
    for other in planned.of("microsoft.network/firewallpolicies/rulecollectiongroups"):
        if key(other).startswith(f"{policy}/") and not planned.ordered(one, other):
            yield _missing("FirewallPolicyUpdateNotAllowedWhenUpdatingOrDeleting", one, other)


def _one_by_one(planned: Planned) -> Iterator[Problem]:
    for type_, code in _ONE_BY_ONE.items():
        for one, other in combinations(planned.of(type_), 2):
            together = key(one).rsplit("/", 1)[0] == key(other).rsplit("/", 1)[0]
            if together and not planned.ordered(one, other):
                yield _missing(code, other, one, f"{one['name']}, which Azure does not change at the same time")


def _missing(code: str, one: Json, other: Json, what: str = "") -> Problem:
    named = what or f"{last(str(other['id']))} ({other['armType']})"
    message = f"{one['name']} does not wait for {named}: Pulumi may make them in any order, and Azure refuses this one"
    return problem(code, one, message, "dependsOn")
