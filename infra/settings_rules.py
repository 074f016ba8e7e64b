"""What one setting forbids another: Azure's documented traps, checked before the first resource.

Each rule names the blocks it reads and yields what is wrong with them. `DOCS` + page is where Azure says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

from infra import settings as s

DOCS = "https://learn.microsoft.com/azure/"


@dataclass(frozen=True)
class Problem:
    """A setting that Azure would refuse or that would not work.

    Args:
        key: dotted path below the project's name, e.g. `network.subnets.training`.
        message: what is wrong, with what was given and what is allowed.
        hint: what to change.
        page: where it is documented, relative to `DOCS`; empty when the shape alone is wrong.
    """

    key: str
    message: str
    hint: str
    page: str = ""


Rule = Callable[..., Iterator[Problem]]
RULES: list[tuple[tuple[str, ...], Rule]] = []


def rule(*blocks: str) -> Callable[[Rule], Rule]:
    """Register a rule over the named blocks of `Settings`; it runs when all of them have the right shape."""

    def register(function: Rule) -> Rule:
        RULES.append((blocks, function))
        return function

    return register


def check(blocks: dict[str, Any]) -> list[Problem]:
    """All problems among the given blocks, in the rules' order."""
    return [
        problem
        for needed, function in RULES
        if all(name in blocks for name in needed)
        for problem in function(*(blocks[name] for name in needed))
    ]


# Ranges that Docker's bridge or AKS itself uses inside the nodes.
RESERVED = {
    IPv4Network("172.17.0.0/16"): "Docker's bridge on the compute nodes",
    IPv4Network("169.254.0.0/16"): "AKS",
    IPv4Network("172.30.0.0/16"): "AKS",
    IPv4Network("172.31.0.0/16"): "AKS",
    IPv4Network("192.0.2.0/24"): "AKS",
}
# Azure takes 5 addresses of each subnet; smaller ranges than these leave too few for nodes or endpoints.
SMALLEST_PREFIX = {"training": 27, "endpoints": 27, "cluster": 24}
AKS_NETWORK = "aks/azure-cni-overlay#ip-address-planning"


@rule("network", "cluster")
def ranges_are_apart(network: s.Network, cluster: s.Cluster) -> Iterator[Problem]:
    """Address space, pods and services do not overlap each other or reserved ranges."""
    ranges = {
        "network.addressSpace": network.address_space,
        "cluster.podCidr": cluster.pod_cidr,
        "cluster.serviceCidr": cluster.service_cidr,
    }
    for (key, first), (other, second) in combinations(ranges.items(), 2):
        if first.overlaps(second):
            yield Problem(other, f"{second} overlaps {key} {first}", "choose disjoint ranges", AKS_NETWORK)
    for key, given in ranges.items():
        for taken, owner in RESERVED.items():
            if given.overlaps(taken):
                yield Problem(key, f"{given} overlaps {taken}, which {owner} uses", "choose another range", AKS_NETWORK)


@rule("network")
def subnets_fit(network: s.Network) -> Iterator[Problem]:
    """Subnets lie in the address space, apart from each other, and are large enough."""
    subnets = {name: getattr(network.subnets, name) for name in s.Subnets.model_fields}
    page = "virtual-network/virtual-networks-faq"
    for name, given in subnets.items():
        key = f"network.subnets.{name}"
        if not given.subnet_of(network.address_space):
            yield Problem(
                key,
                f"{given} is outside network.addressSpace {network.address_space}",
                "choose a range inside it or widen it",
                page,
            )
        if given.prefixlen > SMALLEST_PREFIX[name]:
            yield Problem(key, f"{given} is too small", f"give it a /{SMALLEST_PREFIX[name]} or a larger range", page)
    for (name, first), (other, second) in combinations(subnets.items(), 2):
        if first.overlaps(second):
            yield Problem(
                f"network.subnets.{other}",
                f"{second} overlaps network.subnets.{name} {first}",
                "choose disjoint ranges",
                page,
            )


@rule("network")
def firewall_ranges_are_public(network: s.Network) -> Iterator[Problem]:
    """Storage firewalls take public addresses, single or as /30 and larger, and only while access is on."""
    page = "storage/common/storage-network-security-limitations"
    for index, given in enumerate(network.allowed_ip_ranges):
        key = f"network.allowedIpRanges[{index}]"
        if given.is_private:
            yield Problem(key, f"{given} is a private range", "give the public address it appears from", page)
        if given.prefixlen == 31:
            yield Problem(key, f"{given} is a /31", "give two single addresses or a /30", page)
    if network.allowed_ip_ranges and network.public_access == "Disabled":
        yield Problem(
            "network.allowedIpRanges",
            "given, but network.publicAccess is Disabled",
            "remove the ranges or set network.publicAccess to Enabled",
            page,
        )


