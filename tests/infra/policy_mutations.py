"""For every rule of the policy pack one broken field; and what makes prod's plan hold those rules it is exempt from."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.policy.model import Resource

Plan = dict[str, Resource]
Change = Callable[[Plan], None]
GROUP = "/subscriptions/s/resourceGroups/rg-mlp-prod/providers/"
CLUSTER, WORKLOAD = "cluster-aks", "cluster-workload"
LAKE, ACCOUNT, VAULT, REGISTRY = "lake-account", "storage-account", "vault-vault", "registry-registry"
WORKSPACE, CPU = "workspace-workspace", "training-cpu"
SYNAPSE, POOL = "spark-workspace", "spark-pool"
VNET, NSG = "network-vnet", "network-nsg-endpoints"
LOGS, INSIGHTS = "observability-logs", "observability-insights"
POOLS = "properties.agentPoolProfiles"
INNER = "properties.properties"


@dataclass(frozen=True)
class Gone:
    """Instead of a value: the field is taken away."""


GONE = Gone()


def put(label: str, path: str, value: Any) -> Change:
    """Set one field of one resource, making what is missing on the way."""

    def change(plan: Plan) -> None:
        target: Any = plan[label].body
        *steps, last = path.replace("[", ".[").split(".")
        for step in steps:
            target = target[int(step[1:-1])] if step.startswith("[") else target.setdefault(step, {})
        if last.startswith("["):
            target[int(last[1:-1])] = value
        elif value is GONE:
            target.pop(last, None)
        else:
            target[last] = value

    return change


def add(label: str, type_: str, id_: str, body: dict[str, Any]) -> Change:
    """One more resource in the plan."""

    def change(plan: Plan) -> None:
        plan[label] = Resource(f"urn::{label}", label, type_, GROUP + id_, copy.deepcopy(body))

    return change


def drop(*starts: str) -> Change:
    """Resources that the plan lacks."""

    def change(plan: Plan) -> None:
        for label in [label for label in plan if label.startswith(starts)]:
            del plan[label]

    return change


def rename(label: str, name: str) -> Change:
    """Another Azure name, for whatever else is in the plan too."""

    def change(plan: Plan) -> None:
        old = plan[label]
        before, after = old.id, old.id.rsplit("/", 1)[0] + "/" + name
        for other, one in list(plan.items()):
            plan[other] = Resource(
                one.urn, one.label, one.type, _swap(one.id, before, after), _swap(one.body, before, after)
            )

    return change


def _swap(value: Any, before: str, after: str) -> Any:
    if isinstance(value, dict):
        return {key: _swap(item, before, after) for key, item in value.items()}
    if isinstance(value, list):
        return [_swap(item, before, after) for item in value]
    if isinstance(value, str) and (value == before or value.startswith(before + "/")):
        return after + value[len(before) :]
    return value


def rule_of(label: str, **properties: Any) -> Change:
    """One more rule in a security group."""

    def change(plan: Plan) -> None:
        body: Any = plan[label].body
        defaults = {"access": "Allow", "direction": "Inbound", "protocol": "Tcp", "priority": 200,
                    "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "443"}  # fmt: skip
        body["properties"]["securityRules"].append({"name": "Added", "properties": {**defaults, **properties}})

    return change


def without(label: str, rule: str) -> Change:
    """A security group that lacks one of its rules."""

    def change(plan: Plan) -> None:
        properties: Any = plan[label].body["properties"]
        properties["securityRules"] = [one for one in properties["securityRules"] if one["name"] != rule]

    return change


def many(*changes: Change) -> Change:
    """Several changes as one."""

    def change(plan: Plan) -> None:
        for one in changes:
            one(plan)

    return change


REPAIRS = many(
    put(REGISTRY, "properties.policies.quarantinePolicy.status", "enabled"),
    put(REGISTRY, "properties.policies.trustPolicy.status", "enabled"),
    put(INSIGHTS, "properties.DisableLocalAuth", True),
    put(LOGS, "properties.replication", {"enabled": True, "location": "northeurope"}),
    put(SYNAPSE, "properties.managedVirtualNetworkSettings.preventDataExfiltration", True),
)  # fmt: skip

ADDED_KEY = "Microsoft.KeyVault/vaults/keys"
ROTATED = {"properties": {"rotationPolicy": {"lifetimeActions": [{"action": {"type": "rotate"}}]}}}
INSTANCE = {"properties": {"computeType": "ComputeInstance", "disableLocalAuth": True,
            "properties": {"subnet": {"id": "x"}, "enableNodePublicIp": False,
             "idleTimeBeforeShutdown": "PT1H"}}}  # fmt: skip
INSTANCE_TYPE = "Microsoft.MachineLearningServices/workspaces/computes"
INSTANCE_ID = "Microsoft.MachineLearningServices/workspaces/mlw/computes/desk"


def _instance(path: str, value: Any) -> Change:
    return many(add("desk", INSTANCE_TYPE, INSTANCE_ID, INSTANCE), put("desk", path, value))


def _add_on(name: str) -> Change:
    return put(CLUSTER, f"properties.addonProfiles.{name}.enabled", False)


def _aks_logs(*categories: str) -> Change:
    return put("diagnostics-cluster-aks", "properties.logs", [{"category": one, "enabled": True} for one in categories])


PLATFORM = ("cluster-autoscaler", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
SETTINGS = "properties.configurationSettings"
MUTATIONS: dict[str, Change] = {
    # Azure ML
    "Azure.ML.ComputeIdleShutdown": _instance(f"{INNER}.idleTimeBeforeShutdown", GONE),
    "Azure.ML.DisableLocalAuth": put(CPU, "properties.disableLocalAuth", GONE),
    "Azure.ML.ComputeVnet": put(CPU, f"{INNER}.subnet", GONE),
    "Azure.ML.PublicAccess": put(WORKSPACE, "properties.publicNetworkAccess", GONE),
    "Azure.ML.UserManagedIdentity": put(WORKSPACE, "identity.type", "SystemAssigned,UserAssigned"),
    "MLP.ML.MinNodes": put(CPU, f"{INNER}.scaleSettings.minNodeCount", 1),
    "MLP.ML.NodePublicIP": put(CPU, f"{INNER}.enableNodePublicIp", GONE),
    "MLP.ML.RemoteLogin": put(CPU, f"{INNER}.remoteLoginPortPublicAccess", "Enabled"),
    "MLP.ML.InstanceSsh": _instance(f"{INNER}.sshSettings.sshPublicAccess", "Enabled"),
    "MLP.ML.IsolationMode": put(WORKSPACE, "properties.managedNetwork.isolationMode", "AllowInternetOutbound"),
    "MLP.ML.LegacyMode": put(WORKSPACE, "properties.v1LegacyMode", True),
    "MLP.ML.DatastoreIdentity": put(WORKSPACE, "properties.systemDatastoresAuthMode", GONE),
    "MLP.ML.DatastoreKeyless": put("workspace-datastore-raw", "properties.credentials.credentialsType", "AccountKey"),
    "MLP.ML.BuildCompute": put(WORKSPACE, "properties.imageBuildCompute", GONE),
    "MLP.ML.RegistryPublicAccess": put("promotion-registry", "properties.publicNetworkAccess", "Enabled"),
    # Key Vault
    "Azure.KeyVault.AccessPolicy": put(VAULT, "properties.accessPolicies", [{"permissions": {"keys": ["Purge"]}}]),
    "Azure.KeyVault.Logs": put("diagnostics-vault-vault", "properties.logs", []),
    "Azure.KeyVault.Name": rename(VAULT, "1vault"),
    "Azure.KeyVault.SecretName": add("secret", "Microsoft.KeyVault/vaults/secrets", "x/a_b", {}),
    "Azure.KeyVault.KeyName": add("key", ADDED_KEY, "x/a_b", ROTATED),
    "Azure.KeyVault.AutoRotationPolicy": add("key", ADDED_KEY, "x/key", {"properties": {}}),
    "Azure.KeyVault.SoftDelete": put(VAULT, "properties.enableSoftDelete", GONE),
    "Azure.KeyVault.PurgeProtect": put(VAULT, "properties.enablePurgeProtection", GONE),
    "Azure.KeyVault.Firewall": put(VAULT, "properties.networkAcls.defaultAction", "Allow"),
    "Azure.KeyVault.RBAC": put(VAULT, "properties.enableRbacAuthorization", False),
    "MLP.KeyVault.PublicAccess": put(VAULT, "properties.publicNetworkAccess", GONE),
    "MLP.KeyVault.PrivateEndpoint": drop("endpoints-vault"),
    # Storage
    "Azure.Storage.UseReplication": put(ACCOUNT, "sku.name", "Standard_ZRS"),
    "Azure.Storage.SecureTransfer": put(ACCOUNT, "properties.supportsHttpsTrafficOnly", False),
    "Azure.Storage.SoftDelete": put("storage-blobs", "properties.deleteRetentionPolicy.enabled", False),
    "Azure.Storage.BlobPublicAccess": put(LAKE, "properties.allowBlobPublicAccess", GONE),
    "Azure.Storage.BlobAccessType": put("lake-raw", "properties.publicAccess", "Container"),
    "Azure.Storage.MinTLS": put(LAKE, "properties.minimumTlsVersion", GONE),
    "Azure.Storage.Name": rename(LAKE, "Lake-1"),
    "Azure.Storage.Firewall": put(LAKE, "properties.networkAcls", GONE),
    "Azure.Storage.ContainerSoftDelete": put("storage-blobs", "properties.containerDeleteRetentionPolicy", GONE),
    "Azure.Storage.FileShareSoftDelete": many(
        put(ACCOUNT, "kind", "FileStorage"),
        put("storage-files", "properties.shareDeleteRetentionPolicy.enabled", False)
    ),
    "Azure.Storage.LocalAuth": put(LAKE, "properties.allowSharedKeyAccess", GONE),
    "Azure.Storage.DefenderCloud": put("lake-defender", "properties.isEnabled", False),
    "Azure.Storage.DefenderCloud.MalwareScan": put("lake-defender", "properties.malwareScanning.onUpload", {}),
    "Azure.Storage.DefenderCloud.SensitiveData": put("lake-defender", "properties.sensitiveDataDiscovery", GONE),
    "MLP.Storage.PublicAccess": put(LAKE, "properties.publicNetworkAccess", GONE),
    "MLP.Storage.LocalUsers": put(LAKE, "properties.isLocalUserEnabled", GONE),
    "MLP.Storage.CrossTenant": put(LAKE, "properties.allowCrossTenantReplication", True),
    "MLP.Storage.OAuthDefault": put(LAKE, "properties.defaultToOAuthAuthentication", GONE),
    "MLP.Storage.Sftp": put(LAKE, "properties.isSftpEnabled", True),
    "MLP.Storage.PrivateEndpoint": drop("endpoints-lake"),
    # ACR
    "Azure.ACR.AdminUser": put(REGISTRY, "properties.adminUserEnabled", True),
    "Azure.ACR.MinSku": put(REGISTRY, "sku.name", "Basic"),
    "Azure.ACR.Name": rename(REGISTRY, "a-b"),
    "Azure.ACR.Quarantine": put(REGISTRY, "properties.policies.quarantinePolicy", GONE),
    "Azure.ACR.ContentTrust": put(REGISTRY, "properties.policies.trustPolicy", GONE),
    "Azure.ACR.Retention": many(
        put(REGISTRY, "properties.policies.retentionPolicy", GONE),
        put(REGISTRY, "properties.policies.softDeletePolicy.status", "enabled"),
    ),
    "Azure.ACR.SoftDelete": many(
        put(REGISTRY, "properties.policies.retentionPolicy", GONE), put(REGISTRY, "sku.name", "Standard")
    ),
    "Azure.ACR.AnonymousAccess": put(REGISTRY, "properties.anonymousPullEnabled", True),
    "Azure.ACR.Firewall": many(
        put(REGISTRY, "properties.publicNetworkAccess", "Enabled"), put(REGISTRY, "properties.networkRuleSet", GONE)
    ),
    "Azure.ACR.ReplicaLocation": add(
        "replica", "Microsoft.ContainerRegistry/registries/replications", "x/eastus", {"location": "eastus"}
    ),
    "Azure.ACR.ExportPolicy": put(REGISTRY, "properties.policies.exportPolicy", GONE),
    "MLP.ACR.PublicAccess": put(REGISTRY, "properties.publicNetworkAccess", GONE),
    "MLP.ACR.ZoneRedundancy": put(REGISTRY, "properties.zoneRedundancy", GONE),
    "MLP.ACR.DataEndpoint": put(REGISTRY, "properties.dataEndpointEnabled", GONE),
    # AKS
    "Azure.AKS.Version": put(CLUSTER, "properties.kubernetesVersion", "1.28.3"),
    "Azure.AKS.PoolVersion": put(WORKLOAD, "properties.orchestratorVersion", "1.33"),
    "Azure.AKS.PoolScaleSet": put(WORKLOAD, "properties.type", "AvailabilitySet"),
    "Azure.AKS.NodeMinPods": put(WORKLOAD, "properties.maxPods", 30),
    "Azure.AKS.AutoScaling": put(WORKLOAD, "properties.enableAutoScaling", False),
    "Azure.AKS.AvailabilityZone": put(WORKLOAD, "properties.availabilityZones", []),
    "Azure.AKS.AuditLogs": _aks_logs(*PLATFORM, "kube-audit-admin"),
    "Azure.AKS.PlatformLogs": _aks_logs(*PLATFORM[:-1], "kube-audit-admin", "guard"),
    "Azure.AKS.MinNodeCount": put(CLUSTER, f"{POOLS}[0].minCount", 2),
    "Azure.AKS.ManagedIdentity": put(CLUSTER, "identity", GONE),
    "Azure.AKS.StandardLB": put(CLUSTER, "properties.networkProfile.loadBalancerSku", "basic"),
    "Azure.AKS.NetworkPolicy": put(CLUSTER, "properties.networkProfile.networkPolicy", GONE),
    "Azure.AKS.AzurePolicyAddOn": _add_on("azurepolicy"),
    "Azure.AKS.ManagedAAD": put(CLUSTER, "properties.aadProfile.managed", False),
    "Azure.AKS.AuthorizedIPs": put(CLUSTER, "properties.apiServerAccessProfile.enablePrivateCluster", False),
    "Azure.AKS.LocalAccounts": put(CLUSTER, "properties.disableLocalAccounts", False),
    "Azure.AKS.AzureRBAC": put(CLUSTER, "properties.aadProfile.enableAzureRBAC", False),
    "Azure.AKS.SecretStore": _add_on("azureKeyvaultSecretsProvider"),
    "Azure.AKS.SecretStoreRotation": put(
        CLUSTER, "properties.addonProfiles.azureKeyvaultSecretsProvider.config.enableSecretRotation", True
    ),
    "Azure.AKS.HttpAppRouting": put(CLUSTER, "properties.addonProfiles.httpApplicationRouting.enabled", True),
    "Azure.AKS.AutoUpgrade": put(CLUSTER, "properties.autoUpgradeProfile.upgradeChannel", "none"),
    "Azure.AKS.UseRBAC": put(CLUSTER, "properties.enableRBAC", False),
    "Azure.AKS.Name": rename(CLUSTER, "-aks"),
    "Azure.AKS.DNSPrefix": put(CLUSTER, "properties.dnsPrefix", "a." * 30),
    "Azure.AKS.ContainerInsights": _add_on("omsagent"),
    "Azure.AKS.UptimeSLA": put(CLUSTER, "sku.tier", "Free"),
    "Azure.AKS.EphemeralOSDisk": put(WORKLOAD, "properties.osDiskType", "Managed"),
    "Azure.AKS.DefenderProfile": put(CLUSTER, "properties.securityProfile.defender", GONE),
    "Azure.AKS.MinUserPoolNodes": put(WORKLOAD, "properties.minCount", 1),
    "Azure.AKS.AuditAdmin": _aks_logs(*PLATFORM, "kube-audit", "guard"),
    "Azure.AKS.MaintenanceWindow": drop("cluster-maintenance-nodes"),
    "Azure.AKS.NodeAutoUpgrade": put(CLUSTER, "properties.autoUpgradeProfile.nodeOSUpgradeChannel", "None"),
    "MLP.AKS.PrivateCluster": many(
        put(CLUSTER, "properties.apiServerAccessProfile.enablePrivateCluster", GONE),
        put(CLUSTER, "properties.apiServerAccessProfile.authorizedIPRanges", ["10.0.0.0/16"]),
    ),
    "MLP.AKS.PublicName": put(CLUSTER, "properties.apiServerAccessProfile.enablePrivateClusterPublicFQDN", GONE),
    "MLP.AKS.NodePublicIP": put(WORKLOAD, "properties.enableNodePublicIP", True),
    "MLP.AKS.SystemPool": put(CLUSTER, f"{POOLS}[0].nodeTaints", []),
    "MLP.AKS.HostEncryption": put(WORKLOAD, "properties.enableEncryptionAtHost", GONE),
    "MLP.AKS.RunCommand": put(CLUSTER, "properties.apiServerAccessProfile.disableRunCommand", GONE),
    "MLP.AKS.WorkloadIdentity": put(CLUSTER, "properties.securityProfile.workloadIdentity", GONE),
    "MLP.AKS.OidcIssuer": put(CLUSTER, "properties.oidcIssuerProfile.enabled", False),
    "MLP.AKS.InternalRouter": put("serving-extension", f"{SETTINGS}.internalLoadBalancerProvider", GONE),
    "MLP.AKS.RouterTls": put("serving-extension", f"{SETTINGS}.allowInsecureConnections", "True"),
    # networks
    "Azure.VNET.UseNSGs": put(VNET, "properties.subnets[0].properties.networkSecurityGroup", GONE),
    "Azure.VNET.SingleDNS": put(VNET, "properties.dhcpOptions.dnsServers", ["10.33.0.4"]),
    "Azure.VNET.LocalDNS": put(VNET, "properties.dhcpOptions.dnsServers", ["8.8.8.8", "8.8.4.4"]),
    "Azure.VNET.PeerState": add(
        "peer", "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "x",
        {"properties": {"peeringState": "Initiated"}}
    ),
    "Azure.VNET.SubnetName": put(VNET, "properties.subnets[0].name", "-bad-"),
    "Azure.VNET.Name": rename("hub-vnet", "-hub"),
    "Azure.VNET.BastionSubnet": put(
        "hub-vnet", "properties.subnets[0]", {"name": "GatewaySubnet", "properties": {"defaultOutboundAccess": False}}
    ),
    "Azure.VNET.PrivateSubnet": put(VNET, "properties.subnets[0].properties.defaultOutboundAccess", GONE),
    "Azure.NSG.AnyInboundSource": rule_of(NSG, sourceAddressPrefix="*"),
    "Azure.NSG.DenyAllInbound": rule_of(NSG, sourceAddressPrefix="*", access="Deny", priority=90),
    "Azure.NSG.LateralTraversal": many(without(NSG, "DenyRemoteShells"), without(NSG, "DenyOutbound")),
    "Azure.NSG.Name": rename(NSG, "-nsg"),
    "Azure.PrivateEndpoint.Name": rename("endpoints-lake-dfs", "-pep"),
    "Azure.PublicIP.Name": rename("hub-ip", "-pip"),
    "Azure.PublicIP.DNSLabel": put("hub-ip", "properties.dnsSettings.domainNameLabel", "-mlp"),
    "Azure.PublicIP.StandardSKU": put("hub-ip", "sku", GONE),
    "Azure.PublicIP.AvailabilityZone": put("hub-ip", "zones", []),
    "MLP.Network.OpenInbound": rule_of(NSG, sourceAddressPrefix="Internet"),
    "MLP.Network.PublicAddress": drop("hub-firewall"),
    "MLP.Network.NoDnat": add(
        "dnat", "Microsoft.Network/firewallPolicies/ruleCollectionGroups", "x",
        {"properties": {"ruleCollections": [{"ruleCollectionType": "FirewallPolicyNatRuleCollection"}]}},
    ),
    "MLP.Network.ThreatIntelligence": put("hub-policy", "properties.threatIntelMode", GONE),
    "MLP.Network.OpenList": put(VAULT, "properties.networkAcls.ipRules", [{"value": "0.0.0.0/0"}]),
    # monitoring
    "Azure.Log.Replication": put(LOGS, "properties.replication.enabled", False),
    "Azure.Log.Name": rename(LOGS, "-logs"),
    "Azure.AppInsights.Workspace": put(INSIGHTS, "properties.WorkspaceResourceId", GONE),
    "Azure.AppInsights.LocalAuth": put(INSIGHTS, "properties.DisableLocalAuth", GONE),
    "Azure.AppInsights.Name": rename(INSIGHTS, "a%b"),
    "MLP.Log.LocalAuth": put(LOGS, "properties.features.disableLocalAuth", GONE),
    "MLP.Log.PublicIngestion": put(LOGS, "properties.publicNetworkAccessForIngestion", GONE),
    "MLP.Log.PublicQuery": put(INSIGHTS, "properties.publicNetworkAccessForQuery", GONE),
    "MLP.Log.Kept": drop("diagnostics-spark-workspace"),
    # Synapse
    "MLP.Synapse.ManagedNetwork": put(SYNAPSE, "properties.managedVirtualNetwork", GONE),
    "MLP.Synapse.DataExfiltration": put(
        SYNAPSE, "properties.managedVirtualNetworkSettings.preventDataExfiltration", GONE
    ),
    "MLP.Synapse.LinkedAccess": put(
        SYNAPSE, "properties.managedVirtualNetworkSettings.linkedAccessCheckOnTargetResource", GONE
    ),
    "MLP.Synapse.PublicAccess": put(SYNAPSE, "properties.publicNetworkAccess", GONE),
    "MLP.Synapse.EntraOnly": put(SYNAPSE, "properties.azureADOnlyAuthentication", GONE),
    "MLP.Synapse.NoPassword": put(SYNAPSE, "properties.sqlAdministratorLoginPassword", "[secret]"),
    "MLP.Synapse.FirewallRule": add(
        "firewall", "Microsoft.Synapse/workspaces/firewallRules", "x",
        {"properties": {"startIpAddress": "0.0.0.1", "endIpAddress": "255.255.255.255"}},
    ),
    "MLP.Synapse.AutoPause": put(POOL, "properties.autoPause.enabled", False),
    "MLP.Synapse.SparkVersion": put(POOL, "properties.sparkVersion", "3.3"),
    "MLP.Synapse.Lake": put(SYNAPSE, "properties.defaultDataLakeStorage.resourceId", GONE),
    # identities, roles, tags
    "Azure.Resource.UseTags": put(LAKE, "tags", GONE),
    "Azure.Resource.RequiredTags": put(LAKE, "tags.owner", ""),
    "Azure.Resource.AllowedRegions": put(LAKE, "location", "eastus"),
    "Azure.Identity.UserAssignedName": rename("identity-workspace", "-id"),
    "MLP.RBAC.NoOwner": put(
        "roles-workspace-reader-cluster", "properties.roleDefinitionId", "x/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    ),
    "MLP.RBAC.PrincipalType": put("roles-workspace-reader-cluster", "properties.principalType", GONE),
    "MLP.RBAC.NoStar": add(
        "role", "Microsoft.Authorization/roleDefinitions", "x", {"properties": {"permissions": [{"actions": ["*"]}]}}
    ),
    "MLP.Identity.Subject": put("cluster-workload-identity", "properties.subject", "repo:a/b:pull_request"),
}  # fmt: skip
# Where one of two open doors is another rule's: the field of the first is broken with that of the second.
TOGETHER = {
    "Azure.ACR.Firewall": {"MLP.ACR.PublicAccess"},
    "Azure.AKS.AuthorizedIPs": {"MLP.AKS.PrivateCluster"},
}
