"""``azlocal drift``: what an update would do is found out, and nothing is done."""

from __future__ import annotations

import pytest

from azlocal.engine.drift import Drift, run_drift
from azlocal.engine.events import Action
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
