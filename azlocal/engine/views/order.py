"""Why one resource waits for another: what Azure forces, and what nothing explains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from azlocal.engine.views import reach
from azlocal.engine.views.resources import Json, Resources, at, last, strings

_ROLE = "microsoft.authorization/roleassignments"
_IDENTITY = "microsoft.managedidentity/userassignedidentities"
_LOCK = "/providers/microsoft.authorization/locks/"
_SHORT = 4  # letters: a shorter name stands in other words by chance

# Types that are made of machines: they start only where their network's way out and its names are ready.
_MACHINES = frozenset({
    "microsoft.machinelearningservices/workspaces/computes",
    "microsoft.containerservice/managedclusters",
    "microsoft.containerservice/managedclusters/agentpools",
    "microsoft.kubernetesconfiguration/extensions",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """An order that Azure needs though no body says it: whoever waits, for what, why, and where that is written.

    Args:
        waiting: types of what waits.
        types: types of what is waited for.
        reason: in words.
        source: the page.
        holds: whether it is these two: another cluster's extension, say, is nothing to wait for.
    """

    waiting: frozenset[str]
    types: frozenset[str]
    reason: str
    source: str
    holds: Callable[[Json, Json, Resources], bool]


def _is_below_what_it_names(waiting: Json, needed: Json, _: Resources) -> bool:
    return any(str(needed["id"]).lower().startswith(f"{text.lower()}/") for text in strings(waiting["body"]) if text)


def _is_of_one_cluster(extension: Json, pool: Json, _: Resources) -> bool:
    cluster = str(extension["id"]).lower().partition("/providers/microsoft.kubernetesconfiguration/")[0]
    return str(pool["id"]).lower().startswith(f"{cluster}/")


def _trusts_a_cluster(waiting: Json, *_: object) -> bool:
    return "token.actions.githubusercontent.com" not in str(at(waiting["body"], "properties.issuer"))


RULES = (
    Rule(
        _MACHINES,
        frozenset(reach.WAYS),
        "nodes reach what they install only through the network's way out",
        "learn.microsoft.com/azure/aks/outbound-rules-control-egress",
        reach.is_way_out,
    ),
    Rule(
        _MACHINES,
        frozenset(reach.NAMES),
        "nodes resolve the names of closed services only once their zones know them",
        "learn.microsoft.com/azure/private-link/private-endpoint-dns",
        reach.gives_names,
    ),
    Rule(
        frozenset({"microsoft.containerservice/managedclusters"}),
        frozenset({"microsoft.network/publicipaddresses"}),
        "an API server with a list of addresses has to let its own nodes in",
        "learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges",
        reach.is_let_in,
    ),
    Rule(
        frozenset({"microsoft.network/routetables/routes", "microsoft.network/routetables"}),
        frozenset({"microsoft.network/azurefirewalls"}),
        "a route's next hop is the address that the firewall got",
        "learn.microsoft.com/azure/firewall/tutorial-firewall-deploy-portal",
        reach.leads_to,
    ),
    Rule(
        frozenset({"microsoft.managedidentity/userassignedidentities/federatedidentitycredentials"}),
        frozenset({"microsoft.containerservice/managedclusters"}),
        "a credential names the issuer that the cluster got",
        "learn.microsoft.com/azure/aks/workload-identity-deploy-cluster",
        _trusts_a_cluster,
    ),
    Rule(
        frozenset({"microsoft.network/azurefirewalls"}),
        frozenset({"microsoft.network/firewallpolicies/rulecollectiongroups"}),
        "a policy and its firewall can't be changed at the same time",
        "learn.microsoft.com/azure/firewall-manager/policy-overview",
        _is_below_what_it_names,
    ),
    Rule(
        frozenset({"microsoft.kubernetesconfiguration/extensions"}),
        frozenset({"microsoft.containerservice/managedclusters/agentpools"}),
        "an extension's pods need nodes without the system's taint",
        "learn.microsoft.com/azure/machine-learning/how-to-deploy-kubernetes-extension",
        _is_of_one_cluster,
    ),
    Rule(
        frozenset({"microsoft.machinelearningservices/workspaces/computes"}),
        frozenset({
            "microsoft.kubernetesconfiguration/extensions",
            "microsoft.containerservice/managedclusters/trustedaccessrolebindings",
        }),
        "a cluster is attached only with the extension on it and trusted access to it",
        "learn.microsoft.com/azure/machine-learning/how-to-attach-kubernetes-to-workspace",
        _is_below_what_it_names,
    ),
)  # fmt: skip


def why(waiting: Json, needed: Json, resources: Resources) -> str | None:
    """Why a resource must wait for another, or None where nothing says so."""
    if not all(str(one.get("id") or "").startswith("/") for one in (waiting, needed)):
        return "the program's own"  # components and objects in a cluster: no order of Azure's
    own, other = str(waiting["id"]).lower(), str(needed["id"]).lower()
    if own.startswith(f"{other}/"):
        return "below it"
    if _LOCK in own and other.startswith(f"{own.partition(_LOCK)[0]}/"):
        return "a lock waits for what lies on the resource: it is made last, and goes first"
    if _refers(waiting, other):
        return "its body refers to it"
    if _type(waiting) == _ROLE and (_type(needed) == _IDENTITY or at(needed["body"], "identity.type")):
        return "its principal"
    if _type(needed) == _ROLE:
        return _role(waiting, needed, resources)
    for rule in RULES:
        ours = _type(waiting) in rule.waiting and _type(needed) in rule.types
        if ours and rule.holds(waiting, needed, resources):
            return rule.reason
    return None


def _type(one: Json) -> str:
    return str(one["armType"]).lower()


def _refers(waiting: Json, id_: str) -> bool:
    """Whether a body holds an id, or the name that Azure gave: as in a host name."""
    name = last(id_)
    for item in strings(waiting.get("body")):
        text = item.lower()
        if id_ in text or text == name:
            return True
        if len(name) > _SHORT and name in text and not text.startswith("/subscriptions/"):
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
