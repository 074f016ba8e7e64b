"""What a person reads of a plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azlocal.engine import commands
from azlocal.engine.errors import EngineError
from azlocal.engine.events import Action, Failure
from azlocal.engine.looking import Change
from azlocal.engine.plan import plan, plan_all
from azlocal.engine.plan.against import Against
from azlocal.engine.plan.report import print_brief, print_plan
from tests.azlocal.plan.conftest import Write
from tests.azlocal.plan.test_problems import NETWORK

TWO = "rg = group(); identity('one', rg.name); identity('two', rg.name)"


def test_the_resources_are_counted_by_type(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    commands.plan(project(TWO), "dev")
    told = capsys.readouterr()
    assert told.out.splitlines()[:3] == [
        "+ Microsoft.ManagedIdentity    2  userAssignedIdentities 2",
        "+ Microsoft.Resources          1  resourceGroups 1",
        "dev: 3 to create",
    ]
    assert told.err == ""


CLUSTER = """
from pulumi_azure_native import containerservice
rg = group()
containerservice.ManagedCluster("aks", resource_group_name=rg.name, resource_name_="aks", location="westeurope",
    dns_prefix="aks", identity={"type": "SystemAssigned"},
    agent_pool_profiles=[{"name": "sys", "mode": "System", "count": 1, "vmSize": "Standard_DS3_v2"}])
"""


def test_what_is_not_known_of_a_region_is_said(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    commands.plan(project(CLUSTER), "dev")
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("not judged")]
    assert line.startswith("not judged: whether westeurope offers Standard_DS3_v2: the tables of 20")


def test_verbose_names_each(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    commands.plan(project(TWO), "dev", verbose=True)
    assert "+ Microsoft.ManagedIdentity/userAssignedIdentities two\n" in capsys.readouterr().out


def test_a_problem_is_told_line_by_line_without_colour(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EngineError, match="the plan of dev has 1 problem") as error:
        commands.plan(project(NETWORK), "dev")
    assert error.value.exit_code == 1
    told = capsys.readouterr()
    first, *lines = told.err.splitlines()
    assert first == "! NetcfgInvalidSubnet: Microsoft.Network/virtualNetworks vnet-shop"
    labels = [line.split()[0] for line in lines]
    assert labels == ["what", "fix", "source", "urn"]
    assert "\x1b" not in told.err + told.out
    assert "dev: 2 to create, 1 problem" in told.out.splitlines()


def test_the_last_line_counts_what_changes_whatever_the_problems(
    project: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    found = plan(project(NETWORK), "dev")
    assert len(found.problems) == 1
    found.against = Against([Change(Action.UPDATE, found.resources[-1]["urn"], ("tags.of",))], [], [], 2)
    print_plan(found, verbose=False)
    assert "dev: 1 to change, 2 unchanged, 1 problem" in capsys.readouterr().out.splitlines()
    found.against.failures.append(Failure("urn:one", "AuthorizationFailed", "no"))
    print_brief(found)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "dev: 1 to change, 1 can't be looked at, 2 unchanged, 1 problem"


def test_all_environments_are_planned_in_one_process(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project("group('rg-' + pulumi.get_stack())", "dev", "prod")
    commands.plan_all(folder)
    assert capsys.readouterr().out.splitlines() == ["dev: 1 to create", "prod: 1 to create"]
    commands.plan_all(folder, json_file=folder / "plans.json")
    assert [one["stack"] for one in json.loads((folder / "plans.json").read_text())] == ["dev", "prod"]


def test_a_module_of_the_program_is_read_anew_for_each_environment(project: Write) -> None:
    folder = project("import place; group(place.NAME)", "dev", "prod")
    (folder / "place.py").write_text("import pulumi\nNAME = 'rg-' + pulumi.get_stack()\n")
    assert [found.resources[-1]["name"] for found in plan_all(folder)] == ["rg-dev", "rg-prod"]


def test_an_environment_with_a_problem_does_not_hide_the_next(
    project: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    right = "'10.0.1.0/24' if pulumi.get_stack() == 'a' else '10.0.0.0/25'"
    folder = project(NETWORK.replace('"10.0.1.0/24"', right), "a", "b")
    with pytest.raises(EngineError, match="the plan of a has 1 problem"):
        commands.plan_all(folder)
    assert capsys.readouterr().out.splitlines() == ["a: 2 to create, 1 problem", "b: 2 to create"]


MISTAKEN = """
class Mistake:
    where, key, message, hint, source = "Pulumi.a.yaml:3", "shop:nodes", "'x' is no number", "write 3", "https://page"

class SettingsError(Exception):
    problems = [Mistake(), Mistake()]

group("rg")
if pulumi.get_stack() == "a":
    raise SettingsError
if pulumi.get_stack() == "b":
    raise ValueError("no way")
"""


def test_settings_that_the_program_refuses_are_problems_with_their_place(project: Write) -> None:
    found = plan(project(MISTAKEN, "a"), "a")
    assert found.resources == []
    assert (
        found.problems
        == [
            {
                "code": "InvalidSetting",
                "message": "'x' is no number",
                "urn": "",
                "resource": "Pulumi.a.yaml:3",
                "armType": "",
                "field": "shop:nodes",
                "fix": "write 3",
                "source": "https://page",
            }
        ]
        * 2
    )


def test_an_environment_that_cannot_be_planned_does_not_hide_the_next(
    project: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = project(MISTAKEN, "a", "b", "c", "d")
    (folder / "Pulumi.c.yaml").write_text("config: [")
    with pytest.raises(EngineError, match="the plan of a has 2 problems and the plan of b has 1 problem and"):
        commands.plan_all(folder)
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "a: not planned, 2 problems",
        "b: not planned, 1 problem",
        "c: not planned, 1 problem",
        "d: 1 to create",
    ]
    assert "! InvalidSetting: Pulumi.a.yaml:3" in told.err
    assert "ValueError: no way" in told.err
    assert "is not valid YAML" in told.err


def test_nothing_is_drawn_of_a_program_that_did_not_run(project: Write, tmp_path: Path) -> None:
    drawn, comment = tmp_path / "picture.svg", tmp_path / "plan.md"
    with pytest.raises(EngineError, match="2 problems"):
        commands.plan(project(MISTAKEN, "a"), "a", views={"graph": drawn, "markdown": comment})
    assert not drawn.exists()
    assert "`shop:nodes`: 'x' is no number Fix: write 3" in comment.read_text()


def test_the_base_may_be_the_file_that_is_written_anew(project: Write, tmp_path: Path) -> None:
    kept, comment = tmp_path / "plan.json", tmp_path / "plan.md"
    commands.plan(project("group('one')"), "dev", json_file=kept)
    commands.plan(project("group('one'); group('two')"), "dev", json_file=kept, views={"markdown": comment}, base=kept)
    assert "against the base: 1 new, 0 changed, 0 gone" in comment.read_text()
