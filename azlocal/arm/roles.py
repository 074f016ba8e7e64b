"""Azure's built-in roles by their real ids, with their actions (Microsoft Learn, "Azure built-in roles").

Only roles that an ML platform assigns are listed; an assignment of any other is refused as Azure refuses a
definition that does not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition: what it permits, less what it excludes, for control and data."""

    guid: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    built_in: bool = field(default=True, compare=False)

    def permits(self, action: str, *, data: bool = False) -> bool:
        """Whether the role permits an action; ``data`` for a data action."""
        yes, no = (self.data_actions, self.not_data_actions) if data else (self.actions, self.not_actions)
        action = action.lower()
        return _matches(yes, action) and not _matches(no, action)

    @property
    def properties(self) -> dict[str, Any]:
        """The definition's body as Azure shows it."""
        return {
            "roleName": self.name,
            "type": "BuiltInRole" if self.built_in else "CustomRole",
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": list(self.actions),
                    "notActions": list(self.not_actions),
                    "dataActions": list(self.data_actions),
                    "notDataActions": list(self.not_data_actions),
                }
            ],
        }

    @staticmethod
    def from_properties(guid: str, properties: dict[str, Any]) -> Role:
        """A custom role from its resource."""
        permission = (properties.get("permissions") or [{}])[0]
        return Role(
            guid,
            properties.get("roleName", guid),
            tuple(permission.get("actions", ())),
            tuple(permission.get("notActions", ())),
            tuple(permission.get("dataActions", ())),
            tuple(permission.get("notDataActions", ())),
            built_in=False,
        )


@lru_cache(maxsize=8192)
def _matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(re.fullmatch(_expression(one.lower()), action) for one in patterns)


def _expression(pattern: str) -> str:
    """A wildcard between two slashes also stands for nothing: ``workspaces/*/read`` permits ``workspaces/read``.

    Azure's own roles count on it: AzureML Data Scientist has to exclude ``workspaces/write`` by name, and Managed
    Identity Operator assigns identities through ``userAssignedIdentities/*/assign/action``.
    """
    return re.escape(pattern).replace(r"/\*/", "/(?:.*/)?").replace(r"\*", ".*")


_AUTHORIZATION_READ = "Microsoft.Authorization/*/read"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_QUEUES = "Microsoft.Storage/storageAccounts/queueServices/queues"
_TABLES = "Microsoft.Storage/storageAccounts/tableServices/tables"
_FILES = "Microsoft.Storage/storageAccounts/fileServices"
_ML = "Microsoft.MachineLearningServices"
_USER_DELEGATION = "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"
_DEPLOY = (
    _AUTHORIZATION_READ,
    "Microsoft.Insights/alertRules/*",
    "Microsoft.ResourceHealth/availabilityStatuses/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
)

