"""What happens to resources as a program changes."""

from __future__ import annotations

import errno
import json
import threading
from typing import Any

import pytest

from azlocal.engine.errors import EngineError, ProgramError
from azlocal.engine.events import Action
from azlocal.engine.plan import plan
from azlocal.engine.ports import Reply
from azlocal.engine.stack_state import StackState
from azlocal.entra.principals import SUBSCRIPTION_ID
from tests.azlocal.engine.conftest import GROUP, FakeAzure, Stack, refuse

IDENTITIES = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
TWO = """
rg = group()
identity("a", rg.name)
pulumi.export("group", rg.name)
"""


def test_creates_in_order_of_dependency_and_exports(stack: Stack) -> None:
    result = stack.up(TWO)
    assert result.exit_code == 0
    assert stack.azure.writes() == [("PUT", "rg"), ("PUT", "a")]
    assert result.outputs == {"group": "rg"}
    assert stack.heard.of(Action.CREATE) == ["rg", "a"]


def test_second_up_sends_nothing(stack: Stack) -> None:
    stack.up(TWO)
    result = stack.up()
    assert stack.azure.requests == []
    assert result.outputs == {"group": "rg"}
    assert stack.heard.of(Action.SAME) == ["rg", "a"]
    assert not result.summary.changed


def test_probes_before_it_creates(stack: Stack) -> None:
    stack.azure.send("PUT", GROUP, {"api-version": "x"}, {"location": "eastus"})
    result = stack.up("group()")
    [failure] = result.summary.failures
    assert failure.code == "AlreadyExists"
    assert GROUP in failure.message
    assert ("PUT", "rg") not in stack.azure.writes()


def test_updates_what_changed_and_nothing_else(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name); identity('b', rg.name)")
    stack.up("rg = group(); identity('a', rg.name, tags={'x': 'y'}); identity('b', rg.name)")
    assert stack.azure.writes() == [("PUT", "a")]
    assert stack.heard.of(Action.UPDATE) == ["a"]


def test_deletes_what_is_gone_dependents_first(stack: Stack) -> None:
    stack.up("rg = group(); a = identity('a', rg.name); identity('b', rg.name, depends_on=[a])")
    stack.up("rg = group()")
    assert stack.azure.writes() == [("DELETE", "b"), ("DELETE", "a")]
    assert stack.azure.names == {"rg"}


def test_destroy_leaves_nothing(stack: Stack) -> None:
    stack.up(TWO)
    result = stack.destroy()
    assert result.exit_code == 0
    assert stack.azure.writes() == [("DELETE", "a"), ("DELETE", "rg")]
    assert stack.azure.resources == {}
    assert not list((stack.folder / "state/stacks/shop").glob("dev.j*"))


def test_what_cannot_change_is_replaced_and_its_followers_with_it(stack: Stack) -> None:
    program = """
rg = resources.ResourceGroup("rg", resource_group_name="rg", location="LOCATION")
identity("inside", rg.name)
pulumi.log.info("hello")
"""
    stack.up(program.replace("LOCATION", "westeurope"))
    stack.up(program.replace("LOCATION", "eastus"), accepted=["rg"])
    assert stack.azure.writes() == [("DELETE", "inside"), ("DELETE", "rg"), ("PUT", "rg"), ("PUT", "inside")]
    assert stack.heard.of(Action.REPLACE) == ["rg"]
    assert ("info", "hello") in stack.heard.notes


def test_a_name_is_taken_back_before_its_old_bearer_was_deleted(stack: Stack) -> None:
    stack.azure.refuse = refuse("PUT", "bad")
    stack.up("rg = group(); identity('a', rg.name, call='one')")
    stack.up("rg = group(); identity('a', rg.name, call='two'); identity('bad', rg.name)")
    assert stack.azure.names == {"rg", "one", "two"}, "nothing is deleted as long as anything fails"
    assert stack.up("rg = group(); identity('a', rg.name, call='one')").exit_code == 0
    assert stack.azure.names == {"rg", "one"}


