"""Who may do what, on the control plane, on the data planes, and with data from inside a job."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError

from azlocal.entra.principals import DATA_SCIENTIST, READER
from tests.azlocal.machinelearning.support import CPU, Arm, Workspace, credential_of, unique

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

    ClientAs = Callable[[str], MLClient]

ML_DATA_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
READER_ROLE = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
PLANES = {
    "history": ("GET", "runs/none/details"),
    "mlflow": ("POST", "api/2.0/mlflow/runs/search"),
    "data": ("POST", "dataversion/batchGetResolvedUris"),
    "modelregistry": ("POST", "models/batchGetResolvedUris"),
}


@pytest.fixture(scope="session")
def roles(arm: Arm, workspace: Workspace) -> None:
    """The data scientist and the reader as the architecture has them."""
    arm.assign(workspace.id, ML_DATA_SCIENTIST, DATA_SCIENTIST.object_id)
    arm.assign(workspace.id, READER_ROLE, READER.object_id)


@pytest.mark.usefixtures("roles")
def test_the_data_scientist_runs_jobs_and_makes_no_computes(client_as: ClientAs, bare: str) -> None:
    from azure.ai.ml import command
    from azure.ai.ml.entities import AmlCompute

    ml = client_as("data-scientist")
    job = ml.jobs.create_or_update(command(command="echo mine", environment=bare, compute=CPU))
    ml.jobs.stream(job.name)
    assert ml.jobs.get(job.name).creation_context.created_by == "data-scientist"
    with pytest.raises(HttpResponseError, match="computes/write") as caught:
        ml.compute.begin_create_or_update(AmlCompute(name=unique("c"), size="Standard_DS3_v2"))
    assert caught.value.status_code == 403


@pytest.mark.usefixtures("roles")
def test_the_reader_lists_and_writes_nothing(client_as: ClientAs, bare: str) -> None:
    from azure.ai.ml.entities import Environment

    ml = client_as("reader")
    assert bare.partition(":")[0] in {one.name for one in ml.environments.list()}
    assert list(ml.jobs.list()) is not None
    with pytest.raises(HttpResponseError) as caught:
        ml.environments.create_or_update(Environment(name=unique("e"), version="1", image="python:3.11"))
    assert caught.value.status_code == 403
    for part in ("AuthorizationFailed", READER.object_id, "environments/versions/write"):
        assert part in str(caught.value)


def test_the_stranger_sees_nothing(client_as: ClientAs, workspace: Workspace) -> None:
    with pytest.raises(HttpResponseError, match="AuthorizationFailed") as caught:
        client_as("stranger").workspaces.get(workspace.name)
    assert caught.value.status_code == 403


@pytest.mark.parametrize("plane", PLANES)
def test_every_data_plane_asks_for_a_token_and_for_a_role(workspace: Workspace, owner: Any, plane: str) -> None:
    method, rest = PLANES[plane]
    url = f"https://westeurope.api.azureml.ms/{plane}/v1.0{workspace.id}/{rest}"
    assert requests.request(method, url, json={}, timeout=10).status_code == 401
    token = credential_of(workspace.server, "stranger").get_token("https://ml.azure.com/.default").token
    refused = requests.request(method, url, json={}, headers={"authorization": f"Bearer {token}"}, timeout=10)
    assert refused.status_code == 403
    assert "does not have authorization" in refused.text
    foreign = requests.request(
        method, url, json={}, headers={"authorization": f"Bearer {token[:-8]}AAAAAAAA"}, timeout=10
    )
    assert foreign.status_code == 401


def test_an_operation_that_is_not_served_says_so(workspace: Workspace, owner: Any) -> None:
    token = owner.get_token("https://ml.azure.com/.default").token
    for path in (f"history/v1.0{workspace.id}/nothing/here", "hyperdrive/v1.0/x"):
        answer = requests.get(
            f"https://westeurope.api.azureml.ms/{path}", headers={"authorization": f"Bearer {token}"}, timeout=10
        )
        assert answer.status_code == 501
        assert "GET" in answer.json()["error"]["message"]


@pytest.fixture
def lake(arm: Arm, workspace: Workspace, ml: MLClient) -> str:
    """An identity-based datastore on a container of its own; nobody has a role there yet."""
    from azure.ai.ml.entities import AzureBlobDatastore

    name = unique("lake")
    arm.put(f"{workspace.storage_id}/blobServices/default/containers/{name}", "2023-05-01", {"properties": {}})
    ml.datastores.create_or_update(AzureBlobDatastore(name=name, account_name=workspace.storage, container_name=name))
    return name


def _finish(ml: MLClient, job: Any) -> Any:
    from azure.ai.ml.exceptions import JobException

    with contextlib.suppress(JobException):
        ml.jobs.stream(job.name)
    return ml.jobs._runs_operations.get_run_details(job.name)


def test_a_job_reads_and_writes_the_lake_with_its_computes_identity(
    arm: Arm, workspace: Workspace, ml: MLClient, bare: str, lake: str
) -> None:
    from azure.ai.ml import Input, Output, command

    def send() -> Any:
        return _finish(
            ml,
            ml.jobs.create_or_update(
                command(
                    command="echo kept > ${{outputs.o}}/f",
                    outputs={"o": Output(type="uri_folder", path=f"azureml://datastores/{lake}/paths/made")},
                    environment=bare,
                    compute=CPU,
                )
            ),
        )

    refused = send()
    assert refused.status == "Failed"
    assert "may not write" in refused.error.error.message
    assert "Storage Blob Data Contributor" in refused.error.error.message
    container = f"{workspace.storage_id}/blobServices/default/containers/{lake}"
    arm.assign(container, BLOB_CONTRIBUTOR, workspace.identity_object)
    assert send().status == "Completed"
    account = f"{workspace.storage}.dfs.core.windows.net"
    read = command(
        command="grep kept ${{inputs.d}}/f",
        inputs={"d": Input(type="uri_folder", path=f"abfss://{lake}@{account}/made")},
        environment=bare,
        compute=CPU,
    )
    assert _finish(ml, ml.jobs.create_or_update(read)).status == "Completed"


@pytest.mark.usefixtures("roles")
def test_a_job_as_its_user(arm: Arm, workspace: Workspace, client_as: ClientAs, bare: str, lake: str) -> None:
    from azure.ai.ml import Output, UserIdentityConfiguration, command

    ml = client_as("data-scientist")
    container = f"{workspace.storage_id}/blobServices/default/containers/{lake}"
    arm.assign(container, BLOB_CONTRIBUTOR, DATA_SCIENTIST.object_id)
    job = command(
        command=(
            "echo kept > ${{outputs.o}}/f; python -c 'import json, os, urllib.request as r;"
            'print(json.load(r.urlopen(os.environ["OBO_ENDPOINT"] + "&resource=https://vault.azure.net"))["client_id"])'
            f"' > id.txt && grep {DATA_SCIENTIST.client_id} id.txt"
        ),
        outputs={"o": Output(type="uri_folder", path=f"azureml://datastores/{lake}/paths/made")},
        environment=bare,
        compute=CPU,
        identity=UserIdentityConfiguration(),
    )
    assert _finish(ml, ml.jobs.create_or_update(job)).status == "Completed"


def test_a_process_signs_in_as_its_computes_identity(ml: MLClient, workspace: Workspace, bare: str) -> None:
    from azure.ai.ml import command

    script = (
        "import json, os, urllib.request as r;"
        "u = os.environ['IDENTITY_ENDPOINT'] + '?api-version=2019-08-01&resource=https://storage.azure.com';"
        "q = r.Request(u, headers={'X-IDENTITY-HEADER': os.environ['IDENTITY_HEADER']});"
        "print(json.load(r.urlopen(q))['client_id'])"
    )
    job = ml.jobs.create_or_update(
        command(
            command=f'python -c "{script}" > id.txt && grep {workspace.identity} id.txt', environment=bare, compute=CPU
        )
    )
    assert _finish(ml, job).status == "Completed"


@pytest.mark.parametrize("with_role", [False, True])
def test_a_workspace_without_keys(server: Any, arm: Arm, with_role: bool) -> None:  # noqa: FBT001
    """Uploads and logs go by signatures in the workspace's name, which has to have the role for it."""
    from azure.ai.ml import MLClient, command
    from azure.ai.ml.entities import Environment

    from azlocal.entra.principals import OWNER, SUBSCRIPTION_ID
    from tests.azlocal.machinelearning.support import make_workspace

    made = make_workspace(server, arm, keyless=True, keyless_role=with_role)
    ml = MLClient(credential_of(server, "owner"), SUBSCRIPTION_ID, made.group, made.name)
    assert ml.datastores.get("workspaceblobstore").credentials.type == "None"
    if with_role:
        arm.assign(made.storage_id, BLOB_CONTRIBUTOR, OWNER.object_id)
        arm.assign(made.storage_id, BLOB_CONTRIBUTOR, made.identity_object)
    ml.environments.create_or_update(Environment(name="bare", version="1", image="python:3.11"))
    job = ml.jobs.create_or_update(
        command(
            command="echo no keys > ${{outputs.o}}/f",
            environment="bare:1",
            compute=CPU,
            outputs={"o": {"type": "uri_folder"}},
        )
    )
    found = _finish(ml, job)
    assert found.status == ("Completed" if with_role else "Failed")
    link = found.log_files["user_logs/std_log.txt"]
    assert "skoid=" in link
    assert requests.get(link, timeout=10).status_code == (200 if with_role else 403)
