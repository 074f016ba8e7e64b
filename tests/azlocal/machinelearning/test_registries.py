"""Azure ML registries through the unmodified SDK: a model on its way from one workspace to others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from azure.ai.ml.exceptions import ValidationException
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from azlocal.entra.principals import DATA_SCIENTIST, ML_ENGINEER, SUBSCRIPTION_ID
from tests.azlocal.machinelearning.support import LOCATION, Arm, Workspace, credential_of, make_workspace, unique

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import Model

VERSION = "2024-10-01"
ROLE_REGISTRY_USER = "1823dd4f-9b8c-4ab6-ab4e-7397a3684615"
ROLE_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
ROLE_READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def make_registry(workspace: Workspace, arm: Arm) -> str:
    """The id of a new registry in the workspace's group."""
    id_ = f"{workspace.id.rpartition('/workspaces/')[0]}/registries/{unique('reg')}"
    region = {
        "location": LOCATION,
        "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
        "storageAccountDetails": [{"systemCreatedStorageAccount": {"storageAccountType": "Standard_ZRS"}}],
    }
    body = {"location": LOCATION, "identity": {"type": "SystemAssigned"}, "properties": {"regionDetails": [region]}}
    arm.put(id_, VERSION, body)
    return id_


@pytest.fixture(scope="module")
def registry(workspace: Workspace, arm: Arm) -> str:
    return make_registry(workspace, arm)


def of_registry(workspace: Workspace, registry: str, principal: str = "owner") -> MLClient:
    from azure.ai.ml import MLClient

    return MLClient(credential_of(workspace.server, principal), registry_name=registry.rsplit("/", 1)[-1])


@pytest.fixture
def model(ml: MLClient, tmp_path: Path) -> Model:
    """A registered model of two files."""
    from azure.ai.ml.entities import Model

    folder = tmp_path / "files"
    (folder / "deep").mkdir(parents=True)
    (folder / "weights.txt").write_text(unique("weights"))
    (folder / "deep" / "more.txt").write_text("more")
    made: Model = ml.models.create_or_update(
        Model(name=unique("m"), path=str(folder), tags={"mae": "19.9"}, description="late flights", type="custom_model")
    )
    return made


def share(ml: MLClient, registry: str, model: Model, version: str = "") -> Model:
    name = registry.rsplit("/", 1)[-1]
    shared: Model = ml.models.share(
        str(model.name),
        str(model.version),
        registry_name=name,
        share_with_name=str(model.name),
        share_with_version=version or str(model.version),
    )
    return shared


def test_a_model_is_shared_found_and_fetched(
    ml: MLClient, workspace: Workspace, registry: str, model: Model, tmp_path: Path
) -> None:
    name = registry.rsplit("/", 1)[-1]
    shared = share(ml, registry, model)
    assert shared.id == f"azureml://registries/{name}/models/{model.name}/versions/1"
    assert (shared.tags, shared.description, shared.type) == (model.tags, model.description, model.type)
    assert f"{workspace.storage}." not in str(shared.path), "it is a copy"
    client = of_registry(workspace, registry)
    share(ml, registry, model, "7")
    assert [one.version for one in client.models.list(name=str(model.name))] == ["7", "1"]
    assert client.models.get(str(model.name), label="latest").version == "7"
    assert str(model.name) in {one.name for one in client.models.list()}
    client.models.download(str(model.name), "1", download_path=tmp_path / "got")
    found = {file.name: file.read_text() for file in (tmp_path / "got").rglob("*.txt")}
    assert found == {file.name: file.read_text() for file in (tmp_path / "files").rglob("*.txt")}


def test_a_model_is_uploaded_to_a_registry_itself(workspace: Workspace, registry: str, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Model

    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "weights.txt").write_text(unique("weights"))
    client = of_registry(workspace, registry)
    name = unique("m")
    made = client.models.create_or_update(Model(name=name, version="1", path=str(tmp_path / "files")))
    assert made.id == f"azureml://registries/{registry.rsplit('/', 1)[-1]}/models/{name}/versions/1"
    made.tags = {"of": "hand"}
    client.models.create_or_update(made)
    assert client.models.get(name, "1").tags == {"of": "hand"}
    client.models.download(name, "1", download_path=tmp_path / "got")
    (found,) = (tmp_path / "got").rglob("weights.txt")
    assert found.read_text() == (tmp_path / "files" / "weights.txt").read_text()
    with pytest.raises(HttpResponseError, match="immutable"):
        client.models.create_or_update(Model(name=name, version="1", path=f"{made.path}/else"))