def test_what_is_looked_up_takes_the_place_of_what_was_made(stack: Stack) -> None:
    two = f"{GROUP}{IDENTITIES}/two"
    stack.azure.resources[two.lower()] = {"id": two, "name": "two"}
    made = "rg = group(); identity('a', rg.name, call='one')"
    found = f"rg = group(); managedidentity.UserAssignedIdentity.get('a', '{GROUP}{IDENTITIES}/NAME')"
    stack.up(made.replace("call=", "protect=True, call="))
    with pytest.raises(EngineError, match="would take its place, but it is protected"):
        stack.up(found.replace("NAME", "two"))
    stack.up(made)
    assert stack.up(found.replace("NAME", "two")).exit_code == 0
    assert stack.azure.names == {"rg", "two"}
    stack.up(made)
    assert stack.up(found.replace("NAME", "one")).exit_code == 0
    assert stack.azure.names == {"rg", "one", "two"}, "what is looked up itself stays"


def test_the_same_place_written_differently_is_no_change(stack: Stack) -> None:
    stack.up("resources.ResourceGroup('rg', resource_group_name='rg', location='West Europe')")
    stack.up("resources.ResourceGroup('rg', resource_group_name='rg', location='westeurope')")
    assert stack.azure.writes() == []


def test_a_new_name_is_made_before_the_old_one_goes(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name, call='one')")
    stack.up("rg = group(); identity('a', rg.name, call='two')")
    assert stack.azure.writes() == [("PUT", "two"), ("DELETE", "one")]


def test_delete_before_replace_turns_that_round(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name, call='one', delete_before_replace=True)")
    stack.up("rg = group(); identity('a', rg.name, call='two', delete_before_replace=True)")
    assert stack.azure.writes() == [("DELETE", "one"), ("PUT", "two")]


def test_a_replaced_resource_wanted_back_before_it_was_deleted(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name, call='one')")
    stack.azure.refuse = refuse("PUT", "two")
    assert stack.up("rg = group(); identity('a', rg.name, call='two')").exit_code == 1
    stack.azure.refuse = lambda *_: None
    assert stack.up("rg = group(); identity('a', rg.name, call='one')").exit_code == 0
    assert stack.azure.names == {"rg", "one"}


def test_replace_on_changes(stack: Stack) -> None:
    program = "rg = group(); identity('a', rg.name, tags={'x': 'VALUE'}, replace_on_changes=['tags.x'])"
    stack.up(program.replace("VALUE", "1"))
    stack.up(program.replace("VALUE", "2"))
    assert stack.azure.writes() == [("DELETE", "a"), ("PUT", "a")]


def test_ignore_changes(stack: Stack) -> None:
    program = "rg = group(); identity('a', rg.name, tags={'x': 'VALUE', 'y': 'VALUE'}, ignore_changes=['tags.x'])"
    stack.up(program.replace("VALUE", "1"))
    stack.up(program.replace("VALUE", "2"))
    assert stack.azure.resources[f"{GROUP}/providers/microsoft.managedidentity/userassignedidentities/a".lower()][
        "tags"
    ] == {"x": "1", "y": "2"}


def test_protect_refuses_to_delete_and_to_replace(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name, protect=True)")
    result = stack.up("rg = group()")
    assert [failure.code for failure in result.summary.failures] == ["Protected"]
    result = stack.up("rg = group(); identity('a', rg.name, call='other', protect=True)")
    assert [failure.code for failure in result.summary.failures] == ["Protected"]
    result = stack.destroy()
    assert [failure.code for failure in result.summary.failures] == ["Protected"]
    assert stack.azure.names == {"rg", "a"}
    stack.up("rg = group(); identity('a', rg.name)")
    assert stack.destroy().exit_code == 0
    assert stack.azure.resources == {}


