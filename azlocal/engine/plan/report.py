"""A plan on the terminal: what will be made, and what stands in the way.

Colour is for a terminal that has it and left out where ``NO_COLOR`` is set (rich does both); nothing is told by
colour alone.
"""

from __future__ import annotations

from collections import Counter
from typing import IO, TYPE_CHECKING

from azlocal.engine.plan.model import Plan
from azlocal.engine.plan.policy import open_findings
from azlocal.engine.provider import Json
from azlocal.engine.tables.base import arm_type_of
from azlocal.engine.urns import name_of, type_of
from azlocal.words import counted

if TYPE_CHECKING:
    from rich.console import Console

FIELDS = (("field", "field"), ("what", "message"), ("fix", "fix"), ("source", "source"))
UNJUDGED = "policy: not judged, the plan has problems"
FINDING_FIELDS = (("field", "field"), ("what", "reason"), ("fix", "fix"), ("source", "source"))


def print_plan(found: Plan, *, verbose: bool, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
    """The resources on standard output, by type and how many; notes and problems on standard error."""
    from rich.console import Console

    from azlocal.engine.views import cost, offers, path

    usual, errors = Console(file=out, highlight=False), Console(file=err, stderr=err is None, highlight=False)
    for severity, message in found.notes:
        _line(errors, f"{severity}: {message}")
    planned = planned_resources(found)
    if found.against:
        for line in found.against.lines():
            _line(usual, line)
    elif verbose:
        for resource in planned:
            _line(usual, f"+ {kind_of(resource)} {name_of(resource['urn'])}")
    else:
        _print_counts(usual, planned)
    print_summary(found, out)
    for id_ in found.assumed:
        _line(usual, f"assumed to exist: {arm_type_of(id_)} {id_.rsplit('/', 1)[-1]}")
    if planned:
        price = cost.cost(found.resources)
        for line in (*path.report(path.times(found.resources)), *cost.report(price), *offers.report(price)):
            _line(usual, line)
    print_problems(errors, found.problems)
    if found.unjudged:
        _line(usual, UNJUDGED)
    print_findings(usual, errors, found.findings)


def print_brief(found: Plan) -> None:
    """One line, the problems, and the findings that are not exempt."""
    from rich.console import Console

    print_summary(found)
    errors = Console(stderr=True, highlight=False)
    print_problems(errors, found.problems)
    if found.unjudged:
        _line(errors, UNJUDGED)
    _print_open(errors, found.findings)


def print_summary(found: Plan, out: IO[str] | None = None) -> None:
    """One line for an environment: what there will be, or what changes where it was compared with what runs."""
    from rich.console import Console

    planned = planned_resources(found)
    problems = f", {counted(len(found.problems), 'problem')}" if found.problems else ""
    given = len(open_findings(found.findings))
    findings = f", {counted(given, 'policy finding')}" if given else ""
    nothing = "not planned" if found.problems else "nothing to create"
    made = f"{len(planned)} to create" if planned else nothing
    if found.against:
        made = found.against.summary()
    _line(
        Console(file=out, highlight=False),
        f"{found.stack}: {made}{problems}{findings}",
        "bold red" if problems or findings else "bold",
    )


def print_problems(console: Console, problems: list[Json]) -> None:
    """Each problem: its code and resource, then one line for each thing to know."""
    for problem in problems:
        where = " ".join(part for part in (problem["armType"], problem["resource"]) if part)
        _line(console, f"! {problem['code']}{': ' if where else ''}{where}", "bold red")
        for label, key in FIELDS:
            if problem[key]:
                _line(console, f"    {label:<7}{problem[key]}")
        if problem["urn"].startswith("urn:"):
            _line(console, f"    {'urn':<7}{problem['urn']}", "dim")


def print_findings(console: Console, errors: Console, findings: list[Json]) -> None:
    """Each finding on ``errors``, as a problem; what is exempt, and until when, on ``console`` in a line for a rule."""
    _print_open(errors, findings)
    exempt = Counter(
        (one["exemption"]["expires"], one["rule"], one["exemption"]["reason"]) for one in findings if one["exemption"]
    )
    if exempt:
        _line(console, f"policy: {counted(sum(exempt.values()), 'finding')} exempt")
    for (expires, rule, reason), count in sorted(exempt.items()):
        _line(console, f"  until {expires}: {rule} ({count}): {reason}")


def _print_open(console: Console, findings: list[Json]) -> None:
    """Each finding that is not exempt, and, once below them, where one says that it may stay."""
    found = open_findings(findings)
    for finding in found:
        _print_finding(console, finding)
    for place in sorted({finding.get("exempting", "") for finding in found} - {""}):
        _line(console, f"to exempt a finding: {place}")


def _print_finding(console: Console, finding: Json) -> None:
    where = " ".join(part for part in (finding["armType"], finding["resource"]) if part)
    word = "!" if finding["mandatory"] else "-"
    _line(console, f"{word} {finding['severity']} {finding['rule']}: {where}", "bold red" if word == "!" else "bold")
    for label, key in FINDING_FIELDS:
        if finding[key]:
            _line(console, f"    {label:<7}{finding[key]}")


def planned_resources(found: Plan) -> list[Json]:
    """What there will be in Azure and in clusters: components and providers are nothing there."""
    return [resource for resource in found.resources if resource["body"] is not None]


def kind_of(resource: Json) -> str:
    """The type in Azure or Kubernetes."""
    return str(resource["armType"] or type_of(resource["urn"]))


def _print_counts(console: Console, planned: list[Json]) -> None:
    """A line for each namespace of Azure, with its types; what is in clusters or the program's own in one each."""
    groups: dict[str, Counter[str]] = {}
    for resource in planned:
        whole = kind_of(resource)
        group, _, kind = whole.partition("/")
        if whole.startswith("pulumi-python:"):
            group, kind = "the program's own", whole.rpartition(":")[2]
        elif not kind:
            group, kind = "Kubernetes", whole
        groups.setdefault(group, Counter())[kind] += 1
    width = max((len(group) for group in groups), default=0)
    for group, kinds in sorted(groups.items()):
        told = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items(), key=lambda one: (-one[1], one[0])))
        _line(console, f"+ {group:<{width}} {kinds.total():>4}  {told}")


def _line(console: Console, text: str, style: str = "") -> None:
    """Never wrapped: a line can be searched for, and copied."""
    from rich.text import Text

    console.print(Text(text, style=style), soft_wrap=True)
