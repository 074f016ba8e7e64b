"""The role matrix seen from outside: each persona does its work with the SDKs, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from azure.ai.ml import MLClient
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.storage.blob import BlobServiceClient

from azlocal.entra.principals import SUBSCRIPTION_ID
from tests.e2e.conftest import Platform, acting

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(300), pytest.mark.xdist_group("architecture")]

Become = Callable[[str], Platform]


@pytest.fixture
def become(platform: Platform) -> Iterator[Become]:
    """Be a persona until the test ends or becomes another."""
    stack: list[AbstractContextManager[None]] = []

    def switch(name: str) -> Platform:
        while stack:
            stack.pop().__exit__(None, None, None)
        context = acting(platform.variables(name))
        context.__enter__()
        stack.append(context)
        return platform

    yield switch
    while stack:
        stack.pop().__exit__(None, None, None)


def lake(platform: Platform) -> BlobServiceClient:
    return BlobServiceClient(platform.outputs["lake_blob_endpoint"], DefaultAzureCredential(), retry_total=0)


def vault(platform: Platform) -> SecretClient:
    return SecretClient(platform.outputs["key_vault_uri"], DefaultAzureCredential(), retry_total=0)


def workspace(platform: Platform) -> MLClient:
    found = platform.outputs
    return MLClient(DefaultAzureCredential(), SUBSCRIPTION_ID, found["resource_group"], found["workspace_name"])


def refused(action: Callable[[], object], status: int = 403, *parts: str) -> None:
    """An action is refused with a status, in words that say what was missing."""
    with pytest.raises((HttpResponseError, ClientAuthenticationError)) as raised:
        action()
    assert raised.value.status_code == status, raised.value
    for part in parts:
        assert part in str(raised.value)


def write(platform: Platform, zone: str) -> str:
    """Put a small blob into a zone of the lake; answers its name."""
    name = f"test/{uuid.uuid4().hex}"
    with lake(platform) as service, service.get_blob_client(zone, name) as blob:
        blob.upload_blob(b"content")
    return name


def read(platform: Platform, zone: str, name: str) -> bytes:
    with lake(platform) as service, service.get_blob_client(zone, name) as blob:
        return blob.download_blob().readall()


def names(platform: Platform, zone: str) -> list[str]:
    with lake(platform) as service, service.get_container_client(zone) as container:
        return [str(name) for name in container.list_blob_names()]


def test_data_scientist_works_in_lake_and_workspace_and_changes_neither(become: Become) -> None:
    platform = become("data-scientist")
    for zone in ("raw", "curated", "features", "scores"):
        assert read(platform, zone, write(platform, zone)) == b"content"
    client = workspace(platform)
    assert client.workspaces.get(platform.outputs["workspace_name"]).name == platform.outputs["workspace_name"]
    assert {one.name for one in client.compute.list()} >= {platform.outputs["cpu_cluster"]}
    resources = ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID, retry_total=0)
    refused(lambda: resources.resource_groups.begin_delete(platform.outputs["resource_group"]), 403, "delete")
    refused(
        lambda: client.workspaces.begin_delete(
            platform.outputs["workspace_name"], delete_dependent_resources=False
        ).result(),
        403,
        "Microsoft.MachineLearningServices/workspaces/delete",
    )
    refused(lambda: vault(platform).set_secret("of-mine", "value"))


def test_reader_lists_and_reads_and_never_writes(become: Become) -> None:
    platform = become("data-scientist")
    name = write(platform, "curated")
    platform = become("reader")
    assert name in names(platform, "curated")
    assert read(platform, "curated", name) == b"content"
    refused(lambda: write(platform, "curated"), 403, "AuthorizationPermissionMismatch")
    refused(lambda: names(platform, "raw"), 403)
    client = workspace(platform)
    assert list(client.compute.list())
    from azure.ai.ml.entities import Environment

    refused(lambda: client.environments.create_or_update(Environment(name="mine", image="image")), 403, "write")
    refused(lambda: list(vault(platform).list_properties_of_secrets()), 403)


def test_stranger_is_refused_everywhere_by_name(become: Become) -> None:
    platform = become("stranger")
    client_id = platform.variables("stranger")["AZURE_CLIENT_ID"]
    group = platform.outputs["resource_group"]
    resources = ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID, retry_total=0)
    refused(lambda: resources.resource_groups.get(group), 403, client_id, "resourceGroups/read", group)
    refused(lambda: workspace(platform).workspaces.get(platform.outputs["workspace_name"]), 403, "AuthorizationFailed")
    refused(lambda: names(platform, "curated"), 403)
    refused(lambda: vault(platform).get_secret("anything"), 403)


def test_workload_does_its_work_and_nothing_else(become: Become) -> None:
    platform = become("data-scientist")
    feature = write(platform, "features")
    platform = become("owner")
    vault(platform).set_secret("for-the-pod", "known")
    platform = become("workload")
    assert "AZURE_CLIENT_SECRET" not in platform.variables("workload"), "a pod has a token, not a secret"
    assert read(platform, "features", feature) == b"content"
    write(platform, "scores")
    assert vault(platform).get_secret("for-the-pod").value == "known"
    refused(lambda: write(platform, "features"), 403)
    refused(lambda: write(platform, "raw"), 403)
    refused(lambda: read(platform, "raw", "any"), 403)
    refused(lambda: vault(platform).set_secret("for-the-pod", "changed"), 403)
    resources = ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID, retry_total=0)
    refused(lambda: resources.resource_groups.get(platform.outputs["resource_group"]), 403)
    refused(lambda: list(workspace(platform).jobs.list()), 403)


def test_who_brings_the_routers_certificate_reads_secrets_and_nothing_else(become: Become) -> None:
    platform = become("owner")
    vault(platform).set_secret("scoring-tls-certificate", "known")
    platform = become("workload:azureml:router-certificate")
    assert vault(platform).get_secret("scoring-tls-certificate").value == "known"
    refused(lambda: vault(platform).set_secret("scoring-tls-certificate", "another"), 403)
    refused(lambda: names(platform, "scores"), 403)
    resources = ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID, retry_total=0)
    refused(lambda: resources.resource_groups.get(platform.outputs["resource_group"]), 403)


def test_shared_keys_are_off(become: Become) -> None:
    platform = become("owner")
    from azure.mgmt.storage import StorageManagementClient

    client = StorageManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID)
    keys = client.storage_accounts.list_keys(platform.outputs["resource_group"], platform.outputs["lake_account"])
    assert keys.keys_property
    with BlobServiceClient(
        platform.outputs["lake_blob_endpoint"], keys.keys_property[0].value, retry_total=0
    ) as service:
        refused(lambda: list(service.list_containers()), 403, "KeyBasedAuthenticationNotPermitted")


def test_what_is_not_there_is_404_for_who_may_look(become: Become) -> None:
    platform = become("reader")
    with pytest.raises(ResourceNotFoundError):
        workspace(platform).models.get("no-such-model", version="1")
