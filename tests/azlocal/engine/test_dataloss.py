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
    assert stack.heard.failures == result.summary.failures
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
