"""Each seeded mistake in a block is found with Azure's own code, and its fix works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plan.block_mistakes import BLOCKS
from tests.plan.mistakes import Mistake
from tests.plan.workbench import planned


@pytest.mark.long
@pytest.mark.minutes
@pytest.mark.parametrize("row", BLOCKS, ids=str)
def test_a_mistake_in_a_block_is_found_and_its_fix_works(row: Mistake, tmp_path: Path) -> None:
    found = planned(tmp_path / "wrong", row.env, (*row.setup, row.change)).problems
    assert {problem["code"] for problem in found} == {row.code}, found
    for problem in found:
        assert problem["resource"]
        assert problem["message"]
        assert problem["fix"]
        assert problem["source"].startswith("https://")
    assert planned(tmp_path / "mended", row.env, row.mended).problems == []
