"""The pools of the cluster: one for what AKS itself needs, one for models and jobs."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pulumi
from pulumi_azure_native import containerservice as aks

from infra import settings

WORKLOAD_LABEL = {"workload": "models"}
"""Label of the nodes that carry models."""
SYSTEM_TAINT = "CriticalAddonsOnly=true:NoSchedule"
_DIGITS = 4  # of twelve letters and digits that a pool's name may have


def system(
    name: str, cluster: settings.Cluster, subnet_id: pulumi.Input[str]
) -> aks.ManagedClusterAgentPoolProfileArgs:
    """Nodes for AKS' own pods alone: a cluster can't be made without, so they are part of it."""
    return aks.ManagedClusterAgentPoolProfileArgs(
        name=name,
        mode="System",
        type="VirtualMachineScaleSets",
        node_taints=[SYSTEM_TAINT],
        vnet_subnet_id=subnet_id,
        **_fixed(cluster.system_pool, cluster),
        **_scaled(cluster.system_pool),
    )


def workload(
    name: str,
    cluster: settings.Cluster,
    subnet_id: pulumi.Input[str],
    *,
    group: pulumi.Input[str],
    of: aks.ManagedCluster,
    cluster_id: str,
    opts: pulumi.ResourceOptions,
) -> aks.AgentPool:
    """Nodes for everything else, beside the cluster: AKS adds and removes such pools, and none of its own body.

    What AKS can't change in place is in the pool's name. So a change makes another pool, and when that is there the
    old one goes, and AKS moves its pods (aks/resize-node-pool).

    Args:
        name: of the resource.
        cluster: its settings.
        subnet_id: where the nodes stand; as long as the cluster does.
        group: of the cluster.
        of: the cluster.
        cluster_id: its id, known beforehand.
        opts: the block's.
    """
    old = cluster.workload_pool.take_over
    return aks.AgentPool(
        name,
        resource_group_name=group,
        resource_name_=of.name,
        agent_pool_name=workload_name(cluster),
        mode="User",
        node_labels=WORKLOAD_LABEL,
        vnet_subnet_id=subnet_id,
        **_fixed(cluster.workload_pool, cluster),
        **_scaled(cluster.workload_pool),
        # azure-native deletes first what has a name given to it.
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                delete_before_replace=False,
                deleted_with=of,
                import_=f"{cluster_id}/agentPools/{old}" if old else None,
            ),
        ),
    )


def workload_name(cluster: settings.Cluster) -> str:
    """The name of the pool for everything else: it follows from what AKS keeps of a pool, unless one is taken over."""
    return cluster.workload_pool.take_over or f"workload{_digest(_fixed(cluster.workload_pool, cluster))}"


def _fixed(pool: settings.NodePool, cluster: settings.Cluster) -> dict[str, Any]:
    """What a pool is made with and keeps (the list is that of Terraform's `temporary_name_for_rotation`)."""
    return {
        "vm_size": pool.vm_size,
        "os_type": "Linux",
        "os_sku": "AzureLinux",
        "os_disk_type": pool.os_disk_type,
        "os_disk_size_gb": pool.os_disk_gb,
        "max_pods": 110,
        "enable_node_public_ip": False,
        "enable_encryption_at_host": cluster.host_encryption,
        "availability_zones": list(cluster.zones) or None,
    }


def _scaled(pool: settings.NodePool) -> dict[str, Any]:
    return {
        "count": pool.min_nodes,
        "enable_auto_scaling": True,
        "min_count": pool.min_nodes,
        "max_count": pool.max_nodes,
        "upgrade_settings": aks.AgentPoolUpgradeSettingsArgs(max_surge="33%"),
    }


def _digest(fixed: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:_DIGITS]
