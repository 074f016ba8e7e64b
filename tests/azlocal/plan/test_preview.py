"""What breaks only while outputs are unknown is found, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlocal.engine.plan import plan
from tests.azlocal.plan.conftest import Write

BREAKS = """
rg = group()

async def later():
    known = await identity("aaa", rg.name).principal_id.future()
    pulumi.export("first", known.split("-")[0])

pulumi.export("short", pulumi.Output.from_input(later()))
"""
SAFE = """
rg = group()
one = identity("aaa", rg.name)
pulumi.export("first", one.principal_id.apply(lambda known: known.split("-")[0]))
pulumi.export("place", one.location.apply(str.upper))
"""


def test_what_breaks_only_in_preview_is_told_with_file_and_line(project: Write) -> None:
    folder = project(BREAKS)
    (problem,) = plan(folder, "dev").problems
    assert problem["code"] == "BreaksInPreview"
    lines = (folder / "__main__.py").read_text().splitlines()
    line = next(at for at, text in enumerate(lines, 1) if "split" in text)
    assert problem["message"].startswith(f"breaks in preview: __main__.py:{line}: AttributeError")
    assert problem["resource"] == "__main__.py"
    assert problem["fix"]


def test_the_second_run_can_be_left_out(project: Write) -> None:
    assert plan(project(BREAKS), "dev", preview=False).problems == []


def test_what_waits_for_a_value_inside_apply_is_no_problem(project: Write) -> None:
    found = plan(project(SAFE), "dev")
    assert found.problems == []
    assert len(found.outputs["first"]) == 8


def test_what_is_given_stays_known_and_what_is_computed_does_not(
    project: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = f"""
one = identity("aaa", group().name)

def tell(known):
    print(known)
    with open({str(tmp_path / "told")!r}, "a") as file:
        file.write(known + "\\n")

one.location.apply(tell)
one.principal_id.apply(lambda known: tell("computed"))
"""
    plan(project(program), "dev")
    told = (tmp_path / "told").read_text().split()
    assert sorted(told) == ["computed", "westeurope", "westeurope"]
    assert sorted(capsys.readouterr().out.split()) == ["computed", "westeurope"]  # printed once
