"""Rules about services: what one of them refuses because of how another is set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from infra import settings as s
from infra.rules.base import Problem, RuleRow, each
from infra.rules.vm_sizes import SIZES


def sizes_are_ordered(cluster: s.Cluster, spark: s.Spark, workspace: s.Workspace) -> Iterator[Problem]:
    """The smaller size of what scales is not above the larger."""
    scaled: dict[str, s.NodePool | s.Spark | s.AmlCluster] = {
        "cluster.systemPool": cluster.system_pool,
        "cluster.workloadPool": cluster.workload_pool,
        "spark": spark,
        **{f"workspace.{key}": cluster for key, cluster in workspace.clusters().items()},
    }
    yield from each(scaled, _size_is_ordered)


def _size_is_ordered(key: str, pool: s.NodePool | s.Spark | s.AmlCluster) -> Iterator[Problem]:
    if pool.min_nodes > pool.max_nodes:
        yield Problem(f"{key}.minNodes", f"{pool.min_nodes} is more than maxNodes {pool.max_nodes}", "swap them")


def private_workspace_has_a_builder(network: s.Network, workspace: s.Workspace) -> Iterator[Problem]:
    """A registry behind a private endpoint cannot build images: a cluster of the workspace must."""
    # Two of one name are told elsewhere; here it is named once.
    names = list(dict.fromkeys(cluster.name for cluster in workspace.clusters().values()))
    builder = workspace.image_build_compute
    page = "machine-learning/how-to-secure-workspace-vnet#enable-azure-container-registry-acr"
    private = network.public_access == "Disabled" or network.mode == "managed"
    if private and builder is None:
        yield Problem(
            "workspace.imageBuildCompute",
            "missing, but the workspace is private, and its registry cannot build images there",
            f"name the cluster that shall build them: {' or '.join(names)}",
            page,
        )
    if builder is not None and builder not in names:
        yield Problem(
            "workspace.imageBuildCompute",
            f"{builder!r} is not a cluster of this workspace",
            f"use {' or '.join(names)}",
            page,
        )


def model_monitor_has_what_it_needs(
    network: s.Network, workspace: s.Workspace, storage: s.WorkspaceStorage
) -> Iterator[Problem]:
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
    if network.mode == "byo":
        yield Problem(
            "workspace.features",
            "modelMonitor runs on serverless Spark, which a network of one's own does not have",
            f"{instead}, or set network.mode to managed",
            page,
        )


def registry_sharing_reaches_storage(network: s.Network, workspace: s.Workspace) -> Iterator[Problem]:
    """An Azure ML registry copies from the workspace's storage, which must not be closed to it."""
    if "registrySharing" in workspace.features and network.public_access == "Disabled":
        yield Problem(
            "workspace.features",
            "registrySharing cannot read workspace storage while network.publicAccess is Disabled",
            "set network.publicAccess to Enabled with network.allowedIpRanges, or drop registrySharing",
            "machine-learning/how-to-registry-network-isolation",
        )


def promotion_goes_one_way(workspace: s.Workspace) -> Iterator[Problem]:
    """Models are shared with one registry; who else may use it is said where it is made."""
    page = "machine-learning/how-to-share-models-pipelines-across-workspaces-with-registries"
    if workspace.promotion_registry and workspace.shared_registry:
        yield Problem(
            "workspace.sharedRegistry",
            f"{workspace.shared_registry!r} given, and the environment makes a registry of its own",
            "set workspace.promotionRegistry to false, or leave workspace.sharedRegistry out",
            page,
        )
    for key, ids in {"Writers": workspace.promotion_writers, "Readers": workspace.promotion_readers}.items():
        if ids and not workspace.promotion_registry:
            yield Problem(
                f"workspace.promotion{key}",
                "given, but the environment has no registry for promotion",
                "set workspace.promotionRegistry to true, or say it where the registry is made",
                page,
            )


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
            "ValidationFailed",
        )


def spark_leaves_the_driver_a_node(spark: s.Spark) -> Iterator[Problem]:
    """Executors run beside the driver, which has a node of its own."""
    if spark.max_executors is not None and spark.max_executors >= spark.max_nodes:
        yield Problem(
            "spark.maxExecutors",
            f"{spark.max_executors}, but of {spark.max_nodes} nodes one is the driver's",
            f"use at most {spark.max_nodes - 1}, or leave it out",
            "synapse-analytics/spark/apache-spark-autoscale#dynamic-allocation",
        )


# Data in the cool tier is paid for so long, also when it is deleted before.
COOL_DAYS = 30


def tables_are_ones_own(observability: s.Observability) -> Iterator[Problem]:
    """The plan of a table is its workspace's owner's to say."""
    if observability.existing_workspace_id and observability.basic_tables:
        yield Problem(
            "observability.basicTables",
            "given, but observability.existingWorkspaceId is a workspace that another team runs",
            "remove it: how their tables are kept is theirs to say",
            "azure-monitor/logs/logs-table-plans",
        )


