"""What would lose data is refused without an explicit word, and nothing else is."""

from __future__ import annotations

import pytest

from azlocal.engine.events import Action
from tests.azlocal.engine.conftest import GROUP, Stack

LAKE = """
from pulumi_azure_native import storage

rg = group()
lake = storage.StorageAccount("lake", resource_group_name=rg.name, account_name="NAME", location="westeurope",
    kind="StorageV2", sku=storage.SkuArgs(name="Standard_LRS"), is_hns_enabled=HNS, tags={"a": "TAG"})
raw = storage.BlobContainer("raw", resource_group_name=rg.name, account_name=lake.name, container_name="raw")
identity("reader", rg.name)
"""
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/lake"
HOLDS = f"blobs, files, queues and tables ({ACCOUNT})"


def lake(name: str = "lake", hns: str = "True", tag: str = "1") -> str:
    """The program with a lake."""
    return LAKE.replace("NAME", name).replace("HNS", hns).replace("TAG", tag)


def refused(stack: Stack, program: str, *accepted: str) -> list[tuple[str, str]]:
    """The refusals of an ``up``, which wrote nothing; each as its resource and message."""
    result = stack.up(program, accepted=accepted)
    assert stack.azure.writes() == []
    assert {failure.code for failure in result.summary.failures} == {"DataLoss"}
    assert stack.heard.failures == [], "nothing was tried"
    assert [loss.failure for loss in result.lost] == result.summary.failures
    return [(failure.urn.rsplit("::", 1)[-1], failure.message) for failure in result.summary.failures]


def test_a_replacement_in_place_names_what_is_lost_and_the_word_for_it(stack: Stack) -> None:
    stack.up(lake())
    [(name, message)] = refused(stack, lake(hns="False"))
    assert name == "lake"
    assert message == (
        "it must be replaced: isHnsEnabled can't be changed in place, and "
        f"{HOLDS} would be lost with it; if that is meant, add --accept-data-loss lake"
    )
    assert stack.up(lake(hns="False"), accepted=["lake"]).exit_code == 0
    assert stack.heard.of(Action.REPLACE) == ["lake"]


def test_a_replacement_under_another_name_is_refused_before_anything_is_made(stack: Stack) -> None:
    stack.up(lake())
    [(name, message)] = refused(stack, lake("lake2"))
    assert name == "lake"
    assert "accountName" in message
    assert HOLDS in message
    assert stack.azure.names == {"rg", "lake", "raw", "reader"}
    assert stack.up(lake("lake2"), accepted=["lake"]).exit_code == 0, "what lies in it goes with it"
    assert stack.azure.names == {"rg", "lake2", "raw", "reader"}


def test_what_the_program_drops_is_not_deleted_and_neither_is_anything_else(stack: Stack) -> None:
    stack.up(lake())
    lost = f"the program no longer has it, and {HOLDS} would be lost with it"
    assert refused(stack, "group()") == [("lake", f"{lost}; if that is meant, add --accept-data-loss lake")]
    assert stack.azure.names == {"rg", "lake", "raw", "reader"}
    assert stack.up("group()", accepted=["lake"]).exit_code == 0, "what lies in it goes with it"
    assert stack.azure.names == {"rg"}


def test_a_part_of_it_is_refused_by_itself(stack: Stack) -> None:
    stack.up(lake())
    without = lake().replace("raw = ", "# raw = ")
    [(name, message)] = refused(stack, without)
    assert (name, "its blobs" in message) == ("raw", True)
    assert stack.up(without, accepted=["raw"]).exit_code == 0


def test_a_resource_group_holds_everything_in_it(stack: Stack) -> None:
    stack.up(lake())
    [(name, message)] = refused(stack, "")
    assert name == "rg"
    assert f"everything in it ({GROUP})" in message
    assert stack.up("", accepted=["rg"]).exit_code == 0
    assert stack.azure.resources == {}


def test_everything_at_once_is_told_at_once(stack: Stack) -> None:
    stack.up(lake() + lake("other").replace('"lake"', '"other"').replace('"raw"', '"raw2"').replace("rg = group()", ""))
    assert [name for name, _ in refused(stack, "group()")] == ["lake", "other"]
    assert [name for name, _ in refused(stack, "group()", "lake")] == ["other"]


@pytest.mark.parametrize("word", ["LAKE", ACCOUNT])
def test_names_and_ids_are_taken_in_any_case(stack: Stack, word: str) -> None:
    stack.up(lake())
    assert stack.up("group()", accepted=[word]).exit_code == 0


