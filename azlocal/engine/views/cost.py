"""What a plan costs a month by a dated table of list prices; what the table lacks is said and never guessed."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources as package
from typing import Any

from azlocal.engine.views.resources import Json, Resources, at

LEFT_OUT = "traffic, stored volume, requests, log ingestion, images beyond the included volume, reservations and taxes"
MACHINE = "machine"  # and its size: the meter of a node
ASSUMED = "every hour of the month (730), each pool and cluster at its least number of nodes"


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a meter a resource uses at any time."""

    meter: str
    count: float


@dataclass(frozen=True, slots=True)
class Line:
    """The cost of one use of a resource; ``monthly`` is None where the table has no price for its region."""

    type: str
    name: str
    meter: str
    count: float
    region: str
    monthly: float | None
    elsewhere: str = ""  # a region that the table has a price for


@dataclass(frozen=True, slots=True)
class Cost:
    """The lines of a plan."""

    lines: list[Line]

    @property
    def monthly(self) -> float:
        """The sum of what has a price."""
        return sum(line.monthly or 0.0 for line in self.lines)

    @property
    def unpriced(self) -> list[Line]:
        """What has none."""
        return [line for line in self.lines if line.monthly is None]

    def as_json(self) -> Json:
        """For ``--json``."""
        return {
            "currency": table()["currency"],
            "monthly": round(self.monthly, 2),
            "leftOut": LEFT_OUT,
            "assumed": ASSUMED,
            "lines": [
                {"type": line.type, "name": line.name, "meter": line.meter, "count": line.count, "region": line.region}
                | ({"monthly": round(line.monthly, 2)} if line.monthly is not None else {"monthly": None})
                for line in self.lines
            ],
        }


@functools.cache
def table() -> Json:
    """The prices: rows with region, unit and source, and when each source was read."""
    found: Json = json.loads(package.files(__package__ or "").joinpath("prices.json").read_text())
    return found


def cost(resources: list[Json]) -> Cost:
    """The cost of a plan's resources, those first that cost most."""
    known = Resources(resources)
    lines = [_line(one, use, known) for one in known.azure if one.get("body") is not None for use in _uses(one)]
    return Cost(
        sorted(lines, key=lambda line: (-(line.monthly or 0.0), line.monthly is not None, line.type, line.name))
    )


def _line(one: Json, use: Use, known: Resources) -> Line:
    region = str(at(one["body"], "location") or _region_above(one, known)).lower().replace(" ", "")
    rows = [row for row in table()["rows"] if row["meter"] == use.meter]
    row = next((row for row in rows if row["region"] in {region, "global"}), None)
    about = (str(one["armType"]), str(one["name"]), use.meter, use.count, region)
    if not use.count:
        return Line(*about, 0.0)
    if row is None:
        return Line(*about, None, rows[0]["region"] if rows else "")
    hours = table()["hoursPerMonth"] if row["unit"] == "hour" else 1
    return Line(*about, use.count * row["price"] * hours)


def _region_above(one: Json, known: Resources) -> str:
    """Of a child without a location of its own: that of what it lies below."""
    above = known.around(str(one["id"]).rsplit("/", 1)[0])
    return str(at((above or {}).get("body"), "location") or "")


def _uses(one: Json) -> Iterator[Use]:
    tell = _METERS.get(str(one["armType"]).lower())
    yield from tell(one["body"]) if tell else ()


def _one(meter: str, *tier: str) -> Callable[[Json], Iterator[Use]]:
    """A meter by the hour or month that a resource has just by being there, by its tier where it has one."""

    def tell(body: Json) -> Iterator[Use]:
        found = next((str(at(body, path)) for path in tier if at(body, path)), "")
        yield Use(f"{meter} {found}".strip(), 1)

    return tell


def _cluster(body: Json) -> Iterator[Use]:
    tier = at(body, "sku.tier")
    if tier and tier != "Free":
        yield Use(f"cluster {tier}", 1)
    for pool in at(body, "properties.agentPoolProfiles") or []:
        yield from _pool(pool)


