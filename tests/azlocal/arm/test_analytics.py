"""Synapse and container registries through azure-mgmt-synapse and azure-mgmt-containerregistry."""

from __future__ import annotations

from typing import Any

import pytest
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.synapse import SynapseManagementClient  # type: ignore[import-untyped]

from .conftest import GROUP, LOCATION, World, refused


@pytest.fixture
def synapse(world: World) -> Any:
    return world.client(SynapseManagementClient)


@pytest.fixture
def workspace(world: World) -> dict[str, Any]:
    world.account("lake1", isHnsEnabled=True)
    storage = {"accountUrl": "https://lake1.dfs.core.windows.net", "filesystem": "synapse"}
    return {
        "location": LOCATION,
        "identity": {"type": "SystemAssigned"},
        "properties": {"defaultDataLakeStorage": storage, "managedVirtualNetwork": "default"},
    }


def pool(**properties: Any) -> dict[str, Any]:
    given = {
        "sparkVersion": "3.5",
        "nodeSize": "Small",
        "nodeSizeFamily": "MemoryOptimized",
        "autoScale": {"enabled": True, "minNodeCount": 3, "maxNodeCount": 5},
    }
    return {"location": LOCATION, "properties": {**given, **properties}}


def test_workspace_and_what_comes_with_it(synapse: Any, world: World, workspace: dict[str, Any]) -> None:
    made = synapse.workspaces.begin_create_or_update("rg", "syn-one", workspace).result()
    assert made.identity.principal_id
    assert made.connectivity_endpoints["dev"] == "https://syn-one.dev.azuresynapse.net"
    assert made.sql_administrator_login == "sqladminuser"
    groups = world.client(ResourceManagementClient).resource_groups
    assert made.managed_resource_group_name in {one.name for one in groups.list()}
    runtimes = [one.name for one in synapse.integration_runtimes.list_by_workspace("rg", "syn-one")]
    assert runtimes == ["AutoResolveIntegrationRuntime"]
    setting = synapse.workspace_managed_identity_sql_control_settings.get("rg", "syn-one")
    assert setting.grant_sql_control_to_managed_identity.actual_state == "Disabled"
    synapse.workspaces.begin_delete("rg", "syn-one").result()
    assert [one.name for one in groups.list()] == ["rg"]


def test_workspace_refusals(synapse: Any, world: World, workspace: dict[str, Any]) -> None:
    world.account("flat1")
    properties = workspace["properties"]
    storage = properties["defaultDataLakeStorage"]
    for body in (
        {**workspace, "identity": {"type": "None"}},
        {
            **workspace,
            "properties": {
                **properties,
                "defaultDataLakeStorage": {**storage, "accountUrl": "https://flat1.dfs.core.windows.net"},
            },
        },
        {
            **workspace,
            "properties": {
                **properties,
                "defaultDataLakeStorage": {**storage, "accountUrl": "https://x.blob.core.windows.net"},
            },
        },
        {**workspace, "properties": {**properties, "sqlAdministratorLogin": "me"}},
    ):
        with refused("ValidationFailed", 400):
            synapse.workspaces.begin_create_or_update("rg", "syn-one", body).result()
    synapse.workspaces.begin_create_or_update("rg", "syn-one", workspace).result()
    with refused("PropertyChangeNotAllowed", 409):
        moved = {**workspace, "properties": {**properties, "managedVirtualNetwork": ""}}
        synapse.workspaces.begin_create_or_update("rg", "syn-one", moved).result()