def lake_is_what_azure_has(lake: s.Lake) -> Iterator[Problem]:
    """No versions with a hierarchical namespace; what is to be deleted is first cool for as long as it is paid for."""
    if lake.versioning:
        yield Problem(
            "lake.versioning",
            "true, but an account with a hierarchical namespace has no blob versions",
            "set it to false: soft delete keeps what was deleted for lake.softDeleteDays",
            "storage/blobs/storage-feature-support-in-storage-accounts",
            "FeatureNotSupportedForAccount",
        )
    for zone in type(lake.zones).model_fields:
        life: s.Lifecycle = getattr(lake.zones, zone)
        cool, delete = life.cool_after_days, life.delete_after_days
        if cool is not None and delete is not None and delete < cool + COOL_DAYS:
            yield Problem(
                f"lake.zones.{zone}.deleteAfterDays",
                f"{delete}, but coolAfterDays is {cool}, and {COOL_DAYS} days in the cool tier are paid in any case",
                f"use at least {cool + COOL_DAYS}, or leave coolAfterDays out",
                "storage/blobs/access-tiers-overview#early-deletion",
            )
    counts = any(getattr(lake.zones, zone).cool_after_days is not None for zone in type(lake.zones).model_fields)
    if lake.track_last_access and not counts:
        yield Problem(
            "lake.trackLastAccess",
            "true, but no zone has coolAfterDays: each read would be written down for nothing",
            "give a zone coolAfterDays, or set it to false",
            "storage/blobs/lifecycle-management-overview",
        )


# The least that Azure takes (az monitor log-analytics workspace create, --quota).
LEAST_CAP = 0.023


def daily_cap_is_one(observability: s.Observability) -> Iterator[Problem]:
    """A limit that Azure takes, or none."""
    cap = observability.daily_cap_gb
    if cap != -1 and cap < LEAST_CAP:
        yield Problem(
            "observability.dailyCapGb", f"{cap} is too little", f"give {LEAST_CAP} or more, or -1 for no limit"
        )


SPARK_VERSIONS = ("3.4", "3.5")  # 3.3 was disabled on 2025-03-31


def api_server_is_reached_one_way(cluster: s.Cluster) -> Iterator[Problem]:
    """A private API server has no public ranges."""
    if cluster.private and cluster.authorized_ip_ranges:
        yield Problem(
            "cluster.authorizedIpRanges",
            f"{len(cluster.authorized_ip_ranges)} given, and cluster.private is true: AKS takes ranges for a public "
            "API server alone",
            "remove them, or set cluster.private to false",
            "aks/api-server-authorized-ip-ranges#limitations",
            "InvalidParameter",
        )


def local_accounts_are_an_exception_in_time(cluster: s.Cluster) -> Iterator[Problem]:
    """Microsoft's pages contradict each other: the extension's wants local accounts, the cluster's baseline does not.

    Trusted Access takes their place (machine-learning/how-to-attach-kubernetes-anywhere), so they stay off unless
    somebody says why, and until when.
    """
    if cluster.local_accounts and cluster.local_accounts.until < today():
        yield Problem(
            "cluster.localAccounts.until",
            f"{cluster.local_accounts.until}: the exception has ended",
            "remove cluster.localAccounts, or give a reason and a date anew",
            "aks/manage-local-accounts-managed-azure-ad",
        )


def today() -> date:
    """The day, by the clock of the world."""
    return datetime.now(UTC).date()


def os_disks_fit_their_machines(cluster: s.Cluster) -> Iterator[Problem]:
    """An ephemeral OS disk lives in the machine's cache or on its temporary disk."""
    pools = {"cluster.systemPool": cluster.system_pool, "cluster.workloadPool": cluster.workload_pool}
    yield from each(pools, _os_disk_fits)


def _os_disk_fits(key: str, pool: s.NodePool) -> Iterator[Problem]:
    size = SIZES.get(pool.vm_size)
    if size and pool.os_disk_type == "Ephemeral" and pool.os_disk_gb > size.disk:
        yield Problem(
            f"{key}.osDiskType",
            f"Ephemeral with {pool.os_disk_gb} GB, and {pool.vm_size} has room for {size.disk} GB",
            "choose a size with a larger disk of its own (Standard_D4ds_v5 has 150 GB), or set it to Managed",
            "aks/concepts-storage#ephemeral-os-disk",
        )


def production_cluster_is_redundant(cluster: s.Cluster) -> Iterator[Problem]:
    """A paid tier over three zones promises an availability that fewer nodes than zones would break."""
    if cluster.tier == "Free" or not cluster.zones:
        return
    pool = cluster.workload_pool
    if pool.min_nodes < len(cluster.zones):
        yield Problem(
            "cluster.workloadPool.minNodes",
            f"{pool.min_nodes}, fewer than the {len(cluster.zones)} zones of cluster.zones",
            f"raise it to {len(cluster.zones)}, or name fewer zones",
            "aks/aks-zone-resiliency",
        )


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


