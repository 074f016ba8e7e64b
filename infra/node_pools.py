"""The pools of the cluster: one for what AKS itself needs, one for models and jobs."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import containerservice as aks

from infra import settings

WORKLOAD_LABEL = {"workload": "models"}
"""Label of the nodes that carry models."""
SYSTEM_TAINT = "CriticalAddonsOnly=true:NoSchedule"


def system(
    name: str, cluster: settings.Cluster, subnet_id: pulumi.Input[str]
) -> aks.ManagedClusterAgentPoolProfileArgs:
    """Nodes for AKS' own pods alone."""
    return _pool(name, "System", cluster.system_pool, cluster, subnet_id)


def workload(
    name: str, cluster: settings.Cluster, subnet_id: pulumi.Input[str]
) -> aks.ManagedClusterAgentPoolProfileArgs:
    """Nodes for everything else."""
    return _pool(name, "User", cluster.workload_pool, cluster, subnet_id)


def _pool(
    name: str, mode: str, pool: settings.NodePool, cluster: settings.Cluster, subnet_id: pulumi.Input[str]
) -> aks.ManagedClusterAgentPoolProfileArgs:
    system_pool = mode == "System"
    return aks.ManagedClusterAgentPoolProfileArgs(
        name=name,
        mode=mode,
        type="VirtualMachineScaleSets",
        vm_size=pool.vm_size,
        os_type="Linux",
        os_sku="AzureLinux",
        os_disk_type=pool.os_disk_type,
        os_disk_size_gb=pool.os_disk_gb,
        count=pool.min_nodes,
        enable_auto_scaling=True,
        min_count=pool.min_nodes,
        max_count=pool.max_nodes,
        max_pods=110,
        enable_node_public_ip=False,
        enable_encryption_at_host=cluster.host_encryption,
        availability_zones=list(cluster.zones) or None,
        vnet_subnet_id=subnet_id,
        node_taints=[SYSTEM_TAINT] if system_pool else None,
        node_labels=None if system_pool else WORKLOAD_LABEL,
        upgrade_settings=aks.AgentPoolUpgradeSettingsArgs(max_surge="33%"),
    )