ROLES: tuple[Role, ...] = (
    Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",)),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
        ),
    ),
    Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",)),
    Role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    Role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
    Role(
        "28bf596f-4eb7-45ce-b5bc-6cf482fec137",
        "Locks Contributor",
        (
            "Microsoft.Authorization/locks/read",
            "Microsoft.Authorization/locks/write",
            "Microsoft.Authorization/locks/delete",
        ),
    ),
    Role(
        "36243c78-bf99-498c-9df9-86d9f8d28608",
        "Resource Policy Contributor",
        (
            "*/read",
            "Microsoft.Authorization/policyassignments/*",
            "Microsoft.Authorization/policydefinitions/*",
            "Microsoft.Authorization/policyexemptions/*",
            "Microsoft.Authorization/policysetdefinitions/*",
            "Microsoft.PolicyInsights/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Support/*",
        ),
    ),
    Role(
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Contributor",
        (f"{_CONTAINERS}/delete", f"{_CONTAINERS}/read", f"{_CONTAINERS}/write", _USER_DELEGATION),
        (),
        (
            f"{_BLOBS}/delete",
            f"{_BLOBS}/read",
            f"{_BLOBS}/write",
            f"{_BLOBS}/move/action",
            f"{_BLOBS}/add/action",
        ),
    ),
    Role(
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "Storage Blob Data Reader",
        (f"{_CONTAINERS}/read", _USER_DELEGATION),
        (),
        (f"{_BLOBS}/read",),
    ),
    Role(
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        "Storage Blob Data Owner",
        (f"{_CONTAINERS}/*", _USER_DELEGATION),
        (),
        (f"{_BLOBS}/*",),
    ),
    Role(
        "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        "Storage Queue Data Contributor",
        (f"{_QUEUES}/delete", f"{_QUEUES}/read", f"{_QUEUES}/write"),
        (),
        (
            f"{_QUEUES}/messages/delete",
            f"{_QUEUES}/messages/read",
            f"{_QUEUES}/messages/write",
            f"{_QUEUES}/messages/process/action",
        ),
    ),
    Role(
        "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
        "Storage Table Data Contributor",
        (f"{_TABLES}/read", f"{_TABLES}/write", f"{_TABLES}/delete"),
        (),
        (
            f"{_TABLES}/entities/read",
            f"{_TABLES}/entities/write",
            f"{_TABLES}/entities/delete",
            f"{_TABLES}/entities/add/action",
            f"{_TABLES}/entities/update/action",
        ),
    ),
    Role(
        "69566ab7-960f-475b-8e7c-b3118f30c6bd",
        "Storage File Data Privileged Contributor",
        (),
        (),
        (
            f"{_FILES}/fileShares/files/read",
            f"{_FILES}/fileShares/files/write",
            f"{_FILES}/fileShares/files/delete",
            f"{_FILES}/fileShares/files/modifypermissions/action",
            f"{_FILES}/readFileBackupSemantics/action",
            f"{_FILES}/writeFileBackupSemantics/action",
        ),
    ),
    Role(
        "0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb",
        "Storage File Data SMB Share Contributor",
        (),
        (),
        (
            f"{_FILES}/fileshares/files/read",
            f"{_FILES}/fileshares/files/write",
            f"{_FILES}/fileshares/files/delete",
        ),
    ),
    Role(
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "Storage Account Contributor",
        (
            *_DEPLOY,
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.Storage/storageAccounts/*",
            "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
        ),
    ),
    Role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        (
            *_DEPLOY,
            "Microsoft.KeyVault/checkNameAvailability/read",
            "Microsoft.KeyVault/deletedVaults/read",
            "Microsoft.KeyVault/locations/*/read",
            "Microsoft.KeyVault/vaults/*/read",
            "Microsoft.KeyVault/operations/read",
        ),
        (),
        ("Microsoft.KeyVault/vaults/*",),
    ),
    Role(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        (),
        (),
        (
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ),
    ),
    Role(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        (
            *_DEPLOY,
            "Microsoft.KeyVault/checkNameAvailability/read",
            "Microsoft.KeyVault/deletedVaults/read",
            "Microsoft.KeyVault/locations/*/read",
            "Microsoft.KeyVault/vaults/*/read",
            "Microsoft.KeyVault/operations/read",
        ),
        (),
        ("Microsoft.KeyVault/vaults/secrets/*",),
    ),
    Role(
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        "AcrPull",
        ("Microsoft.ContainerRegistry/registries/pull/read",),
    ),
    Role(
        "8311e382-0749-4cb8-b61a-304f252e45ec",
        "AcrPush",
        (
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ),
    ),
    Role(
        "f6c7c914-8db3-469d-8ca1-694a8f32e121",
        "AzureML Data Scientist",
        (
            f"{_ML}/workspaces/*/read",
            f"{_ML}/workspaces/*/action",
            f"{_ML}/workspaces/*/delete",
            f"{_ML}/workspaces/*/write",
        ),
        (
            f"{_ML}/workspaces/delete",
            f"{_ML}/workspaces/write",
            f"{_ML}/workspaces/computes/*/write",
            f"{_ML}/workspaces/computes/*/delete",
            f"{_ML}/workspaces/computes/listKeys/action",
            f"{_ML}/workspaces/listKeys/action",
            f"{_ML}/workspaces/hubs/write",
            f"{_ML}/workspaces/hubs/delete",
            f"{_ML}/workspaces/featurestores/write",
            f"{_ML}/workspaces/featurestores/delete",
        ),
        (),
    ),
    Role(
        "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
        "AzureML Compute Operator",
        (f"{_ML}/workspaces/computes/*", f"{_ML}/workspaces/notebooks/vm/*"),
    ),
    Role(
        "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
        "AzureML Registry User",
        (f"{_ML}/registries/read", f"{_ML}/registries/assets/*"),
    ),
    Role(
        "635dd51f-9968-44d3-b7fb-6d9a6bd613ae",
        "AzureML Metrics Writer (preview)",
        (f"{_ML}/workspaces/metrics/*/write",),
    ),
    Role(
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        "Key Vault Crypto Service Encryption User",
        (
            "Microsoft.EventGrid/eventSubscriptions/write",
            "Microsoft.EventGrid/eventSubscriptions/read",
            "Microsoft.EventGrid/eventSubscriptions/delete",
        ),
        (),
        (
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
        ),
    ),
    # Azure's own has the same for a dozen more services, none of which is served here.
    Role(
        "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
        "Azure AI Enterprise Network Connection Approver",
        (
            "Microsoft.ContainerRegistry/registries/privateEndpointConnectionsApproval/action",
            "Microsoft.ContainerRegistry/registries/privateEndpointConnections/read",
            "Microsoft.ContainerRegistry/registries/privateEndpointConnections/write",
            "Microsoft.KeyVault/vaults/privateEndpointConnectionsApproval/action",
            "Microsoft.KeyVault/vaults/privateEndpointConnections/read",
            "Microsoft.KeyVault/vaults/privateEndpointConnections/write",
            f"{_ML}/workspaces/privateEndpointConnectionsApproval/action",
            f"{_ML}/workspaces/privateEndpointConnections/read",
            f"{_ML}/workspaces/privateEndpointConnections/write",
            "Microsoft.Storage/storageAccounts/privateEndpointConnectionsApproval/action",
            "Microsoft.Storage/storageAccounts/privateEndpointConnections/read",
            "Microsoft.Storage/storageAccounts/privateEndpointConnections/write",
        ),
    ),
    Role("4d97b98b-1d4f-4787-a291-c67834d212e7", "Network Contributor", (*_DEPLOY, "Microsoft.Network/*")),
    Role(
        "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
        "Private DNS Zone Contributor",
        (
            *_DEPLOY,
            "Microsoft.Network/privateDnsZones/*",
            "Microsoft.Network/privateDnsOperationResults/*",
            "Microsoft.Network/privateDnsOperationStatuses/*",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/join/action",
        ),
    ),
    Role(
        "85cb6faf-e071-4c9b-8136-154b5a04f717",
        "Kubernetes Extension Contributor",
        (
            *_DEPLOY,
            "Microsoft.KubernetesConfiguration/extensions/write",
            "Microsoft.KubernetesConfiguration/extensions/read",
            "Microsoft.KubernetesConfiguration/extensions/delete",
            "Microsoft.KubernetesConfiguration/extensions/operations/read",
        ),
    ),
    Role(
        "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8",
        "Azure Kubernetes Service Cluster Admin Role",
        (
            "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
            "Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action",
            "Microsoft.ContainerService/managedClusters/read",
            "Microsoft.ContainerService/managedClusters/runcommand/action",
        ),
    ),
    Role(
        "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
        "Azure Kubernetes Service Cluster User Role",
        (
            "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
            "Microsoft.ContainerService/managedClusters/read",
        ),
    ),
    Role(
        "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
        "Azure Kubernetes Service RBAC Cluster Admin",
        (*_DEPLOY, "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"),
        (),
        ("Microsoft.ContainerService/managedClusters/*",),
    ),
    Role(
        "3498e952-d568-435e-9b2c-8d77e338d7f7",
        "Azure Kubernetes Service RBAC Admin",
        (*_DEPLOY, "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"),
        (),
        ("Microsoft.ContainerService/managedClusters/*",),
        (
            "Microsoft.ContainerService/managedClusters/resourcequotas/write",
            "Microsoft.ContainerService/managedClusters/resourcequotas/delete",
            "Microsoft.ContainerService/managedClusters/namespaces/write",
            "Microsoft.ContainerService/managedClusters/namespaces/delete",
        ),
    ),
    Role(
        "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8",
        "Azure Kubernetes Service Contributor Role",
        (
            *_DEPLOY,
            "Microsoft.ContainerService/managedClusters/read",
            "Microsoft.ContainerService/managedClusters/write",
        ),
    ),
    Role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        (
            *_DEPLOY,
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
        ),
    ),
    Role(
        "3913510d-42f4-4e42-8a64-420c390055eb",
        "Monitoring Metrics Publisher",
        (
            "Microsoft.Insights/Register/Action",
            "Microsoft.Support/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
        (),
        ("Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write"),
    ),
    Role(
        "73c42c96-874c-492b-b04d-ab87d138a893",
        "Log Analytics Reader",
        (
            "*/read",
            "Microsoft.OperationalInsights/workspaces/analytics/query/action",
            "Microsoft.OperationalInsights/workspaces/search/action",
            "Microsoft.Support/*",
        ),
        ("Microsoft.OperationalInsights/workspaces/sharedKeys/read",),
    ),
)

BY_ID = {role.guid: role for role in ROLES}
