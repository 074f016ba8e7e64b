"""Plans as one comment on a pull request: what is made, what is wrong, what it costs, how long it takes."""

from __future__ import annotations

from collections import Counter

from azlocal.engine.views.cost import ASSUMED, LEFT_OUT, Cost, cost, table
from azlocal.engine.views.path import Link, times
from azlocal.engine.views.resources import Json, last
from azlocal.words import counted, markdown_table


def markdown(plan: Json, base: Json | None = None, picture: str = "") -> str:
    """The comment. ``base`` is the plan before the change, ``picture`` where the architecture's picture is.

    Without a picture it is drawn in the comment. The same plan gives the same comment: it can be compared and replaced.
    """
    parts = [
        _head(plan, base),
        _problems(plan["problems"]),
        "The policy was not asked: the plan has problems." if plan.get("unjudged") else "",
        _findings(plan.get("findings") or []),
        _assumed(plan.get("assumed") or []),
        _changes(plan, base) if base else "",
        _cost(cost(plan["resources"]), cost(base["resources"]) if base else None),
        _path(plan),
        f"![Architecture of {plan['stack']}]({picture})" if picture else _picture(plan),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def markdown_all(plans: list[Json], bases: list[Json] | None = None) -> str:
    """The comment on the plans of all environments: a line for each, and its own comment folded below.

    ``bases`` are the plans before the change: an environment that is only there is named as gone.
    """
    before = {str(base["stack"]): base for base in bases or []}
    rows = [_row(plan, before.get(plan["stack"]), compared=bases is not None) for plan in plans]
    gone = [stack for stack in before if stack not in {plan["stack"] for plan in plans}]
    rows += [(stack, "gone", "", f"-{cost(before[stack]['resources']).monthly:,.2f}", "") for stack in gone]
    heads = ("environment", "resources", "problems", f"{table()['currency']} a month", "critical path, min")
    folded = (
        f"<details><summary>{plan['stack']}</summary>\n\n{markdown(plan, before.get(plan['stack']))}\n</details>"
        for plan in plans
    )
    head = f"## Plan of {counted(len(plans), 'environment')}"
    return "\n\n".join([head, "\n".join(markdown_table(heads, rows)), *folded]) + "\n"


def _assumed(ids: list[str]) -> str:
    """What another team runs, which the plan takes to be there."""
    return f"Assumed to exist: {', '.join(f'`{last(id_)}`' for id_ in ids)}" if ids else ""


def _row(plan: Json, base: Json | None, *, compared: bool) -> tuple[str, ...]:
    made, money = _made(plan), cost(plan["resources"])
    resources, monthly = str(len(made)), f"{money.monthly:,.2f}"
    if base:
        added, gone, changed = _differences(made, _made(base))
        resources += f" ({len(added)} new, {len(changed)} changed, {len(gone)} gone)"
        monthly += f" ({money.monthly - cost(base['resources']).monthly:+,.2f})"
    elif compared:
        resources += " (a new environment)"
    if money.unpriced:
        monthly += f", without {len(money.unpriced)} that have no price"
    minutes = times(plan["resources"]).minutes
    found = _judged(plan)
    problems = f"{len(plan['problems'])}{f', {found}' if found else ''}"
    return plan["stack"], resources, problems, monthly, f"{minutes:.1f}"


def _judged(plan: Json) -> str:
    """How many findings the project's policy has that are not exempt; nothing where it has none."""
    found = [one for one in plan.get("findings") or [] if one["exemption"] is None]
    return counted(len(found), "policy finding") if found else ""


def _differences(made: dict[str, Json], before: dict[str, Json]) -> tuple[list[str], list[str], list[str]]:
    """The URNs that are new, gone, and changed."""
    changed = [urn for urn in made.keys() & before.keys() if made[urn] != before[urn]]
    return sorted(made.keys() - before.keys()), sorted(before.keys() - made.keys()), sorted(changed)


def _picture(plan: Json) -> str:
    from azlocal.engine.views.graph.mermaid import mermaid

    drawn = mermaid(plan)
    return f"### Architecture\n\n```mermaid\n{drawn}```" if drawn else ""


def _head(plan: Json, base: Json | None) -> str:
    made = _made(plan)
    words = f"## Plan of {plan['stack']}\n\n**{counted(len(made), 'resource')}**"
    if base:
        added, gone, changed = _differences(made, _made(base))
        words += f" against the base: {len(added)} new, {len(changed)} changed, {len(gone)} gone"
    spaces = Counter(str(one["armType"] or one["type"]).split("/")[0] for one in made.values())
    told = ", ".join(f"{name} {count}" for name, count in sorted(spaces.items(), key=lambda item: (-item[1], item[0])))
    judged = f" · {_judged(plan)}" if _judged(plan) else ""
    return f"{words} · {counted(len(plan['problems']), 'problem')}{judged}\n\n{told}"


def _made(plan: Json) -> dict[str, Json]:
    return {one["urn"]: one for one in plan["resources"] if one.get("body") is not None}


def _problems(problems: list[Json]) -> str:
    if not problems:
        return "No problem was found."
    rows = (
        (one.get("code"), last(str(one.get("resource") or one.get("urn") or "")).rsplit("::", 1)[-1], _said(one))
        for one in problems
    )
    return "\n".join(["### Problems", "", *markdown_table(("code", "resource", "what, and how to fix it"), rows)])


def _findings(findings: list[Json]) -> str:
    """What the project's policy finds; what is exempt is folded below."""
    found = [one for one in findings if one["exemption"] is None]
    exempt = Counter(
        (one["rule"], one["exemption"]["reason"], one["exemption"]["expires"]) for one in findings if one["exemption"]
    )
    parts = []
    if found:
        rows = ((one["severity"], one["rule"], one["resource"], _told(one)) for one in found)
        heads = ("severity", "rule", "resource", "what, and how to fix it")
        parts.append("\n".join(["### Policy", "", *markdown_table(heads, rows)]))
    if exempt:
        lines = ((rule, count, reason, until) for (rule, reason, until), count in sorted(exempt.items()))
        told = "\n".join(markdown_table(("rule", "findings", "reason", "until"), lines))
        words = counted(len(exempt), "exemption")
        parts.append(f"<details><summary>{words} of the policy</summary>\n\n{told}\n</details>")
    return "\n\n".join(parts)


def _told(finding: Json) -> str:
    return f"`{finding['field']}`: {finding['reason']}. Fix: {finding['fix']}"


def _said(problem: Json) -> str:
    fix = problem.get("fix") or problem.get("hint")
    field = f"`{problem['field']}`: " if problem.get("field") else ""
    return f"{field}{problem.get('message', '')}{f' Fix: {fix}' if fix else ''}"


def _changes(plan: Json, base: Json | None) -> str:
    made, before = _made(plan), _made(base or plan)
    kinds = zip(("new", "gone", "changed"), _differences(made, before), strict=True)
    rows = [(how, urn) for how, urns in kinds for urn in urns]
    if not rows:
        return "Nothing changes against the base."
    described = {**before, **made}
    told = ((how, described[urn]["armType"] or described[urn]["type"], described[urn]["name"]) for how, urn in rows)
    return "\n".join(["### Changes", "", *markdown_table(("", "type", "name"), sorted(told))])


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
    return "\n".join([words, "", *markdown_table(heads, rows), "", f"Left out: {LEFT_OUT}. Assumed: {ASSUMED}."])


def _by_meter(found: Cost) -> dict[str, tuple[float, float | None]]:
    """Count and cost of each meter; one line without a price leaves its meter without."""
    sums: dict[str, tuple[float, float | None]] = {}
    for line in found.lines:
        count, money = sums.get(line.meter, (0.0, 0.0))
        known = money is not None and line.monthly is not None
        sums[line.meter] = (count + line.count, (money or 0.0) + (line.monthly or 0.0) if known else None)
    return sums


def _minutes(link: Link) -> str:
    minutes = "not documented" if link.seconds is None else f"{link.seconds / 60:.1f}"
    return f"{minutes} (assumed)" if link.assumed else minutes


def _path(plan: Json) -> str:
    found = times(plan["resources"])
    if not found.path:
        return ""
    head = f"### Critical path: {found.told}"
    steps = ((link.name, link.type, _minutes(link)) for link in found.path)
    needless = [f"- needless: `{one.waiting}` waits for `{one.needed}`" for one in found.needless]
    return "\n".join(
        [head, "", *markdown_table(("step", "type", "minutes"), steps), *([""] if needless else []), *needless]
    )
