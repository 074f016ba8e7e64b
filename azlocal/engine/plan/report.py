"""A plan on the terminal: what will be made, and what stands in the way.

Colour is for a terminal that has it and left out where ``NO_COLOR`` is set (rich does both); nothing is told by
colour alone.
"""

from __future__ import annotations

from collections import Counter
from typing import IO, TYPE_CHECKING

from azlocal.engine.plan.model import Plan
from azlocal.engine.provider import Json
from azlocal.engine.urns import name_of, type_of
from azlocal.words import counted

if TYPE_CHECKING:
    from rich.console import Console

FIELDS = (("field", "field"), ("what", "message"), ("fix", "fix"), ("source", "source"))


def print_plan(found: Plan, *, verbose: bool, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
    """The resources on standard output, by type and how many; notes and problems on standard error."""
    from rich.console import Console

    from azlocal.engine.views import cost, path

    usual, errors = Console(file=out, highlight=False), Console(file=err, stderr=err is None, highlight=False)
    for severity, message in found.notes:
        _line(errors, f"{severity}: {message}")
    planned = planned_resources(found)
    if verbose:
        for resource in planned:
            _line(usual, f"+ {kind_of(resource)} {name_of(resource['urn'])}")
    else:
        _print_counts(usual, planned)
    print_summary(found, out)
    for line in (
        (*path.report(path.times(found.resources)), *cost.report(cost.cost(found.resources))) if planned else ()
    ):
        _line(usual, line)
    print_problems(errors, found.problems)


def print_brief(found: Plan) -> None:
    """One line, and the problems."""
    from rich.console import Console

    print_summary(found)
    print_problems(Console(stderr=True, highlight=False), found.problems)


def print_summary(found: Plan, out: IO[str] | None = None) -> None:
    """One line for an environment."""
    from rich.console import Console

    planned = planned_resources(found)
    problems = f", {counted(len(found.problems), 'problem')}" if found.problems else ""
    _line(
        Console(file=out, highlight=False),
        f"{found.stack}: {f'{len(planned)} to create' if planned else 'nothing to create'}{problems}",
        "bold red" if problems else "bold",
    )


def print_problems(console: Console, problems: list[Json]) -> None:
    """Each problem: its code and resource, then one line for each thing to know."""
    for problem in problems:
        where = " ".join(part for part in (problem["armType"], problem["resource"]) if part)
        _line(console, f"! {problem['code']}: {where}", "bold red")
        for label, key in FIELDS:
            if problem[key]:
                _line(console, f"    {label:<7}{problem[key]}")
        if problem["urn"].startswith("urn:"):
            _line(console, f"    {'urn':<7}{problem['urn']}", "dim")


def planned_resources(found: Plan) -> list[Json]:
    """What there will be in Azure and in clusters: components and providers are nothing there."""
    return [resource for resource in found.resources if resource["body"] is not None]


def kind_of(resource: Json) -> str:
    """The type in Azure or Kubernetes."""
    return str(resource["armType"] or type_of(resource["urn"]))


def _print_counts(console: Console, planned: list[Json]) -> None:
    counts = Counter(kind_of(resource) for resource in planned)
    width = max((len(kind) for kind in counts), default=0)
    for kind, count in sorted(counts.items()):
        _line(console, f"+ {kind:<{width}} {count:>4}")


def _line(console: Console, text: str, style: str = "") -> None:
    """Never wrapped: a line can be searched for, and copied."""
    from rich.text import Text

    console.print(Text(text, style=style), soft_wrap=True)
