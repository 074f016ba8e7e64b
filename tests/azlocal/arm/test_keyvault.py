"""Vaults and their afterlife through azure-mgmt-keyvault."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.keyvault import KeyVaultManagementClient

from azlocal.entra.principals import TENANT_ID

from .conftest import GROUP, LOCATION, World, refused


@pytest.fixture
def vaults(world: World) -> Any:
    return world.client(KeyVaultManagementClient).vaults


def vault(**properties: Any) -> dict[str, Any]:
    return {
        "location": LOCATION,
        "properties": {
            "tenantId": TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            **properties,
        },
    }


def test_vault_has_the_defaults_azure_shows(vaults: Any) -> None:
    made = vaults.begin_create_or_update("rg", "kv-one", vault()).result()
    assert made.properties.vault_uri == "https://kv-one.vault.azure.net/"
    assert made.properties.enable_soft_delete is True
    assert made.properties.soft_delete_retention_in_days == 90
    assert made.properties.provisioning_state == "Succeeded"
    assert made.system_data.created_by == "owner"


def test_a_deleted_vault_keeps_its_name_until_it_is_purged(vaults: Any, world: World) -> None:
    world.group("other")
    vaults.begin_create_or_update("rg", "kv-one", vault()).result()
    with refused("VaultAlreadyExists", 409):
        vaults.begin_create_or_update("other", "kv-one", vault()).result()
    vaults.delete("rg", "kv-one")
    assert (
        vaults.get_deleted("kv-one", LOCATION).properties.vault_id
        == f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-one"
    )
    with refused("ConflictError", 409):
        vaults.begin_create_or_update("rg", "kv-one", vault()).result()
    name = {"name": "kv-one", "type": "Microsoft.KeyVault/vaults"}
    assert vaults.check_name_availability(name).reason == "AlreadyExists"
    vaults.begin_purge_deleted("kv-one", LOCATION).result()
    assert vaults.check_name_availability(name).name_available
    assert list(vaults.list_deleted()) == []
    vaults.begin_create_or_update("other", "kv-one", vault()).result()


def test_recovery_brings_the_vault_back_as_it_was(vaults: Any) -> None:
    vaults.begin_create_or_update("rg", "kv-one", {**vault(softDeleteRetentionInDays=7), "tags": {"a": "b"}}).result()
    vaults.delete("rg", "kv-one")
    recovered = vaults.begin_create_or_update("rg", "kv-one", vault(createMode="recover")).result()
    assert recovered.properties.soft_delete_retention_in_days == 7
    assert recovered.tags == {"a": "b"}
    with pytest.raises(ResourceNotFoundError):
        vaults.get_deleted("kv-one", LOCATION)


def test_purge_protection_cannot_be_taken_back(vaults: Any) -> None:
    vaults.begin_create_or_update("rg", "kv-one", vault(enablePurgeProtection=True)).result()
    kept = vaults.begin_create_or_update("rg", "kv-one", vault()).result()
    assert kept.properties.enable_purge_protection is True
    with refused("BadRequest", 400):
        vaults.begin_create_or_update("rg", "kv-one", vault(enablePurgeProtection=False)).result()
    vaults.delete("rg", "kv-one")
    with refused("MethodNotAllowed", 409):
        vaults.begin_purge_deleted("kv-one", LOCATION).result()


def test_a_resource_group_takes_its_vault_into_the_deleted_state(vaults: Any, world: World) -> None:
    vaults.begin_create_or_update("rg", "kv-one", vault()).result()
    assert world.control.internal("DELETE", GROUP).status == 200
    assert [one.name for one in vaults.list_deleted()] == ["kv-one"]


@pytest.mark.parametrize("name", ["1kv", "kv--one", "kv-", "kv", "k" * 25, "kv_one"])
def test_name_rule(vaults: Any, name: str) -> None:
    with refused("VaultNameNotValid", 400):
        vaults.begin_create_or_update("rg", name, vault()).result()


@pytest.mark.parametrize(
    "properties", [{"softDeleteRetentionInDays": 6}, {"enableSoftDelete": False}, {"enableRbacAuthorization": False}]
)
def test_refusals(vaults: Any, properties: dict[str, Any]) -> None:
    with refused("BadRequest", 400):
        vaults.begin_create_or_update("rg", "kv-one", vault(**properties)).result()


def test_a_secret_made_through_arm_is_never_shown(world: World, vaults: Any) -> None:
    vaults.begin_create_or_update("rg", "kv-one", vault()).result()
    secrets = world.client(KeyVaultManagementClient).secrets
    made = secrets.create_or_update("rg", "kv-one", "token", {"properties": {"value": "hush"}})
    assert made.properties.secret_uri == "https://kv-one.vault.azure.net/secrets/token"
    assert made.properties.value is None
    assert "hush" not in str(world.control.internal("GET", made.id).body)
