"""Versioned assets and datastores through the unmodified SDK."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.azlocal.machinelearning.support import CPU, Workspace, marked, unique, wait

if TYPE_CHECKING:
    from azure.ai.ml import MLClient


def test_the_workspace_says_what_clients_need(ml: MLClient, workspace: Workspace) -> None:
    found = ml.workspaces.get(workspace.name)
    assert found.discovery_url == "https://westeurope.api.azureml.ms/discovery"
    assert found.mlflow_tracking_uri == f"azureml://westeurope.api.azureml.ms/mlflow/v1.0{workspace.id}"
    assert found.storage_account.lower() == workspace.storage_id.lower()
    assert found.identity.principal_id
    assert workspace.name in {one.name for one in ml.workspaces.list()}
    keys = ml.workspaces.get_keys(workspace.name)
    assert keys.user_storage_key


def test_the_default_datastores_come_with_the_workspace(ml: MLClient) -> None:
    assert ml.datastores.get_default().name == "workspaceblobstore"
    assert {one.name for one in ml.datastores.list()} >= {
        "workspaceblobstore",
        "workspaceartifactstore",
        "workspacefilestore",
        "workspaceworkingdirectory",
    }
    assert ml.datastores.get("workspaceblobstore").credentials.account_key is None
    assert ml.datastores.get("workspaceblobstore", include_secrets=True).credentials.account_key


def test_a_datastore_is_made_read_and_deleted(ml: MLClient, workspace: Workspace) -> None:
    from azure.ai.ml.entities import AzureDataLakeGen2Datastore

    name = unique("lake")
    ml.datastores.create_or_update(
        AzureDataLakeGen2Datastore(name=name, account_name=workspace.storage, filesystem="raw")
    )
    assert ml.datastores.get(name).filesystem == "raw"
    ml.datastores.delete(name)
    with pytest.raises(ResourceNotFoundError):
        ml.datastores.get(name)


def test_data_counts_its_versions(ml: MLClient) -> None:
    from azure.ai.ml.entities import Data

    name = unique("d")
    path = "azureml://datastores/workspaceblobstore/paths/some/where"
    made = [ml.data.create_or_update(Data(name=name, path=path, type="uri_folder")).version for _ in range(2)]
    assert made == ["1", "2"]
    assert ml.data.get(name, label="latest").version == "2"
    assert [one.version for one in ml.data.list(name=name)] == ["2", "1"]
    ml.data.archive(name, version="2")
    assert [one.version for one in ml.data.list(name=name)] == ["1"]
    ml.data.restore(name, version="2")
    assert len(list(ml.data.list(name=name))) == 2
    assert name in {one.name for one in ml.data.list()}
    with pytest.raises(HttpResponseError, match="immutable") as caught:
        ml.data.create_or_update(Data(name=name, version="1", path=path + "/else", type="uri_folder"))
    assert caught.value.status_code == 409


def test_local_data_is_uploaded_once(ml: MLClient, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Data

    (tmp_path / "a.csv").write_text(unique("content"))
    name = unique("d")
    one = ml.data.create_or_update(Data(name=name, path=str(tmp_path / "a.csv"), type="uri_file"))
    two = ml.data.create_or_update(Data(name=unique("d"), path=str(tmp_path / "a.csv"), type="uri_file"))
    assert one.path == two.path
    assert one.path.endswith("/a.csv")


def test_a_changed_environment_becomes_a_new_version(ml: MLClient) -> None:
    from azure.ai.ml.entities import Environment

    name = unique("env")
    conda = {"dependencies": ["python=3.11", {"pip": ["six==1.16.0"]}]}
    first = ml.environments.create_or_update(Environment(name=name, image="python:3.11", conda_file=conda))
    same = ml.environments.create_or_update(Environment(name=name, image="python:3.11", conda_file=conda))
    changed = ml.environments.create_or_update(Environment(name=name, image="python:3.12", conda_file=conda))
    assert (first.version, same.version, changed.version) == ("1", "1", "2")
    assert ml.environments.get(name, label="latest").version == "2"
    assert len(list(ml.environments.list(name=name))) == 2
    ml.environments.archive(name)
    assert name not in {one.name for one in ml.environments.list()}


def test_models_are_uploaded_registered_and_downloaded(ml: MLClient, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Model

    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "weights").write_text("42")
    name = unique("m")
    model = ml.models.create_or_update(Model(name=name, path=str(tmp_path / "m"), tags={"a": "b"}))
    assert model.version == "1"
    assert model.path.startswith("azureml://subscriptions/")
    assert ml.models.get(name, label="latest").tags == {"a": "b"}
    ml.models.download(name, "1", download_path=tmp_path / "out")
    assert next((tmp_path / "out").rglob("weights")).read_text() == "42"
    ml.models.archive(name, version="1")
    assert list(ml.models.list(name=name)) == []


def test_an_mlflow_model_shows_its_flavors(ml: MLClient, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Model

    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "MLmodel").write_text("flavors: {python_function: {loader_module: x, env: {conda: c}}}")
    name = unique("m")
    ml.models.create_or_update(Model(name=name, path=str(tmp_path / "m"), type="mlflow_model"))
    flavors = wait(lambda: ml.models.get(name, version="1").flavors or None)
    assert flavors == {"python_function": {"loader_module": "x", "env": "{'conda': 'c'}"}}


def test_components_round_trip(ml: MLClient, bare: str) -> None:
    from azure.ai.ml import Input, command

    name = unique("c")
    component = command(
        name=name, command="echo ${{inputs.x}}", inputs={"x": Input(type="number", default=1)}, environment=bare
    ).component
    made = ml.components.create_or_update(component)
    found = ml.components.get(name, version=made.version)
    assert found.command == "echo ${{inputs.x}}"
    assert found.inputs["x"]["default"] == 1
    assert ml.components.get(name).version == "1"
    assert name in {one.name for one in ml.components.list()}


def test_computes(ml: MLClient, workspace: Workspace) -> None:
    from azure.ai.ml.entities import AmlCompute, ComputeInstance

    assert any(size.name.lower() == "standard_ds3_v2" for size in ml.compute.list_sizes())
    assert any(usage.limit for usage in ml.compute.list_usage())
    cluster = unique("c")
    made = ml.compute.begin_create_or_update(
        AmlCompute(name=cluster, size="Standard_DS3_v2", max_instances=2, idle_time_before_scale_down=60)
    ).result()
    assert made.max_instances == 2
    made.max_instances = 3
    assert ml.compute.begin_update(made).result().max_instances == 3
    assert list(ml.compute.list_nodes(cluster)) == []
    instance = unique("i")
    ml.compute.begin_create_or_update(ComputeInstance(name=instance, size="Standard_DS3_v2")).result()
    ml.compute.begin_stop(instance).wait()
    assert ml.compute.get(instance).state == "Stopped"
    ml.compute.begin_start(instance).wait()
    assert ml.compute.get(instance).state == "Running"
    ml.compute.begin_delete(cluster).wait()
    assert cluster not in {one.name for one in ml.compute.list()}


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"vmSize": "Standard_Z9"}, "VM size 'Standard_Z9' is not offered"),
        ({"vmSize": "Standard_DS3_v2", "scaleSettings": {"minNodeCount": 3, "maxNodeCount": 1}}, "minNodeCount 3"),
    ],
)
def test_a_cluster_that_cannot_be(arm: Any, workspace: Workspace, properties: dict[str, Any], says: str) -> None:
    body = {"location": "westeurope", "properties": {"computeType": "AmlCompute", "properties": properties}}
    with pytest.raises(HttpResponseError, match=says):
        arm.put(f"{workspace.id}/computes/{unique('c')}", "2024-10-01", body)


def test_schedules_are_not_served(arm: Any, workspace: Workspace) -> None:
    body: dict[str, Any] = {"properties": {"action": {}, "trigger": {}}}
    with pytest.raises(HttpResponseError, match="schedules") as caught:
        arm.put(f"{workspace.id}/schedules/nightly", "2024-10-01", body)
    assert caught.value.status_code == 501


def test_a_deleted_workspace_holds_its_name_until_it_is_purged(server: Any, arm: Any) -> None:
    from azure.ai.ml import MLClient, command
    from azure.ai.ml.entities import Data, Environment

    from azlocal.entra.principals import SUBSCRIPTION_ID
    from tests.azlocal.machinelearning.support import credential_of, make_workspace

    made = make_workspace(server, arm)
    client = MLClient(credential_of(server, "owner"), SUBSCRIPTION_ID, made.group, made.name)
    client.data.create_or_update(Data(name="kept", path="azureml://datastores/workspaceblobstore/paths/x"))
    body = arm.get(made.id, "2024-10-01")
    mark = unique("mark")
    client.environments.create_or_update(Environment(name="bare", version="1", image="python:3.11"))
    job = client.jobs.create_or_update(command(command=f"exec -a {mark} sleep 600", environment="bare:1", compute=CPU))
    wait(lambda: marked(mark) or None)
    client.workspaces.begin_delete(made.name, delete_dependent_resources=False).wait()
    wanted = {"location": body["location"], "identity": {"type": "SystemAssigned"}}
    names = ("storageAccount", "keyVault", "applicationInsights")
    properties = {name: body["properties"][name] for name in names}
    with pytest.raises(HttpResponseError, match="Soft-deleted workspace exists"):
        arm.put(made.id, "2024-10-01", {**wanted, "properties": properties})
    recovered = {**properties, "allowRecoverSoftDeletedWorkspace": True}
    arm.put(made.id, "2024-10-01", {**wanted, "properties": recovered})
    assert client.data.get("kept", label="latest").version == "1"
    assert list(client.compute.list()) == []
    assert not marked(mark)
    assert client.jobs._runs_operations.get_run_details(job.name).status == "Canceled"
    now = arm.get(made.id, "2024-10-01")
    assert now["properties"]["workspaceId"] == body["properties"]["workspaceId"]
    client.workspaces.begin_delete(made.name, delete_dependent_resources=False, permanently_delete=True).wait()
    arm.put(made.id, "2024-10-01", {**wanted, "properties": properties})
    assert list(client.data.list()) == []
    with pytest.raises(ResourceNotFoundError):
        client.jobs._runs_operations.get_run_details(job.name)
