"""A project's own rules judge its plan: loaded by path, told with what to do, left out by a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from azlocal.cli import app
from azlocal.engine import commands
from azlocal.engine.errors import EngineError
from azlocal.engine.plan import Plan
from azlocal.engine.plan.policy import judge
from azlocal.engine.plan.report import print_plan
from tests.azlocal.plan.conftest import Write

ONE = "rg = group(); identity('one', rg.name)"
INIT = "from .rules import evaluate\n"
RULES = """
EXEMPT = {{"reason": "as agreed", "expires": "2030-01-31"}}
def evaluate(environment, resources):
    return [
        {{"rule": "R1", "severity": "Critical", "mandatory": {mandatory}, "urn": one["urn"], "resource": one["name"],
         "armType": one["armType"], "field": "location", "reason": environment + " is far", "fix": "move it",
         "source": "page", "exemption": {exemption}, "number": "ignored"}}
        for one in resources if one["armType"] == "Microsoft.ManagedIdentity/userAssignedIdentities"
    ]
"""


def ruled(folder: Path, *, mandatory: bool = True, exempt: bool = False, init: str = INIT) -> Path:
    pack = folder / "policy"
    pack.mkdir(exist_ok=True)
    (pack / "__init__.py").write_text(init)
    (pack / "rules.py").write_text(RULES.format(mandatory=mandatory, exemption="EXEMPT" if exempt else None))
    return folder


def test_a_mandatory_finding_fails_the_plan_and_says_what_to_do(
    project: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(EngineError, match="the plan of dev has 1 finding of mandatory rules"):
        commands.plan(ruled(project(ONE)), "dev")
    told = capsys.readouterr()
    assert "dev: 2 to create, 1 policy finding" in told.out.splitlines()
    first, *lines = told.err.splitlines()
    assert first == "! Critical R1: Microsoft.ManagedIdentity/userAssignedIdentities one"
    assert [line.split()[0] for line in lines] == ["field", "what", "fix", "source"]
    assert lines[2].split(maxsplit=1)[1] == "move it"


def test_what_is_not_mandatory_is_advice(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    commands.plan(ruled(project(ONE), mandatory=False), "dev")
    assert capsys.readouterr().err.startswith("- Critical R1")


def test_what_is_exempt_is_told_with_its_day(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ruled(project(ONE), exempt=True)
    commands.plan(folder, "dev")
    told = capsys.readouterr()
    assert told.out.splitlines()[-2:] == ["policy: 1 finding exempt", "  until 2030-01-31: R1 (1): as agreed"]
    assert told.err == ""


def test_all_environments_are_judged(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EngineError, match=r"the plan of dev has 1 finding .* and the plan of prod has 1 finding"):
        commands.plan_all(ruled(project(ONE, "dev", "prod")))
    told = capsys.readouterr()
    assert told.out.splitlines() == [f"{env}: 2 to create, 1 policy finding" for env in ("dev", "prod")]
    assert "prod is far" in told.err


def test_the_json_and_the_comment_hold_the_findings(project: Write) -> None:
    folder = ruled(project(ONE), mandatory=False)
    commands.plan(folder, "dev", json_file=folder / "p.json", views={"markdown": folder / "p.md"})
    (found,) = json.loads((folder / "p.json").read_text())["findings"]
    assert (found["rule"], found["exemption"], found["field"]) == ("R1", None, "location")
    comment = (folder / "p.md").read_text()
    assert "1 policy finding" in comment
    assert "| Critical | R1 | one | `location`: dev is far. Fix: move it |" in comment


def test_the_comment_on_all_environments_counts_them(project: Write) -> None:
    folder = ruled(project(ONE, "dev", "prod"), mandatory=False)
    commands.plan_all(folder, markdown=folder / "p.md")
    assert "| prod | 2 | 0, 1 policy finding |" in (folder / "p.md").read_text()


def test_the_comment_folds_what_is_exempt(project: Write) -> None:
    folder = ruled(project(ONE), exempt=True)
    commands.plan(folder, "dev", views={"markdown": folder / "p.md"})
    comment = (folder / "p.md").read_text()
    assert "policy finding" not in comment
    assert "<summary>1 exemption of the policy</summary>" in comment
    assert "| R1 | 1 | as agreed | 2030-01-31 |" in comment


def test_it_is_left_out_by_a_word(project: Write) -> None:
    folder = ruled(project(ONE))
    arguments = ["plan", "dev", "--project", str(folder)]
    assert CliRunner().invoke(app, [*arguments, "--no-policy"]).exit_code == 0
    refused = CliRunner().invoke(app, arguments)
    assert isinstance(refused.exception, EngineError)
    assert refused.exception.exit_code == 1


def test_a_project_without_rules_has_no_findings(project: Write) -> None:
    folder = project(ONE)
    (folder / "policy").mkdir()  # a pack of some other kind
    assert judge(folder, "dev", [{"urn": "urn", "name": "one"}]) == []


@pytest.mark.parametrize(
    ("init", "told"),
    [
        ("import nothing_of_this_name\n", "can't be loaded: ModuleNotFoundError"),
        ("evaluate = None\n", "has no evaluate"),
        ("def evaluate(environment, resources): return [{'rule': 'R1'}]\n", "can't judge the plan of dev: KeyError"),
        (
            "def evaluate(environment, resources): raise ValueError('no')\n",
            "can't judge the plan of dev: ValueError: no",
        ),
    ],
)
def test_a_broken_pack_is_said_and_can_be_left_out(project: Write, init: str, told: str) -> None:
    folder = ruled(project(ONE), init=init)
    with pytest.raises(EngineError, match=told) as error:
        judge(folder, "dev", [{"urn": "urn", "name": "one"}])
    assert "--no-policy" in str(error.value.hint)


def test_a_plan_that_is_not_there_is_not_judged(project: Write) -> None:
    assert judge(ruled(project(ONE)), "dev", []) == []


BROKEN = "rg = group(); from pulumi_azure_native import resources\nnowhere = resources.ResourceGroup('nowhere', \
location='westeurop')\nidentity('one', nowhere.name)"


def test_a_plan_with_problems_is_not_judged(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ruled(project(BROKEN))
    with pytest.raises(EngineError, match=r"the plan of dev has 1 problem$"):
        commands.plan(folder, "dev", json_file=folder / "p.json", views={"markdown": folder / "p.md"})
    told = capsys.readouterr()
    assert "policy: not judged, the plan has problems" in told.out.splitlines()
    assert "needless" not in told.out
    assert "R1" not in told.err
    found = json.loads((folder / "p.json").read_text())
    assert (found["findings"], found["unjudged"]) == ([], True)
    assert [one["name"] for one in found["resources"] if one.get("unplanned")] == ["nowhere", "one"]
    assert "The policy was not asked: the plan has problems." in (folder / "p.md").read_text()


def test_all_environments_say_which_was_not_judged(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EngineError):
        commands.plan_all(ruled(project(BROKEN, "dev", "prod")))
    told = capsys.readouterr()
    assert told.err.splitlines().count("policy: not judged, the plan has problems") == 2
    assert "R1" not in told.err


def test_nothing_is_said_of_a_policy_that_is_not_there(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EngineError):
        commands.plan(project(BROKEN), "dev")
    assert "policy" not in capsys.readouterr().out


def test_an_open_finding_says_once_where_it_is_exempt(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ruled(project(ONE + "; identity('two', rg.name)"), mandatory=False)
    rules = folder / "policy" / "rules.py"
    rules.write_text(rules.read_text().replace('"number"', '"exempting": "a file: a reason and a day", "number"'))
    commands.plan(folder, "dev")
    assert capsys.readouterr().err.splitlines().count("to exempt a finding: a file: a reason and a day") == 1


def test_a_plan_tells_problems_before_findings(capsys: pytest.CaptureFixture[str]) -> None:
    problem = dict.fromkeys(("code", "message", "urn", "resource", "armType", "field", "fix", "source"), "p")
    keys = ("rule", "severity", "urn", "resource", "armType", "field", "reason", "fix", "source")
    finding: dict[str, Any] = {**dict.fromkeys(keys, "f"), "mandatory": True, "exemption": None}
    print_plan(Plan("dev", problems=[problem], findings=[finding]), verbose=False)
    heads = [line for line in capsys.readouterr().err.splitlines() if line.startswith("!")]
    assert heads == ["! p: p p", "! f f: f f"]
