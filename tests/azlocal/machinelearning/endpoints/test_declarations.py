from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from azlocal.arm import ControlPlane
from azlocal.entra.principals import STRANGER
from azlocal.state import State
from tests.azlocal.machinelearning.endpoints.workspace import (
    COMPUTE,
    EXTENSION,
    ML,
    MLFLOW,
    NAMESPACES,
    Workspace,
)


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    state = State()
    yield Workspace(ControlPlane(state, NAMESPACES))
    state.close()


def message(answer: Any) -> str:
    return str(answer.body["error"]["message"])


def test_a_managed_endpoint_has_its_own_host(workspace: Workspace) -> None:
    answer = workspace.endpoint(keys={"primaryKey": "mine"})
    assert answer.status == 201
    properties = answer.body["properties"]
    assert properties["scoringUri"] == "https://score.westeurope.inference.ml.azure.com/score"
    assert properties["swaggerUri"] == "https://score.westeurope.inference.ml.azure.com/swagger.json"
    assert properties["properties"] == {}
    assert properties["traffic"] == {}
    assert "keys" not in properties
    assert answer.body["identity"]["principalId"]
    assert workspace.call("POST", "onlineEndpoints/score/listKeys").body["primaryKey"] == "mine"


def test_a_kubernetes_endpoint_shares_the_clusters_host(workspace: Workspace) -> None:
    properties = workspace.endpoint(compute=COMPUTE).body["properties"]
    assert properties["scoringUri"] == "https://scoring.contoso.internal/api/v1/endpoint/score/score"


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"compute": f"{ML}/computes/none"}, "does not exist"),
        ({"compute": f"{ML}/computes/cpu"}, "is of type AmlCompute"),
        ({"authMode": "Password"}, "Allowed values: Key, AMLToken, AADToken"),
        ({"traffic": {"blue": 50}}, "does not have"),
        ({"traffic": {"blue": "half"}}, "a whole number from 0 to 100"),
    ],
)
def test_endpoints_that_are_refused(workspace: Workspace, properties: dict[str, Any], says: str) -> None:
    answer = workspace.endpoint(**properties)
    assert answer.status == 400
    assert says in message(answer)


def test_a_cluster_without_inference(workspace: Workspace) -> None:
    extension = workspace.control.state.get(EXTENSION.lower())
    assert extension
    extension.properties["configurationSettings"] = {"enableInference": "False"}
    workspace.control.state.put(extension)
    assert "enableInference=True" in message(workspace.endpoint(compute=COMPUTE))


@pytest.mark.parametrize("name", ["ab", "1abc", "a_b_c", "abc-", "a" * 33])
def test_names(workspace: Workspace, name: str) -> None:
    assert "3-32 letters" in message(workspace.endpoint(name))


def test_a_name_is_unique_in_its_region(workspace: Workspace) -> None:
    assert workspace.endpoint().status == 201
    state = workspace.control.state
    other = state.get(ML.lower())
    assert other
    state.put(type(other)(f"{other.id}2", other.type, other.body))
    state.put(type(other)(f"{other.id}3", other.type, {**other.body, "location": "eastus"}))
    body = {"location": "westeurope", "properties": {"authMode": "Key"}}
    taken = workspace.call("PUT", f"{ML}2/onlineEndpoints/SCORE", body)
    assert taken.status == 409
    assert "already taken in the region 'westeurope'" in message(taken)
    elsewhere = workspace.call("PUT", f"{ML}3/onlineEndpoints/score", {**body, "location": "eastus"})
    assert elsewhere.status == 201
    strayed = workspace.call("PUT", f"{ML}3/onlineEndpoints/other", body)
    assert "an endpoint lives in its workspace's region" in message(strayed)


def test_traffic_sums_to_a_hundred_or_nothing(workspace: Workspace) -> None:
    workspace.endpoint()
    workspace.deployment("blue")
    workspace.deployment("green")
    refused = workspace.endpoint(traffic={"blue": 50, "green": 20})
    assert "sums to 70 (blue 50, green 20); it must sum to 0 or 100" in message(refused)
    accepted = workspace.endpoint(traffic={"blue": 90, "green": 10})
    assert accepted.body["properties"]["traffic"] == {"blue": 90, "green": 10}


def test_mirrored_traffic(workspace: Workspace) -> None:
    workspace.endpoint()
    workspace.deployment("blue")
    workspace.deployment("green")
    assert workspace.endpoint(traffic={"blue": 100}, mirrorTraffic={"green": 50}).status == 200
    assert "at most 50 percent" in message(workspace.endpoint(mirrorTraffic={"green": 60}))
    assert "not both" in message(workspace.endpoint(traffic={"blue": 100}, mirrorTraffic={"blue": 10}))
    workspace.endpoint("kube", compute=COMPUTE)
    workspace.deployment("blue", "kube")
    refused = workspace.endpoint("kube", compute=COMPUTE, mirrorTraffic={"blue": 10})
    assert "not supported for Kubernetes online endpoints" in message(refused)