def test_what_stands_behind_a_refused_one_is_told_too_before_anything_is_touched(stack: Stack) -> None:
    program = """
from pulumi_azure_native import operationalinsights, storage
rg = group()
first = storage.StorageAccount("first", resource_group_name=rg.name, account_name="NAME", location="westeurope",
    kind="StorageV2", sku=storage.SkuArgs(name="Standard_LRS"))
second = storage.StorageAccount("second", resource_group_name=rg.name, location="westeurope",
    account_name=first.name.apply(lambda n: n + "b"), kind="StorageV2", sku=storage.SkuArgs(name="Standard_LRS"))
logs = operationalinsights.Workspace("logs", resource_group_name=rg.name, location="westeurope",
    workspace_name=first.id.apply(lambda i: i[-1:]), opts=Options(depends_on=[second]))
identity("other", rg.name, tags={"of": "TAG"})
"""
    one, other = program.replace("NAME", "a1").replace("TAG", "1"), program.replace("NAME", "a2").replace("TAG", "2")
    stack.up(one)
    [(name, message)] = refused(stack, other)
    assert name == "first"
    words = [f"--accept-data-loss {one}" for one in ("first", "second", "logs")]
    assert message.endswith(f"add {' '.join(words)}")
    [(name, message)] = refused(stack, other, "first", "logs")
    assert message.endswith(f"add {words[1]}")
    assert stack.up(other, accepted=["first", "second", "logs"]).exit_code == 0
    assert stack.azure.names == {"rg", "a2", "a2b", "2", "other"}


def test_what_is_known_of_something_that_hangs_on_something_new_is_enough(stack: Stack) -> None:
    stack.up(lake())
    new = "made = identity('made', rg.name)\nlake = "
    program = lake(hns="False").replace("lake = ", new).replace('"a": "1"', '"a": made.client_id')
    [(name, message)] = refused(stack, program)
    assert name == "lake"
    assert message.startswith("it must be replaced: isHnsEnabled can't be changed in place")
    assert stack.up(lake().replace("lake = ", new).replace('"a": "1"', '"a": made.client_id')).exit_code == 0


def test_a_program_that_breaks_when_nothing_is_known_is_refused_when_its_turn_comes(stack: Stack) -> None:
    program = lake() + "\npulumi.export('size', lake.primary_location.apply(lambda where: where or 1))\n"
    broken = lake(hns="False") + "\nif pulumi.runtime.is_dry_run(): raise ValueError('no idea')\n"
    stack.up(program)
    result = stack.up(broken)
    assert [failure.code for failure in result.summary.failures] == ["DataLoss"]
    assert result.lost == []


def test_nothing_is_rehearsed_where_the_program_is_the_same(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[bool] = []
    monkeypatch.setattr("azlocal.engine.rehearsal.run_program", lambda *_, **__: runs.append(True))
    stack.up(lake())
    assert runs == [], "nothing could be lost"
    assert not stack.up().summary.changed
    assert runs == []
    stack.up(refresh=True)
    assert runs == [True], "what was changed outside may change what is replaced"


def test_a_word_for_nothing_is_said(stack: Stack) -> None:
    stack.up(lake(), accepted=["lak"])
    told = "--accept-data-loss lak: no resource of that name was to be deleted or replaced"
    assert ("warning", told) in stack.heard.notes


def test_changes_in_place_and_what_holds_nothing_need_no_word(stack: Stack) -> None:
    stack.up(lake())
    assert stack.up(lake(tag="2").replace('identity("reader", rg.name)', "")).exit_code == 0
    assert stack.heard.of(Action.UPDATE) == ["lake"]
    assert stack.heard.of(Action.DELETE) == ["reader"]


def test_what_is_retained_is_not_lost(stack: Stack) -> None:
    kept = lake().replace("tags=", "opts=Options(retain_on_delete=True), tags=")
    stack.up(kept.replace("raw = ", "# raw = "))
    assert stack.up("rg = group(); identity('reader', rg.name)").exit_code == 0
    assert "lake" in stack.azure.names


def test_destroying_is_itself_the_word(stack: Stack) -> None:
    stack.up(lake())
    assert stack.destroy().exit_code == 0
    assert stack.azure.resources == {}


def test_a_key_goes_with_its_vault_alone(stack: Stack) -> None:
    program = """
from pulumi_azure_native import keyvault
rg = group()
key = keyvault.Key("key", resource_group_name=rg.name, vault_name="kv", key_name="key",
    properties=keyvault.KeyPropertiesArgs(kty="KIND"))
pulumi.export("uri", key.key_uri)
"""
    one, other = program.replace("KIND", "RSA"), program.replace("KIND", "EC")
    stack.azure.resources[f"{GROUP}/providers/microsoft.keyvault/vaults/kv".lower()] = {"name": "kv"}
    stack.up(one)
    [failure] = stack.up(other).summary.failures
    assert failure.code == "NotServed"
    assert "properties.kty can't be changed in place, which is not possible: Key Vault deletes keys" in failure.message
    assert stack.up("rg = group()").exit_code == 0
    assert stack.azure.names == {"rg", "kv", "key"}
    assert any(
        "keys/key stays: Key Vault deletes keys at its own address alone" in text for _, text in stack.heard.notes
    )
    assert stack.up(one).exit_code == 0, "it is taken up again"
    assert stack.destroy().exit_code == 0
    assert stack.azure.names == set(), "it went with its group"
