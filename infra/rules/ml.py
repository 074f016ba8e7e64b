"""Rules about Azure Machine Learning: managed network, keys, clusters, registries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from infra import settings as s
from infra.rules.base import Problem, RuleRow
from infra.rules.vm_sizes import SIZES

MANAGED = "machine-learning/how-to-managed-network"


def outbound_rules_fit_the_mode(network: s.Network, workspace: s.Workspace) -> Iterator[Problem]:
    """Rules for hosts and service tags say something only where not everything may leave."""
    given = workspace.managed_network
    names = [*given.hosts, *(tag.name for tag in given.service_tags)]
    closed = workspace.isolation_mode == "AllowOnlyApprovedOutbound"
    if names and network.mode == "managed" and not closed:
        yield Problem(
            "workspace.managedNetwork",
            f"rules {', '.join(names)}, but workspace.isolationMode is {workspace.isolation_mode}: there Azure takes "
            "private endpoint rules alone",
            "remove them, or set isolationMode to AllowOnlyApprovedOutbound",
            f"{MANAGED}#manage-outbound-rules",
            "ValidationError",
        )
    for name, count in Counter(names).items():
        if count > 1:
            yield Problem("workspace.managedNetwork", f"{name!r} names {count} rules", "rename one of them", MANAGED)


def serverless_spark_has_a_managed_network(network: s.Network, workspace: s.Workspace) -> Iterator[Problem]:
    """Serverless Spark runs in the managed network alone."""
    if workspace.managed_network.include_spark and network.mode == "byo":
        yield Problem(
            "workspace.managedNetwork.includeSpark",
            "true, and network.mode is byo: serverless Spark has no subnet of one's own",
            "set it to false, or network.mode to managed",
            f"{MANAGED}#configure-for-serverless-spark-jobs",
        )


def customer_key_cannot_be_lost(workspace: s.Workspace, vault: s.Vault) -> Iterator[Problem]:
    """Data under a key that somebody purged is gone: Azure asks for soft delete and purge protection."""
    if workspace.customer_key and not vault.purge_protection:
        yield Problem(
            "vault.purgeProtection",
            "false, and workspace.customerKey keeps its key there",
            "set it to true, or remove workspace.customerKey",
            "machine-learning/concept-customer-managed-keys#prerequisites",
            "ValidationError",
        )


def clusters_are_told_apart(workspace: s.Workspace) -> Iterator[Problem]:
    """Each compute has a name of its own."""
    clusters = workspace.clusters().values()
    names = [cluster.name.lower() for cluster in clusters] + [one.name for one in workspace.instances.people]
    for name, count in Counter(names).items():
        if count > 1:
            yield Problem("workspace", f"{count} computes are called {name!r}", "give each a name of its own")


def gpu_cluster_has_gpus(workspace: s.Workspace) -> Iterator[Problem]:
    """Whatever is called a GPU cluster has some."""
    gpu = workspace.gpu_cluster
    size = SIZES.get(gpu.vm_size) if gpu else None
    if gpu and size and not size.gpus:
        yield Problem(
            "workspace.gpuCluster.vmSize",
            f"{gpu.vm_size} has no GPU",
            "choose one of " + ", ".join(name for name, one in SIZES.items() if one.gpus),
            "virtual-machines/sizes-gpu",
        )


def idle_nodes_are_given_back(workspace: s.Workspace) -> Iterator[Problem]:
    """A GPU node costs as much idle as busy: its cluster scales to nothing."""
    gpu = workspace.gpu_cluster
    if gpu and gpu.min_nodes:
        yield Problem(
            "workspace.gpuCluster.minNodes",
            f"{gpu.min_nodes}: these nodes are paid for without a job",
            "set it to 0",
            "machine-learning/how-to-manage-optimize-cost",
        )


RULES: tuple[RuleRow, ...] = (
    (("network", "workspace"), outbound_rules_fit_the_mode),
    (("network", "workspace"), serverless_spark_has_a_managed_network),
    (("workspace", "vault"), customer_key_cannot_be_lost),
    (("workspace",), clusters_are_told_apart),
    (("workspace",), gpu_cluster_has_gpus),
    (("workspace",), idle_nodes_are_given_back),
)
"""The blocks that a rule reads, and the rule."""
