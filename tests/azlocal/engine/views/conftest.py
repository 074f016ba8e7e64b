"""A small plan with a network, a service behind a private endpoint, and an identity with a role."""

from __future__ import annotations

from typing import Any

import pytest

from azlocal.entra.principals import SUBSCRIPTION_ID

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-shop"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-shop"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stshop"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-shop"
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pep-shop"
ROLE = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-000000000001"
READER = (
    f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions"
    "/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
)

Json = dict[str, Any]


def urn(name: str) -> str:
    """The URN of a resource of the plan."""
    return f"urn:pulumi:dev::shop::a:b:C::{name}"


def resource(name: str, id_: str, type_: str, version: str, body: Json, *needs: str) -> Json:
    """One resource, as ``azlocal plan --json`` writes it."""
    return {
        "urn": urn(name),
        "type": "a:b:C",
        "name": name,
        "id": id_,
        "armType": type_,
        "apiVersion": version,
        "parent": None,
        "dependsOn": [urn(need) for need in needs],
        "body": body,
    }


def subnet(name: str, prefix: str, **given: Any) -> Json:
    """A subnet within a virtual network's body."""
    return {"name": name, "properties": {"addressPrefix": prefix, **given}}


@pytest.fixture
def plan() -> Json:
    """The plan; a test may change it."""
    subnets = [subnet("work", "10.0.1.0/24", natGateway={"id": "x"}), subnet("doors", "10.0.0.0/27")]
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
    link = {"name": "to", "properties": {"privateLinkServiceId": ACCOUNT, "groupIds": ["blob"]}}
    door = {"subnet": {"id": f"{NETWORK}/subnets/doors"}, "privateLinkServiceConnections": [link]}
    role = {"principalId": "p", "principalType": "ServicePrincipal", "roleDefinitionId": READER}
    made = [
        resource("rg", GROUP, "Microsoft.Resources/resourceGroups", "2024-03-01", {"location": "westeurope"}),
        resource(
            "net",
            NETWORK,
            "Microsoft.Network/virtualNetworks",
            "2024-05-01",
            {"location": "westeurope", "properties": space},
            "rg",
        ),
        resource(
            "id",
            IDENTITY,
            "Microsoft.ManagedIdentity/userAssignedIdentities",
            "2023-01-31",
            {"location": "westeurope"},
            "rg",
        ),
        resource(
            "account",
            ACCOUNT,
            "Microsoft.Storage/storageAccounts",
            "2024-01-01",
            {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_ZRS"}},
            "rg",
        ),
        resource(
            "door",
            ENDPOINT,
            "Microsoft.Network/privateEndpoints",
            "2024-05-01",
            {"location": "westeurope", "properties": door},
            "rg",
            "net",
            "account",
        ),
        resource(
            "role", ROLE, "Microsoft.Authorization/roleAssignments", "2022-04-01", {"properties": role}, "id", "account"
        ),
    ]
    return {"stack": "dev", "resources": made, "problems": [], "outputs": {}}