def test_destroy_deletes_nothing_while_something_is_protected(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name, protect=True); identity('b', rg.name)")
    (failure,) = stack.destroy().summary.failures
    assert (failure.code, failure.urn.rpartition("::")[2]) == ("Protected", "a")
    assert "until then nothing is deleted" in failure.message
    assert stack.azure.names == {"rg", "a", "b"}


def test_what_a_full_disk_keeps_from_being_forgotten_is_one_sentence(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name)")
    write = StackState._write

    def no_room(state: StackState, entry: dict[str, Any]) -> None:
        if "drop" in entry:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(state, entry)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StackState, "_write", no_room)
        with pytest.raises(EngineError, match="can't be written: No space left on device; free some space"):
            stack.destroy()
    assert stack.destroy().exit_code == 0
    assert stack.azure.resources == {}


def test_retain_on_delete_only_forgets(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name, retain_on_delete=True)")
    stack.up("rg = group()")
    assert stack.azure.writes() == []
    assert "a" in stack.azure.names
    assert '"a"' not in stack.saved
    stays = "userAssignedIdentities/a stays: its option `retain_on_delete` says so"
    assert [text.endswith(stays) for severity, text in stack.heard.notes if severity == "info"] == [True]


def test_deleted_with_spares_a_delete(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name, deleted_with=rg)")
    stack.destroy()
    assert stack.azure.writes() == [("DELETE", "rg")]


def test_aliases_keep_a_renamed_resource(stack: Stack) -> None:
    stack.up("rg = group(); identity('old', rg.name, call='a')")
    stack.up("rg = group(); identity('new', rg.name, call='a', aliases=[pulumi.Alias(name='old')])")
    assert stack.azure.writes() == []
    assert "::old" not in stack.saved


def test_aliases_of_a_parent_reach_its_children(stack: Stack) -> None:
    program = """
class Block(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("shop:index:TYPE", name, None, opts)
        self.name = identity(f"{name}-a", rg.name, call="a", parent=self).name
        self.register_outputs({"name": self.name})

rg = group()
Block("NAME", OPTIONS)
"""
    first = program.replace("TYPE", "Old").replace("NAME", "old").replace("OPTIONS", "None")
    alias = "Options(aliases=[pulumi.Alias(name='old', type_='shop:index:Old')])"
    second = program.replace("TYPE", "New").replace("NAME", "new").replace("OPTIONS", alias)
    stack.up(first)
    stack.up(second)
    assert stack.azure.writes() == []
    assert "shop:index:New$azure-native" in stack.saved
    assert "shop:index:Old" not in stack.saved


def test_import_takes_over_what_is_there(stack: Stack) -> None:
    stack.azure.send("PUT", GROUP, {"api-version": "x"}, {"location": "westeurope"})
    result = stack.up(f"group(import_='{GROUP}')")
    assert stack.azure.writes() == []
    assert result.summary.counts[Action.IMPORT] == 1
    stack.up("group()")
    assert stack.azure.writes() == []


def test_import_says_what_differs_and_what_is_missing(stack: Stack) -> None:
    missing = stack.up(f"group(import_='{GROUP}')")
    assert missing.summary.failures[0].code == "NotFound"
    stack.azure.send("PUT", GROUP, {"api-version": "x"}, {"location": "eastus"})
    differing = stack.up(f"group(import_='{GROUP}')")
    assert differing.summary.failures[0].code == "ImportMismatch"
    assert "location" in differing.summary.failures[0].message


def test_a_failure_names_azures_code_and_spares_the_others(stack: Stack) -> None:
    stack.azure.refuse = refuse("PUT", "bad", code="QuotaExceeded")
    result = stack.up(
        "rg = group(); bad = identity('bad', rg.name); identity('after', bad.resource_group_name if False else rg.name,"
        " depends_on=[bad]); identity('good', rg.name)"
    )
    [failure] = result.summary.failures
    assert (failure.code, failure.message) == ("QuotaExceeded", "bad is refused")
    assert failure.urn.endswith("::bad")
    assert result.exit_code == 1
    assert stack.azure.names == {"rg", "good"}
    assert [urn.rsplit("::", 1)[-1] for urn in result.summary.skipped] == ["after"]


