"""A workspace with a cluster on the running azlocal."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient

from azlocal.entra.principals import SUBSCRIPTION_ID
from tests.azlocal.conftest import Server

LOCATION = "westeurope"
ML_VERSION = "2024-10-01"
CPU = "cpu-cluster"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


@dataclass(frozen=True)
class Workspace:
    """A workspace, its group, and clients for it."""

    server: Server
    group: str
    name: str
    storage: str
    identity: str  # the client id of the cluster's user-assigned identity
    identity_object: str  # and its object id

    @property
    def id(self) -> str:
        return (
            f"{self.server.subscription}/resourceGroups/{self.group}/providers/"
            f"Microsoft.MachineLearningServices/workspaces/{self.name}"
        )

    @property
    def storage_id(self) -> str:
        return (
            f"{self.server.subscription}/resourceGroups/{self.group}/providers/"
            f"Microsoft.Storage/storageAccounts/{self.storage}"
        )


class Arm:
    """Resources put and read by their ids, through azure-mgmt-resource."""

    def __init__(self, credential: Any) -> None:
        self.client = ResourceManagementClient(credential, SUBSCRIPTION_ID)

    def put(self, resource_id: str, version: str, body: dict[str, Any]) -> dict[str, Any]:
        poller = self.client.resources.begin_create_or_update_by_id(resource_id, body, api_version=version)
        return dict(poller.result().as_dict())

    def assign(self, scope: str, role: str, principal: str) -> None:
        """Give a role; it is there already where another test has given it."""
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}{role}{principal}".lower())
        definition = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        self.put(
            f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
            "2022-04-01",
            {"properties": {"roleDefinitionId": definition, "principalId": principal}},
        )

    def get(self, resource_id: str, version: str) -> dict[str, Any]:
        found: Any = self.client.resources.get_by_id(resource_id, api_version=version)
        return dict(found.as_dict())

    def group(self, name: str) -> str:
        self.client.resource_groups.create_or_update(name, {"location": LOCATION})
        return f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{name}"


def make_workspace(server: Server, arm: Arm, *, keyless: bool = False, keyless_role: bool = True) -> Workspace:
    """A resource group with everything a workspace needs, and the workspace with one cluster."""
    suffix = uuid.uuid4().hex[:10]
    group = f"rg-ml-{suffix}"
    base = arm.group(group) + "/providers"
    storage = f"stml{suffix}"
    arm.put(
        f"{base}/Microsoft.Storage/storageAccounts/{storage}",
        "2023-05-01",
        {
            "location": LOCATION,
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "properties": {"allowSharedKeyAccess": not keyless},
        },
    )
    arm.put(
        f"{base}/Microsoft.KeyVault/vaults/kv{suffix}",
        "2023-07-01",
        {
            "location": LOCATION,
            "properties": {
                "tenantId": "10ca1000-0000-4000-8000-000000000001",
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": True,
            },
        },
    )
    logs = f"{base}/Microsoft.OperationalInsights/workspaces/log-{suffix}"
    arm.put(logs, "2023-09-01", {"location": LOCATION, "properties": {"sku": {"name": "PerGB2018"}}})
    arm.put(
        f"{base}/Microsoft.Insights/components/ai{suffix}",
        "2020-02-02",
        {
            "location": LOCATION,
            "kind": "web",
            "properties": {"Application_Type": "web", "WorkspaceResourceId": logs},
        },
    )
    identity = arm.put(
        f"{base}/Microsoft.ManagedIdentity/userAssignedIdentities/id{suffix}", "2023-01-31", {"location": LOCATION}
    )
    found = Workspace(
        server, group, f"ws{suffix}", storage, identity["properties"]["clientId"], identity["properties"]["principalId"]
    )
    workspace = arm.put(
        found.id,
        ML_VERSION,
        {
            "location": LOCATION,
            "identity": {"type": "SystemAssigned"},
            "properties": {
                "storageAccount": found.storage_id,
                "systemDatastoresAuthMode": "Identity" if keyless else "AccessKey",
                "keyVault": f"{base}/Microsoft.KeyVault/vaults/kv{suffix}",
                "applicationInsights": f"{base}/Microsoft.Insights/components/ai{suffix}",
            },
        },
    )
    if keyless and keyless_role:
        arm.assign(found.storage_id, BLOB_CONTRIBUTOR, workspace["identity"]["principalId"])
    arm.put(
        f"{found.id}/computes/{CPU}",
        ML_VERSION,
        {
            "location": LOCATION,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity["id"]: {}}},
            "properties": {
                "computeType": "AmlCompute",
                "properties": {
                    "vmSize": "Standard_DS3_v2",
                    "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4},
                },
            },
        },
    )
    return found


def credential_of(server: Server, principal: str) -> ClientSecretCredential:
    """A principal's credential as azure-identity makes it."""
    variables = server.variables(principal)
    return ClientSecretCredential(
        variables["AZURE_TENANT_ID"], variables["AZURE_CLIENT_ID"], variables["AZURE_CLIENT_SECRET"]
    )


def unique(prefix: str) -> str:
    """A name no other test uses."""
    return f"{prefix}{uuid.uuid4().hex[:8]}"


def marked(mark: str) -> list[psutil.Process]:
    """The processes that call themselves so."""
    return [one for one in psutil.process_iter(["cmdline"]) if (one.info["cmdline"] or [""])[0] == mark]


def wait(look: Callable[[], Any], seconds: float = 30) -> Any:
    """Look until there is something; a poll, as any client of Azure's does it."""
    tick = threading.Event()
    for _ in range(int(seconds / 0.1)):
        if (found := look()) is not None:
            return found
        tick.wait(0.1)
    raise AssertionError(f"not within {seconds} s")