def test_pool(synapse: Any, world: World, workspace: dict[str, Any]) -> None:
    synapse.workspaces.begin_create_or_update("rg", "syn-one", workspace).result()
    made = synapse.big_data_pools.begin_create_or_update("rg", "syn-one", "pool", pool()).result()
    assert made.provisioning_state == "Succeeded"
    assert made.creation_date
    for properties in (
        {"sparkVersion": "3.3"},
        {"autoScale": {"enabled": True, "minNodeCount": 2, "maxNodeCount": 5}},
        {"autoScale": {"enabled": False}},
        {"autoPause": {"enabled": True, "delayInMinutes": 1}},
        {"dynamicExecutorAllocation": {"enabled": True, "minExecutors": 1, "maxExecutors": 5}},
    ):
        # The installed SDK's model is older than some of these fields: it would leave them out.
        path = f"{GROUP}/providers/Microsoft.Synapse/workspaces/syn-one/bigDataPools/other"
        answer = world.control.internal("PUT", path, pool(**properties))
        assert (answer.status, answer.body["error"]["code"]) == (400, "ValidationFailed")
    with refused("ValidationFailed", 400):
        synapse.big_data_pools.begin_create_or_update("rg", "syn-one", "p" * 16, pool()).result()
    synapse.big_data_pools.begin_delete("rg", "syn-one", "pool").result()
    assert list(synapse.big_data_pools.list_by_workspace("rg", "syn-one")) == []


def test_firewall_and_hub(synapse: Any, workspace: dict[str, Any]) -> None:
    synapse.workspaces.begin_create_or_update("rg", "syn-one", workspace).result()
    rules = synapse.ip_firewall_rules
    given = {"properties": {"startIpAddress": "1.2.3.4", "endIpAddress": "1.2.3.9"}}
    assert rules.begin_create_or_update("rg", "syn-one", "office", given).result().end_ip_address == "1.2.3.9"
    with refused("InvalidFirewallRule", 400):
        backwards = {"properties": {"startIpAddress": "1.2.3.9", "endIpAddress": "1.2.3.4"}}
        rules.begin_create_or_update("rg", "syn-one", "office", backwards).result()
    hub = synapse.private_link_hubs.create_or_update("rg", "hub", {"location": LOCATION})
    assert hub.provisioning_state == "Succeeded"


@pytest.fixture
def registries(world: World) -> Any:
    return world.client(ContainerRegistryManagementClient).registries


def registry(sku: str = "Premium", **properties: Any) -> dict[str, Any]:
    return {"location": LOCATION, "sku": {"name": sku}, "properties": properties}


def test_registry(registries: Any) -> None:
    made = registries.begin_create("rg", "registry1", registry()).result()
    assert made.login_server == "registry1.azurecr.io"
    assert made.admin_user_enabled is False
    assert made.policies.retention_policy.days == 7
    with refused("UnAuthorizedForCredentialOperations", 400):
        registries.list_credentials("rg", "registry1")
    registries.begin_create("rg", "registry1", registry(adminUserEnabled=True)).result()
    before = registries.list_credentials("rg", "registry1")
    assert before.username == "registry1"
    after = registries.regenerate_credential("rg", "registry1", {"name": "password"})
    assert after.passwords[0].value != before.passwords[0].value
    assert after.passwords[1].value == before.passwords[1].value
    assert {one.name for one in registries.list_usages("rg", "registry1").value} == {"Size", "Webhooks"}


def test_registry_refusals(registries: Any, world: World) -> None:
    with refused("ResourceSkuNotSupported", 400):
        registries.begin_create("rg", "registry1", registry("Basic", publicNetworkAccess="Disabled")).result()
    with refused("InvalidResourceName", 400):
        registries.begin_create("rg", "registry-1", registry()).result()
    with refused("InvalidParameter", 400):
        kept = {"retentionPolicy": {"status": "enabled", "days": 366}}
        registries.begin_create("rg", "registry1", registry(policies=kept)).result()
    registries.begin_create("rg", "registry1", registry("Basic")).result()
    world.group("other")
    with refused("AlreadyInUse", 409):
        registries.begin_create("other", "Registry1", registry()).result()
    name = {"name": "registry1", "type": "Microsoft.ContainerRegistry/registries"}
    assert registries.check_name_availability(name).name_available is False
