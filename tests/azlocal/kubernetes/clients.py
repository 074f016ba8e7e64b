"""Clients of a cluster's host names, and the AKS cluster that they ask."""

from __future__ import annotations

import ssl
import uuid
from typing import Any

import httpx
import jwt

SERVER_APPLICATION = "6dae42f8-4368-4678-94ff-3960e28e3630"
APPLY = {"content-type": "application/apply-patch+yaml"}
CLUSTER_ADMIN, NAMESPACE_ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b", "3498e952-d568-435e-9b2c-8d77e338d7f7"
ENDS = {"Succeeded", "Failed", "Canceled"}
DEFINITION = "/providers/Microsoft.Authorization/roleDefinitions"


class Client:
    """HTTP as one principal, through the proxy, trusting the installation's CA alone."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._variables = variables
        self._trust = ssl.create_default_context(cafile=variables["REQUESTS_CA_BUNDLE"])
        self.http = self._client(httpx.Limits())
        self.subscription = f"/subscriptions/{variables['AZURE_SUBSCRIPTION_ID']}"

    def _client(self, limits: httpx.Limits) -> httpx.Client:
        proxy = self._variables["HTTPS_PROXY"]
        return httpx.Client(proxy=proxy, verify=self._trust, trust_env=False, timeout=30, limits=limits)

    def many(self) -> httpx.Client:
        """One that holds any number of connections."""
        return self._client(httpx.Limits(max_connections=None))

    def token(self, audience: str) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._variables["AZURE_CLIENT_ID"],
            "client_secret": self._variables["AZURE_CLIENT_SECRET"],
            "scope": f"{audience}/.default",
        }
        url = f"https://login.microsoftonline.com/{self._variables['AZURE_TENANT_ID']}/oauth2/v2.0/token"
        return str(self.http.post(url, data=form).raise_for_status().json()["access_token"])

    def arm(self, method: str, path: str, version: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self.token('https://management.azure.com')}"}
        url = f"https://management.azure.com{path}?api-version={version}"
        answer = self.http.request(method, url, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def settled(self, method: str, path: str, version: str, body: Any = None) -> None:
        """The same, and until the operation that it begins has succeeded."""
        headers = {"authorization": f"Bearer {self.token('https://management.azure.com')}"}
        url = f"https://management.azure.com{path}?api-version={version}"
        answer = self.http.request(method, url, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        if status := answer.headers.get("azure-asyncoperation"):
            while (found := self.http.get(status, headers=headers).json())["status"] not in ENDS:
                pass
            assert found["status"] == "Succeeded", found

    def send(self, method: str, url: str, audience: str = SERVER_APPLICATION, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token(audience)}", **options.pop("headers", {})}
        return self.http.request(method, url, headers=headers, **options)


class Cluster:
    """An AKS cluster with Entra ID and Azure RBAC, its owner made cluster administrator."""

    def __init__(self, owner: Client) -> None:
        self.group = f"{owner.subscription}/resourceGroups/{uuid.uuid4().hex[:8]}"
        owner.arm("PUT", self.group, "2024-03-01", {"location": "westeurope"})
        self.id = f"{self.group}/providers/Microsoft.ContainerService/managedClusters/aks"
        body = {
            "location": "westeurope",
            "identity": {"type": "SystemAssigned"},
            "properties": {
                "agentPoolProfiles": [{"name": "system", "mode": "System", "vmSize": "Standard_D4s_v5", "count": 1}],
                "aadProfile": {"managed": True, "enableAzureRBAC": True},
                "oidcIssuerProfile": {"enabled": True},
            },
        }
        made = owner.arm("PUT", self.id, "2025-09-01", body)
        self.server = f"https://{made['properties']['fqdn']}"
        self.issuer: str = made["properties"]["oidcIssuerProfile"]["issuerURL"]
        self.admin = owner.arm("POST", f"{self.id}/listClusterAdminCredential", "2025-09-01")["kubeconfigs"][0]["value"]

    def assign(self, owner: Client, role: str, principal: str, scope: str = "") -> None:
        path = f"{self.id}{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        body = {
            "properties": {"roleDefinitionId": f"{owner.subscription}{DEFINITION}/{role}", "principalId": principal}
        }
        owner.arm("PUT", path, "2022-04-01", body)


def object_id(client: Client) -> str:
    claims = jwt.decode(client.token("https://management.azure.com"), options={"verify_signature": False})
    return str(claims["oid"])
