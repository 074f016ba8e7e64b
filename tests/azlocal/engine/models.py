"""Whether a request's body is what Azure's own management SDK would read: every key known, nothing lost."""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from datetime import date
from functools import cache
from typing import Any

Json = dict[str, Any]

# ARM type → module and model of the request's body. AML's models are those that azure-ai-ml carries: the
# azure-mgmt package on the index is older than the service.
AML = "azure.ai.ml._restclient.arm_ml_service.models"
MODELS = {
    "Microsoft.Authorization/locks": ("azure.mgmt.resource.locks.models", "ManagementLockObject"),
    "Microsoft.Authorization/policyAssignments": ("azure.mgmt.resource.policy.models", "PolicyAssignment"),
    "Microsoft.Authorization/roleAssignments": ("azure.mgmt.authorization.models", "RoleAssignmentCreateParameters"),
    "Microsoft.Consumption/budgets": ("azure.mgmt.consumption.models", "Budget"),
    "Microsoft.ContainerRegistry/registries": ("azure.mgmt.containerregistry.models", "Registry"),
    "Microsoft.ContainerService/managedClusters": ("azure.mgmt.containerservice.models", "ManagedCluster"),
    "Microsoft.ContainerService/managedClusters/agentPools": ("azure.mgmt.containerservice.models", "AgentPool"),
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations": (
        "azure.mgmt.containerservice.models",
        "MaintenanceConfiguration",
    ),
    "Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings": (
        "azure.mgmt.containerservice.models",
        "TrustedAccessRoleBinding",
    ),
    "Microsoft.Security/defenderForStorageSettings": ("azure.mgmt.security.models", "DefenderForStorageSetting"),
    "Microsoft.Insights/actionGroups": ("azure.mgmt.monitor.models", "ActionGroupResource"),
    "Microsoft.Insights/metricAlerts": ("azure.mgmt.monitor.models", "MetricAlertResource"),
    "Microsoft.Insights/scheduledQueryRules": ("azure.mgmt.monitor.models", "ScheduledQueryRuleResource"),
    "Microsoft.Insights/workbooks": ("azure.mgmt.applicationinsights.models", "Workbook"),
    "Microsoft.Insights/components": ("azure.mgmt.applicationinsights.models", "ApplicationInsightsComponent"),
    "Microsoft.Insights/dataCollectionRules": ("azure.mgmt.monitor.models", "DataCollectionRuleResource"),
    "Microsoft.Insights/dataCollectionRuleAssociations": (
        "azure.mgmt.monitor.models",
        "DataCollectionRuleAssociationProxyOnlyResource",
    ),
    "Microsoft.KeyVault/vaults/keys": ("azure.mgmt.keyvault.models", "KeyCreateParameters"),
    "Microsoft.KeyVault/vaults/secrets": ("azure.mgmt.keyvault.models", "SecretCreateOrUpdateParameters"),
    "Microsoft.MachineLearningServices/registries": (AML, "Registry"),
    "Microsoft.KeyVault/vaults": ("azure.mgmt.keyvault.models", "VaultCreateOrUpdateParameters"),
    "Microsoft.KubernetesConfiguration/extensions": ("azure.mgmt.kubernetesconfiguration.models", "Extension"),
    "Microsoft.MachineLearningServices/workspaces": (AML, "Workspace"),
    "Microsoft.MachineLearningServices/workspaces/computes": (AML, "ComputeResource"),
    "Microsoft.MachineLearningServices/workspaces/datastores": (AML, "Datastore"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": ("azure.mgmt.msi.models", "Identity"),
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": (
        "azure.mgmt.msi.models",
        "FederatedIdentityCredential",
    ),
    "Microsoft.Insights/dataCollectionEndpoints": ("azure.mgmt.monitor.models", "DataCollectionEndpointResource"),
    "Microsoft.Network/azureFirewalls": ("azure.mgmt.network.models", "AzureFirewall"),
    "Microsoft.Network/bastionHosts": ("azure.mgmt.network.models", "BastionHost"),
    "Microsoft.Network/firewallPolicies": ("azure.mgmt.network.models", "FirewallPolicy"),
    "Microsoft.Network/firewallPolicies/ruleCollectionGroups": (
        "azure.mgmt.network.models",
        "FirewallPolicyRuleCollectionGroup",
    ),
    "Microsoft.Network/natGateways": ("azure.mgmt.network.models", "NatGateway"),
    "Microsoft.Network/networkSecurityGroups": ("azure.mgmt.network.models", "NetworkSecurityGroup"),
    "Microsoft.Network/privateDnsZones/A": ("azure.mgmt.privatedns.models", "RecordSet"),
    "Microsoft.Network/privateDnsZones": ("azure.mgmt.privatedns.models", "PrivateZone"),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": ("azure.mgmt.privatedns.models", "VirtualNetworkLink"),
    "Microsoft.Network/privateEndpoints": ("azure.mgmt.network.models", "PrivateEndpoint"),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": ("azure.mgmt.network.models", "PrivateDnsZoneGroup"),
    "Microsoft.Network/publicIPAddresses": ("azure.mgmt.network.models", "PublicIPAddress"),
    "Microsoft.Network/routeTables": ("azure.mgmt.network.models", "RouteTable"),
    "Microsoft.Network/routeTables/routes": ("azure.mgmt.network.models", "Route"),
    "Microsoft.Network/virtualNetworks": ("azure.mgmt.network.models", "VirtualNetwork"),
    "Microsoft.Network/virtualNetworks/subnets": ("azure.mgmt.network.models", "Subnet"),
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings": ("azure.mgmt.network.models", "VirtualNetworkPeering"),
    "Microsoft.OperationalInsights/workspaces": ("azure.mgmt.loganalytics.models", "Workspace"),
    "Microsoft.OperationalInsights/workspaces/tables": ("azure.mgmt.loganalytics.models", "Table"),
    "Microsoft.Resources/resourceGroups": ("azure.mgmt.resource.resources.models", "ResourceGroup"),
    "Microsoft.Storage/storageAccounts": ("azure.mgmt.storage.models", "StorageAccountCreateParameters"),
    "Microsoft.Storage/storageAccounts/blobServices": ("azure.mgmt.storage.models", "BlobServiceProperties"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": ("azure.mgmt.storage.models", "BlobContainer"),
    "Microsoft.Storage/storageAccounts/fileServices": ("azure.mgmt.storage.models", "FileServiceProperties"),
    "Microsoft.Storage/storageAccounts/managementPolicies": ("azure.mgmt.storage.models", "ManagementPolicy"),
    "Microsoft.Synapse/privateLinkHubs": ("azure.mgmt.synapse.models", "PrivateLinkHub"),
    "Microsoft.Synapse/workspaces": ("azure.mgmt.synapse.models", "Workspace"),
    "Microsoft.Synapse/workspaces/bigDataPools": ("azure.mgmt.synapse.models", "BigDataPoolResourceInfo"),
}