def test_a_version_is_there_once_and_what_is_missing_is_told(
    ml: MLClient, workspace: Workspace, registry: str, model: Model
) -> None:
    share(ml, registry, model)
    with pytest.raises(ValidationException, match="already exists in registry"):
        share(ml, registry, model)
    client = of_registry(workspace, registry)
    with pytest.raises(ResourceNotFoundError):
        client.models.get(str(model.name), "2")
    assert list(client.models.list(name="nothing")) == []
    model.version = "9"
    with pytest.raises(HttpResponseError, match=f"model '{model.name}:9' was not found"):
        share(ml, registry, model)
    with pytest.raises(HttpResponseError, match="registry 'nowhere' was not found"):
        share(ml, "nowhere", model)


def test_roles_decide_who_shares_and_who_reads(workspace: Workspace, registry: str, arm: Arm, tmp_path: Path) -> None:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import Model

    own = make_workspace(workspace.server, arm)  # what is assigned here must not reach other tests
    scientist, engineer = (
        MLClient(credential_of(own.server, one), SUBSCRIPTION_ID, own.group, own.name)
        for one in (DATA_SCIENTIST.name, ML_ENGINEER.name)
    )
    for one in (DATA_SCIENTIST, ML_ENGINEER):
        arm.assign(own.id, ROLE_SCIENTIST, one.object_id)
        arm.assign(own.id, ROLE_READER, one.object_id)
    (tmp_path / "weights.txt").write_text("1")
    model = MLClient(credential_of(own.server, "owner"), SUBSCRIPTION_ID, own.group, own.name).models.create_or_update(
        Model(name=unique("m"), path=str(tmp_path / "weights.txt"), type="custom_model")
    )
    with pytest.raises(HttpResponseError, match="registries/read"):
        share(scientist, registry, model)
    arm.assign(registry, ROLE_READER, ML_ENGINEER.object_id)
    with pytest.raises(HttpResponseError, match="registries/assets/write"):
        share(engineer, registry, model)
    arm.assign(registry, ROLE_REGISTRY_USER, DATA_SCIENTIST.object_id)
    share(scientist, registry, model)
    assert of_registry(own, registry, ML_ENGINEER.name).models.get(str(model.name), "1").name == model.name


def test_a_deployment_is_of_a_model_of_a_registry(ml: MLClient, workspace: Workspace, registry: str, arm: Arm) -> None:
    endpoint = f"{workspace.id}/onlineEndpoints/{unique('e')}"
    arm.put(
        endpoint,
        VERSION,
        {"location": LOCATION, "identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}},
    )
    body = {
        "location": LOCATION,
        "sku": {"name": "Default", "capacity": 1},
        "properties": {
            "endpointComputeType": "Managed",
            "instanceType": "Standard_DS3_v2",
            "model": f"azureml://registries/{registry.rsplit('/', 1)[-1]}/models/nothing/versions/1",
        },
    }
    with pytest.raises(HttpResponseError, match=r"registry model .* was not found"):
        arm.put(f"{endpoint}/deployments/blue", VERSION, body)


def test_what_a_registry_held_goes_with_it(ml: MLClient, workspace: Workspace, arm: Arm, model: Model) -> None:
    registry = make_registry(workspace, arm)
    share(ml, registry, model)
    group = arm.get(registry, VERSION)["properties"]["managedResourceGroup"]["resourceId"].rsplit("/", 1)[-1]
    assert arm.client.resource_groups.get(group).managed_by == registry
    (account,) = arm.client.resources.list_by_resource_group(group)
    assert account.type == "Microsoft.Storage/storageAccounts"
    arm.client.resources.begin_delete_by_id(registry, api_version=VERSION).result()
    assert not arm.client.resource_groups.check_existence(group)
    with pytest.raises(HttpResponseError, match="was not found"):
        of_registry(workspace, registry)
