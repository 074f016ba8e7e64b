"""Resources whose provider is code of the program itself (``pulumi.dynamic``)."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from azlocal.engine.deployment import Deployment
from azlocal.engine.dynamic import DynamicProvider
from azlocal.engine.events import Action, Silent
from azlocal.engine.plan import plan
from azlocal.engine.registration import Registration
from azlocal.engine.run import run_destroy, run_up
from azlocal.engine.stack_state import Record, StackState
from tests.azlocal.engine.conftest import Heard, Stack

SHELF = """
import json, os
from pathlib import Path
from pulumi import dynamic

class Shelf(dynamic.ResourceProvider):
    # Keeps each item as a file, and every call in a log.
    def __init__(self, folder): self.folder = folder
    def _log(self, *said):
        with (Path(self.folder) / "calls").open("a") as log: log.write(" ".join(map(str, said)) + chr(10))
    def configure(self, req): self.shop = req.config.get("shop")
    def check(self, olds, news):
        self._log("check", news["name"])
        bad = [dynamic.CheckFailure("size", "must be positive")] if news.get("size") == 0 else []
        return dynamic.CheckResult({"colour": "red", **news}, bad)
    def diff(self, id_, olds, news):
        self._log("diff", id_)
        changed = {key for key in ("name", "size", "colour", "code") if olds.get(key) != news.get(key)}
        return dynamic.DiffResult(
            changes=bool(changed), replaces=["name"] if "name" in changed else [],
            stables=["made"], delete_before_replace=bool(news.get("first")))
    def create(self, props):
        self._log("create", props["name"])
        if props.get("refuse"): raise RuntimeError(f"no room for {props['refuse']}")
        path = Path(self.folder) / f"item-{props['name']}"
        path.write_text(json.dumps({key: value for key, value in props.items() if key != "__provider"}))
        return dynamic.CreateResult(props["name"], {**props, "made": "here", "shop": self.shop,
                                    "variable": os.environ.get("AZURE_CLIENT_ID", "")})
    def read(self, id_, props):
        self._log("read", id_)
        path = Path(self.folder) / f"item-{id_}"
        return dynamic.ReadResult(id_, json.loads(path.read_text())) if path.exists() else dynamic.ReadResult()
    def update(self, id_, olds, news):
        self._log("update", id_, olds.get("size"), news.get("size"))
        return dynamic.UpdateResult({**olds, **news})
    def delete(self, id_, props):
        self._log("delete", id_, props["made"])
        (Path(self.folder) / f"item-{id_}").unlink(missing_ok=True)

class Item(dynamic.Resource, module="shelf", name="Item"):
    made: pulumi.Output[str]
    shop: pulumi.Output[str]
    variable: pulumi.Output[str]
    colour: pulumi.Output[str]
    def __init__(self, called, opts=None, **props):
        given = {"made": None, "shop": None, "variable": None, "colour": None, "name": called, **props}
        super().__init__(Shelf(FOLDER), called, given, opts)
