"""Microsoft.Storage through azure-mgmt-storage."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.storage import StorageManagementClient
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import LOCATION, World, refused

ACCOUNT: dict[str, Any] = {"location": LOCATION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


@pytest.fixture
def storage(world: World) -> Any:
    return world.client(StorageManagementClient)


def test_account_has_the_defaults_azure_shows(storage: Any) -> None:
    made = storage.storage_accounts.begin_create("rg", "account1", ACCOUNT).result()
    assert made.provisioning_state == "Succeeded"
    assert made.sku.tier == "Standard"
    assert made.access_tier == "Hot"
    assert made.enable_https_traffic_only is True
    assert made.allow_blob_public_access is False
    assert made.minimum_tls_version == "TLS1_2"
    assert made.network_rule_set.default_action == "Allow"
    assert made.primary_endpoints.dfs == "https://account1.dfs.core.windows.net/"
    assert made.encryption.services.blob.enabled is True
    assert storage.storage_accounts.get_properties("rg", "account1").creation_time == made.creation_time


def test_services_come_with_the_account_and_stay(storage: Any, world: World) -> None:
    world.account()
    assert storage.blob_services.get_service_properties("rg", "account1").name == "default"
    changed = storage.blob_services.set_service_properties(
        "rg", "account1", {"properties": {"deleteRetentionPolicy": {"enabled": True, "days": 7}}}
    )
    assert changed.delete_retention_policy.days == 7
    path = f"{world.account('account1')}/blobServices/default"
    assert world.control.internal("DELETE", path).status == 405


def test_keys_are_stable_until_they_are_regenerated(storage: Any, world: World) -> None:
    world.account()

    def keys() -> dict[str, str]:
        return {one["keyName"]: one["value"] for one in storage.storage_accounts.list_keys("rg", "account1")["keys"]}

    before = keys()
    assert keys() == before
    assert before["key1"] != before["key2"]
    storage.storage_accounts.regenerate_key("rg", "account1", {"keyName": "key1"})
    after = keys()
    assert after["key1"] != before["key1"]
    assert after["key2"] == before["key2"]
    shown = str(world.control.internal("GET", world.account()).body)
    assert after["key1"] not in shown
    with refused("InvalidKeyName", 400):
        storage.storage_accounts.regenerate_key("rg", "account1", {"keyName": "key3"})


def test_name_is_taken_in_all_of_azure(storage: Any, world: World) -> None:
    world.account()
    world.group("other")
    assert (
        storage.storage_accounts.check_name_availability(
            {"name": "account1", "type": "Microsoft.Storage/storageAccounts"}
        ).reason
        == "AlreadyExists"
    )
    with refused("StorageAccountAlreadyTaken", 409):
        storage.storage_accounts.begin_create("other", "account1", ACCOUNT).result()
    storage.storage_accounts.delete("rg", "account1")
    assert storage.storage_accounts.check_name_availability(
        {"name": "account1", "type": "Microsoft.Storage/storageAccounts"}
    ).name_available


@settings(max_examples=40)
@given(name=st.text("abcXYZ019-_.", min_size=1, max_size=30))
def test_name_rule(name: str) -> None:
    world = World()
    world.group()
    body = {**ACCOUNT, "properties": {}}
    path = f"/subscriptions/{world.group().split('/')[2]}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts"
    answer = world.control.internal("PUT", f"{path}/{name}", body)
    fits = 3 <= len(name) <= 24 and all(one in "abc019" for one in name)
    assert answer.status in ({200} if fits else {400})
    assert fits or answer.body["error"]["code"] == "AccountNameInvalid"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sku": {"name": "Standard_XYZ"}}, "InvalidParameter"),
        ({"location": "atlantis"}, "LocationNotAvailableForResourceType"),
        ({"kind": "FileStorage", "properties": {"isHnsEnabled": True}}, "HnsNotSupportedForAccountKind"),
        ({"properties": {"networkAcls": {"ipRules": [{"value": "10.0.0.1"}]}}}, "InvalidValuesForRequestParameters"),
        ({"properties": {"networkAcls": {"ipRules": [{"value": "8.8.8.8/32"}]}}}, "InvalidValuesForRequestParameters"),
    ],
)
def test_account_refusals(storage: Any, change: dict[str, Any], code: str) -> None:
    with refused(code, 400):
        storage.storage_accounts.begin_create("rg", "account1", {**ACCOUNT, **change}).result()


def test_what_cannot_change_in_place(storage: Any, world: World) -> None:
    world.account(isHnsEnabled=True)
    with refused("PropertyChangeNotAllowed", 409):
        storage.storage_accounts.begin_create(
            "rg", "account1", {**ACCOUNT, "properties": {"isHnsEnabled": False}}
        ).result()
    with refused("InvalidResourceLocation", 409):
        storage.storage_accounts.begin_create("rg", "account1", {**ACCOUNT, "location": "northeurope"}).result()


def test_patch_merges_and_put_resets(storage: Any, world: World) -> None:
    world.account(allowSharedKeyAccess=False)
    patched = storage.storage_accounts.update("rg", "account1", {"tags": {"a": "b"}})
    assert patched.allow_shared_key_access is False
    assert patched.tags == {"a": "b"}
    replaced = storage.storage_accounts.begin_create("rg", "account1", ACCOUNT).result()
    assert replaced.allow_shared_key_access is None
    assert replaced.tags is None


def test_containers(storage: Any, world: World) -> None:
    world.account(isHnsEnabled=True)
    made = storage.blob_containers.create("rg", "account1", "raw", {})
    assert made.public_access == "None"
    assert [one.name for one in storage.blob_containers.list("rg", "account1")] == ["raw"]
    with refused("ContainerNameInvalid", 400):
        storage.blob_containers.create("rg", "account1", "Upper", {})
    with refused("PublicAccessNotPermitted", 409):
        storage.blob_containers.create("rg", "account1", "open", {"properties": {"publicAccess": "Blob"}})
    storage.blob_containers.delete("rg", "account1", "raw")
    with pytest.raises(ResourceNotFoundError):
        storage.blob_containers.get("rg", "account1", "raw")


def test_a_container_needs_its_account(storage: Any) -> None:
    with refused("ParentResourceNotFound", 404):
        storage.blob_containers.create("rg", "nowhere", "raw", {})


def test_versioning_and_hierarchy_exclude_each_other(storage: Any, world: World) -> None:
    world.account(isHnsEnabled=True)
    with refused("FeatureNotSupportedForAccount", 400):
        storage.blob_services.set_service_properties("rg", "account1", {"properties": {"isVersioningEnabled": True}})


def test_files_queues_tables_and_policies(storage: Any, world: World) -> None:
    world.account()
    assert storage.file_shares.create("rg", "account1", "share", {}).share_quota == 5120
    assert storage.queue.create("rg", "account1", "queue1", {}).name == "queue1"
    assert storage.table.create("rg", "account1", "table1").name == "table1"
    rule = {
        "name": "old",
        "type": "Lifecycle",
        "definition": {
            "filters": {"blobTypes": ["blockBlob"]},
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 90}}},
        },
    }
    policy = {"properties": {"policy": {"rules": [rule]}}}
    made = storage.management_policies.create_or_update("rg", "account1", "default", policy)
    assert made.policy.rules[0].name == "old"
    with refused("InvalidValuesForRequestParameters", 400):
        storage.management_policies.create_or_update(
            "rg", "account1", "default", {"properties": {"policy": {"rules": [rule, rule]}}}
        )
