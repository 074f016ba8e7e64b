"""Online endpoints through the unmodified SDK, on the running server."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import requests
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from azlocal.machinelearning.endpoints import process
from tests.azlocal.machinelearning.endpoints.making import SCRIPT, Caller, Endpoints
from tests.azlocal.machinelearning.support import Arm, Workspace, unique

if TYPE_CHECKING:
    from azure.ai.ml import MLClient


pytestmark = pytest.mark.minutes


@pytest.fixture
def endpoints(ml: MLClient, bare: str, tmp_path: Path) -> Endpoints:
    return Endpoints(ml, bare, tmp_path)


@pytest.fixture
def request_file(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "request.json"
    path.write_text('{"data": [1, 2]}')
    yield str(path)
    _forget_sticky_header()


def _forget_sticky_header() -> None:
    """The SDK sends a deployment's name again with every later call of the process: its headers are one dict."""
    from azure.ai.ml.constants._endpoint import EndpointInvokeFields

    EndpointInvokeFields.DEFAULT_HEADER.pop(EndpointInvokeFields.MODEL_DEPLOYMENT, None)


def test_blue_and_green(endpoints: Endpoints, request_file: str) -> None:
    ml = endpoints.ml
    name = endpoints.endpoint()
    endpoints.deploy(name, "blue", 2)
    endpoints.traffic(name, blue=100)
    answer = json.loads(ml.online_endpoints.invoke(name, request_file=request_file))
    assert answer["values"] == [2, 4]
    endpoints.deploy(name, "green", 3)
    call = endpoints.caller(name)
    seen = Counter(call().json()["values"][0] for _ in range(10))
    assert seen == {2: 10}  # green has nothing yet
    chosen = ml.online_endpoints.invoke(name, request_file=request_file, deployment_name="green")
    assert json.loads(chosen)["values"] == [3, 6]
    endpoints.traffic(name, blue=90, green=10)
    assert Counter(call().json()["values"][0] for _ in range(20)) == {2: 18, 3: 2}
    endpoints.traffic(name, green=100)
    answer_of_green = call()
    assert answer_of_green.json()["values"] == [3]
    assert answer_of_green.headers["azureml-model-deployment"] == "green"
    ml.online_deployments.begin_delete("blue", name).result()
    with pytest.raises(ResourceNotFoundError):
        ml.online_deployments.get("blue", name)
    assert call(azureml_model_deployment="blue").status_code == 404


def test_a_deployment_with_traffic_cannot_be_deleted(endpoints: Endpoints) -> None:
    name = endpoints.endpoint()
    endpoints.deploy(name, "blue", 2)
    endpoints.traffic(name, blue=100)
    with pytest.raises(HttpResponseError, match="has 100 percent of the traffic"):
        endpoints.ml.online_deployments.begin_delete("blue", name).result()


def test_a_script_that_raises_and_a_process_that_dies(endpoints: Endpoints) -> None:
    name = endpoints.endpoint()
    endpoints.deploy(name, "blue", 2)
    endpoints.traffic(name, blue=100)
    call = endpoints.caller(name)
    pid = call().json()["pid"]
    failed = call({"nothing": 1})
    assert failed.status_code == 500
    assert "KeyError: 'data'" in failed.json()["error"]["message"]
    logs = endpoints.ml.online_deployments.get_logs("blue", name, lines=50)
    assert "Traceback (most recent call last)" in logs
    assert "the factor is 2" in logs
    assert "downloading" in endpoints.ml.online_deployments.get_logs(
        "blue", name, lines=50, container_type="storage-initializer"
    )
    assert call().json()["pid"] == pid
    died = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    assert call().json()["pid"] != pid
    assert time.monotonic() - died < 2


def test_what_is_not_json_and_what_is_too_long(endpoints: Endpoints) -> None:
    name = endpoints.endpoint()
    endpoints.deploy(name, "blue", 2)
    endpoints.traffic(name, blue=100)
    call = endpoints.caller(name)
    refused = call(raw=b"a,b\n1,2\n")
    assert refused.status_code == 400
    assert "The request body is not valid JSON" in refused.text
    headers = {"Authorization": f"Bearer {call.key}"}
    size = process.MAX_BODY + 1
    too_long = requests.post(
        call.uri, data=(bytes(1 << 20) for _ in range(0, size, 1 << 20)), headers=headers, timeout=60
    )
    assert too_long.status_code == 413
    assert call().status_code == 200


def test_a_model_that_does_not_load(endpoints: Endpoints) -> None:
    name = endpoints.endpoint()
    script = SCRIPT.replace("factor.json", "factor.yaml")
    with pytest.raises(HttpResponseError, match=r"FileNotFoundError: .*factor\.yaml") as caught:
        endpoints.deploy(name, "blue", 2, script)
    assert "ResourceNotReady" in str(caught.value)
    assert endpoints.ml.online_deployments.get("blue", name).provisioning_state == "Failed"
    assert "Traceback" in endpoints.ml.online_deployments.get_logs("blue", name, lines=50)