def _pool(pool: Json) -> Iterator[Use]:
    least = pool.get("minCount") if pool.get("enableAutoScaling") else pool.get("count", 1)
    yield Use(f"{MACHINE} {pool.get('vmSize')}", float(least or 0))


def _compute(body: Json) -> Iterator[Use]:
    given: dict[str, Any] = at(body, "properties.properties") or {}
    kind = at(body, "properties.computeType")
    if kind == "AmlCompute":
        yield Use(f"{MACHINE} {given.get('vmSize')}", float(at(given, "scaleSettings.minNodeCount") or 0))
    if kind == "ComputeInstance":
        yield Use(f"{MACHINE} {given.get('vmSize')}", 1)


def _shared(body: Json) -> Iterator[Use]:
    """The images that Azure keeps for a registry of Azure ML, once a region, in a container registry of its own."""
    for region in at(body, "properties.regionDetails") or []:
        for one in region.get("acrDetails") or []:
            yield Use(f"registry {at(one, 'systemCreatedAcrAccount.acrAccountSku') or 'Premium'}", 1)


def _workspace(body: Json) -> Iterator[Use]:
    """What a network that Azure manages has in it: private endpoints, and a firewall where hosts are let out by name
    (machine-learning/how-to-managed-network#pricing).
    """
    network = at(body, "properties.managedNetwork") or {}
    rules = [str(rule.get("type")) for rule in (network.get("outboundRules") or {}).values()]
    yield Use("private endpoint", float(rules.count("PrivateEndpoint")))
    if network.get("isolationMode") == "AllowOnlyApprovedOutbound" and "FQDN" in rules:
        yield Use(f"firewall {network.get('firewallSku') or 'Standard'}", 1)


# What is billed by the hour or the month for being there. All other types are free, or billed by use alone.
_METERS: dict[str, Callable[[Json], Iterator[Use]]] = {
    "microsoft.network/privateendpoints": _one("private endpoint"),
    "microsoft.network/natgateways": _one("NAT gateway"),
    "microsoft.network/publicipaddresses": _one("public IP", "sku.name"),
    "microsoft.network/azurefirewalls": _one("firewall", "properties.sku.tier"),
    "microsoft.network/bastionhosts": _one("bastion", "sku.name"),
    "microsoft.network/privatednszones": _one("private DNS zone"),
    "microsoft.containerregistry/registries": _one("registry", "sku.name"),
    "microsoft.containerservice/managedclusters": _cluster,
    "microsoft.containerservice/managedclusters/agentpools": lambda body: _pool(body.get("properties") or {}),
    "microsoft.insights/metricalerts": _one("alert rule on metrics"),
    "microsoft.insights/scheduledqueryrules": _one("alert rule on logs"),
    "microsoft.machinelearningservices/registries": _shared,
    "microsoft.machinelearningservices/workspaces": _workspace,
    "microsoft.machinelearningservices/workspaces/computes": _compute,
    "microsoft.security/defenderforstoragesettings": _one("Defender for Storage, an account"),
}


def report(found: Cost) -> Iterator[str]:
    """The lines that ``azlocal plan`` prints: a sum, then what has no price."""
    if not found.lines:
        return
    missing = found.unpriced
    less = f", without {len(missing)} that have no price here" if missing else ""
    yield f"cost: {found.monthly:,.2f} {table()['currency']} a month at list prices{less}"
    yield from _without_price(missing)
    yield f"  left out: {LEFT_OUT}"
    yield f"  assumed: {ASSUMED}"


def _without_price(missing: list[Line]) -> Iterator[str]:
    """A line for each meter and region, with who uses it."""
    alike: dict[tuple[str, str, str], list[Line]] = {}
    for line in missing:
        alike.setdefault((line.meter, line.region, line.elsewhere), []).append(line)
    for (meter, region, elsewhere), lines in alike.items():
        other = f" (only for {elsewhere})" if elsewhere else ""
        who = ", ".join(line.name for line in lines)
        yield f"  no price: {sum(line.count for line in lines):g} × {meter} in {region}{other}: {who}"
