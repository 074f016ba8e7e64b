"""A workflow deploys: as the identity of its environment, all of infra/, and nothing outside its resource group."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import DefaultAzureCredential, WorkloadIdentityCredential
from azure.keyvault.secrets import SecretClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.storage.blob import BlobServiceClient

from azlocal import lifecycle
from azlocal.arm.providers import NAMESPACES
from azlocal.arm.types import Scope
from azlocal.engine.ports import call
from azlocal.engine.target import local_target
from azlocal.entra.keys import Keys
from azlocal.entra.principals import STRANGER, SUBSCRIPTION_ID, TENANT_ID
from azlocal.errors import UsageError
from azlocal.github.tokens import AUDIENCE, Workflow
from azlocal.state import StateFolder
from tests.e2e.conftest import Platform, acting, start
from tests.e2e.test_up import edit

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(900)]

ROLES = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions"
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-mlp-local"
JOB = "github:example-org/azure-ml-platform:local"
IMMUTABLE = "github:example-org@1000001/azure-ml-platform@2000001:local"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Platform]:
    one = start(StateFolder(tmp_path / "state"))
    yield one
    lifecycle.stop(one.folder)


def _refused(action: Callable[[], object]) -> None:
    with pytest.raises(HttpResponseError, match="AuthorizationFailed") as raised:
        action()
    assert raised.value.status_code == 403


def _assign(scope: str, role: str) -> object:
    properties = {
        "roleDefinitionId": f"{ROLES}/{role}",
        "principalId": STRANGER.object_id,
        "principalType": "ServicePrincipal",
    }
    client = AuthorizationManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID)
    return client.role_assignments.create(scope, str(uuid.uuid4()), {"properties": properties})


def test_the_workflow_does_everything_in_its_group_and_nothing_outside(empty: Platform, copy: Path) -> None:
    edit(
        copy,
        "environments/Pulumi.local.yaml",
        "    location: westeurope\n",
        "    location: westeurope\n    group: existing\n",
    )
    with pytest.raises(UsageError, match="no user-assigned identity trusts"):
        empty.variables(JOB)
    bootstrap = empty.command("up", "local", project=copy / "infra" / "bootstrap")
    assert bootstrap.code == 0, bootstrap.output

    made = empty.command("up", "local", "--as", JOB, project=copy)
    assert made.code == 0, made.output
    assert len(made.changes["created"]) > 100
    again = empty.command("up", "local", "--as", IMMUTABLE, project=copy)
    assert again.code == 0, again.output
    assert not any(again.changes.values()), again.output

    with acting(empty.variables(JOB)):
        groups = ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID, retry_total=0).resource_groups
        assert groups.get("rg-mlp-local").name == "rg-mlp-local"
        _refused(lambda: groups.create_or_update("rg-other", {"location": "westeurope"}))
        _refused(lambda: groups.get("rg-mlp-ci-local"))
        _refused(lambda: _assign(GROUP, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"))
        _refused(lambda: _assign(GROUP, "f58310d9-a9f6-439a-9e8d-f62e7b41a168"))
        _refused(lambda: _assign(f"/subscriptions/{SUBSCRIPTION_ID}", "acdd72a7-3385-48ef-bd42-f606fba81ae7"))
        _assign(GROUP, "acdd72a7-3385-48ef-bd42-f606fba81ae7")

    gone = empty.command("destroy", "local", "--yes", "--as", JOB, project=copy)
    assert gone.code == 0, gone.output
    with acting(empty.variables()):
        resources = ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID).resources
        assert [one.id for one in resources.list_by_resource_group("rg-mlp-local")] == []


def test_no_other_job_is_the_identity(empty: Platform, copy: Path, tmp_path: Path) -> None:
    """What the program has made trusts one environment of one repository, as GitHub itself says it."""
    bootstrap = empty.command("up", "local", "--outputs", str(tmp_path / "made"), project=copy / "infra" / "bootstrap")
    assert bootstrap.code == 0, bootstrap.output
    made, file = json.loads((tmp_path / "made").read_text()), tmp_path / "token"
    right = Workflow.parse(JOB.removeprefix("github:"))

    def sign_in(workflow: Workflow, client: str = "AZURE_CLIENT_ID", audience: str = AUDIENCE, **claims: str) -> str:
        file.write_text(Keys(empty.folder).sign({**workflow.id_token(audience, int(time.time())), **claims}))
        credential = WorkloadIdentityCredential(
            tenant_id=TENANT_ID, client_id=made[client], token_file_path=str(file), retry_total=0
        )
        return credential.get_token("https://management.azure.com/.default").token

    with acting(empty.variables()):
        assert sign_in(right)
        assert sign_in(Workflow.parse(IMMUTABLE.removeprefix("github:")))
        assert sign_in(replace(right, environment="local-preview"), "PREVIEW_AZURE_CLIENT_ID")
        for wrong in (
            replace(right, name="another"),
            replace(right, owner="another-org"),
            replace(right, owner_id="1000002", name_id="2000001"),
            replace(right, owner_id="1000001", name_id="2000002"),
            *(replace(right, environment=name) for name in ("prod", "local-preview", "local:ref", "LOCAL")),
        ):
            with pytest.raises(ClientAuthenticationError, match="AADSTS700213"):
                sign_in(wrong)
        with pytest.raises(ClientAuthenticationError, match="AADSTS700213"):
            sign_in(right, "PREVIEW_AZURE_CLIENT_ID")
        with pytest.raises(ClientAuthenticationError, match="AADSTS700212"):
            sign_in(right, audience="https://github.com/example-org")
        with pytest.raises(ClientAuthenticationError, match="AADSTS700211"):
            sign_in(right, iss="https://token.actions.githubusercontent.com/another-enterprise")


@pytest.mark.long
def test_the_workflow_of_production_manages_locks_a_private_cluster_and_a_key(empty: Platform, copy: Path) -> None:
    settings, job = "environments/Pulumi.prod.yaml", JOB.replace(":local", ":prod")
    edit(copy, settings, "    name: mlp\n", "    name: mlp\n    group: existing\n")
    edit(copy, settings, "azure-ml-platform:workspace:\n", "azure-ml-platform:workspace:\n    customerKey: {}\n")
    bootstrap = empty.command("up", "prod", project=copy / "infra" / "bootstrap")
    assert bootstrap.code == 0, bootstrap.output
    made = empty.command("up", "prod", "--as", job, project=copy)
    assert made.code == 0, made.output
    assert {"guards-lock-vault-vault", "vault-key-workspace"} <= made.changes["created"], made.output

    kept = empty.command("destroy", "prod", "--yes", "--as", job, project=copy)
    assert (kept.code, kept.changes["deleted"]) == (1, set()), kept.output
    for setting in ("locks", "protect"):
        edit(copy, settings, f"    {setting}: true", f"    {setting}: false")
    lifted = empty.command("up", "prod", "--as", job, project=copy)
    assert lifted.code == 0, lifted.output
    assert "guards-lock-vault-vault" in lifted.changes["deleted"], lifted.output
    gone = empty.command("destroy", "prod", "--yes", "--as", job, project=copy)
    assert gone.code == 0, gone.output


OUTSIDE = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-mlp-ci-local"
READABLE = {"Microsoft.Authorization/roleDefinitions"}  # Azure's own roles: whoever assigns one has to find it


def _everywhere_else() -> Iterator[tuple[str, str, str]]:
    """A resource of every type outside the environment's group: type, id, api-version."""
    for space in NAMESPACES:
        for type_ in space.types:
            scope = (
                OUTSIDE if type_.scopes & {Scope.GROUP, Scope.RESOURCE} else OUTSIDE.rpartition("/resourceGroups/")[0]
            )
            segments = type_.name.removeprefix(f"{space.name}/").split("/")
            path = "/".join(f"{segment}/one" for segment in segments)
            id_ = f"{scope}/providers/{space.name}/{path}"
            if type_.name == "Microsoft.Resources/resourceGroups":
                id_ = OUTSIDE
            yield type_.name, id_, (type_.versions or space.versions)[-1]


