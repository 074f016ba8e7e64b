"""Write docs/policy.md: every rule of the policy pack, where it holds, what is exempt, why and until when."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from azlocal.words import markdown_table  # noqa: E402
from infra.policy.catalogue import LEFT_OUT, NARROWED, RULES  # noqa: E402
from infra.policy.checkov_table import WRONG  # noqa: E402
from infra.policy.evaluation import looks, planned, verdicts  # noqa: E402
from infra.policy.exemptions import EXEMPTIONS  # noqa: E402
from infra.policy.model import OURS, Exemption, Resource, Rule  # noqa: E402

PAGE = ROOT / "docs" / "policy.md"
ALWAYS = date.min  # the page says until when an exemption is: it does not change on that day
HOLDS, EXEMPT, FAILS, ABSENT = "holds", "exempt", "**fails**", ""
HEAD = """# The policy pack

Written by `make policy-page` from the tables in `infra/policy`, and judged over the plans of all environments.

The rules judge the bodies of requests to Azure Resource Manager. `azlocal plan` prints what they find and
`pulumi up --policy-pack infra/policy` enforces them: a finding of a *Critical* rule stops a deployment, the others
advise. Under Pulumi the pack has an environment of its own, which `make policy-pack` makes.

Rules named `Azure.` are those of [PSRule for Azure](https://azure.github.io/PSRule.Rules.Azure/), those named `MLP.`
are this project's, with their source. Labels are pillars of the Well-Architected Framework and controls of the
Microsoft cloud security benchmark. An empty field says that the plan has nothing that the rule looks at."""
EXEMPTIONS_HEAD = """A rule does not hold for these resources where the plan shows what the third column says, whatever
the environment's name. After the day the finding is back, and the exemption is one itself. Locks say that an
environment holds what must not be lost: with them what is exempt without locks is so no longer, and its finding says
that it ended. Rows are in `infra/policy/exemptions.py`: each has a reason and a day. `azlocal up` asks no policy."""

Plans = Mapping[str, Sequence[Resource]]
States = dict[str, dict[str, str]]  # rule id → environment → state


def page(plans: Plans) -> str:
    """The page for these plans by environment: the same for the same plans and tables, on any day."""
    states = _states(plans)
    wrong = [(check, f"`{one.of}`", one.why) for check, one in sorted(WRONG.items())]
    parts = [
        HEAD,
        _shares(states, list(plans)),
        "## Rules",
        "\n".join(markdown_table(("rule", "severity", "asks", "labels", "source", *plans), _rows(states, plans))),
        "## Exemptions",
        EXEMPTIONS_HEAD,
        "\n".join(markdown_table(("rule", "resources", "in environments", "reason", "until"), _exemptions())),
        "## Rules that let more pass than PSRule's",
        "\n".join(markdown_table(("rule", "what, and why"), sorted(NARROWED.items()))),
        "## Rules of PSRule that are none here",
        "\n".join(markdown_table(("rule", "why"), sorted(LEFT_OUT.items()))),
        "## A second opinion",
        "`make checkov ENV=prod` asks checkov about the ARM template of the plan. It finds nothing in prod but this:",
        "\n".join(markdown_table(("check", "about", "why it is wrong"), wrong)),
    ]
    return "\n\n".join(parts) + "\n"


def _states(plans: Plans) -> States:
    states: States = {rule.id: {} for rule in RULES}
    for environment, resources in plans.items():
        for rule in RULES:
            states[rule.id][environment] = HOLDS if looks(rule, resources) else ABSENT
        for verdict in verdicts(resources, today=ALWAYS):
            state = states[verdict.rule.id]
            if state[environment] != FAILS:
                state[environment] = EXEMPT if verdict.exemption else FAILS
    return states


def _shares(states: States, environments: list[str]) -> str:
    rows = []
    for environment in environments:
        of_psrule = [row[environment] for id_, row in states.items() if not id_.startswith(OURS)]
        ours = [row[environment] for id_, row in states.items() if id_.startswith(OURS)]
        rows.append((environment, _share(of_psrule), _share(ours)))
    return "\n".join(markdown_table(("environment", "rows of PSRule that hold", "own rules that hold"), rows))


def _share(states: Sequence[str]) -> str:
    there = [state for state in states if state != ABSENT]
    held = there.count(HOLDS)
    return f"{held} of {len(there)} ({held / len(there):.1%})" if there else ABSENT


def _rows(states: States, plans: Plans) -> Iterator[tuple[str, ...]]:
    for rule in RULES:
        labels = ", ".join((rule.pillar, *rule.controls))
        where = (states[rule.id][environment] for environment in plans)
        yield (f"`{rule.id}`", rule.severity.value, rule.title, labels, _source(rule), *where)


def _source(rule: Rule) -> str:
    return rule.number or rule.source


def _exemptions() -> Iterator[tuple[str, ...]]:
    for one in sorted(EXEMPTIONS, key=_order):
        resource = "all" if one.resource == "*" else f"`{one.resource}`"
        yield f"`{one.rule}`", resource, one.where.words, one.reason, _until(one)


def _until(one: Exemption) -> str:
    return f"that day, at the latest {one.expires}" if one.told else one.expires.isoformat()


def _order(one: Exemption) -> tuple[str, str, str]:
    return one.rule, one.resource, one.where.words


def main() -> None:
    """Plan every environment and write the page."""
    from azlocal.engine.plan import plan_all

    PAGE.write_text(page({found.stack: planned(found.resources) for found in plan_all(ROOT)}))


if __name__ == "__main__":
    main()
