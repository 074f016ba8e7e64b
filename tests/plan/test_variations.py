"""The environments and correct variations of them: a plan finds nothing wrong, and neither does the policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlocal.engine.plan import Plan
from azlocal.engine.views.path import times
from azlocal.engine.views.resources import strings
from infra.policy import evaluate
from tests.infra.program import ENVIRONMENTS, configuration
from tests.plan.block_mistakes import BLOCKS
from tests.plan.settings_mistakes import SETTINGS
from tests.plan.variations import ASSUMED, EXEMPT, VARIATIONS
from tests.plan.workbench import Set, as_it_is, planned


def test_there_are_enough_of_each() -> None:
    kinds = {row.kind for row in (*SETTINGS, *BLOCKS)}
    assert len(SETTINGS) + len(BLOCKS) >= 60
    assert len(kinds) == 12
    assert {row.env for row in (*SETTINGS, *BLOCKS)} == set(ENVIRONMENTS)
    assert len(VARIATIONS) >= 20
    assert {env for env, _ in VARIATIONS.values()} == set(ENVIRONMENTS)


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_an_environment_has_no_problem(env: str) -> None:
    found = as_it_is(env)
    assert found.problems == []
    assert found.assumed == []
    assert len(found.resources) > 200
    assert times(found.resources).needless == []


@pytest.mark.long
@pytest.mark.minutes
@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_nothing_waits_needlessly_in_the_other_network_mode(env: str, tmp_path: Path) -> None:
    own = configuration(env)["network"]["mode"]
    found = planned(tmp_path, env, [Set("network.mode", "managed" if own == "byo" else "byo")])
    assert found.problems == []
    assert times(found.resources).needless == []


@pytest.mark.long
@pytest.mark.minutes
@pytest.mark.parametrize("name", VARIATIONS)
def test_a_correct_variation_has_no_problem(name: str, tmp_path: Path) -> None:
    env, changes = VARIATIONS[name]
    found = planned(tmp_path, env, changes)
    assert found.problems == []
    assert len(found.resources) > 200
    assert times(found.resources).needless == []
    assert not any("[unknown]" in strings(one["body"]) for one in found.resources), "nothing was left untried"
    expected = ASSUMED.get(name)
    if expected is not None:
        assert {id_.rsplit("/", 1)[-1] for id_ in found.assumed} >= expected
    assert bool(found.assumed) == name.startswith("their ")
    judged = evaluate(env, found.resources)
    assert [one for one in judged if one["exemption"] is None] == []
    assert all(one["exemption"]["reason"] and one["exemption"]["expires"] for one in judged)
    assert {one["rule"] for one in judged} - _exempt(as_it_is(env)) == EXEMPT.get(name, set())


def _exempt(found: Plan) -> set[str]:
    return {one["rule"] for one in evaluate("", found.resources)}