def test_a_deployment_shows_what_the_sdk_needs(workspace: Workspace) -> None:
    workspace.endpoint()
    properties = workspace.deployment().body["properties"]
    assert properties["endpointComputeType"] == "Managed"
    assert properties["scaleSettings"] == {"scaleType": "Default"}
    assert properties["requestSettings"]["requestTimeout"] == "PT5S"
    assert properties["livenessProbe"]["failureThreshold"] == 30
    workspace.endpoint("kube", compute=COMPUTE)
    resources = workspace.deployment("blue", "kube").body["properties"]["containerResourceRequirements"]
    assert resources["containerResourceLimits"]["cpu"] == "2"


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"model": f"{ML}/models/m/versions/9"}, "was not found in the workspace"),
        ({"environmentId": None}, "needs 'properties.environmentId'"),
        ({"codeConfiguration": None}, "needs 'properties.codeConfiguration'"),
        ({"codeConfiguration": {"codeId": "x"}}, "needs 'scoringScript'"),
        ({"capacity": 0}, "a whole number from 1"),
        ({"capacity": 51}, "at most 50 instances"),
        ({"requestSettings": {"requestTimeout": "5 seconds"}}, "no duration|not a duration"),
        ({"requestSettings": {"requestTimeout": "PT200S"}}, "at most 180 seconds"),
        ({"requestSettings": {"maxConcurrentRequestsPerInstance": 0}}, "a whole number from 1"),
        ({"scaleSettings": {"scaleType": "TargetUtilization"}}, "not supported for managed"),
        ({"endpointComputeType": "Kubernetes"}, "is of type Managed"),
    ],
)
def test_deployments_that_are_refused(workspace: Workspace, properties: dict[str, Any], says: str) -> None:
    workspace.endpoint()
    answer = workspace.deployment(**properties)
    assert answer.status == 400
    assert any(one in message(answer) for one in says.split("|"))


def test_an_endpoint_has_at_most_twenty_deployments(workspace: Workspace) -> None:
    workspace.endpoint()
    for number in range(20):
        assert workspace.deployment(f"blue-{number}").status == 201
    refused = workspace.deployment("green")
    assert (refused.status, refused.body["error"]["code"]) == (400, "OutOfQuota")
    assert "has 20 deployments" in message(refused)
    assert workspace.deployment("blue-3", capacity=2).status == 200, "what is there may change"


def test_an_mlflow_model_needs_neither_code_nor_environment(workspace: Workspace) -> None:
    workspace.endpoint()
    answer = workspace.deployment(model="azureml:flow@latest", codeConfiguration=None, environmentId=None)
    assert answer.status == 201
    assert answer.body["properties"]["model"] == MLFLOW


def test_a_deployment_with_traffic_stays(workspace: Workspace) -> None:
    workspace.endpoint()
    workspace.deployment()
    workspace.endpoint(traffic={"blue": 100})
    refused = workspace.call("DELETE", "onlineEndpoints/score/deployments/blue")
    assert refused.status == 400
    assert "has 100 percent of the traffic" in message(refused)
    workspace.endpoint(traffic={"blue": 0})
    assert workspace.call("DELETE", "onlineEndpoints/score/deployments/blue").status == 200
    assert workspace.call("GET", "onlineEndpoints/score").body["properties"]["traffic"] == {}


def test_an_endpoint_takes_its_deployments_along(workspace: Workspace) -> None:
    workspace.endpoint()
    workspace.deployment()
    workspace.endpoint(traffic={"blue": 100})
    assert workspace.call("DELETE", "onlineEndpoints/score").status == 200
    assert workspace.call("GET", "onlineEndpoints/score/deployments/blue").status == 404


def test_keys_are_made_anew(workspace: Workspace) -> None:
    workspace.endpoint()
    before = workspace.call("POST", "onlineEndpoints/score/listKeys").body
    body = {"keyType": "Primary", "keyValue": before["primaryKey"]}
    assert workspace.call("POST", "onlineEndpoints/score/regenerateKeys", body).status == 200
    after = workspace.call("POST", "onlineEndpoints/score/listKeys").body
    assert after["primaryKey"] != before["primaryKey"]
    assert after["secondaryKey"] == before["secondaryKey"]
    refused = workspace.call("POST", "onlineEndpoints/score/regenerateKeys", {"keyType": "Third"})
    assert "it must be Primary or Secondary" in message(refused)


def test_tokens_and_keys_belong_to_their_auth_mode(workspace: Workspace) -> None:
    workspace.endpoint(authMode="AMLToken")
    token = workspace.call("POST", "onlineEndpoints/score/token").body
    assert token["tokenType"] == "Bearer"
    assert token["expiryTimeUtc"] > token["refreshAfterTimeUtc"]
    assert "has the authMode 'AMLToken'" in message(workspace.call("POST", "onlineEndpoints/score/listKeys"))


def test_a_stranger_gets_no_keys(workspace: Workspace) -> None:
    workspace.endpoint()
    answer = workspace.call("POST", "onlineEndpoints/score/listKeys", principal=STRANGER)
    assert answer.status == 403
    assert "onlineEndpoints/listKeys/action" in message(answer)


def test_logs_before_anything_ran(workspace: Workspace) -> None:
    workspace.endpoint()
    workspace.deployment()
    path = "onlineEndpoints/score/deployments/blue/getLogs"
    assert workspace.call("POST", path, {"tail": 5}).body == {"content": ""}
    refused = workspace.call("POST", path, {"containerType": "Sidecar"})
    assert "InferenceServer, StorageInitializer" in message(refused)