def test_keys(endpoints: Endpoints, client_as: Callable[[str], MLClient]) -> None:
    name = endpoints.endpoint()
    endpoints.deploy(name, "blue", 2)
    endpoints.traffic(name, blue=100)
    old = endpoints.caller(name)
    endpoints.ml.online_endpoints.begin_regenerate_keys(name, key_type="primary").result()
    assert old().status_code == 401
    assert endpoints.caller(name)().status_code == 200
    with pytest.raises(HttpResponseError, match=r"onlineEndpoints/listKeys/action"):
        client_as("stranger").online_endpoints._online_operation.list_keys(
            resource_group_name=endpoints.ml.resource_group_name,
            workspace_name=str(endpoints.ml.workspace_name),
            endpoint_name=name,
        )


def test_entra_tokens(endpoints: Endpoints, client_as: Callable[[str], MLClient], request_file: str) -> None:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    ml = endpoints.ml
    name = unique("ep")
    ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="aad_token")).result()
    endpoints.deploy(name, "blue", 2)
    endpoints.traffic(name, blue=100)
    answer = ml.online_endpoints.invoke(name, request_file=request_file)
    assert json.loads(answer)["values"] == [2, 4]
    uri = ml.online_endpoints.get(name).scoring_uri
    token = client_as("stranger")._credential.get_token("https://ml.azure.com/.default").token
    refused = Caller(uri, token)()
    assert refused.status_code == 403
    assert "onlineEndpoints/score/action" in refused.text


def test_an_endpoint_goes_with_its_deployments(endpoints: Endpoints) -> None:
    name = endpoints.endpoint()
    endpoints.deploy(name, "blue", 2)
    endpoints.traffic(name, blue=100)
    call = endpoints.caller(name)
    pid = call().json()["pid"]
    endpoints.ml.online_endpoints.begin_delete(name).result()
    assert not psutil.pid_exists(pid)
    assert call().status_code == 404


def test_a_kubernetes_endpoint(endpoints: Endpoints, kubernetes_compute: str, request_file: str) -> None:
    from azure.ai.ml.entities import KubernetesOnlineDeployment, KubernetesOnlineEndpoint

    ml = endpoints.ml
    name = unique("ep")
    made = ml.online_endpoints.begin_create_or_update(
        KubernetesOnlineEndpoint(name=name, compute=kubernetes_compute, auth_mode="key")
    ).result()
    assert made.scoring_uri == f"https://scoring.contoso.internal/api/v1/endpoint/{name}/score"
    managed = endpoints.entity(name, "blue", 5)
    ml.online_deployments.begin_create_or_update(
        KubernetesOnlineDeployment(
            name="blue",
            endpoint_name=name,
            model=managed.model,
            environment=managed.environment,
            code_configuration=managed.code_configuration,
            instance_count=1,
        )
    ).result()
    found = ml.online_endpoints.get(name)
    found.traffic = {"blue": 100}
    ml.online_endpoints.begin_create_or_update(found).result()
    answer = json.loads(ml.online_endpoints.invoke(name, request_file=request_file))
    assert answer["values"] == [5, 10]
    found.mirror_traffic = {"blue": 10}
    with pytest.raises(HttpResponseError, match="not supported for Kubernetes"):
        ml.online_endpoints.begin_create_or_update(found).result()


@pytest.fixture(scope="session")
def kubernetes_compute(arm: Arm, workspace: Workspace) -> str:
    """A cluster with the extension, attached."""
    base = f"{workspace.id.partition('/providers/')[0]}/providers"
    cluster = f"{base}/Microsoft.ContainerService/managedClusters/aks"
    arm.put(
        cluster,
        "2025-01-01",
        {
            "location": "westeurope",
            "identity": {"type": "SystemAssigned"},
            "properties": {
                "dnsPrefix": unique("aks"),
                "agentPoolProfiles": [{"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D4s_v5"}],
            },
        },
    )
    arm.put(
        f"{cluster}/providers/Microsoft.KubernetesConfiguration/extensions/azureml",
        "2023-05-01",
        {
            "identity": {"type": "SystemAssigned"},
            "properties": {
                "extensionType": "Microsoft.AzureML.Kubernetes",
                "configurationSettings": {
                    "enableInference": "True",
                    "enableTraining": "True",
                    "inferenceRouterServiceType": "LoadBalancer",
                    "sslCname": "scoring.contoso.internal",
                    "sslSecret": "scoring-tls",
                },
            },
        },
    )
    arm.put(
        f"{cluster}/trustedAccessRoleBindings/ml",
        "2025-01-01",
        {
            "properties": {
                "sourceResourceId": workspace.id,
                "roles": ["Microsoft.MachineLearningServices/workspaces/mlworkload"],
            }
        },
    )
    arm.put(
        f"{workspace.id}/computes/kube",
        "2024-10-01",
        {
            "location": "westeurope",
            "properties": {
                "computeType": "Kubernetes",
                "resourceId": cluster,
                "properties": {"namespace": "default"},
            },
        },
    )
    return "kube"