def test_outputs_of_what_failed_are_unknown_to_its_dependents(stack: Stack) -> None:
    stack.azure.refuse = refuse("PUT", "bad")
    result = stack.up(
        "rg = group(); bad = identity('bad', rg.name)\n"
        "identity('after', rg.name, tags={'id': bad.principal_id})\n"
        "pulumi.export('id', bad.principal_id)"
    )
    assert [urn.rsplit("::", 1)[-1] for urn in result.summary.skipped] == ["after"]


def test_the_next_up_goes_on_after_a_failure(stack: Stack) -> None:
    stack.azure.refuse = refuse("PUT", "b")
    stack.up("rg = group(); b = identity('b', rg.name); identity('c', rg.name, depends_on=[b])")
    stack.azure.refuse = lambda *_: None
    result = stack.up()
    assert result.exit_code == 0
    assert stack.azure.writes() == [("PUT", "b"), ("PUT", "c")]


def test_nothing_is_deleted_while_something_fails(stack: Stack) -> None:
    stack.up("rg = group(); identity('old', rg.name)")
    stack.azure.refuse = refuse("PUT", "new")
    stack.up("rg = group(); identity('new', rg.name)")
    assert "old" in stack.azure.names
    stack.azure.refuse = lambda *_: None
    stack.up()
    assert stack.azure.names == {"rg", "new"}


def test_a_create_that_azure_could_not_finish_is_gone_on_with(stack: Stack) -> None:
    def failing(method: str, path: str, body: object) -> Reply | None:
        if method == "PUT" and path.endswith("/a"):
            stack.azure.resources[path.lower()] = {"id": path, "name": "a", "properties": {}}
            return Reply(500, {"error": {"code": "InternalServerError", "message": "half done"}})
        return None

    stack.azure.refuse = failing
    assert stack.up("rg = group(); identity('a', rg.name)").exit_code == 1
    stack.azure.refuse = lambda *_: None
    assert stack.up().exit_code == 0
    assert stack.azure.writes() == [("PUT", "a")]


class PulledPlugError(BaseException):
    """The process dies here."""


def pull_the_plug(stack: Stack, asked: str, name: str, *, landed: bool = True) -> None:
    """Bring the stack up, die at one request, and leave on disk what was there at that moment."""

    def die(method: str, path: str) -> None:
        if method == asked and path.endswith(f"/{name}"):
            if landed:
                stack.azure._answer(method, path, {"location": "westeurope"})
            raise PulledPlugError

    folder = stack.folder / "state/stacks/shop"
    before = (folder / "dev.json").read_text() if (folder / "dev.json").exists() else ""
    stack.azure.gate = die
    with pytest.raises(BaseException), _copy_before_save(stack) as copies:  # noqa: B017, PT011
        stack.up()
    # A dying process folds no journal into its file.
    (folder / "dev.json").write_text(before) if before else (folder / "dev.json").unlink(missing_ok=True)
    (folder / "dev.journal").write_text(copies[-1])
    stack.azure.gate = lambda *_: None


@pytest.mark.parametrize("landed", [True, False])
def test_a_break_in_the_middle_of_a_create_is_made_good(stack: Stack, *, landed: bool) -> None:
    stack.write("rg = group(); identity('a', rg.name)")
    pull_the_plug(stack, "PUT", "a", landed=landed)
    assert stack.up().exit_code == 0
    assert stack.azure.writes() == [("PUT", "a")]
    assert stack.azure.names == {"rg", "a"}


def test_a_break_in_the_middle_of_an_update_is_made_good(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name)")
    stack.write("rg = group(); identity('a', rg.name, tags={'x': 'y'})")
    pull_the_plug(stack, "PUT", "a")
    stack.up("rg = group(); identity('a', rg.name)")  # nobody knows what Azure has: it is said again
    assert stack.azure.writes() == [("PUT", "a")]


