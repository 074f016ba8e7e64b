"""The plan of every environment has no problem, in the run that knows its outputs and in the one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlocal.engine.plan import plan
from azlocal.engine.project import known_stacks

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("env", known_stacks(ROOT))
def test_an_environment_has_no_problem(env: str) -> None:
    found = plan(ROOT, env)
    assert len(found.resources) > 100
    assert found.problems == []