def installed_versions(arm_type: str) -> dict[str, str]:
    """The api-versions of the type's model that its package has, where it has several, each with its module."""
    module, name = MODELS[arm_type]
    package = _imported(module.rpartition(".")[0])
    folders = [one.name for one in pkgutil.iter_modules(package.__path__) if one.name.startswith("v2")]
    modules = {folder[1:].replace("_", "-"): f"{package.__name__}.{folder}.models" for folder in folders}
    return {version: path for version, path in modules.items() if hasattr(_imported(path), name)}


@cache
def nearest_model(arm_type: str, version: str = "") -> tuple[str, Any]:
    """The type's model of this api-version, or of the one that is nearest; and which that is, where a package says."""
    module, name = MODELS[arm_type]
    there = installed_versions(arm_type) if version else {}
    found = min(there, key=lambda one: (abs(_day(one) - _day(version)), one), default="")
    return found, getattr(_imported(there.get(found, module)), name)


def _day(version: str) -> int:
    return date.fromisoformat(version[: len("2024-01-01")]).toordinal()


def _imported(module: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # azure-ai-ml warns of its own dependencies when it is imported
        return importlib.import_module(module)


def unknown_paths(arm_type: str, body: Json, version: str = "") -> list[str]:
    """Paths of the body that the SDK's model of the type, nearest to the api-version, has no place for."""
    model = nearest_model(arm_type, version)[1]
    if hasattr(model, "_attribute_map"):
        return _missing(body, model.deserialize(body).serialize(keep_readonly=True), "")
    return _unknown(model(body), body, "")


def _missing(sent: Any, kept: Any, path: str) -> list[str]:
    """What an older model (msrest) does not hand back."""
    if isinstance(sent, dict):
        if not isinstance(kept, dict):
            return [path]
        return [
            lost
            for key, value in sent.items()
            for lost in (_missing(value, kept[key], f"{path}.{key}") if key in kept else _empty(value, f"{path}.{key}"))
        ]
    if isinstance(sent, list):
        same = isinstance(kept, list) and len(kept) == len(sent)
        pairs = zip(sent, kept, strict=True) if same else []
        return [lost for one, two in pairs for lost in _missing(one, two, f"{path}[]")] if same else [path]
    return [] if sent == kept else [path]


def _empty(value: Any, path: str) -> list[str]:
    return [] if value in ({}, None) else [path]


def _unknown(model: Any, sent: Any, path: str) -> list[str]:
    """What a newer model (a mapping with declared fields) has no field for."""
    if isinstance(sent, list):
        return [lost for one, two in zip(model or [], sent, strict=False) for lost in _unknown(one, two, f"{path}[]")]
    if not isinstance(sent, dict):
        return []
    fields = getattr(model, "_attr_to_rest_field", None)
    if fields is None:  # a map of objects, or free form
        inner = model if isinstance(model, dict) else {}
        return [lost for key, value in sent.items() for lost in _unknown(inner.get(key), value, f"{path}.{key}")]
    by_wire = {field._rest_name: name for name, field in fields.items()}
    found: list[str] = []
    for key, value in sent.items():
        if key not in by_wire:
            found.append(f"{path}.{key}")
        else:
            found += _unknown(getattr(model, by_wire[key]), value, f"{path}.{key}")
    return found
