"""Private endpoints that nobody would find: without records, in the wrong zones, or in zones that no network sees.

Microsoft Learn, "Azure Private Endpoint private DNS zone values". Azure takes all of this; the service's name goes on
resolving to its public address, which is closed.
"""

from __future__ import annotations

from collections.abc import Iterator

from azlocal.arm import privatelink
from azlocal.engine.plan.problems import Problem
from azlocal.engine.plan.review.base import Json, Planned, key, kind, problem
from azlocal.engine.views.resources import at, last

ENDPOINT = "microsoft.network/privateendpoints"
ZONE = "microsoft.network/privatednszones"
# AKS makes the endpoint of its API server itself.
_OF_ITS_OWN = frozenset({"microsoft.containerservice/managedclusters"})


def problems(planned: Planned) -> Iterator[Problem]:
    """Every name that would not resolve, and every closed service without a way in."""
    unseen: set[tuple[str, str]] = set()
    for endpoint in planned.of(ENDPOINT):
        yield from _records(planned, endpoint)
        yield from _links(planned, endpoint, unseen)
    yield from _closed(planned)


def _groups(planned: Planned, endpoint: Json) -> list[Json]:
    below = f"{key(endpoint)}/"
    return [one for one in planned.all.of(f"{ENDPOINT}/privateDnsZoneGroups") if key(one).startswith(below)]


def _connections(endpoint: Json) -> Iterator[tuple[str, str]]:
    """Target and group of each connection."""
    for name in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        for one in at(endpoint["body"], f"properties.{name}") or []:
            properties = one.get("properties") or {}
            yield str(properties.get("privateLinkServiceId")), next(iter(properties.get("groupIds") or []), "")


def _zones(groups: list[Json]) -> list[str]:
    configs = [one for group in groups for one in at(group["body"], "properties.privateDnsZoneConfigs") or []]
    return [str(at(one, "properties.privateDnsZoneId") or "") for one in configs]


def _records(planned: Planned, endpoint: Json) -> Iterator[Problem]:
    groups = _groups(planned, endpoint)
    if any(group["urn"] in planned.broken for group in groups):
        return
    given = {last(zone).lower() for zone in _zones(groups)}
    for target_id, group in _connections(endpoint):
        target = planned.made(target_id)
        if target is None or group not in privatelink.GROUPS.get(target.type.lower(), {}):
            continue
        needed = privatelink.zones(target, group)
        if not groups:
            yield problem(
                "PrivateDnsZoneGroupMissing",
                endpoint,
                f"no zone group writes the names of {last(target_id)} ({group}) into {', '.join(sorted(needed))}",
            )
        elif missing := sorted(needed - given):
            yield problem(
                "PrivateDnsZoneMissing",
                endpoint,
                f"its zone group lacks {', '.join(missing)}, where names of {last(target_id)} ({group}) are",
                "properties.privateDnsZoneConfigs",
            )


def _links(planned: Planned, endpoint: Json, unseen: set[tuple[str, str]]) -> Iterator[Problem]:
    network = str(at(endpoint["body"], "properties.subnet.id") or "").lower().rpartition("/subnets/")[0]
    for zone_id in _zones(_groups(planned, endpoint)):
        zone = planned.all.around(zone_id)
        if zone is None or kind(zone) != ZONE or zone["urn"] in planned.broken or (key(zone), network) in unseen:
            continue
        links = [one for one in planned.all.of(f"{ZONE}/virtualNetworkLinks") if key(one).startswith(f"{key(zone)}/")]
        seen = {str(at(link["body"], "properties.virtualNetwork.id") or "").lower() for link in links}
        if network not in seen and not any(link["urn"] in planned.broken for link in links):
            unseen.add((key(zone), network))
            yield problem(
                "PrivateDnsZoneNotLinked", zone, f"no link to {last(network)}, where {last(key(endpoint))} is", "links"
            )


def _closed(planned: Planned) -> Iterator[Problem]:
    """A service without a public end point and without a private one is reached by nobody."""
    reached = {target.lower() for endpoint in planned.all.of(ENDPOINT) for target, _ in _connections(endpoint)}
    for one in planned.sound:
        closed = at(one["body"], "properties.publicNetworkAccess") == "Disabled"
        if closed and kind(one) in privatelink.GROUPS.keys() - _OF_ITS_OWN and key(one) not in reached:
            yield problem(
                "PrivateEndpointMissing",
                one,
                "publicNetworkAccess is Disabled, and no private endpoint leads to it",
                "properties.publicNetworkAccess",
            )
