"""Each seeded mistake in the settings is found with its place, and its fix works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.infra.program import PROJECT, ROOT, each
from tests.plan.mistakes import Mistake
from tests.plan.settings_mistakes import SETTINGS
from tests.plan.workbench import planned


@pytest.mark.parametrize("row", SETTINGS, ids=str)
def test_a_mistake_in_the_settings_is_found_and_its_fix_works(row: Mistake, tmp_path: Path) -> None:
    found = planned(tmp_path / "wrong", row.env, (*row.setup, row.change)).problems
    assert {problem["field"] for problem in found} == {f"{PROJECT}:{row.code}"}, found
    for problem in found:
        assert problem["code"] == (row.answer or "InvalidSetting")
        assert problem["fix"]
        assert problem["source"].startswith("https://learn.microsoft.com/")
        file, line = problem["resource"].split(":")
        told = (tmp_path / "wrong" / file).read_text().splitlines()[int(line) - 1]
        parts = {re.sub(r"\[\d+\]", "", part) for part in row.code.split(".")}
        assert any(part in told for part in parts) or told.strip().startswith("- "), f"line {line} is {told!r}"
    assert planned(tmp_path / "mended", row.env, row.mended).problems == []


def test_what_azure_answers_to_a_setting_is_a_code_that_the_local_azure_answers_too() -> None:
    source = "".join(path.read_text() for path in (ROOT / "azlocal" / "arm").rglob("*.py"))
    for row in each(row for row in SETTINGS if row.answer):
        assert f'"{row.answer}"' in source, row
