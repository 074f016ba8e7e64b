"""The critical path of a plan: the chain of waiting that decides how long Azure takes."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources as package

from azlocal.engine.views.order import why
from azlocal.engine.views.resources import Json, Resources


@dataclass(frozen=True, slots=True)
class Link:
    """One resource of a path; ``seconds`` is None where not even an assumption says how long it takes.

    ``source`` is the page with a figure and the day it was read; without one the seconds are an assumption.
    """

    urn: str
    type: str
    name: str
    seconds: float | None
    source: str | None = None

    @property
    def assumed(self) -> bool:
        """Whether it has seconds without a source."""
        return bool(self.seconds) and not self.source


@dataclass(frozen=True, slots=True)
class Needless:
    """A dependency that no reference, parent, role or rule explains."""

    waiting: str
    needed: str


@dataclass(frozen=True, slots=True)
class Times:
    """How long a plan takes: its longest chain, the longest that Azure forces, and what stands between them."""

    path: list[Link]
    forced: list[Link]
    needless: list[Needless]
    unknown: list[str]  # types without a duration

    @property
    def minutes(self) -> float:
        """Of the longest chain."""
        return _minutes(self.path)

    @property
    def forced_minutes(self) -> float:
        """Of the longest chain that Azure forces."""
        return _minutes(self.forced)

    @property
    def assumed_minutes(self) -> float:
        """Of the longest chain, for which no source has a figure."""
        return _minutes([link for link in self.path if link.assumed])

    @property
    def told(self) -> str:
        """In words."""
        assumed = f"; {self.assumed_minutes:.1f} min of it assumed" if self.assumed_minutes else ""
        return f"{self.minutes:.1f} min (Azure forces {self.forced_minutes:.1f} min{assumed})"

    def as_json(self) -> Json:
        """For ``--json`` and for whoever compares two plans."""
        steps = [
            {"type": link.type, "name": link.name, "seconds": link.seconds, "source": link.source} for link in self.path
        ]
        needless = [{"waiting": one.waiting, "needed": one.needed} for one in self.needless]
        return {
            "minutes": round(self.minutes, 2),
            "forcedMinutes": round(self.forced_minutes, 2),
            "assumedMinutes": round(self.assumed_minutes, 2),
            "steps": steps,
            "needless": needless,
            "withoutDuration": self.unknown,
        }


def _minutes(path: list[Link]) -> float:
    return sum(link.seconds or 0.0 for link in path) / 60


@functools.cache
def durations() -> dict[str, float]:
    """Seconds that Azure takes to create a resource of each type, as its provider here declares them."""
    from azlocal.arm.providers import NAMESPACES

    return {type_.name.lower(): type_.duration for space in NAMESPACES for type_ in space.types if type_.duration}


@functools.cache
def sources() -> dict[str, str]:
    """For each type whose seconds somebody measured or documented: the page, and the day it was read."""
    table = json.loads(package.files("azlocal.engine.views").joinpath("durations.json").read_bytes())
    pages = {name: f"{one['page']} (read {one['read']})" for name, one in table["sources"].items()}
    known = durations()
    return {
        row["type"].lower(): pages[row["source"]]
        for row in table["rows"]
        if known[row["type"].lower()] == row["seconds"]
    }


def times(resources: list[Json]) -> Times:
    """The times of a plan's resources."""
    known = Resources(resources)
    waits = {one["urn"]: list(_needs(one, known)) for one in resources}
    reasons = {(urn, need): why(known.by_urn[urn], known.by_urn[need], known) for urn in waits for need in waits[urn]}
    forced = {urn: [need for need in needs if reasons[urn, need]] for urn, needs in waits.items()}
    needless = [
        Needless(known.by_urn[urn]["name"], known.by_urn[need]["name"])
        for (urn, need), reason in reasons.items()
        if reason is None and _planned(known.by_urn[urn]) and _planned(known.by_urn[need])
    ]
    unknown = {str(one["armType"]) for one in known.azure} - {
        str(one["armType"]) for one in known.azure if str(one["armType"]).lower() in durations()
    }
    return Times(_longest(waits, known), _longest(forced, known), needless, sorted(unknown))


def _planned(one: Json) -> bool:
    """Of what failed, and of what hangs on it, no reason can be seen: ids are unknown there."""
    return not one.get("unplanned")


def _needs(one: Json, resources: Resources) -> Iterator[str]:
    """What a resource waits for: what the program says, and what it lies below."""
    needs = [urn for urn in one["dependsOn"] if urn in resources.by_urn]
    id_ = str(one.get("id") or "")
    above = resources.around(id_.rsplit("/", 1)[0]) if id_.startswith("/") else None
    if above and above["urn"] not in needs and above["urn"] != one["urn"]:
        needs.append(above["urn"])
    yield from needs


def _longest(waits: dict[str, list[str]], resources: Resources) -> list[Link]:
    """The chain whose seconds are most; between equals, the names decide."""
    ends: dict[str, float] = {}
    before: dict[str, str | None] = {}
    for urn in _in_order(waits):
        last = max(waits[urn], key=lambda need: (ends[need], need), default=None)
        before[urn] = last
        ends[urn] = (ends[last] if last else 0.0) + (_link(resources.by_urn[urn]).seconds or 0.0)
    step = max(ends, key=lambda item: (ends[item], item), default=None)
    path: list[Link] = []
    while step:
        path.append(_link(resources.by_urn[step]))
        step = before[step]
    return path[::-1]


def _in_order(waits: dict[str, list[str]]) -> list[str]:
    """Each resource after what it waits for, whatever their order in the plan."""
    done: dict[str, None] = {}
    for start in waits:
        stack = [start]
        while stack:
            urn = stack[-1]
            open_ = [need for need in waits[urn] if need not in done and need not in stack]
            if open_:
                stack.append(open_[0])
            else:
                done.setdefault(stack.pop())
    return list(done)


def _link(one: Json) -> Link:
    type_ = str(one.get("armType") or one["type"])
    return Link(one["urn"], type_, one["name"], durations().get(type_.lower()), sources().get(type_.lower()))


def report(found: Times) -> Iterator[str]:
    """The lines that ``azlocal plan`` prints."""
    if not found.path:
        return
    yield f"critical path: {found.told}"
    for link in found.path:
        told = "  not documented" if link.seconds is None else f"{link.seconds / 60:5.1f} min"
        yield f"  {told}  {link.type} {link.name}" + (" (assumed)" if link.assumed else "")
    for one in found.needless:
        yield f"  needless: {one.waiting} waits for {one.needed}, and nothing says that it must"
