"""The workspace's types in a control plane without a server, as a plan has them."""

from __future__ import annotations

from typing import Any

import pytest

from azlocal.arm import ControlPlane
from azlocal.arm.messages import ArmRequest
from azlocal.entra.principals import SUBSCRIPTION_ID
from azlocal.state import Resource, State

Json = dict[str, Any]
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
BASE = f"{GROUP}/providers"
WS = f"{BASE}/Microsoft.MachineLearningServices/workspaces/ws1"
AKS = f"{BASE}/Microsoft.ContainerService/managedClusters/aks1"
VERSION = "2025-12-01"
NEEDS = {
    "storageAccount": f"{BASE}/Microsoft.Storage/storageAccounts/st1",
    "keyVault": f"{BASE}/Microsoft.KeyVault/vaults/kv1",
    "applicationInsights": f"{BASE}/Microsoft.Insights/components/ai1",
}
EXTENSION = f"{AKS}/providers/Microsoft.KubernetesConfiguration/extensions/azureml"
BINDING = f"{AKS}/trustedAccessRoleBindings/aml"


class Azure:
    """A control plane that holds what a workspace needs."""

    def __init__(self) -> None:
        self.state = State()
        self.control = ControlPlane(self.state)
        self.ok("PUT", GROUP, {"location": "westeurope"}, "2021-04-01")
        for resource_id in NEEDS.values():
            kind = "/".join(resource_id.split("/")[-3:-1])
            self.have(resource_id, kind, {})

    def have(self, resource_id: str, kind: str, properties: Json, **body: Any) -> None:
        self.state.put(Resource(resource_id, kind, {"properties": properties, **body}), set())

    def ask(self, method: str, path: str, body: Any = None, version: str = VERSION, **query: str) -> tuple[int, Json]:
        answer = self.control.handle(ArmRequest(method, path, {"api-version": version, **query}, body, {}))
        return answer.status, answer.body or {}

    def ok(self, method: str, path: str, body: Any = None, version: str = VERSION, **query: str) -> Json:
        status, found = self.ask(method, path, body, version, **query)
        assert status < 300, found
        return found

    def refused(self, method: str, path: str, body: Any = None) -> str:
        status, found = self.ask(method, path, body)
        assert status >= 400, found
        return f"{status} {found['error']['code']}: {found['error']['message']}"

    def workspace(self, **properties: Any) -> Json:
        return self.ok("PUT", WS, workspace(**properties))


def workspace(**properties: Any) -> Json:
    return {
        "location": "West Europe",
        "identity": {"type": "SystemAssigned"},
        "properties": {**NEEDS, **properties},
    }


@pytest.fixture
def azure() -> Azure:
    return Azure()


def test_a_workspace_is_filled_in(azure: Azure) -> None:
    found = azure.workspace()["properties"]
    assert found["publicNetworkAccess"] == "Enabled"
    assert found["mlFlowTrackingUri"] == f"azureml://westeurope.api.azureml.ms/mlflow/v1.0{WS}"
    again = azure.workspace()["properties"]
    assert again["workspaceId"] == found["workspaceId"]
    stores = azure.ok("GET", f"{WS}/datastores")["value"]
    assert {one["properties"]["credentials"]["credentialsType"] for one in stores} == {"AccountKey"}


def test_a_workspace_that_signs_in_as_somebody_has_stores_without_credentials(azure: Azure) -> None:
    azure.workspace(systemDatastoresAuthMode="Identity")
    stores = azure.ok("GET", f"{WS}/datastores")["value"]
    assert {one["properties"]["credentials"]["credentialsType"] for one in stores} == {"None"}
    assert "has no credentials" in azure.refused("POST", f"{WS}/datastores/workspaceblobstore/listSecrets")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"keyVault": None}, "Missing dependent resources in workspace json: keyVault"),
        ({"storageAccount": f"{BASE}/Microsoft.Storage/storageAccounts/none"}, "none referenced by resource"),
        (
            {"primaryUserAssignedIdentity": f"{BASE}/Microsoft.ManagedIdentity/userAssignedIdentities/u"},
            "was not found",
        ),
        ({"publicNetworkAccess": "Maybe"}, "Allowed values: Enabled, Disabled"),
    ],
)
def test_a_workspace_that_cannot_be(azure: Azure, change: Json, says: str) -> None:
    assert says in azure.refused("PUT", WS, workspace(**change))


