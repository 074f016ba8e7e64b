"""The plan of a pull request: each environment against its base, in one comment with its pictures beside it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.e2e.test_up import edit
from tests.workflows.files import ROOT
from tools.ci import plan

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(300)]

BROKEN = "raise RuntimeError('not today')\n"
BREAKS_IN_PREVIEW = """

async def _before_it_is_known() -> str:
    return (await place.resource_group.future()).upper()


pulumi.export("loud", pulumi.Output.from_input(_before_it_is_known()))
"""


def project(folder: Path, *environments: str) -> Path:
    """The project with some of its environments."""
    shutil.copytree(ROOT / "infra", folder / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "environments").mkdir()
    for name in environments:
        shutil.copy(ROOT / "environments" / f"Pulumi.{name}.yaml", folder / "environments")
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    return folder


def row(comment: str, environment: str) -> list[str]:
    """The cells of an environment's line."""
    (line,) = [line for line in comment.splitlines() if line.startswith(f"| {environment} |")]
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_a_bigger_pool_is_told_with_what_it_costs(tmp_path: Path) -> None:
    base, change, out = project(tmp_path / "base", "dev"), project(tmp_path / "change", "dev", "prod"), tmp_path / "out"
    edit(change, "environments/Pulumi.dev.yaml", "minNodes: 3, maxNodes: 6}", "minNodes: 5, maxNodes: 6}")
    assert plan.main(["--project", str(change), "--base", str(base), "--out", str(out)]) == 0
    comment = (out / "plan.md").read_text()
    assert comment.startswith("## Plan of 2 environments\n")
    _, resources, problems, monthly, _ = row(comment, "dev")
    assert re.fullmatch(r"\d+ \(0 new, [12] changed, 0 gone\)", resources), resources
    assert problems == "0"
    found = re.match(r"[\d,.]+ \(\+([\d,.]+)\)", monthly)
    assert found, monthly
    assert float(found[1]) > 300, "two machines more"
    assert "(a new environment)" in row(comment, "prod")[1]
    assert comment.count("```mermaid\n") == 2
    assert {one["stack"] for one in json.loads((out / "plan.json").read_text())} == {"dev", "prod"}
    for name in ("dev", "prod"):
        assert ElementTree.parse(out / f"{name}.svg").getroot().tag.endswith("svg")  # noqa: S314 - drawn here
    assert len(comment) < 65_536


def test_a_problem_fails_the_step_and_is_in_the_comment(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    change, out = project(tmp_path / "change", "dev"), tmp_path / "out"
    edit(change, "environments/Pulumi.dev.yaml", "vmSize: Standard_DS3_v2", "vmSize: Standard_Wish_v9")
    assert plan.main(["--project", str(change), "--out", str(out)]) == 1
    assert row((out / "plan.md").read_text(), "dev")[2] != "0"
    assert "Standard_Wish_v9" in (out / "plan.md").read_text()
    assert "Standard_Wish_v9" in capfd.readouterr().err


def test_what_would_break_only_in_preview_is_a_problem_of_each_environment(tmp_path: Path) -> None:
    change, out = project(tmp_path / "change", "dev", "local"), tmp_path / "out"
    main = change / "infra" / "__main__.py"
    main.write_text(main.read_text() + BREAKS_IN_PREVIEW)
    assert plan.main(["--project", str(change), "--out", str(out)]) == 1
    plans = json.loads((out / "plan.json").read_text())
    assert [[one["code"] for one in found["problems"]] for found in plans] == [["BreaksInPreview"]] * 2
    assert "BreaksInPreview" in (out / "plan.md").read_text()


def test_a_base_or_a_program_that_breaks_is_told_and_hides_nothing(tmp_path: Path) -> None:
    broken, change, out = project(tmp_path / "base", "dev"), project(tmp_path / "change", "dev"), tmp_path / "out"
    main = broken / "infra" / "__main__.py"
    main.write_text(BROKEN + main.read_text().replace("from __future__ import annotations\n", ""))
    assert plan.main(["--project", str(change), "--base", str(broken), "--out", str(out)]) == 0
    assert row((out / "plan.md").read_text(), "dev")[2] == "0"
    assert plan.main(["--project", str(broken), "--out", str(out)]) == 1
    assert "not today" in (out / "plan.md").read_text()
    assert "Traceback" not in (out / "plan.md").read_text()


def test_a_folder_without_a_project_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan.main(["--base", str(tmp_path)]) == 1
    assert f"{tmp_path} has no Pulumi.yaml\nhint: " in capsys.readouterr().err
