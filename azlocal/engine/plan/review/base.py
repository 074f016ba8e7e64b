"""What the reviews look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azlocal.engine.plan.catalogue import advice
from azlocal.engine.plan.problems import Problem
from azlocal.engine.views.resources import Resources, last, strings

if TYPE_CHECKING:
    from azlocal.state import Resource, State

Json = dict[str, Any]


@dataclass
class Planned:
    """The resources of a plan, and the Azure in memory that took them.

    Args:
        resources: as the plan describes them.
        broken: URNs of what failed, or could not be tried.
        state: what that Azure holds.
    """

    resources: list[Json]
    broken: frozenset[str]
    state: State

    @cached_property
    def all(self) -> Resources:
        """Every resource, found by type and id."""
        return Resources(self.resources)

    def of(self, *types: str) -> list[Json]:
        """The sound resources of these types."""
        return [one for one in self.all.of(*types) if one["urn"] not in self.broken]

    @cached_property
    def sound(self) -> list[Json]:
        """Azure's resources that were taken."""
        return [one for one in self.all.azure if one["urn"] not in self.broken and one["body"] is not None]

    @cached_property
    def taken(self) -> Resources:
        """What was taken, found by type and id: of two with one id, the one that is there."""
        return Resources(self.sound)

    def made(self, id_: str) -> Resource | None:
        """A resource as Azure has it."""
        return self.state.get(id_.lower())

    @cached_property
    def _before(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for one in self.resources:  # in the order in which they were made: what is waited for comes first
            needed = {*one["dependsOn"], *([one["parent"]] if one["parent"] else [])}
            found[one["urn"]] = frozenset(needed).union(*(found.get(urn, frozenset()) for urn in needed))
        return found

    def waits(self, one: Json, other: Json) -> bool:
        """Whether a resource waits for another, through as many steps as it takes."""
        return other["urn"] in self._before[one["urn"]]

    def ordered(self, one: Json, other: Json) -> bool:
        """Whether one of two resources waits for the other."""
        return self.waits(one, other) or self.waits(other, one)


def kind(one: Json) -> str:
    """A resource's type, in lower case."""
    return str(one["armType"]).lower()


def key(one: Json) -> str:
    """A resource's id, in lower case."""
    return str(one["id"]).lower()


def ids_in(value: Any) -> Iterator[str]:
    """Every resource id in a body, in lower case."""
    return (text.lower() for text in strings(value) if text.startswith("/subscriptions/"))


def problem(code: str, one: Json, message: str, field: str = "") -> Problem:
    """A problem of a resource, with what the catalogue says about its code."""
    known = advice(code, str(one["armType"]))
    return Problem(code, message, one["urn"], last(str(one["id"])), one["armType"], field, known.fix, known.source)
