"""What a rule, a finding and an exemption are."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

Body = Mapping[str, Any]
OURS = "MLP."  # rules without a counterpart among Azure's PSRule rules


class Severity(Enum):
    """PSRule's three words. What is critical stops a deployment, the rest advises."""

    CRITICAL = "Critical"
    IMPORTANT = "Important"
    AWARENESS = "Awareness"


@dataclass(frozen=True, slots=True)
class Finding:
    """A field of one resource, what is wrong with it, and, where one word says it, what to do."""

    field: str
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as it goes on the wire; ``label`` is its logical name in the program."""

    urn: str
    label: str
    type: str
    id: str
    body: Body

    @property
    def name(self) -> str:
        """Azure's name of it."""
        return self.id.rsplit("/", 1)[-1] if self.id else self.label

    def segment(self, kind: str) -> str:
        """The name behind a segment of its id, such as the account of a container; else nothing."""
        parts = self.id.split("/")
        lowered = [part.lower() for part in parts]
        return parts[lowered.index(kind.lower()) + 1] if kind.lower() in lowered else ""


@dataclass(frozen=True, slots=True)
class Context:
    """The resource under a check, and everything it is planned with."""

    resource: Resource
    resources: Sequence[Resource]

    def of(self, *types: str) -> Iterator[Resource]:
        """All planned resources of these ARM types."""
        wanted = {one.lower() for one in types}
        return (other for other in self.resources if other.type.lower() in wanted)


Check = Callable[[Body, Context], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition on one or more ARM types.

    ``number`` is the AZR number of Azure's PSRule rule where it is known, ``controls`` the MCSB controls, ``source``
    where the condition comes from. ``whole`` says that the check looks at other resources too.
    """

    id: str
    title: str
    severity: Severity
    types: tuple[str, ...]
    check: Check
    number: str = ""
    pillar: str = "Security"
    controls: tuple[str, ...] = ()
    source: str = "PSRule.Rules.Azure"
    whole: bool = False

    @property
    def mandatory(self) -> bool:
        """Whether a finding stops a deployment."""
        return self.severity is Severity.CRITICAL

    def covers(self, type_: str) -> bool:
        """Whether the rule looks at resources of this ARM type."""
        return type_.lower() in {one.lower() for one in self.types}


@dataclass(frozen=True, slots=True)
class Where:
    """Which environments an exemption is for, by what their plans show: an environment's name says nothing of it."""

    words: str
    holds: Callable[[Sequence[Resource]], bool]


EVERYWHERE = Where("all", lambda _resources: True)


Told = Callable[[Resource], tuple[str, datetime.date] | None]


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why a rule does not hold for some resources (an ``fnmatch`` pattern of labels), where, and until when.

    ``told`` reads a reason and a day off the resource itself: without them it is not exempt, and with them no longer
    than the row says.
    """

    rule: str
    resource: str
    where: Where
    reason: str
    expires: datetime.date
    told: Told | None = None

    def of(self, resource: Resource) -> Exemption | None:
        """The exemption of a resource that the row is for; None where the resource has to say why, and does not."""
        if self.told is None:
            return self
        own = self.told(resource)
        return replace(self, reason=own[0], expires=min(own[1], self.expires)) if own else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding with its rule, resource and, where there is one, its exemption; ``ended`` says why there is none."""

    rule: Rule
    resource: Resource
    finding: Finding
    exemption: Exemption | None = field(default=None)
    ended: str = ""