@rule("cluster")
def dns_is_a_service(cluster: s.Cluster) -> Iterator[Problem]:
    """The DNS address is a service address and not the first one, which is the API server's."""
    given, services = cluster.dns_service_ip, cluster.service_cidr
    if given not in services or given == services[1]:
        yield Problem(
            "cluster.dnsServiceIp",
            f"{given} must lie in cluster.serviceCidr {services} and not be its first address",
            f"for instance {services[10]}" if services.num_addresses > 10 else "widen cluster.serviceCidr",
            "aks/concepts-network-ip-address-planning",
        )


@rule("cluster", "spark", "workspace")
def sizes_are_ordered(cluster: s.Cluster, spark: s.Spark, workspace: s.Workspace) -> Iterator[Problem]:
    """The smaller size of what scales is not above the larger."""
    scaled: dict[str, s.NodePool | s.Spark | s.CpuCluster] = {
        "cluster.systemPool": cluster.system_pool,
        "cluster.workloadPool": cluster.workload_pool,
        "spark": spark,
        "workspace.cpuCluster": workspace.cpu_cluster,
    }
    for key, pool in scaled.items():
        if pool.min_nodes > pool.max_nodes:
            yield Problem(f"{key}.minNodes", f"{pool.min_nodes} is more than maxNodes {pool.max_nodes}", "swap them")


@rule("network", "workspace")
def private_workspace_has_a_builder(network: s.Network, workspace: s.Workspace) -> Iterator[Problem]:
    """A registry behind a private endpoint cannot build images: a cluster of the workspace must."""
    builder, cluster = workspace.image_build_compute, workspace.cpu_cluster.name
    page = "machine-learning/how-to-secure-workspace-vnet#enable-azure-container-registry-acr"
    private = network.public_access == "Disabled" or workspace.isolation_mode != "Disabled"
    if private and builder is None:
        yield Problem(
            "workspace.imageBuildCompute",
            "missing, but the workspace is private, and its registry cannot build images there",
            f"name the cluster that shall build them: {cluster}",
            page,
        )
    if builder is not None and builder != cluster:
        yield Problem(
            "workspace.imageBuildCompute",
            f"{builder!r} is not a cluster of this workspace",
            f"use {cluster}",
            page,
        )


@rule("workspace", "workspace_storage")
def model_monitor_has_what_it_needs(workspace: s.Workspace, storage: s.WorkspaceStorage) -> Iterator[Problem]:
    """Azure's model monitor reads with SAS alone and runs on serverless Spark in the managed network."""
    if "modelMonitor" not in workspace.features:
        return
    page = "machine-learning/how-to-monitor-model-performance#prerequisites"
    instead = "take modelMonitor out of workspace.features and run drift detection as a pipeline"
    if not storage.shared_keys:
        yield Problem(
            "workspace.features",
            "modelMonitor supports only datastores with credentials, and workspaceStorage.sharedKeys is false",
            f"{instead}, or set workspaceStorage.sharedKeys to true",
            page,
        )
    if workspace.isolation_mode == "Disabled":
        yield Problem(
            "workspace.features",
            "modelMonitor runs on serverless Spark, which a network of one's own does not have",
            f"{instead}, or set workspace.isolationMode to AllowInternetOutbound",
            page,
        )


@rule("network", "workspace")
def registry_sharing_reaches_storage(network: s.Network, workspace: s.Workspace) -> Iterator[Problem]:
    """An Azure ML registry copies from the workspace's storage, which must not be closed to it."""
    if "registrySharing" in workspace.features and network.public_access == "Disabled":
        yield Problem(
            "workspace.features",
            "registrySharing cannot read workspace storage while network.publicAccess is Disabled",
            "set network.publicAccess to Enabled with network.allowedIpRanges, or drop registrySharing",
            "machine-learning/how-to-registry-network-isolation",
        )