def test_a_lake_is_no_default_storage(azure: Azure) -> None:
    azure.have(NEEDS["storageAccount"], "Microsoft.Storage/storageAccounts", {"isHnsEnabled": True})
    assert "hierarchical namespace" in azure.refused("PUT", WS, workspace())


def test_what_a_workspace_cannot_change(azure: Azure) -> None:
    azure.workspace(managedNetwork={"isolationMode": "AllowInternetOutbound"})
    other = f"{BASE}/Microsoft.Storage/storageAccounts/st2"
    azure.have(other, "Microsoft.Storage/storageAccounts", {})
    isolated = {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}
    assert "PropertyChangeNotAllowed" in azure.refused("PUT", WS, workspace(**isolated, storageAccount=other))
    assert "cannot change from 'AllowInternetOutbound' to 'Disabled'" in azure.refused("PUT", WS, workspace())
    assert "501 NotImplemented" in azure.refused("PUT", f"{WS}x", {**workspace(), "kind": "Hub"})


def test_a_default_datastore_replaces_the_other(azure: Azure) -> None:
    azure.workspace()
    properties = {"datastoreType": "AzureBlob", "accountName": "st1", "containerName": "c", "isDefault": True}
    azure.ok("PUT", f"{WS}/datastores/mine", {"properties": properties})
    found = azure.ok("GET", f"{WS}/datastores", isDefault="true")["value"]
    assert [one["name"] for one in found] == ["mine"]
    secret = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "a2V5"}}
    azure.ok("PUT", f"{WS}/datastores/mine", {"properties": {**properties, "credentials": secret}})
    assert "secrets" not in azure.ok("GET", f"{WS}/datastores/mine")["properties"]["credentials"]
    assert azure.ok("POST", f"{WS}/datastores/mine/listSecrets")["key"] == "a2V5"
    assert "needs 'properties.containerName'" in azure.refused(
        "PUT", f"{WS}/datastores/other", {"properties": {"datastoreType": "AzureBlob", "accountName": "st1"}}
    )


def _attach(**properties: Any) -> Json:
    inner = {"namespace": "azureml", **properties}
    return {"properties": {"computeType": "Kubernetes", "resourceId": AKS, "properties": inner}}


def test_attaching_a_cluster_needs_the_extension_and_a_way_in(azure: Azure) -> None:
    azure.workspace()
    where = f"{WS}/computes/k8s"
    assert "was not found" in azure.refused("PUT", where, _attach())
    azure.have(AKS, "Microsoft.ContainerService/managedClusters", {"disableLocalAccounts": True})
    assert "ExtensionNotInstalled" in azure.refused("PUT", where, _attach())
    kind = {"extensionType": "Microsoft.AzureML.Kubernetes"}
    azure.have(EXTENSION, "Microsoft.KubernetesConfiguration/extensions", kind)
    assert "Trusted Access role binding" in azure.refused("PUT", where, _attach())
    binding = {
        "sourceResourceId": WS.upper(),
        "roles": ["Microsoft.MachineLearningServices/workspaces/mlworkload"],
    }
    azure.have(BINDING, "Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings", binding)
    found = azure.ok("PUT", where, _attach())["properties"]
    assert found["isAttachedCompute"] is True
    assert found["properties"]["defaultInstanceType"] == "defaultinstancetype"
    assert "PropertyChangeNotAllowed" in azure.refused("PUT", where, _attach(namespace="other"))
    assert "2-16 letters" in azure.refused("PUT", f"{WS}/computes/a-name-that-is-too-long", _attach())
    wrong = _attach(defaultInstanceType="big", instanceTypes={"small": {}})
    assert "the instance types are: small" in azure.refused("PUT", f"{WS}/computes/k9s", wrong)


def test_a_workspace_that_may_list_the_admin_credential_needs_no_binding(azure: Azure) -> None:
    identity = azure.workspace()["identity"]["principalId"]
    azure.have(AKS, "Microsoft.ContainerService/managedClusters", {})
    kind = {"extensionType": "microsoft.azureml.kubernetes"}
    azure.have(EXTENSION, "Microsoft.KubernetesConfiguration/extensions", kind)
    assert "cannot reach the cluster" in azure.refused("PUT", f"{WS}/computes/k8s", _attach())
    contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c"
    role = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/{contributor}"
    assignment = f"{AKS}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-4111-8111-111111111111"
    given = {"properties": {"roleDefinitionId": role, "principalId": identity}}
    azure.ok("PUT", assignment, given, "2022-04-01")
    azure.ok("PUT", f"{WS}/computes/k8s", _attach())


