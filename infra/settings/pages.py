"""Where it is documented what a setting may be: the page of its block, for whatever no rule has a page of its own."""

from __future__ import annotations

PAGES: dict[str, str] = {
    "platform": "azure-resource-manager/management/resource-name-rules",
    "platform.location": "reliability/regions-list",
    "platform.tags": "azure-resource-manager/management/tag-resources",
    "personas": "role-based-access-control/role-assignments-steps",
    "github": "developer/github/connect-from-azure-openid-connect",
    "network": "virtual-network/virtual-networks-faq",
    "network.hub": "firewall/firewall-faq",
    "network.existingHub": "architecture/networking/architecture/hub-spoke",
    "network.existingNetwork": "architecture/networking/architecture/hub-spoke",
    "network.dnsZonesGroupId": "private-link/private-endpoint-dns",
    "network.monitorAccess": "azure-monitor/logs/private-link-design",
    "network.zones": "reliability/availability-zones-overview",
    "lake": "storage/common/storage-account-overview",
    "lake.redundancy": "storage/common/storage-redundancy",
    "lake.softDeleteDays": "storage/blobs/soft-delete-blob-overview",
    "lake.zones": "storage/blobs/lifecycle-management-overview",
    "workspaceStorage": "storage/common/storage-account-overview",
    "workspaceStorage.redundancy": "storage/common/storage-redundancy",
    "workspaceStorage.softDeleteDays": "storage/blobs/soft-delete-blob-overview",
    "vault": "key-vault/general/soft-delete-overview",
    "registry": "container-registry/container-registry-skus",
    "registry.untaggedRetentionDays": "container-registry/container-registry-retention-policy",
    "observability": "azure-monitor/logs/data-retention-configure",
    "observability.basicTables": "azure-monitor/logs/logs-table-plans",
    "observability.dailyCapGb": "azure-monitor/logs/daily-cap",
    "alerts": "azure-monitor/alerts/action-groups",
    "budget": "cost-management-billing/costs/tutorial-acm-create-budgets",
    "governance": "azure-resource-manager/management/lock-resources",
    "governance.policies": "governance/policy/concepts/assignment-structure",
    "governance.requiredTags": "azure-resource-manager/management/tag-resources",
    "quotas": "machine-learning/how-to-manage-quotas",
    "spark": "synapse-analytics/spark/apache-spark-pool-configurations",
    "spark.customerKey": "synapse-analytics/security/workspaces-encryption",
    "workspace": "machine-learning/how-to-manage-workspace",
    "workspace.isolationMode": "machine-learning/how-to-managed-network",
    "workspace.managedNetwork": "machine-learning/how-to-managed-network",
    "workspace.customerKey": "machine-learning/concept-customer-managed-keys",
    "workspace.cpuCluster": "machine-learning/how-to-create-attach-compute-cluster",
    "workspace.gpuCluster": "machine-learning/how-to-create-attach-compute-cluster",
    "workspace.builderCluster": "machine-learning/how-to-create-attach-compute-cluster",
    "workspace.instances": "machine-learning/how-to-create-compute-instance",
    "cluster": "aks/quotas-skus-regions",
    "cluster.kubernetesVersion": "aks/supported-kubernetes-versions",
    "cluster.tier": "aks/free-standard-pricing-tiers",
    "cluster.zones": "aks/availability-zones-overview",
    "cluster.podCidr": "aks/azure-cni-overlay",
    "cluster.serviceCidr": "aks/azure-cni-overlay",
    "cluster.dnsServiceIp": "aks/azure-cni-overlay",
    "cluster.networkPolicy": "aks/use-network-policies",
    "cluster.maintenance": "aks/planned-maintenance",
    "cluster.localAccounts": "aks/manage-local-accounts-managed-azure-ad",
    "serving": "machine-learning/how-to-deploy-kubernetes-extension",
    "serving.instanceTypes": "machine-learning/how-to-manage-kubernetes-instance-types",
}
"""Dotted key to page; the longest one that a key begins with counts."""

OTHER = "machine-learning/how-to-manage-workspace"  # of a block that nobody knows


def page_of(key: str) -> str:
    """The page about a key."""
    parts = key.replace("[", ".").split(".")
    candidates = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((PAGES[one] for one in candidates if one in PAGES), OTHER)
