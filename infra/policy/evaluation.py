"""Run all rules over a plan."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from .catalogue import RULES
from .conditions import when_of
from .exemptions import EXEMPTIONS
from .model import Context, Exemption, Finding, Resource, Rule, Severity, Verdict
from .places import LOCK


def evaluate(environment: str, resources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is wrong with a plan: the protocol between a policy pack and whoever made the plan.

    Each resource has ``urn``, ``name``, ``armType``, ``id`` and ``body``. Each finding has ``rule``, ``number``,
    ``severity``, ``mandatory``, ``urn``, ``resource``, ``armType``, ``field``, ``reason``, ``fix``, ``source`` and
    ``exemption``: None, or the ``reason`` and the day that it ``expires``; and ``exempting``, where one is written.
    """
    _ = environment  # what is exempt is read off the plan, not off a name
    return [_described(one) for one in verdicts(planned(resources))]


def planned(resources: Iterable[dict[str, Any]]) -> list[Resource]:
    """The resources that a plan makes in Azure."""
    return [
        Resource(one["urn"], one["name"], one["armType"], one["id"] or "", one["body"])
        for one in resources
        if one.get("armType") and one.get("body") is not None
    ]


def verdicts(
    resources: Sequence[Resource],
    *,
    rules: Iterable[Rule] = RULES,
    exemptions: Sequence[Exemption] = EXEMPTIONS,
    today: datetime.date | None = None,
) -> Iterator[Verdict]:
    """Every finding with its exemption; an exemption whose day is past exempts nothing and is a finding itself."""
    day = today or datetime.datetime.now(datetime.UTC).date()
    by_type: dict[str, list[Resource]] = {}
    for resource in resources:
        by_type.setdefault(resource.type.lower(), []).append(resource)
    elsewhere = without_locks(resources, exemptions)
    exemptions = here(resources, exemptions)
    expired: dict[Exemption, Resource] = {}
    for rule in rules:
        for resource in (one for type_ in rule.types for one in by_type.get(type_.lower(), ())):
            exemption = exemption_of(rule, resource, exemptions)
            for finding in rule.check(resource.body, Context(resource, resources)):
                if exemption and exemption.expires < day:
                    expired.setdefault(exemption, resource)
                holds = exemption if exemption and exemption.expires >= day else None
                ended = "" if exemption else ended_by_locks(rule, resource, elsewhere, day)
                yield Verdict(rule, resource, finding, holds, ended)
    for exemption, resource in expired.items():
        yield Verdict(EXPIRED, resource, Finding("exemption", f"of {exemption.rule} ended on {exemption.expires}"))


def here(resources: Sequence[Resource], exemptions: Sequence[Exemption]) -> list[Exemption]:
    """The exemptions that are for a plan of these resources."""
    places = {one.where: one.where.holds(resources) for one in exemptions}
    return [one for one in exemptions if places[one.where]]


def without_locks(resources: Sequence[Resource], exemptions: Sequence[Exemption]) -> list[Exemption]:
    """The exemptions that would be for a plan of these resources without its locks; none where it has no locks."""
    unlocked = [one for one in resources if one.type.lower() != LOCK]
    return here(unlocked, exemptions) if len(unlocked) < len(resources) else []


def ended_by_locks(rule: Rule, resource: Resource, elsewhere: Sequence[Exemption], day: datetime.date) -> str:
    """What to say of a finding that locks alone keep from being exempt."""
    found = exemption_of(rule, resource, elsewhere)
    return ENDED_BY_LOCKS if found and found.expires >= day else ""


def exemption_of(rule: Rule, resource: Resource, exemptions: Iterable[Exemption]) -> Exemption | None:
    """The first exemption of a resource from a rule, past its day or not."""
    for one in exemptions:
        if one.rule == rule.id and fnmatchcase(resource.label, one.resource) and (found := one.of(resource)):
            return found
    return None


def looks(rule: Rule, resources: Sequence[Resource]) -> bool:
    """Whether a rule looks at any of them: of a condition on clusters that are public nothing follows where none is."""
    there = (one for one in resources if rule.covers(one.type))
    return any(when_of(rule.check)(one.body, Context(one, resources)) for one in there)


EXEMPTING = "infra/policy/exemptions.py: a row with the rule, a reason and the day it ends"
ENDED_BY_LOCKS = "its exemption ended: it is for environments without locks, and locks are on (governance.locks)"
EXPIRED = Rule(
    "MLP.Policy.ExpiredExemption",
    "an exemption is renewed with its reason, or goes",
    Severity.IMPORTANT,
    (),
    lambda _body, _context: (),
    source="this project",
)


def _described(verdict: Verdict) -> dict[str, Any]:
    return {
        "rule": verdict.rule.id,
        "number": verdict.rule.number,
        "severity": verdict.rule.severity.value,
        "mandatory": verdict.rule.mandatory,
        "urn": verdict.resource.urn,
        "resource": verdict.resource.label,
        "armType": verdict.resource.type,
        "field": verdict.finding.field,
        "reason": "; ".join(filter(None, (f"{verdict.rule.title}: {verdict.finding.message}", verdict.ended))),
        "fix": verdict.finding.fix or f"see to it that {verdict.rule.title}",
        "source": " ".join(part for part in (verdict.rule.source, verdict.rule.number) if part),
        "exemption": _exempted(verdict.exemption),
        "exempting": EXEMPTING,
    }


def _exempted(exemption: Exemption | None) -> dict[str, str] | None:
    return {"reason": exemption.reason, "expires": exemption.expires.isoformat()} if exemption else None
