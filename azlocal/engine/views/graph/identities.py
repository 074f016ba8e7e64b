"""Who may do what: identities of a plan, and the services their roles reach."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from azlocal.arm.roles import BY_ID
from azlocal.engine.views.graph.services import Card
from azlocal.engine.views.resources import Json, Resources, at, last

_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
_DEFINITION = "Microsoft.Authorization/roleDefinitions"


@dataclass(slots=True)
class Who:
    """An identity, with the names of its roles on each card and elsewhere."""

    name: str
    kind: str
    roles: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    elsewhere: list[str] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """Its roles, each once."""
        return {*self.elsewhere, *(name for given in self.roles.values() for name in given)}


def identities(resources: Resources, cards: list[Card]) -> list[Who]:
    """Managed identities first, then services with an identity of their own, then Entra groups."""
    known = {card.id.lower(): card.id for card in cards}
    custom = {last(one["id"]): str(at(one["body"], "properties.roleName")) for one in resources.of(_DEFINITION)}
    found: dict[str, Who] = {one["urn"]: Who(last(one["id"]), "Managed identity") for one in resources.of(_IDENTITY)}
    for one in resources.of("Microsoft.Authorization/roleAssignments"):
        who = _whose(one, resources, found)
        scope = str(one["id"]).lower().rsplit("/providers/microsoft.authorization/", 1)[0]
        card = _card_at(scope, known)
        (who.roles[card] if card else who.elsewhere).append(_role(one, custom))
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


def _role(one: Json, custom: dict[str, str]) -> str:
    """The name of an assignment's role: a built-in one's, one's that the plan defines, or the end of its id."""
    guid = last(str(at(one["body"], "properties.roleDefinitionId")))
    return BY_ID[guid].name if guid in BY_ID else custom.get(guid, f"…{guid[-8:]}")


def _id(urn: str, resources: Resources) -> str:
    return f"{str((resources.by_urn.get(urn) or {}).get('id')).lower()}/"


def _card_at(scope: str, known: dict[str, str]) -> str | None:
    while scope.count("/") > 2:
        if scope in known:
            return known[scope]
        scope = scope.rsplit("/", 1)[0]
    return None