def scoring_is_encrypted_or_says_so(serving: s.Serving) -> Iterator[Problem]:
    """Either a certificate or an explicit permission to go without."""
    if serving.tls is None and not serving.allow_insecure_connections:
        yield Problem(
            "serving.tls",
            "missing, and serving.allowInsecureConnections is false: the router would not start",
            "give sslSecret and sslCname, or allow insecure connections for a trial",
            EXTENSION,
            "ExtensionConfigurationInvalid",
        )
    if serving.tls and serving.allow_insecure_connections:
        yield Problem("serving.allowInsecureConnections", "true beside serving.tls", "set it to false", EXTENSION)
    if serving.tls and (serving.tls.certificate is None) != (serving.tls.private_key is None):
        yield Problem("serving.tls", "certificate and privateKey go together", "give both or neither", EXTENSION)
    if serving.tls and serving.tls.certificate and serving.tls.source == "vault" and serving.tls.expires is None:
        yield Problem(
            "serving.tls.expires",
            "missing: the vault warns of a secret's end only where it knows it",
            "give the certificate's last day",
            "key-vault/secrets/secrets-best-practices",
        )


# An MLflow model's server: Azure refuses deployments below it.
MLFLOW_CPU, MLFLOW_BYTES = 2.0, 4 * 2**30


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


# Least machine of a node that carries models in production.
MODEL_CORES, MODEL_MEMORY = 4, 14


def instance_types_fit_their_nodes(cluster: s.Cluster, serving: s.Serving) -> Iterator[Problem]:
    """What a model may ask for is below what it may take, and one node of the workload pool has it."""
    page = "machine-learning/how-to-manage-kubernetes-instance-types"
    size = SIZES.get(cluster.workload_pool.vm_size)
    if serving.high_availability and size and (size.cores < MODEL_CORES or size.memory < MODEL_MEMORY):
        yield Problem(
            "cluster.workloadPool.vmSize",
            f"{cluster.workload_pool.vm_size} has {size.cores} cores and {size.memory} GiB; in production a node needs "
            f"{MODEL_CORES} and {MODEL_MEMORY}",
            "choose a larger size, or set serving.highAvailability to false for a trial",
            "machine-learning/reference-kubernetes",
        )
    for name, given in serving.instance_types.items():
        key = f"serving.instanceTypes.{name}"
        for what in ("cpu", "memory"):
            asked, limit = getattr(given.requests, what), getattr(given.limits, what)
            if quantity(asked) > quantity(limit):
                yield Problem(
                    f"{key}.requests.{what}",
                    f"{asked} is more than its limit {limit}",
                    "lower it, or raise the limit",
                    page,
                )
        if size and (
            quantity(given.requests.cpu) >= size.cores or quantity(given.requests.memory) >= size.memory * 2**30
        ):
            yield Problem(
                f"{key}.requests",
                f"cpu {given.requests.cpu}, memory {given.requests.memory}: {cluster.workload_pool.vm_size} has "
                f"{size.cores} and {size.memory}Gi, of which AKS keeps some",
                "lower them, or choose a larger size for cluster.workloadPool",
                page,
            )


_UNITS = {"m": 1e-3, "Mi": 2.0**20, "Gi": 2.0**30}


def quantity(text: str) -> float:
    """Kubernetes' notation as a number: cores, or bytes."""
    for unit, factor in _UNITS.items():
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    return float(text)


RULES: tuple[RuleRow, ...] = (
    (("cluster", "spark", "workspace"), sizes_are_ordered),
    (("network", "workspace"), private_workspace_has_a_builder),
    (("network", "workspace", "workspace_storage"), model_monitor_has_what_it_needs),
    (("network", "workspace"), registry_sharing_reaches_storage),
    (("workspace",), promotion_goes_one_way),
    (("spark",), spark_can_be_attached),
    (("spark",), spark_leaves_the_driver_a_node),
    (("observability",), tables_are_ones_own),
    (("lake",), lake_is_what_azure_has),
    (("observability",), daily_cap_is_one),
    (("cluster",), api_server_is_reached_one_way),
    (("cluster",), local_accounts_are_an_exception_in_time),
    (("cluster",), os_disks_fit_their_machines),
    (("cluster",), production_cluster_is_redundant),
    (("cluster", "serving"), router_has_its_nodes),
    (("serving",), scoring_is_encrypted_or_says_so),
    (("serving",), default_instance_runs_mlflow),
    (("cluster", "serving"), instance_types_fit_their_nodes),
)
"""The blocks that a rule reads, and the rule."""
