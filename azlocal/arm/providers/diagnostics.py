"""Which log and metric categories a resource type has (Microsoft Learn, "Supported resource logs" and "metrics").

A type that is missing here is not checked: its diagnostic settings may name any category.
"""

from __future__ import annotations

GROUPS = ("allLogs", "audit")
_STORAGE = (("StorageRead", "StorageWrite", "StorageDelete"), ("Capacity", "Transaction"))

CATEGORIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "microsoft.storage/storageaccounts": ((), ("Capacity", "Transaction")),
    **{
        f"microsoft.storage/storageaccounts/{service}services": _STORAGE
        for service in ("blob", "file", "queue", "table")
    },
    "microsoft.keyvault/vaults": (("AuditEvent", "AzurePolicyEvaluationDetails"), ("AllMetrics",)),
    "microsoft.containerregistry/registries": (
        ("ContainerRegistryRepositoryEvents", "ContainerRegistryLoginEvents"),
        ("AllMetrics",),
    ),
    "microsoft.operationalinsights/workspaces": (
        ("Audit", "SummaryLogs", "Jobs"),
        ("AllMetrics",),
    ),
    "microsoft.network/virtualnetworks": (("VMProtectionAlerts",), ("AllMetrics",)),
    "microsoft.network/networksecuritygroups": (
        ("NetworkSecurityGroupEvent", "NetworkSecurityGroupRuleCounter"),
        (),
    ),
    "microsoft.network/azurefirewalls": (
        (
            "AzureFirewallApplicationRule",
            "AzureFirewallNetworkRule",
            "AzureFirewallDnsProxy",
            "AZFWApplicationRule",
            "AZFWApplicationRuleAggregation",
            "AZFWDnsQuery",
            "AZFWFatFlow",
            "AZFWFlowTrace",
            "AZFWFqdnResolveFailure",
            "AZFWIdpsSignature",
            "AZFWNatRule",
            "AZFWNatRuleAggregation",
            "AZFWNetworkRule",
            "AZFWNetworkRuleAggregation",
            "AZFWThreatIntel",
        ),
        ("AllMetrics",),
    ),
    "microsoft.network/bastionhosts": (("BastionAuditLogs",), ("AllMetrics",)),
    "microsoft.network/natgateways": ((), ("AllMetrics",)),
    "microsoft.network/publicipaddresses": (
        ("DDoSProtectionNotifications", "DDoSMitigationFlowLogs", "DDoSMitigationReports"),
        ("AllMetrics",),
    ),
    "microsoft.network/loadbalancers": (("LoadBalancerHealthEvent",), ("AllMetrics",)),
    "microsoft.insights/datacollectionrules": (("LogErrors",), ("AllMetrics",)),
    "microsoft.machinelearningservices/registries": (("RegistryAssetReadEvent", "RegistryAssetWriteEvent"), ()),
    "microsoft.synapse/workspaces": (
        (
            "SynapseRbacOperations",
            "GatewayApiRequests",
            "BuiltinSqlReqsEnded",
            "IntegrationPipelineRuns",
            "IntegrationActivityRuns",
            "IntegrationTriggerRuns",
            "SQLSecurityAuditEvents",
            "SynapseLinkEvent",
        ),
        ("AllMetrics",),
    ),
    "microsoft.synapse/workspaces/bigdatapools": (
        ("BigDataPoolAppsEnded", "BigDataPoolBlockedEvents"),
        ("AllMetrics",),
    ),
    "microsoft.containerservice/managedclusters": (
        (
            "kube-apiserver",
            "kube-audit",
            "kube-audit-admin",
            "kube-controller-manager",
            "kube-scheduler",
            "cluster-autoscaler",
            "cloud-controller-manager",
            "guard",
            "csi-azuredisk-controller",
            "csi-azurefile-controller",
            "csi-snapshot-controller",
            "fleet-member-agent",
            "fleet-member-net-controller-manager",
            "fleet-mcs-controller-manager",
            "karpenter-events",
        ),
        ("AllMetrics",),
    ),
    "microsoft.machinelearningservices/workspaces": (
        (
            "AmlComputeClusterEvent",
            "AmlComputeClusterNodeEvent",
            "AmlComputeJobEvent",
            "AmlComputeCpuGpuUtilization",
            "AmlRunStatusChangedEvent",
            "ModelsChangeEvent",
            "ModelsReadEvent",
            "ModelsActionEvent",
            "DeploymentReadEvent",
            "DeploymentEventACI",
            "DeploymentEventAKS",
            "InferencingOperationAKS",
            "InferencingOperationACI",
            "EnvironmentChangeEvent",
            "EnvironmentReadEvent",
            "DataLabelChangeEvent",
            "DataLabelReadEvent",
            "DataSetChangeEvent",
            "DataSetReadEvent",
            "PipelineChangeEvent",
            "PipelineReadEvent",
            "RunEvent",
            "RunReadEvent",
            "ComputeInstanceEvent",
            "DataStoreChangeEvent",
            "DataStoreReadEvent",
        ),
        ("AllMetrics",),
    ),
    "microsoft.machinelearningservices/workspaces/onlineendpoints": (
        ("AmlOnlineEndpointTrafficLog", "AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog"),
        ("AllMetrics",),
    ),
}
