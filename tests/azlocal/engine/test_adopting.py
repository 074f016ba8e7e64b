"""``up --adopt`` takes over what is there under the program's names, when the stack's state is lost."""

from __future__ import annotations

from azlocal.engine.events import Action
from tests.azlocal.engine.conftest import GROUP, Stack, refuse

IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities".lower()
PROGRAM = "rg = group(); identity('a', rg.name, tags={'by': 'program'}); identity('b', rg.name)"


def lose(stack: Stack) -> None:
    """The state is gone, and the resources are not."""
    (stack.folder / "state/stacks/shop/dev.json").unlink()


def test_without_the_word_nothing_is_overwritten(stack: Stack) -> None:
    stack.up(PROGRAM)
    lose(stack)
    result = stack.up()
    assert [failure.code for failure in result.summary.failures] == ["AlreadyExists"]
    assert result.anew
    assert stack.azure.writes() == []


def test_what_is_there_becomes_the_stacks_and_what_the_program_says(stack: Stack) -> None:
    stack.up(PROGRAM)
    lose(stack)
    stack.azure.resources[f"{IDENTITIES}/a"]["tags"] = {"by": "hand"}
    del stack.azure.resources[f"{IDENTITIES}/b"]
    result = stack.up(adopt=True)
    assert result.exit_code == 0
    assert stack.heard.of(Action.IMPORT) == ["rg", "a"]
    assert stack.heard.of(Action.CREATE) == ["b"]
    assert stack.azure.resources[f"{IDENTITIES}/a"]["tags"] == {"by": "program"}
    assert not stack.up().summary.changed
    assert stack.destroy().exit_code == 0
    assert stack.azure.resources == {}


def test_what_azure_refuses_is_gone_on_with_by_the_next(stack: Stack) -> None:
    stack.up(PROGRAM)
    lose(stack)
    stack.azure.refuse = refuse("PUT", "a", 409, "Conflict")
    assert [failure.code for failure in stack.up(adopt=True).summary.failures] == ["Conflict"]
    stack.azure.refuse = lambda *_: None
    assert stack.up().exit_code == 0, "it is known by now"