@rule("workspace")
def cluster_is_in_one_network(workspace: s.Workspace) -> Iterator[Problem]:
    """A compute's own subnet is valid only without the managed network."""
    if workspace.isolation_mode != "Disabled" and workspace.cpu_cluster.subnet is not None:
        yield Problem(
            "workspace.cpuCluster.subnet",
            f"{workspace.cpu_cluster.subnet!r}, but workspace.isolationMode {workspace.isolation_mode} "
            "puts nodes into the managed network",
            "set it to null, or workspace.isolationMode to Disabled",
            "machine-learning/how-to-managed-network",
        )


@rule("spark")
def spark_can_be_attached(spark: s.Spark) -> Iterator[Problem]:
    """An attached pool needs Synapse's public access and no data exfiltration protection; 3.3 is gone."""
    page = "machine-learning/how-to-manage-synapse-spark-pool"
    if spark.attach_to_workspace and spark.prevent_data_exfiltration:
        yield Problem(
            "spark.preventDataExfiltration",
            "true, which Azure Machine Learning does not support for an attached pool",
            "set it to false before the first deployment, or spark.attachToWorkspace to false",
            page,
        )
    if spark.attach_to_workspace and spark.public_access == "Disabled":
        yield Problem(
            "spark.publicAccess",
            "Disabled, but an attached pool is reached over the public end point",
            "set it to Enabled, or spark.attachToWorkspace to false",
            page,
        )
    if spark.spark_version not in SPARK_VERSIONS:
        yield Problem(
            "spark.sparkVersion",
            f"{spark.spark_version!r} is no runtime that Synapse starts; allowed: {', '.join(SPARK_VERSIONS)}",
            f"use {SPARK_VERSIONS[-1]}",
            "synapse-analytics/spark/apache-spark-version-support",
        )


SPARK_VERSIONS = ("3.4", "3.5")  # 3.3 was disabled on 2025-03-31


@rule("cluster", "serving")
def router_has_its_nodes(cluster: s.Cluster, serving: s.Serving) -> Iterator[Problem]:
    """Three routers are spread over three nodes."""
    if serving.high_availability and cluster.workload_pool.min_nodes < ROUTERS:
        yield Problem(
            "serving.highAvailability",
            f"true needs {ROUTERS} nodes, cluster.workloadPool.minNodes is {cluster.workload_pool.min_nodes}",
            f"raise minNodes to {ROUTERS} or set highAvailability to false",
            EXTENSION,
        )


ROUTERS = 3
EXTENSION = "machine-learning/how-to-deploy-kubernetes-extension"


@rule("serving")
def scoring_is_encrypted_or_says_so(serving: s.Serving) -> Iterator[Problem]:
    """Either a certificate or an explicit permission to go without."""
    if serving.tls is None and not serving.allow_insecure_connections:
        yield Problem(
            "serving.tls",
            "missing, and serving.allowInsecureConnections is false: the router would not start",
            "give sslSecret and sslCname, or allow insecure connections for a trial",
            EXTENSION,
        )
    if serving.tls and serving.allow_insecure_connections:
        yield Problem("serving.allowInsecureConnections", "true beside serving.tls", "set it to false", EXTENSION)
    if serving.tls and (serving.tls.certificate is None) != (serving.tls.private_key is None):
        yield Problem("serving.tls", "certificate and privateKey go together", "give both or neither", EXTENSION)


# An MLflow model's server: Azure refuses deployments below it.
MLFLOW_CPU, MLFLOW_BYTES = 2.0, 4 * 2**30


@rule("serving")
def default_instance_runs_mlflow(serving: s.Serving) -> Iterator[Problem]:
    """The default instance type exists and carries an MLflow model."""
    page = "machine-learning/how-to-manage-kubernetes-instance-types"
    chosen = serving.instance_types.get(serving.default_instance_type)
    if chosen is None:
        yield Problem(
            "serving.defaultInstanceType",
            f"{serving.default_instance_type!r} is none of serving.instanceTypes: {', '.join(serving.instance_types)}",
            "name one of them",
            page,
        )
    elif quantity(chosen.limits.cpu) < MLFLOW_CPU or quantity(chosen.limits.memory) < MLFLOW_BYTES:
        yield Problem(
            f"serving.instanceTypes.{serving.default_instance_type}.limits",
            f"cpu {chosen.limits.cpu}, memory {chosen.limits.memory}: an MLflow deployment needs 2 and 4Gi",
            "raise them, or make a larger type the default",
            page,
        )


_UNITS = {"m": 1e-3, "Mi": 2.0**20, "Gi": 2.0**30}


def quantity(text: str) -> float:
    """Kubernetes' notation as a number: cores, or bytes."""
    for unit, factor in _UNITS.items():
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    return float(text)
