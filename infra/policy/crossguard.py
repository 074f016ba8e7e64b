"""The rules as policies of Pulumi's CrossGuard: the same functions, before a resource is made.

A rule on one resource judges what the program gives it, as soon as it does. A rule that looks at others too, or has an
exemption that does, judges once all is there. What a preview does not know yet keeps a rule from judging; the update
knows it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi_policy
from pulumi_policy.proxy import UnknownValueError

from .bodies import resource_of
from .catalogue import RULES
from .evaluation import EXEMPTING, ended_by_locks, exemption_of, here, without_locks
from .exemptions import EXEMPTIONS
from .model import EVERYWHERE, OURS, Context, Resource, Rule, Severity
from .unknown import Unknown, UnknownError

NAME = "azure-ml-platform"
BENCHMARK = "Microsoft cloud security benchmark"
PAGES = "https://azure.github.io/PSRule.Rules.Azure/en/rules/"
SEVERITIES = {
    Severity.CRITICAL: pulumi_policy.Severity.CRITICAL,
    Severity.IMPORTANT: pulumi_policy.Severity.HIGH,
    Severity.AWARENESS: pulumi_policy.Severity.LOW,
}
PLACED = frozenset(one.rule for one in EXEMPTIONS if one.where is not EVERYWHERE)  # all resources say where they are
Report = Callable[[str, str], None]


def pack() -> None:
    """Serve the policies until Pulumi has done."""
    seen = Seen()
    pulumi_policy.PolicyPack(
        name=NAME,
        policies=[seen.across(rule) if rule.whole or rule.id in PLACED else seen.alone(rule) for rule in RULES],
        description="What a security reviewer asks of the Azure ML platform.",
        provider="Azure",
    )


class Seen:
    """What the program has given so far, as it goes on the wire, by URN."""

    def __init__(self) -> None:
        self._resources: dict[str, Resource] = {}

    def alone(self, rule: Rule) -> Any:
        """A policy on each resource."""

        def validate(args: Any, report: Report) -> None:
            resource = self._keep(rule, args)
            if resource is None or not rule.covers(resource.type):
                return
            try:
                _judge(rule, resource, [resource], report)
            except UnknownError as error:
                args.not_applicable(str(error))

        return pulumi_policy.ResourceValidationPolicy(validate=validate, **_described(rule))

    def across(self, rule: Rule) -> Any:
        """A policy on all resources together."""

        def validate(args: Any, report: Report) -> None:
            there = [self._resources[one.urn] for one in args.resources if one.urn in self._resources]
            for resource in there:
                if rule.covers(resource.type):
                    try:
                        _judge(rule, resource, there, report)
                    except UnknownError:
                        continue  # the update will know

        return pulumi_policy.StackValidationPolicy(validate=validate, **_described(rule))

    def _keep(self, rule: Rule, args: Any) -> Resource | None:
        """The resource, kept for the rules that look at all. Each policy is asked about each: most need not look."""
        if args.urn not in self._resources or rule.covers(self._resources[args.urn].type):
            found = resource_of(args.urn, args.name, args.resource_type, _known(args.props, args.name))
            if found is None:
                return None
            self._resources[args.urn] = found
        return self._resources[args.urn]


def _judge(rule: Rule, resource: Resource, resources: Sequence[Resource], report: Report) -> None:
    day, rows = datetime.datetime.now(datetime.UTC).date(), [one for one in EXEMPTIONS if one.rule == rule.id]
    exemption = exemption_of(rule, resource, here(resources, rows))
    if exemption and exemption.expires >= day:
        return
    why = (
        f"its exemption ended on {exemption.expires}"
        if exemption
        else ended_by_locks(rule, resource, without_locks(resources, rows), day)
    )
    ended = f" {why[0].upper()}{why[1:]}." if why else ""
    for finding in list(rule.check(resource.body, Context(resource, resources))):
        fix = f" Fix: {finding.fix}." if finding.fix else ""
        report(
            f"{resource.label}: {finding.field} {finding.message}.{fix}{ended} Exempt it in {EXEMPTING}.", resource.urn
        )


def _described(rule: Rule) -> dict[str, Any]:
    level = pulumi_policy.EnforcementLevel
    labels = pulumi_policy.PolicyComplianceFramework(name=BENCHMARK, reference=", ".join(rule.controls))
    return {
        "name": rule.id,
        "description": f"{rule.title[0].upper()}{rule.title[1:]}.",
        "enforcement_level": level.MANDATORY if rule.mandatory else level.ADVISORY,
        "severity": SEVERITIES[rule.severity],
        "framework": labels if rule.controls else None,
        "tags": [part for part in (rule.pillar, rule.number) if part],
        "url": None if rule.id.startswith(OURS) else f"{PAGES}{rule.id}/",
    }


def _known(value: Any, field: str) -> Any:
    """Plain values of what Pulumi hands over, with a mark where one is not known yet."""
    if isinstance(value, Mapping):
        return {key: _item(value, key, f"{field}.{key}") for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, place, f"{field}[{place}]") for place in range(len(value))]
    return _whole(value)


def _item(holder: Any, key: Any, field: str) -> Any:
    try:
        return _known(holder[key], field)
    except UnknownValueError:
        return Unknown(field)


def _whole(value: Any) -> Any:
    """Numbers travel as fractions; Azure's are whole where they can be."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
