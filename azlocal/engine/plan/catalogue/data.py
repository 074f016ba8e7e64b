"""Codes of storage, Key Vault, Container Registry and Synapse."""

from __future__ import annotations

from azlocal.engine.plan.catalogue.base import table

ROWS = {
    **table(
        "storage/common/storage-account-overview",
        {
            "AccountNameInvalid": "use 3 to 24 lower-case letters and digits",
            "HnsNotSupportedForAccountKind": "use kind StorageV2 or BlockBlobStorage",
            "InvalidKeyName": "use key1 or key2",
            "StorageAccountAlreadyTaken": "use a name that nobody has yet: it is part of a public DNS name",
            "StorageAccountOperationNotAllowed": "keep the account's kind, or make another account",
        },
    ),
    **table(
        "storage/common/storage-redundancy",
        {
            "RedundancyConfigurationNotAvailableInRegion": "use a redundancy that the region has (Standard_LRS is"
            " everywhere), or another region",
        },
    ),
    **table(
        "storage/blobs/data-lake-storage-feature-support",
        {"FeatureNotSupportedForAccount": "leave the feature out: it does not go with a hierarchical namespace"},
    ),
    **table(
        "storage/blobs/anonymous-read-access-prevent",
        {"PublicAccessNotPermitted": "set the container's `publicAccess` to None"},
    ),
    **table(
        "azure-resource-manager/management/resource-name-rules",
        {
            "ContainerNameInvalid": "use 3 to 63 lower-case letters, digits and single hyphens",
            "QueueNameInvalid": "use 3 to 63 lower-case letters, digits and single hyphens",
            "ShareNameInvalid": "use 3 to 63 lower-case letters, digits and single hyphens",
            "TableNameInvalid": "use 3 to 63 letters and digits, a letter first",
            "VaultNameNotValid": "use 3 to 24 letters, digits and single hyphens, a letter first",
        },
    ),
    **table(
        "key-vault/general/soft-delete-overview",
        {
            "BadRequest Microsoft.KeyVault": "keep soft delete and purge protection on, and retention at 7 to 90 days",
            "ConflictError": "recover or purge the deleted vault, or use another name",
            "DeletedVaultNotFound": "leave `createMode: recover` out: nothing deleted has this name",
            "VaultAlreadyExists": "use a name that nobody has yet: it is part of a public DNS name",
        },
    ),
    **table(
        "container-registry/container-registry-skus",
        {
            "AlreadyInUse": "use a name that nobody has yet: it is part of a public DNS name",
            "InvalidParameter Microsoft.ContainerRegistry": "choose the value that the message allows; without export"
            " the registry has no public network access",
            "ResourceSkuNotSupported Microsoft.ContainerRegistry": "use SKU Premium, or leave the feature out",
            "UnAuthorizedForCredentialOperations": "sign in with Entra ID instead of the admin user",
        },
    ),
    **table(
        "synapse-analytics/spark/apache-spark-pool-configurations",
        {
            "ValidationFailed Microsoft.Synapse": "choose the value that the message allows",
        },
    ),
    **table(
        "synapse-analytics/security/synapse-workspace-ip-firewall",
        {"InvalidFirewallRule": "write a range of IPv4 addresses, the first before the last"},
    ),
    **table(
        "synapse-analytics/quickstart-create-workspace",
        {
            "ManagedResourceGroupAlreadyExists": "leave `managedResourceGroupName` out, or use a name that is free",
            "WorkspaceNameAlreadyInUse": "use a name that nobody has yet: it is part of a public DNS name",
        },
    ),
}