def test_what_was_being_deleted_can_be_wanted_again(stack: Stack) -> None:
    both = "rg = group(); identity('a', rg.name)"
    stack.up(both)
    stack.write("rg = group()")
    pull_the_plug(stack, "DELETE", "a")
    assert stack.azure.names == {"rg"}
    stack.up(both)
    assert stack.azure.names == {"rg", "a"}


def test_what_was_being_deleted_is_deleted_still(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name)")
    stack.write("rg = group()")
    pull_the_plug(stack, "DELETE", "a", landed=False)
    stack.up()
    assert stack.azure.names == {"rg"}


def _copy_before_save(stack: Stack) -> _Copies:
    return _Copies(stack)


class _Copies:
    """Keeps the journal as it is when the state is about to be saved."""

    def __init__(self, stack: Stack) -> None:
        self._journal = stack.folder / "state/stacks/shop/dev.journal"
        self._taken: list[str] = []
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> list[str]:
        from azlocal.engine.stack_state import StackState

        save = StackState.save

        def saving(state: StackState) -> None:
            self._taken.append(self._journal.read_text())
            save(state)

        self._patch.setattr(StackState, "save", saving)
        return self._taken

    def __exit__(self, *_: object) -> None:
        self._patch.undo()


def test_independent_resources_are_made_at_the_same_time(stack: Stack) -> None:
    meet = threading.Barrier(3, timeout=20)

    def together(method: str, path: str) -> None:
        if method == "PUT" and path.rsplit("/", 1)[-1] in {"a", "b", "c"}:
            meet.wait()

    stack.azure.gate = together
    assert stack.up("rg = group()\nfor name in 'abc': identity(name, rg.name)").exit_code == 0


def test_independent_resources_are_deleted_at_the_same_time(stack: Stack) -> None:
    stack.up("rg = group()\nfor name in 'abc': identity(name, rg.name)")
    meet = threading.Barrier(3, timeout=20)

    def together(method: str, path: str) -> None:
        if method == "DELETE" and path.rsplit("/", 1)[-1] in {"a", "b", "c"}:
            meet.wait()

    stack.azure.gate = together
    assert stack.destroy().exit_code == 0


def test_a_delete_that_fails_keeps_what_it_depends_on(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name)")
    stack.azure.refuse = refuse("DELETE", "a", 409, "InUse")
    result = stack.destroy()
    assert [failure.code for failure in result.summary.failures] == ["InUse"]
    assert ("DELETE", "rg") not in stack.azure.writes()
    stack.azure.refuse = lambda *_: None
    assert stack.destroy().exit_code == 0


def test_secrets_are_encrypted_where_they_are_kept(stack: Stack) -> None:
    result = stack.up(
        "rg = group(); identity('a', rg.name, tags=pulumi.Output.secret({'password': 'hunter2'}))\n"
        "pulumi.export('password', pulumi.Output.secret('hunter2'))"
    )
    assert "hunter2" not in stack.saved
    assert "hunter2" in json.dumps(list(stack.azure.resources.values()))
    assert "hunter2" not in repr(result.outputs)
    stack.up()
    assert stack.azure.writes() == []
    assert "hunter2" not in stack.saved


def test_names_are_made_up_once(stack: Stack) -> None:
    stack.up("resources.ResourceGroup('made', location='westeurope')")
    [name] = stack.azure.names
    assert name.startswith("made")
    assert len(name) == len("made") + 8
    stack.up("resources.ResourceGroup('made', location='westeurope', tags={'a': 'b'})")
    assert stack.azure.names == {name}


def test_location_follows_the_group(stack: Stack) -> None:
    stack.up("rg = group(); managedidentity.UserAssignedIdentity('a', resource_group_name=rg.name, resource_name_='a')")
    assert {resource["location"] for resource in stack.azure.resources.values()} == {"westeurope"}


