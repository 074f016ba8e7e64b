"""``azlocal drift``: what an update would do is found out, and nothing is done."""

from __future__ import annotations

import contextlib

import pytest

from azlocal.engine import commands, leaving
from azlocal.engine import target as targets
from azlocal.engine.drift import Drift, run_drift
from azlocal.engine.errors import UNPROTECT, EngineError
from azlocal.engine.events import Action
from azlocal.state.folder import StateFolder
from tests.azlocal.engine.conftest import GROUP, Heard, Stack, refuse

IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities".lower()
PROGRAM = "rg = group(); identity('a', rg.name, tags={'by': 'program'}); identity('b', rg.name)"


def drift(stack: Stack, program: str | None = None) -> Drift:
    """Compare, and see that nothing was written anywhere."""
    if program is not None:
        stack.write(program)
    stack.heard = Heard()
    stack.azure.requests.clear()
    before = stack.saved
    found = run_drift(stack.folder, "dev", stack.target, stack.heard)
    assert stack.azure.writes() == []
    assert stack.saved == before
    return found


def named(found: Drift) -> list[tuple[str, str]]:
    return [(one.action.value, one.urn.rsplit("::", 1)[-1]) for one in found.changes]


def test_what_was_just_brought_up_agrees(stack: Stack) -> None:
    stack.up(PROGRAM)
    found = drift(stack)
    assert found.agrees
    assert stack.heard.notes == [("refresh", "3 unchanged")]


def test_what_was_changed_or_deleted_outside_is_found(stack: Stack) -> None:
    stack.up(PROGRAM)
    stack.azure.resources[f"{IDENTITIES}/a"]["tags"] = {"by": "hand"}
    del stack.azure.resources[f"{IDENTITIES}/b"]
    found = drift(stack)
    assert named(found) == [("update", "a"), ("create", "b")]
    assert not found.agrees
    assert drift(stack).changes == found.changes, "it was only looked at"
    stack.up(refresh=True)
    assert drift(stack).agrees


def test_what_the_program_says_otherwise_is_found(stack: Stack) -> None:
    stack.up(PROGRAM)
    found = drift(stack, "rg = group(); identity('a', rg.name, call='other'); identity('c', rg.name)")
    assert named(found) == [("replace", "a"), ("create", "c"), ("delete", "b")]


def test_what_hangs_on_something_missing_is_no_agreement(stack: Stack) -> None:
    program = """
rg = group()
a = identity('a', rg.name)
identity('b', rg.name, tags={'of': a.client_id})
"""
    stack.up("group()")
    found = drift(stack, program)
    assert named(found) == [("create", "a")]
    assert [urn.rsplit("::", 1)[-1] for urn in found.skipped] == ["b"]
    assert not found.agrees


def test_a_stack_that_was_never_up_lacks_everything(stack: Stack) -> None:
    stack.write(PROGRAM)
    found = run_drift(stack.folder, "dev", stack.target, stack.heard)
    assert [one.action for one in found.changes][:1] == [Action.CREATE]
    assert stack.azure.writes() == []


@pytest.mark.parametrize("status", [403, 500])
def test_what_can_t_be_read_is_a_failure(stack: Stack, status: int) -> None:
    stack.up(PROGRAM)
    stack.azure.refuse = refuse("GET", "a", status, "AuthorizationFailed")
    found = drift(stack)
    assert [(one.urn.rsplit("::", 1)[-1], one.code) for one in found.failures] == [("a", "AuthorizationFailed")]
    assert not found.agrees


LAKE = """
from pulumi_azure_native import storage
rg = group()
new = identity('IDENTITY', rg.name)
lake = storage.StorageAccount("lake", resource_group_name=rg.name, account_name="lake1", location="westeurope",
    kind="StorageV2", sku={"name": "Standard_LRS"}, is_hns_enabled=HNS, opts=Options(protect=PROTECT))
identity('old', rg.name, tags={'of': new.client_id})
"""


def lake(name: str, *, hns: bool, protect: bool = False) -> str:
    return LAKE.replace("IDENTITY", name).replace("HNS", str(hns)).replace("PROTECT", str(protect))


def test_what_is_said_names_the_words_that_up_will_want(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(targets, "local_target", lambda *_: contextlib.nullcontext(stack.target))
    monkeypatch.setattr(leaving, "while_it_runs", lambda *_: contextlib.nullcontext())

    def told(program: str) -> str:
        stack.write(program)
        with pytest.raises(EngineError) as raised:
            commands.drift(stack.folder, "dev", StateFolder(stack.folder))
        return str(raised.value.hint)

    stack.up(lake("one", hns=True, protect=True))
    assert told(lake("two", hns=True, protect=True)) == "`azlocal up dev --refresh` puts it right"
    out = capsys.readouterr().out
    assert "? managedidentity:UserAssignedIdentity old hangs on what would be new, and may change" in out
    loss = "if the loss of data is meant, `azlocal up dev --refresh --accept-data-loss lake`"
    assert told(lake("one", hns=False, protect=True)) == f"lake: {UNPROTECT}; then {loss}"
    assert "± storage:StorageAccount lake would be replaced; LOSES " in capsys.readouterr().out
    stack.up(lake("one", hns=True))
    assert told(lake("one", hns=False)) == loss
