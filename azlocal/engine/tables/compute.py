"""Clusters and images: Microsoft.ContainerService, Microsoft.KubernetesConfiguration, Microsoft.ContainerRegistry."""

from __future__ import annotations

from azlocal.engine.tables.base import ENVELOPE, GROUP, AzureType, lifted, resource_shape
from azlocal.engine.wire import Shape

CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/{{resourceName}}"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/{{registryName}}"
ANY_CLUSTER = f"{GROUP}/providers/{{clusterRp}}/{{clusterResourceName}}/{{clusterName}}"

# The autoscaler's own flags, which Azure passes on as they are written on its command line.
_AUTOSCALER = {
    "balanceSimilarNodeGroups": "balance-similar-node-groups",
    "daemonsetEvictionForEmptyNodes": "daemonset-eviction-for-empty-nodes",
    "daemonsetEvictionForOccupiedNodes": "daemonset-eviction-for-occupied-nodes",
    "ignoreDaemonsetsUtilization": "ignore-daemonsets-utilization",
    "maxEmptyBulkDelete": "max-empty-bulk-delete",
    "maxGracefulTerminationSec": "max-graceful-termination-sec",
    "maxNodeProvisionTime": "max-node-provision-time",
    "maxTotalUnreadyPercentage": "max-total-unready-percentage",
    "newPodScaleUpDelay": "new-pod-scale-up-delay",
    "okTotalUnreadyCount": "ok-total-unready-count",
    "scaleDownDelayAfterAdd": "scale-down-delay-after-add",
    "scaleDownDelayAfterDelete": "scale-down-delay-after-delete",
    "scaleDownDelayAfterFailure": "scale-down-delay-after-failure",
    "scaleDownUnneededTime": "scale-down-unneeded-time",
    "scaleDownUnreadyTime": "scale-down-unready-time",
    "scaleDownUtilizationThreshold": "scale-down-utilization-threshold",
    "scanInterval": "scan-interval",
    "skipNodesWithLocalStorage": "skip-nodes-with-local-storage",
    "skipNodesWithSystemPods": "skip-nodes-with-system-pods",
}
_NETWORK_CREATE_ONLY = [
    "serviceCidr",
    "serviceCidrs",
    "dnsServiceIP",
    "networkMode",
    "networkPlugin",
    "networkPluginMode",
    "podCidr",
    "networkDataplane",
    "networkPolicy",
    "outboundType",
]
_CLUSTER_CREATE_ONLY = (
    "diskEncryptionSetID dnsPrefix fqdnSubdomain linuxProfile location nodeResourceGroup windowsProfile"
)

TYPES = (
    AzureType(
        "containerservice:ManagedCluster",
        CLUSTER,
        resource_shape({"autoScalerProfile": Shape(rename=_AUTOSCALER)}),
        create_only=(
            *_CLUSTER_CREATE_ONLY.split(),
            *(f"networkProfile.{name}" for name in _NETWORK_CREATE_ONLY),
        ),
        tracked=True,
        shared=("agentPoolProfiles",),
        holds="what runs in it, and its volumes",
    ),
    AzureType(
        "containerservice:AgentPool",
        f"{CLUSTER}/agentPools/{{agentPoolName}}",
        # Tags and type are the pool's properties: it is no tracked resource.
        resource_shape(beside=ENVELOPE - {"tags", "type"}),
        create_only=("gpuInstanceProfile", "vmSize", "networkProfile.nodePublicIPTags"),
    ),
    AzureType(
        "containerservice:TrustedAccessRoleBinding",
        f"{CLUSTER}/trustedAccessRoleBindings/{{trustedAccessRoleBindingName}}",
    ),
    AzureType(
        "containerservice:MaintenanceConfiguration",
        f"{CLUSTER}/maintenanceConfigurations/{{configName}}",
    ),
    AzureType(
        "kubernetesconfiguration:Extension",
        f"{ANY_CLUSTER}/providers/Microsoft.KubernetesConfiguration/extensions/{{extensionName}}",
    ),
    AzureType(
        "kubernetesconfiguration:FluxConfiguration",
        f"{ANY_CLUSTER}/providers/Microsoft.KubernetesConfiguration/fluxConfigurations/{{fluxConfigurationName}}",
    ),
    AzureType(
        "containerregistry:Registry",
        REGISTRY,
        resource_shape(
            {
                "networkRuleSet": Shape(inside={"ipRules": Shape(rename={"iPAddressOrRange": "value"})}),
                "privateEndpointConnections": lifted(),
            }
        ),
        create_only=("location",),
        tracked=True,
        holds="images",
    ),
    AzureType(
        "containerregistry:Replication",
        f"{REGISTRY}/replications/{{replicationName}}",
        create_only=("location",),
        tracked=True,
    ),
    AzureType("containerregistry:ScopeMap", f"{REGISTRY}/scopeMaps/{{scopeMapName}}"),
    AzureType("containerregistry:Token", f"{REGISTRY}/tokens/{{tokenName}}"),
    AzureType("containerregistry:Webhook", f"{REGISTRY}/webhooks/{{webhookName}}", tracked=True),
)
