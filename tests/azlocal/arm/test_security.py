"""Defender for Storage through its SDK: one setting of an account, which is turned off and never deleted."""

from __future__ import annotations

from typing import Any

import pytest
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.security import SecurityCenter
from azure.mgmt.security.models import DefenderForStorageSetting

from .conftest import GROUP, World, refused


@pytest.fixture
def settings(world: World) -> Any:
    return world.client(SecurityCenter).defender_for_storage


def wanted(**given: Any) -> DefenderForStorageSetting:
    return DefenderForStorageSetting(
        **{
            "is_enabled_properties_is_enabled": True,
            "is_enabled_properties_malware_scanning_on_upload_is_enabled": True,
            "is_enabled_properties_sensitive_data_discovery_is_enabled": True,
            "override_subscription_level_settings": True,
            **given,
        }
    )


def test_an_account_is_watched_until_it_is_turned_off(world: World, settings: Any) -> None:
    account = world.account()
    made = settings.create(account, "current", wanted(cap_gb_per_month=500))
    assert made.cap_gb_per_month == 500
    found = settings.get(account, "current")
    assert found.is_enabled_properties_is_enabled
    assert found.operation_status_properties_malware_scanning_operation_status.code == "Succeeded"
    settings.create(account, "current", wanted(is_enabled_properties_is_enabled=False))
    assert settings.get(account, "current").is_enabled_properties_is_enabled is False
    assert settings.get(account, "current").cap_gb_per_month == -1


def test_it_goes_with_its_account_and_not_before(world: World, settings: Any) -> None:
    account = world.account()
    settings.create(account, "current", wanted())
    resources = world.client(ResourceManagementClient).resources
    with refused("MethodNotAllowed", 405):
        resources.begin_delete_by_id(
            f"{account}/providers/Microsoft.Security/defenderForStorageSettings/current",
            api_version="2022-12-01-preview",
        )
    resources.begin_delete_by_id(account, api_version="2023-05-01").result()
    with refused("ResourceNotFound", 404):
        settings.create(account, "current", wanted())
    world.account()
    with refused("ResourceNotFound", 404):
        settings.get(account, "current")


def test_what_is_no_setting_of_an_account_is_refused(world: World, settings: Any) -> None:
    account = world.account()
    with refused("BadRequest", 400):
        settings.create(account, "other", wanted())
    with refused("BadRequest", 400):
        settings.create(account, "current", wanted(cap_gb_per_month=0))
    with refused("BadRequest", 400):
        settings.create(world.network("10.0.0.0/24"), "current", wanted())
    with refused("ResourceNotFound", 404):
        settings.create(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/none", "current", wanted())
