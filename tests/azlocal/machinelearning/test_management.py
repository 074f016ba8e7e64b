"""Azure's management SDK for machine learning (azure-mgmt-machinelearningservices), its whole first version."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient, models

from azlocal.entra.principals import SUBSCRIPTION_ID
from tests.azlocal.machinelearning.support import CPU, Workspace, unique


@pytest.fixture
def client(owner: Any) -> MachineLearningServicesMgmtClient:
    return MachineLearningServicesMgmtClient(owner, SUBSCRIPTION_ID)


def test_workspaces(client: MachineLearningServicesMgmtClient, workspace: Workspace) -> None:
    found = client.workspaces.get(workspace.group, workspace.name)
    assert found.storage_account == workspace.storage_id
    assert workspace.name in {one.name for one in client.workspaces.list_by_resource_group(workspace.group)}
    assert workspace.name in {one.name for one in client.workspaces.list_by_subscription()}
    updated = client.workspaces.update(
        workspace.group, workspace.name, models.WorkspaceUpdateParameters(tags={"a": "b"}, friendly_name="Ours")
    )
    assert (updated.tags, updated.friendly_name) == ({"a": "b"}, "Ours")
    assert client.workspaces.list_keys(workspace.group, workspace.name).user_storage_key


def test_computes(client: MachineLearningServicesMgmtClient, workspace: Workspace) -> None:
    operations = client.machine_learning_compute
    found = operations.get(workspace.group, workspace.name, CPU)
    assert isinstance(found.properties, models.AmlCompute)
    assert found.properties.properties.scale_settings.max_node_count == 4
    name = unique("c")
    scale = models.ScaleSettings(max_node_count=1, min_node_count=0)
    properties = models.AmlComputeProperties(vm_size="Standard_DS3_v2", scale_settings=scale)
    parameters = models.ComputeResource(location="westeurope", properties=models.AmlCompute(properties=properties))
    made = operations.begin_create_or_update(workspace.group, workspace.name, name, parameters).result()
    assert made.properties.provisioning_state == "Succeeded"
    operations.begin_delete(workspace.group, workspace.name, name, "Delete").wait()
    with pytest.raises(HttpResponseError, match="ResourceNotFound"):
        operations.get(workspace.group, workspace.name, name)


def test_sizes_and_usage(client: MachineLearningServicesMgmtClient) -> None:
    assert any(one.name == "Standard_DS3_v2" for one in client.virtual_machine_sizes.list("westeurope").aml_compute)
    assert list(client.usages.list("westeurope"))