"""


def program(stack: Stack, rest: str) -> str:
    return SHELF.replace("FOLDER", repr(str(stack.folder))) + rest


def calls(stack: Stack) -> list[str]:
    """What was called since this was last asked."""
    log = stack.folder / "calls"
    found = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return found


def items(stack: Stack) -> set[str]:
    return {path.name.removeprefix("item-") for path in stack.folder.glob("item-*")}


def test_makes_keeps_changes_and_deletes(stack: Stack) -> None:
    text = "a = Item('a', size=1)\nfor key in ('made', 'shop', 'colour', 'id'): pulumi.export(key, getattr(a, key))"
    result = stack.up(program(stack, text), "config:\n  shop:shop: corner\n")
    assert result.exit_code == 0, result.summary.failures
    assert result.outputs == {"made": "here", "shop": "corner", "colour": "red", "id": "a"}
    assert calls(stack) == ["check a", "create a"]
    again = stack.up()
    assert not again.summary.changed
    assert again.outputs == result.outputs
    assert calls(stack) == ["check a", "diff a"]
    stack.up(program(stack, text.replace("size=1", "size=2")), "config:\n  shop:shop: corner\n")
    assert calls(stack) == ["check a", "diff a", "update a 1 2"]
    assert stack.heard.of(Action.UPDATE) == ["a"]
    assert stack.destroy().exit_code == 0
    assert calls(stack) == ["delete a here"]
    assert items(stack) == set()


def test_leaves_the_standard_pickler_as_it_was(stack: Stack) -> None:
    before = dict(vars(pickle._Pickler))
    assert stack.up(program(stack, "Item('a', size=1)")).exit_code == 0
    assert dict(vars(pickle._Pickler)) == before


def test_what_diff_says_is_replaced(stack: Stack) -> None:
    stack.up(program(stack, "Item('a', name='one')"))
    calls(stack)
    stack.up(program(stack, "Item('a', name='two')"))
    assert calls(stack) == ["check two", "diff one", "create two", "delete one here"]
    assert stack.heard.of(Action.REPLACE) == ["a"]
    stack.up(program(stack, "Item('a', name='three', first=True)"))
    assert calls(stack) == ["check three", "diff two", "delete two here", "create three"]
    assert items(stack) == {"three"}


def test_two_that_chose_the_same_id_are_both_deleted(stack: Stack) -> None:
    code = "class Same(Shelf):\n    def create(self, props):\n        made = super().create(props)\n"
    code += "        return dynamic.CreateResult('same', made.outs)\n"
    code += "class Two(dynamic.Resource):\n    def __init__(self, name, called):\n"
    code += "        super().__init__(Same(FOLDER), name, {'name': called})\n"
    code = code.replace("FOLDER", repr(str(stack.folder)))
    stack.up(program(stack, code + "Two('a', 'x')\nTwo('b', 'y')"))
    calls(stack)
    result = stack.up(program(stack, code + "Two('a', 'x2')\nTwo('b', 'y2')"))
    assert result.exit_code == 0
    assert calls(stack).count("delete same here") == 2


def test_a_failed_check_and_a_failed_create_are_failures_of_the_resource(stack: Stack) -> None:
    result = stack.up(program(stack, "Item('a', size=0)\nb = Item('b', refuse=pulumi.Output.secret('hush-hush'))"))
    found = {failure.urn.rsplit("::", 1)[-1]: failure for failure in result.summary.failures}
    assert found["a"].code == "CheckFailed"
    assert found["a"].message == "size: must be positive"
    assert found["b"].message == "no room for [secret]"
    assert stack.up(program(stack, "Item('a', size=1)")).exit_code == 0
    assert items(stack) == {"a"}


def test_secrets_stay_secret(stack: Stack) -> None:
    text = "a = Item('a', code=pulumi.Output.secret('hush-hush'))\npulumi.export('code', a.made)"
    stack.up(program(stack, text))
    assert json.loads((stack.folder / "item-a").read_text())["code"] == "hush-hush"
    assert "hush-hush" not in stack.saved
    assert '"gAS' not in stack.saved, "the pickled code may hold secrets"
    calls(stack)
    stack.up(program(stack, text.replace("hush-hush", "other-word")))
    assert calls(stack) == ["check a", "diff a", "update a None None"]


def test_a_plan_checks_and_makes_nothing(stack: Stack) -> None:
    rest = "a = Item('a', size=1)\nb = Item('b', code=a.made)\npulumi.export('made', a.made)\nItem('bad', size=0)\n"
    stack.write(program(stack, rest))
    found = plan(stack.folder, "dev")
    assert set(calls(stack)) == {"check a", "check b", "check bad"}
    assert items(stack) == set()
    assert [problem["code"] for problem in found.problems] == ["CheckFailed"]
    bodies = {resource["name"]: resource["body"] for resource in found.resources}
    assert bodies["a"] == {"name": "a", "size": 1, "colour": "red"}
    assert bodies["b"]["code"] == "[unknown]"
    assert found.outputs["made"] == "[unknown]"


def test_a_planned_update_keeps_what_is_stable(stack: Stack) -> None:
    stack.up(program(stack, "Item('a', size=1)"))
    state = StackState.load(stack.folder / "state", "shop", "dev")
    state.close()
    [record] = [record for record in state.records.values() if record.name == "a"]
    calls(stack)
    paper = StackState(None)
    paper.put(replace(record))
    deployment = Deployment(paper, {"pulumi-python": DynamicProvider({}, "shop")}, Silent(), planning=True)
    inputs = {**record.inputs, "size": 2}
    outcome = deployment.register(Registration(record.urn, record.type, "a", custom=True, inputs=inputs))
    assert outcome.outputs == {"made": "here"}
    assert calls(stack) == ["check a", "diff a"]


def test_falls_with_a_resource_that_is_replaced_under_it(stack: Stack) -> None:
    text = "rg = resources.ResourceGroup('rg', resource_group_name='rg', location='PLACE')\n"
    text += "a = Item('a', name=rg.name)"
    stack.up(program(stack, text.replace("PLACE", "westeurope")))
    calls(stack)
    stack.up(program(stack, text.replace("PLACE", "eastus")), accepted=["rg"])
    told = [call for call in calls(stack) if call.startswith(("delete", "create"))]
    assert told == ["delete rg here", "create rg"]


def test_reads_and_imports_by_id(stack: Stack) -> None:
    (stack.folder / "item-old").write_text(json.dumps({"name": "old", "colour": "red", "made": "there"}))
    text = "a = Item('a', name='old', opts=Options(OPTION='old'))\npulumi.export('made', a.made)"
    assert stack.up(program(stack, text.replace("OPTION", "id"))).outputs == {"made": "there"}
    assert calls(stack) == ["read old"]
    stack.up(program(stack, text.replace("OPTION", "import_")))
    assert calls(stack) == ["check old", "read old"]
    assert stack.heard.of(Action.IMPORT) == ["a"]
    assert stack.destroy().exit_code == 0
    assert items(stack) == set()


def test_code_in_a_module_beside_the_program_and_its_variables(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", "the caller's own")
    (stack.folder / "shelf_of_shop.py").write_text(
        "import pulumi\n" + program(stack, "") + "\nSEEN = 'AZURE_CLIENT_ID'\n"
    )
    stack.write("from shelf_of_shop import Item\npulumi.export('who', Item('a').variable)")
    target = replace(stack.target, variables={"AZURE_CLIENT_ID": "deployer", "HTTPS_PROXY": "http://127.0.0.1:1"})
    assert run_up(stack.folder, "dev", target, Heard()).outputs == {"who": "deployer"}
    assert os.environ["AZURE_CLIENT_ID"] == "the caller's own"
    assert "HTTPS_PROXY" not in os.environ or os.environ["HTTPS_PROXY"] != "http://127.0.0.1:1"
    assert run_destroy(stack.folder, "dev", target, Heard()).exit_code == 0
    assert items(stack) == set()


def test_a_record_of_a_dynamic_resource_has_a_grave_of_its_own() -> None:
    """Ids are the provider's choice: two may have the same."""
    made: list[Any] = [
        Record(f"urn:pulumi:dev::shop::pulumi-python:dynamic:Resource::{name}", "pulumi-python:dynamic:Resource",
               name, custom=True, id="same")
        for name in "ab"
    ]  # fmt: skip
    assert len({record.grave for record in made}) == 2
    assert Path(made[0].grave).name


def test_a_refresh_reads_and_what_is_gone_is_made_anew(stack: Stack) -> None:
    stack.up(program(stack, "Item('a', size=1, code=pulumi.Output.secret('hush-hush'))"))
    calls(stack)
    assert not run_up(stack.folder, "dev", stack.target, Heard(), refresh=True).summary.changed
    assert calls(stack) == ["read a", "check a", "diff a"]
    assert "hush-hush" not in stack.saved
    (stack.folder / "item-a").unlink()
    assert run_up(stack.folder, "dev", stack.target, Heard(), refresh=True).exit_code == 0
    assert calls(stack) == ["read a", "check a", "create a"]
