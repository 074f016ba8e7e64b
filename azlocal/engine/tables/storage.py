"""Microsoft.Storage: accounts, their services, and what is in them."""

from __future__ import annotations

from azlocal.engine.tables.base import GROUP, AzureType, lifted, resource_shape
from azlocal.engine.wire import Shape

ACCOUNTS = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"
ACCOUNT = f"{ACCOUNTS}/{{accountName}}"

_ENCRYPTION = Shape(
    rename={"encryptionIdentity": "identity", "keyVaultProperties": "keyvaultproperties"},
    inside={
        "encryptionIdentity": Shape(
            rename={
                "encryptionUserAssignedIdentity": "userAssignedIdentity",
                "encryptionFederatedIdentityClientId": "federatedIdentityClientId",
            }
        ),
        "keyVaultProperties": Shape(
            rename={"keyName": "keyname", "keyVaultUri": "keyvaulturi", "keyVersion": "keyversion"}
        ),
    },
)
_NETWORK_RULES = Shape(
    inside={
        "ipRules": Shape(rename={"iPAddressOrRange": "value"}),
        "virtualNetworkRules": Shape(rename={"virtualNetworkResourceId": "id"}),
    }
)

TYPES = (
    AzureType(
        "storage:StorageAccount",
        ACCOUNT,
        resource_shape(
            {"encryption": _ENCRYPTION, "networkRuleSet": _NETWORK_RULES, "privateEndpointConnections": lifted()},
            rename={
                "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
                "enableNfsV3": "isNfsV3Enabled",
                "networkRuleSet": "networkAcls",
            },
        ),
        create_only=("isHnsEnabled", "location"),
        tracked=True,
        holds="blobs, files, queues and tables",
    ),
    AzureType(
        "storage:BlobContainer", f"{ACCOUNT}/blobServices/default/containers/{{containerName}}", holds="its blobs"
    ),
    AzureType("storage:BlobServiceProperties", f"{ACCOUNT}/blobServices/{{blobServicesName}}", singleton=True),
    AzureType("storage:FileServiceProperties", f"{ACCOUNT}/fileServices/{{fileServicesName}}", singleton=True),
    AzureType("storage:QueueServiceProperties", f"{ACCOUNT}/queueServices/{{queueServiceName}}", singleton=True),
    AzureType("storage:TableServiceProperties", f"{ACCOUNT}/tableServices/{{tableServiceName}}", singleton=True),
    AzureType("storage:FileShare", f"{ACCOUNT}/fileServices/default/shares/{{shareName}}", holds="its files"),
    AzureType("storage:Queue", f"{ACCOUNT}/queueServices/default/queues/{{queueName}}", holds="its messages"),
    AzureType("storage:Table", f"{ACCOUNT}/tableServices/default/tables/{{tableName}}", holds="its rows"),
    AzureType("storage:ManagementPolicy", f"{ACCOUNT}/managementPolicies/{{managementPolicyName}}"),
    AzureType("storage:EncryptionScope", f"{ACCOUNT}/encryptionScopes/{{encryptionScopeName}}"),
    AzureType(
        "storage:PrivateEndpointConnection",
        f"{ACCOUNT}/privateEndpointConnections/{{privateEndpointConnectionName}}",
    ),
)
