"""Who may do what: identities, roles, locks, Key Vault, and Defender."""

from __future__ import annotations

from azlocal.engine.tables.base import ENVELOPE, GROUP, AzureType, plain_shape, resource_shape
from azlocal.engine.wire import Shape

VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{{vaultName}}"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}"
AUTHORIZATION = "/{scope}/providers/Microsoft.Authorization"

_TIMES = Shape(inside={"attributes": Shape(rename={"expires": "exp", "notBefore": "nbf"})})
# A key's inputs keep their ``properties``; of its outputs azure-native lifts them.
_KEY = Shape(ENVELOPE | {"properties"}, {}, {"properties": _TIMES, **_TIMES.inside})

TYPES = (
    AzureType(
        "keyvault:Vault",
        VAULT,
        plain_shape(),
        tracked=True,
        deleted_path="/subscriptions/{subscriptionId}/providers/Microsoft.KeyVault/locations/{location}"
        "/deletedVaults/{vaultName}",
        recover={"createMode": "recover"},
        holds="secrets, keys and certificates",
    ),
    AzureType(
        "keyvault:Secret",
        f"{VAULT}/secrets/{{secretName}}",
        plain_shape({"properties": _TIMES}),
        holds="the secret with its versions",
    ),
    AzureType(
        "keyvault:Key",
        f"{VAULT}/keys/{{keyName}}",
        _KEY,
        create_only=("properties",),
        stays="Key Vault deletes keys at its own address alone",
    ),
    AzureType(
        "keyvault:PrivateEndpointConnection",
        f"{VAULT}/privateEndpointConnections/{{privateEndpointConnectionName}}",
    ),
    AzureType("managedidentity:UserAssignedIdentity", IDENTITY, create_only=("location",), tracked=True),
    AzureType(
        "managedidentity:FederatedIdentityCredential",
        f"{IDENTITY}/federatedIdentityCredentials/{{federatedIdentityCredentialResourceName}}",
    ),
    AzureType(
        "authorization:RoleAssignment",
        f"{AUTHORIZATION}/roleAssignments/{{roleAssignmentName}}",
        create_only=("principalId", "scope"),
        naming="uuid",
    ),
    AzureType(
        "authorization:RoleDefinition",
        f"{AUTHORIZATION}/roleDefinitions/{{roleDefinitionId}}",
        resource_shape(rename={"roleType": "type"}),
        naming="uuid",
    ),
    AzureType(
        "security:DefenderForStorage",
        "/{resourceId}/providers/Microsoft.Security/defenderForStorageSettings/{settingName}",
        plain_shape(),
        singleton=True,
    ),
    AzureType("authorization:ManagementLockByScope", f"{AUTHORIZATION}/locks/{{lockName}}"),
    AzureType(
        "authorization:ManagementLockAtResourceGroupLevel",
        f"{GROUP}/providers/Microsoft.Authorization/locks/{{lockName}}",
    ),
    AzureType(
        "authorization:PolicyAssignment",
        f"{AUTHORIZATION}/policyAssignments/{{policyAssignmentName}}",
    ),
)
