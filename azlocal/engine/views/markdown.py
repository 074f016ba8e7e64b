"""A plan as one comment on a pull request: what is made, what is wrong, what it costs, how long it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from azlocal.engine.views.cost import ASSUMED, LEFT_OUT, Cost, cost, table
from azlocal.engine.views.path import times
from azlocal.engine.views.resources import Json, last
from azlocal.words import counted


def markdown(plan: Json, base: Json | None = None, picture: str = "") -> str:
    """The comment. ``base`` is the plan before the change, ``picture`` where the architecture's picture is.

    The same plan gives the same comment: it can be compared and replaced.
    """
    parts = [
        _head(plan, base),
        _problems(plan["problems"]),
        _changes(plan, base) if base else "",
        _cost(cost(plan["resources"]), cost(base["resources"]) if base else None),
        _path(plan),
        f"![Architecture of {plan['stack']}]({picture})" if picture else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(plan: Json, base: Json | None) -> str:
    made = _made(plan)
    words = f"## Plan of {plan['stack']}\n\n**{counted(len(made), 'resource')}**"
    if base:
        before = _made(base)
        added, gone = len(made.keys() - before.keys()), len(before.keys() - made.keys())
        changed = sum(made[urn] != before[urn] for urn in made.keys() & before.keys())
        words += f" against the base: {added} new, {changed} changed, {gone} gone"
    spaces = Counter(str(one["armType"] or one["type"]).split("/")[0] for one in made.values())
    told = ", ".join(f"{name} {count}" for name, count in sorted(spaces.items(), key=lambda item: (-item[1], item[0])))
    return f"{words} · {counted(len(plan['problems']), 'problem')}\n\n{told}"


def _made(plan: Json) -> dict[str, Json]:
    return {one["urn"]: one for one in plan["resources"] if one.get("body") is not None}


def _problems(problems: list[Json]) -> str:
    if not problems:
        return "No problem was found."
    rows = (
        (one.get("code"), last(str(one.get("resource") or one.get("urn") or "")).rsplit("::", 1)[-1], _said(one))
        for one in problems
    )
    return "\n".join(["### Problems", "", *_table(("code", "resource", "what, and how to fix it"), rows)])


def _said(problem: Json) -> str:
    fix = problem.get("fix") or problem.get("hint")
    field = f"`{problem['field']}`: " if problem.get("field") else ""
    return f"{field}{problem.get('message', '')}{f' Fix: {fix}' if fix else ''}"


def _changes(plan: Json, base: Json | None) -> str:
    made, before = _made(plan), _made(base or plan)
    rows = [("new", urn) for urn in made.keys() - before.keys()]
    rows += [("gone", urn) for urn in before.keys() - made.keys()]
    rows += [("changed", urn) for urn in made.keys() & before.keys() if made[urn] != before[urn]]
    if not rows:
        return "Nothing changes against the base."
    described = {**before, **made}
    told = ((how, described[urn]["armType"] or described[urn]["type"], described[urn]["name"]) for how, urn in rows)
    return "\n".join(["### Changes", "", *_table(("", "type", "name"), sorted(told))])


def _cost(now: Cost, before: Cost | None) -> str:
    if not now.lines and not (before and before.lines):
        return ""
    unit = table()["currency"]
    words = f"### Cost: {now.monthly:,.2f} {unit} a month"
    if before:
        words += f" ({now.monthly - before.monthly:+,.2f})"
    sums, olds = _by_meter(now), _by_meter(before) if before else {}
    heads = ["meter", "count", unit] + (["difference"] if before else [])
    rows = []
    for meter in sorted(sums.keys() | olds.keys(), key=lambda name: (-(sums.get(name, (0, 0.0))[1] or 0.0), name)):
        count, money = sums.get(meter, (0.0, 0.0))
        row = [meter, f"{count:g}", "no price" if money is None else f"{money:,.2f}"]
        if before:
            old = olds.get(meter, (0.0, 0.0))[1]
            row.append("unknown" if money is None or old is None else f"{money - old:+,.2f}")
        rows.append(tuple(row))
    return "\n".join([words, "", *_table(heads, rows), "", f"Left out: {LEFT_OUT}. Assumed: {ASSUMED}."])


def _by_meter(found: Cost) -> dict[str, tuple[float, float | None]]:
    """Count and cost of each meter; one line without a price leaves its meter without."""
    sums: dict[str, tuple[float, float | None]] = {}
    for line in found.lines:
        count, money = sums.get(line.meter, (0.0, 0.0))
        known = money is not None and line.monthly is not None
        sums[line.meter] = (count + line.count, (money or 0.0) + (line.monthly or 0.0) if known else None)
    return sums


def _path(plan: Json) -> str:
    found = times(plan["resources"])
    if not found.path:
        return ""
    head = f"### Critical path: {found.minutes:.1f} min (Azure forces {found.forced_minutes:.1f} min)"
    steps = (
        (link.name, link.type, "not documented" if link.seconds is None else f"{link.seconds / 60:.1f}")
        for link in found.path
    )
    needless = [f"- needless: `{one.waiting}` waits for `{one.needed}`" for one in found.needless]
    return "\n".join([head, "", *_table(("step", "type", "minutes"), steps), *([""] if needless else []), *needless])


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """A table whose cells can break neither it nor the page."""
    titles = list(heads)
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"


def _cell(value: object) -> str:
    text = " ".join(str(value if value is not None else "").split())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