def test_two_resources_of_one_name_are_refused(stack: Stack) -> None:
    result = stack.up("rg = group(); identity('a', rg.name); identity('a', rg.name, call='b')")
    assert [failure.code for failure in result.summary.failures] == ["DuplicateName"]


def test_transforms_change_what_is_registered(stack: Stack) -> None:
    stack.up(
        """
def add_tags(args):
    if args.type_.endswith("UserAssignedIdentity"):
        return pulumi.ResourceTransformResult(props={**args.props, "tags": {"by": "transform"}}, opts=args.opts)

pulumi.runtime.register_resource_transform(add_tags)
rg = group()
identity("a", rg.name)
"""
    )
    assert any(resource.get("tags") == {"by": "transform"} for resource in stack.azure.resources.values())


def test_old_transformations_too(stack: Stack) -> None:
    stack.up(
        """
def add_tags(args):
    return pulumi.ResourceTransformationResult(props={**args.props, "tags": {"by": "old"}}, opts=args.opts)

rg = group()
identity("a", rg.name, transformations=[add_tags])
"""
    )
    assert any(resource.get("tags") == {"by": "old"} for resource in stack.azure.resources.values())


def test_custom_timeouts_are_read(stack: Stack) -> None:
    def never(method: str, path: str, body: object) -> Reply | None:
        if method == "PUT" and path.endswith("/a"):
            return Reply(202, None, {"azure-asyncoperation": "https://management.azure.com/operation?api-version=1"})
        if path == "/operation":
            return Reply(200, {"status": "InProgress"})
        return None

    stack.azure.refuse = never
    result = stack.up(
        "rg = group(); identity('a', rg.name, custom_timeouts=pulumi.CustomTimeouts(create='1s', update='1s'))"
    )
    assert [failure.code for failure in result.summary.failures] == ["OperationTimedOut"]


def test_existing_resources_can_be_read(stack: Stack) -> None:
    stack.azure.send("PUT", GROUP, {"api-version": "x"}, {"location": "eastus"})
    result = stack.up(
        f"rg = resources.ResourceGroup.get('rg', '{GROUP}')\nidentity('a', 'rg'); pulumi.export('where', rg.location)"
    )
    assert result.outputs == {"where": "eastus"}
    stack.destroy()
    assert stack.azure.names == {"rg"}


def test_functions_are_answered(stack: Stack) -> None:
    stack.azure.send("PUT", GROUP, {"api-version": "x"}, {"location": "eastus"})
    result = stack.up(
        """
from pulumi_azure_native import authorization
me = authorization.get_client_config()
pulumi.export("me", me.object_id)
pulumi.export("where", resources.get_resource_group_output(resource_group_name="rg").location)
"""
    )
    assert result.outputs == {"me": "object", "where": "eastus"}


@pytest.mark.parametrize(
    ("program", "named"),
    [
        ("pulumi.StackReference('other')", "StackReference"),
        ("pulumi.CustomResource('random:index:RandomString', 'r', {})", "random:index:RandomString"),
        ("pulumi.CustomResource('azure-native:web:WebApp', 'w', {})", "azure-native:web:WebApp"),
        (
            """
from pulumi_azure_native import network
network.get_active_sessions(bastion_host_name='b', resource_group_name='rg')
""",
            "getActiveSessions",
        ),
    ],
)
def test_what_is_not_served_is_refused_by_name(stack: Stack, program: str, named: str) -> None:
    try:
        result = stack.up(program)
        text = " ".join(failure.message for failure in result.summary.failures)
    except EngineError as error:
        text = error.message
    assert named in text
    assert "not served" in text or "has not" in text


def test_another_deployment_of_the_stack_waits_its_turn(stack: Stack) -> None:
    from azlocal.engine.stack_state import StackState

    stack.up(TWO)
    held = StackState.load(stack.folder / "state", "shop", "dev")
    with pytest.raises(EngineError, match="another deployment of stack 'dev' is running"):
        stack.up()
    held.close()
    stack.up()