def test_outside_its_group_every_type_is_refused(empty: Platform, copy: Path) -> None:
    edit(copy, "environments/Pulumi.local.yaml", "    name: mlp\n", "    name: mlp\n    group: existing\n")
    assert empty.command("up", "local", project=copy / "infra" / "bootstrap").code == 0
    with local_target(empty.folder, JOB) as target:
        answers = {
            (type_, method): target.port.send(method, id_, {"api-version": version}, {} if method == "PUT" else None)
            for type_, id_, version in _everywhere_else()
            for method in ("GET", "PUT", "DELETE")
        }
    assert len(answers) > 300
    allowed = {(type_, method): reply.status for (type_, method), reply in answers.items() if reply.status != 403}
    assert {key for key in allowed if key[0] not in READABLE or key[1] != "GET"} == set(), allowed
    refusals = {reply.body["error"]["code"] for reply in answers.values() if reply.status == 403}
    assert refusals == {"AuthorizationFailed"}


def test_the_data_of_others_is_refused(empty: Platform, copy: Path) -> None:
    edit(copy, "environments/Pulumi.local.yaml", "    name: mlp\n", "    name: mlp\n    group: existing\n")
    assert empty.command("up", "local", project=copy / "infra" / "bootstrap").code == 0
    vault, account = "kv-of-others", "stofothers"
    with local_target(empty.folder) as target:
        put = partial(call, target.port, "PUT")
        properties = {
            "tenantId": TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
        }
        body = {"location": "westeurope", "properties": properties}
        put(f"{OUTSIDE}/providers/Microsoft.KeyVault/vaults/{vault}", "2023-07-01", body)
        body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}}
        put(f"{OUTSIDE}/providers/Microsoft.Storage/storageAccounts/{account}", "2023-05-01", body)
    with acting(empty.variables(JOB)):
        secrets = SecretClient(f"https://{vault}.vault.azure.net", DefaultAzureCredential(), retry_total=0)
        blobs = BlobServiceClient(f"https://{account}.blob.core.windows.net", DefaultAzureCredential(), retry_total=0)
        for ask in (
            lambda: secrets.get_secret("one"),
            lambda: secrets.set_secret("one", "two"),
            lambda: list(blobs.list_containers()),
            lambda: blobs.create_container("one"),
        ):
            with pytest.raises(HttpResponseError) as raised:
                ask()
            assert raised.value.status_code == 403
        secrets.close()
        blobs.close()
