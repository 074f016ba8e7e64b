"""Accounts made through azure-mgmt-storage, and clients as any principal."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psutil
import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobServiceClient
from azure.storage.filedatalake import DataLakeServiceClient

from azlocal.entra.principals import BY_NAME, SUBSCRIPTION_ID
from tests.azlocal.conftest import Server

BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
QUEUE_CONTRIBUTOR = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
TABLE_CONTRIBUTOR = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"


class Estate:
    """A resource group of one test's own, with what it needs of accounts, roles and clients."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self.server = server
        self._stack = stack
        owner = self.credential("owner")
        self.resources: Any = stack.enter_context(ResourceManagementClient(owner, SUBSCRIPTION_ID))
        self.storage: Any = stack.enter_context(StorageManagementClient(owner, SUBSCRIPTION_ID))
        self.roles: Any = stack.enter_context(AuthorizationManagementClient(owner, SUBSCRIPTION_ID))
        self.group = f"rg-{uuid.uuid4().hex[:8]}"
        self.resources.resource_groups.create_or_update(self.group, {"location": "westeurope"})

    def credential(self, who: str) -> ClientSecretCredential:
        """A principal's client secret."""
        given = self.server.variables(who)
        return self._stack.enter_context(
            ClientSecretCredential(given["AZURE_TENANT_ID"], given["AZURE_CLIENT_ID"], given["AZURE_CLIENT_SECRET"])
        )

    def account(self, **properties: Any) -> str:
        """A new storage account's name."""
        name = f"st{uuid.uuid4().hex[:12]}"
        body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        self.storage.storage_accounts.begin_create(self.group, name, body | {"properties": properties}).result()
        return name

    def scope(self, account: str, container: str = "") -> str:
        """The ARM id of an account or of one of its containers."""
        base = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{self.group}/providers/Microsoft.Storage"
        below = f"/blobServices/default/containers/{container}" if container else ""
        return f"{base}/storageAccounts/{account}{below}"

    def assign(self, who: str, role: str, scope: str) -> None:
        """Give a principal a role."""
        definition = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        properties = {"role_definition_id": definition, "principal_id": BY_NAME[who].object_id}
        self.roles.role_assignments.create(scope, str(uuid.uuid4()), properties)

    def keys(self, account: str) -> list[str]:
        """Both account keys."""
        found = self.storage.storage_accounts.list_keys(self.group, account)
        return [str(key["value"]) for key in found["keys"]]  # as an attribute, keys is a mapping's method

    def blobs(self, account: str, credential: Any) -> BlobServiceClient:
        """A blob client that does not try again; a string that names a principal is that principal."""
        full = self.credential(credential) if credential in BY_NAME else credential
        return self._stack.enter_context(
            BlobServiceClient(f"https://{account}.blob.core.windows.net", full, retry_total=0)
        )

    def lake(self, account: str, credential: Any) -> DataLakeServiceClient:
        """The same for the dfs endpoint."""
        full = self.credential(credential) if credential in BY_NAME else credential
        return self._stack.enter_context(
            DataLakeServiceClient(f"https://{account}.dfs.core.windows.net", full, retry_total=0)
        )

    def token(self, who: str) -> dict[str, str]:
        """Headers for a request made by hand."""
        token = self.credential(who).get_token("https://storage.azure.com/.default").token
        return {"authorization": f"Bearer {token}", "x-ms-version": "2021-12-02"}

    def azurite(self) -> psutil.Process:
        """The server's Azurite process."""
        children = psutil.Process(self.server.running.pid).children(recursive=True)
        return next(one for one in children if "azurite.js" in " ".join(one.cmdline()))


@pytest.fixture
def estate(as_owner: Server) -> Iterator[Estate]:
    """The owner's environment with a group of its own."""
    with ExitStack() as stack:
        yield Estate(as_owner, stack)