def test_what_was_made_before_the_program_broke_is_kept(stack: Stack) -> None:
    with pytest.raises(ProgramError, match="ValueError: too late"):
        stack.up("rg = group()\nraise ValueError('too late')")
    stack.up("rg = group()")
    assert stack.azure.writes() in ([], [("PUT", "rg")])
    assert stack.azure.names == {"rg"}


def test_explicit_providers_choose_the_subscription(stack: Stack) -> None:
    stack.up(
        """
from pulumi_azure_native import Provider
other = Provider("other", subscription_id="11111111-0000-4000-8000-000000000000", location="northeurope")
resources.ResourceGroup("rg", resource_group_name="rg", opts=Options(provider=other))
"""
    )
    [(path, made)] = stack.azure.resources.items()
    assert path.startswith("/subscriptions/11111111")
    assert made["location"] == "northeurope"
    assert stack.destroy().exit_code == 0
    assert stack.azure.resources == {}


def test_a_providers_credentials_are_refused_by_name(stack: Stack) -> None:
    result = stack.up(
        """
from pulumi_azure_native import Provider
other = Provider("other", client_secret="s", client_id="c", use_msi=False)
resources.ResourceGroup("rg", opts=Options(provider=other))
"""
    )
    assert "clientId, clientSecret" in result.summary.failures[0].message
    assert len(result.summary.skipped) == 1
    assert stack.azure.writes() == []


def test_what_becomes_secret_is_hidden_from_then_on(stack: Stack) -> None:
    stack.up("rg = group(); identity('a', rg.name, tags={'password': 'hunter2'})")
    assert "hunter2" in stack.saved
    stack.up("rg = group(); identity('a', rg.name, tags=pulumi.Output.secret({'password': 'hunter2'}))")
    assert stack.azure.writes() == []
    assert "hunter2" not in stack.saved


def test_a_plan_knows_the_id_of_what_is_looked_up(stack: Stack) -> None:
    group = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
    stack.write(f"rg = resources.ResourceGroup.get('rg', '{group}')\nidentity('aaa', 'rg', tags={{'of': rg.id}})")
    found = plan(stack.folder, "dev", preview=False)
    assert found.problems == []
    (body,) = [one["body"] for one in found.resources if one["name"] == "aaa"]
    assert body["tags"] == {"of": group}


def test_a_plan_says_what_it_cannot_read(stack: Stack) -> None:
    stack.write(
        f"""
kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
found = managedidentity.UserAssignedIdentity.get(
    "found", f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg/providers/{{kind}}/lost")
asked = resources.get_resource_group_output(resource_group_name="rg")
identity("a", found.name)
group("other")

def tagged(args):
    return pulumi.ResourceTransformResult(props={{**args.props, "tags": {{"by": "transform"}}}}, opts=args.opts)

pulumi.runtime.register_resource_transform(tagged)
group("third")
"""
    )
    found = plan(stack.folder, "dev")
    assert {problem["code"] for problem in found.problems} == {"NotFound", "ResourceNotFound"}
    by_name = {resource["name"]: resource for resource in found.resources}
    assert by_name["a"]["id"].endswith("/resourceGroups/[unknown]/providers/" + by_name["a"]["armType"] + "/a")
    assert by_name["other"]["body"] == {"location": "westeurope"}
    assert by_name["third"]["body"]["tags"] == {"by": "transform"}


def test_a_changed_trigger_replaces(stack: Stack) -> None:
    program = "rg = group(); identity('a', rg.name, replacement_trigger=TRIGGER)"
    stack.up(program.replace("TRIGGER", "1"))
    stack.up(program.replace("TRIGGER", "1"))
    assert stack.azure.writes() == []
    stack.up(program.replace("TRIGGER", "2"))
    assert stack.azure.writes() == [("DELETE", "a"), ("PUT", "a")]


def test_the_fake_answers_like_azure() -> None:
    azure = FakeAzure()
    assert azure.send("GET", GROUP, {"api-version": "x"}).status == 404