def test_a_spark_pool_becomes_a_compute(azure: Azure) -> None:
    azure.workspace()
    pool = f"{BASE}/Microsoft.Synapse/workspaces/syn/bigDataPools/spark1"
    body = {"properties": {"computeType": "SynapseSpark", "resourceId": pool}}
    assert "spark1' was not found" in azure.refused("PUT", f"{WS}/computes/spark", body)
    azure.have(pool, "Microsoft.Synapse/workspaces/bigDataPools", {"nodeSize": "Small", "sparkVersion": "3.5"})
    found = azure.ok("PUT", f"{WS}/computes/spark", body)["properties"]["properties"]
    assert (found["poolName"], found["workspaceName"], found["sparkVersion"]) == ("spark1", "syn", "3.5")


def test_a_cluster_has_one_kind_of_identity(azure: Azure) -> None:
    azure.workspace()
    user = f"{BASE}/Microsoft.ManagedIdentity/userAssignedIdentities/u"
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
    azure.have(user, kind, {"principalId": "p", "clientId": "c"})
    body = {
        "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {user: {}}},
        "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2"}},
    }
    assert "not both" in azure.refused("PUT", f"{WS}/computes/cpu", body)


def test_instances_start_and_stop(azure: Azure) -> None:
    azure.workspace()
    where = f"{WS}/computes/mine"
    azure.ok(
        "PUT", where, {"properties": {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2"}}}
    )
    assert azure.ask("POST", f"{where}/stop")[0] == 202
    assert azure.ok("GET", where)["properties"]["properties"]["state"] == "Stopped"
    assert "not running" in azure.refused("POST", f"{where}/restart")
    assert azure.ask("POST", f"{where}/start")[0] == 202
    assert azure.ok("GET", where)["properties"]["properties"]["state"] == "Running"
    assert azure.ask("DELETE", where, underlyingResourceAction="Explode")[0] == 400


def test_a_plan_takes_jobs_that_nobody_runs(azure: Azure) -> None:
    azure.workspace()
    azure.ok("PUT", f"{WS}/environments/e/versions/1", {"properties": {"image": "i"}})
    cpu = {"properties": {"computeType": "AmlCompute", "properties": {"vmSize": "Standard_DS3_v2"}}}
    azure.ok("PUT", f"{WS}/computes/cpu", cpu)
    properties = {
        "jobType": "Command",
        "command": "true",
        "environmentId": f"{WS}/environments/e/versions/1",
        "computeId": f"{WS}/computes/cpu",
    }
    job = azure.ok("PUT", f"{WS}/jobs/one", {"properties": properties})
    assert (job["properties"]["status"], job["properties"]["experimentName"]) == ("NotStarted", "Default")
    changed = {**properties, "command": "false"}
    assert "its 'command' cannot change" in azure.refused("PUT", f"{WS}/jobs/one", {"properties": changed})
    azure.ok("PUT", f"{WS}/jobs/one", {"properties": {**properties, "tags": {"a": "b"}}})
    assert azure.ok("GET", f"{WS}/jobs/one")["properties"]["tags"] == {"a": "b"}
    assert "Cancel it, then delete it" in azure.refused("DELETE", f"{WS}/jobs/one")
    assert "501" in azure.refused("PUT", f"{WS}/jobs/two", {"properties": {"jobType": "Sweep"}})
    assert [one["name"] for one in azure.ok("GET", f"{WS}/jobs", jobType="Command")["value"]] == ["one"]


def test_lists_have_pages(azure: Azure) -> None:
    azure.workspace()
    for version in range(1, 6):
        azure.ok("PUT", f"{WS}/environments/e/versions/{version}", {"properties": {"image": "i"}})
    first = azure.ok("GET", f"{WS}/environments/e/versions", **{"$top": "2"})
    assert [one["name"] for one in first["value"]] == ["5", "4"]
    assert "%24skip=2" in first["nextLink"]
    rest = azure.ok("GET", f"{WS}/environments/e/versions", **{"$skip": "4"})
    assert [one["name"] for one in rest["value"]] == ["1"]
    assert "nextLink" not in rest
    azure.ok("DELETE", f"{WS}/environments/e/versions/5")
    found = azure.ok("GET", f"{WS}/environments/e")["properties"]
    assert (found["latestVersion"], found["nextVersion"]) == ("4", "6")
