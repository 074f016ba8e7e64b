"""Who may do what: identities of a plan, and the services their roles reach."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from azlocal.engine.views.graph.services import Card
from azlocal.engine.views.resources import Json, Resources, at, last

_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"


@dataclass(slots=True)
class Who:
    """An identity, with how many roles it has on each card and how many elsewhere."""

    name: str
    kind: str
    roles: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    elsewhere: int = 0


def identities(resources: Resources, cards: list[Card]) -> list[Who]:
    """Managed identities first, then services with an identity of their own, then Entra groups."""
    known = {card.id.lower(): card.id for card in cards}
    found: dict[str, Who] = {one["urn"]: Who(last(one["id"]), "Managed identity") for one in resources.of(_IDENTITY)}
    for one in resources.of("Microsoft.Authorization/roleAssignments"):
        who = _whose(one, resources, found)
        scope = str(one["id"]).lower().rsplit("/providers/microsoft.authorization/", 1)[0]
        card = _card_at(scope, known)
        if card:
            who.roles[card] += 1
        else:
            who.elsewhere += 1
    order = ["Managed identity", "System identity", "Principal", "Entra group"]
    return sorted(found.values(), key=lambda who: (order.index(who.kind), who.name))


def _whose(one: Json, resources: Resources, found: dict[str, Who]) -> Who:
    """The identity of an assignment: a planned one is what its principal id depends on."""
    principal = str(at(one["body"], "properties.principalId"))
    if at(one["body"], "properties.principalType") == "Group":
        return found.setdefault(principal, Who(f"…{principal[-8:]}", "Entra group"))
    urns = [urn for urn in one["dependsOn"] if urn in found]
    if len(urns) > 1:  # one is the scope
        urns = [urn for urn in urns if not str(one["id"]).lower().startswith(_id(urn, resources))]
    if urns:
        return found[urns[0]]
    for urn in one["dependsOn"]:
        given = resources.by_urn.get(urn) or {}
        inside = str(one["id"]).lower().startswith(_id(urn, resources))
        if "SystemAssigned" in str(at(given.get("body"), "identity.type")) and not inside:
            return found.setdefault(urn, Who(last(given["id"]), "System identity"))
    return found.setdefault(principal, Who(f"…{principal[-8:]}", "Principal"))


def _id(urn: str, resources: Resources) -> str:
    return f"{str((resources.by_urn.get(urn) or {}).get('id')).lower()}/"


def _card_at(scope: str, known: dict[str, str]) -> str | None:
    while scope.count("/") > 2:
        if scope in known:
            return known[scope]
        scope = scope.rsplit("/", 1)[0]
    return None
