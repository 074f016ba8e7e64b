"""A workspace in a control plane of this process: what endpoints and deployments refer to is there, untouched by
storage or builds."""

from __future__ import annotations

from typing import Any

from azlocal.arm import ArmRequest, ArmResponse, ControlPlane
from azlocal.arm.providers import authorization, resources
from azlocal.arm.providers.machinelearning import assets, computes, endpoints, versions, workspaces
from azlocal.arm.types import Namespace
from azlocal.entra.principals import OWNER, SUBSCRIPTION_ID, Principal
from azlocal.state import Resource, State

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
ML = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"
EXTENSION = f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/extensions/azureml"
COMPUTE = f"{ML}/computes/aks"
MODEL, MLFLOW = f"{ML}/models/m/versions/1", f"{ML}/models/flow/versions/1"
CODE, ENVIRONMENT = f"{ML}/codes/c/versions/1", f"{ML}/environments/e/versions/1"
NAMESPACES = (
    resources.NAMESPACE,
    authorization.NAMESPACE,
    Namespace(
        versions.NAMESPACE,
        versions.VERSIONS,
        (workspaces.TYPE, computes.TYPE, *assets.TYPES, *endpoints.TYPES),
    ),
)


def fill(state: State) -> None:
    """Put the workspace and its assets where their own PUTs would have."""
    for resource_id, type_name, body in (
        (GROUP, "Microsoft.Resources/resourceGroups", {"location": "westeurope"}),
        (ML, versions.WORKSPACE, {"location": "westeurope", "properties": {"storageAccount": "/x/store"}}),
        (CLUSTER, "Microsoft.ContainerService/managedClusters", {"location": "westeurope"}),
        (
            EXTENSION,
            "Microsoft.KubernetesConfiguration/extensions",
            {
                "properties": {
                    "extensionType": "Microsoft.AzureML.Kubernetes",
                    "configurationSettings": {"enableInference": "True", "sslCname": "scoring.contoso.internal"},
                }
            },
        ),
        (COMPUTE, computes.COMPUTE, {"properties": {"computeType": "Kubernetes", "resourceId": CLUSTER}}),
        (f"{ML}/computes/cpu", computes.COMPUTE, {"properties": {"computeType": "AmlCompute"}}),
        (
            MODEL,
            f"{versions.WORKSPACE}/models/versions",
            {"properties": {"modelUri": "u", "modelType": "custom_model"}},
        ),
        (
            MLFLOW,
            f"{versions.WORKSPACE}/models/versions",
            {"properties": {"modelUri": "u", "modelType": "mlflow_model"}},
        ),
        (CODE, f"{versions.WORKSPACE}/codes/versions", {"properties": {"codeUri": "u"}}),
        (ENVIRONMENT, f"{versions.WORKSPACE}/environments/versions", {"properties": {"image": "python"}}),
    ):
        state.put(Resource(resource_id, type_name, body))


class Workspace:
    """Requests below the workspace."""

    def __init__(self, control: ControlPlane) -> None:
        self.control = control
        fill(control.state)

    def call(self, method: str, path: str, body: Any = None, principal: Principal = OWNER) -> ArmResponse:
        """One request; ``path`` is below the workspace, or whole."""
        query = {"api-version": "2023-10-01"}
        target = path if path.startswith("/") else f"{ML}/{path}"
        return self.control.handle(ArmRequest(method, target, query, body, {}, principal))

    def endpoint(self, name: str = "score", **properties: Any) -> ArmResponse:
        """PUT an endpoint."""
        body = {"location": "westeurope", "properties": {"authMode": "Key", **properties}}
        return self.call("PUT", f"onlineEndpoints/{name}", body)

    def deployment(
        self, name: str = "blue", endpoint: str = "score", capacity: int = 1, **properties: Any
    ) -> ArmResponse:
        """PUT a deployment with model, code and environment, unless they are given otherwise."""
        default = {
            "model": MODEL,
            "environmentId": ENVIRONMENT,
            "codeConfiguration": {"codeId": CODE, "scoringScript": "score.py"},
        }
        given = {key: value for key, value in {**default, **properties}.items() if value is not None}
        body = {
            "location": "westeurope",
            "sku": {"name": "Default", "capacity": capacity},
            "properties": given,
        }
        return self.call("PUT", f"onlineEndpoints/{endpoint}/deployments/{name}", body)
