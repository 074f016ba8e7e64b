"""Each seeded mistake in a block is found with Azure's own code, and its fix works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from azlocal.engine.plan.catalogue import advice
from tests.plan.block_mistakes import BLOCKS
from tests.plan.mistakes import Mistake
from tests.plan.workbench import Text, planned


@pytest.mark.long
@pytest.mark.minutes
@pytest.mark.parametrize("row", BLOCKS, ids=str)
def test_a_mistake_in_a_block_is_found_and_its_fix_works(row: Mistake, tmp_path: Path) -> None:
    found = planned(tmp_path / "wrong", row.env, (*row.setup, row.change)).problems
    assert {problem["code"] for problem in found} == {row.code}, found
    for problem in found:
        assert problem["resource"]
        assert problem["message"]
        assert problem["fix"] != advice("NeverHeardOf").fix
        assert problem["source"].startswith("https://")
    if row.names:
        assert isinstance(row.fix, Text)
        assert any(_plain(row.names) in _plain(problem["fix"] + problem["message"]) for problem in found), found
        assert _plain(row.names) in _plain(row.fix.new)
    assert planned(tmp_path / "mended", row.env, row.mended).problems == []


def _plain(text: str) -> str:
    """Without what differs between Azure's way of writing a name and Python's."""
    return re.sub("[-_ ]", "", text).lower()


def test_most_fixes_write_what_the_plan_names_and_every_one_can_be_written() -> None:
    assert sum(bool(row.names) for row in BLOCKS) > len(BLOCKS) // 2
    assert [str(row) for row in BLOCKS if row.fix == row.change] == []
