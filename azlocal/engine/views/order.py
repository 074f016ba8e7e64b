"""Why one resource waits for another: what Azure forces, and what nothing explains."""

from __future__ import annotations

from dataclasses import dataclass

from azlocal.engine.views.resources import Json, Resources, at, last, strings

_ROLE = "microsoft.authorization/roleassignments"
_IDENTITY = "microsoft.managedidentity/userassignedidentities"
_SHORT = 4  # letters: a shorter name stands in other words by chance

# Types that are made of machines: they start only where their network, its way out and its names are ready.
_MACHINES = frozenset({
    "microsoft.machinelearningservices/workspaces/computes",
    "microsoft.containerservice/managedclusters",
    "microsoft.containerservice/managedclusters/agentpools",
    "microsoft.kubernetesconfiguration/extensions",
    "microsoft.machinelearningservices/workspaces",
    "microsoft.synapse/workspaces/bigdatapools",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """An order that Azure needs though no body says it: whoever waits, for what, why, and where that is written."""

    waiting: frozenset[str]
    types: frozenset[str]
    reason: str
    source: str


RULES = (
    Rule(
        _MACHINES,
        frozenset({
            "microsoft.network/azurefirewalls",
            "microsoft.network/routetables/routes",
            "microsoft.network/virtualnetworks/virtualnetworkpeerings",
            "microsoft.network/firewallpolicies/rulecollectiongroups",
            "microsoft.network/natgateways",
        }),
        "nodes reach what they install only through the network's way out",
        "learn.microsoft.com/azure/aks/outbound-rules-control-egress",
    ),
    Rule(
        _MACHINES,
        frozenset({
            "microsoft.network/privateendpoints",
            "microsoft.network/privateendpoints/privatednszonegroups",
            "microsoft.network/privatednszones/virtualnetworklinks",
        }),
        "nodes resolve the names of closed services only once their zones know them",
        "learn.microsoft.com/azure/private-link/private-endpoint-dns",
    ),
    Rule(
        frozenset({"microsoft.network/routetables/routes", "microsoft.network/routetables"}),
        frozenset({"microsoft.network/azurefirewalls"}),
        "a route's next hop is the address that the firewall got",
        "learn.microsoft.com/azure/firewall/tutorial-firewall-deploy-portal",
    ),
    Rule(
        frozenset({"microsoft.managedidentity/userassignedidentities/federatedidentitycredentials"}),
        frozenset({"microsoft.containerservice/managedclusters"}),
        "a credential names the issuer that the cluster got",
        "learn.microsoft.com/azure/aks/workload-identity-deploy-cluster",
    ),
    Rule(
        frozenset({"microsoft.network/azurefirewalls"}),
        frozenset({"microsoft.network/firewallpolicies/rulecollectiongroups"}),
        "a policy and its firewall can't be changed at the same time",
        "learn.microsoft.com/azure/firewall-manager/policy-overview",
    ),
    Rule(
        frozenset({"microsoft.kubernetesconfiguration/extensions"}),
        frozenset({"microsoft.containerservice/managedclusters/agentpools"}),
        "an extension's pods need nodes without the system's taint",
        "learn.microsoft.com/azure/machine-learning/how-to-deploy-kubernetes-extension",
    ),
    Rule(
        frozenset({"microsoft.machinelearningservices/workspaces/computes"}),
        frozenset({
            "microsoft.kubernetesconfiguration/extensions",
            "microsoft.containerservice/managedclusters/trustedaccessrolebindings",
        }),
        "a cluster is attached only with the extension on it and trusted access to it",
        "learn.microsoft.com/azure/machine-learning/how-to-attach-kubernetes-to-workspace",
    ),
)  # fmt: skip


def why(waiting: Json, needed: Json, resources: Resources) -> str | None:
    """Why a resource must wait for another, or None where nothing says so."""
    if not all(str(one.get("id") or "").startswith("/") for one in (waiting, needed)):
        return "the program's own"  # components and objects in a cluster: no order of Azure's
    own, other = str(waiting["id"]).lower(), str(needed["id"]).lower()
    if own.startswith(f"{other}/"):
        return "below it"
    if _refers(waiting, other):
        return "its body refers to it"
    if _type(waiting) == _ROLE and (_type(needed) == _IDENTITY or at(needed["body"], "identity.type")):
        return "its principal"
    if _type(needed) == _ROLE:
        return _role(waiting, needed, resources)
    for rule in RULES:
        if _type(waiting) in rule.waiting and _type(needed) in rule.types:
            return rule.reason
    return None


def _type(one: Json) -> str:
    return str(one["armType"]).lower()


def _refers(waiting: Json, id_: str) -> bool:
    """Whether a body holds an id, or the name that Azure gave: as in a host name."""
    name = last(id_)
    for item in strings(waiting.get("body")):
        text = item.lower()
        if id_ in text or text == name or (len(name) > _SHORT and name in text):
            return True
    return False


def _role(waiting: Json, role: Json, resources: Resources) -> str | None:
    """A role is waited for by what uses its principal, or by what it is given on."""
    for urn in role["dependsOn"]:
        given = resources.by_urn.get(urn) or {}
        uses = str(given.get("id") or "").lower()
        if uses and _refers(waiting, uses):
            return "a role of its identity" if _type(given) == _IDENTITY else "a role on what it uses"
        if uses and uses.startswith(f"{str(waiting['id']).lower()}/"):
            return "a role on what belongs to it"
        if uses and str(waiting["id"]).lower().startswith(f"{uses}/"):
            return "a role of what it belongs to"
    return None
