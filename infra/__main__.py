"""The architecture, top to bottom: each paragraph is a block of the diagram, each argument one of its arrows."""

from __future__ import annotations

import sys
from pathlib import Path

# Pulumi runs this folder as a program, with the folder itself on the path and not the repository.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pulumi
from pulumi_azure_native import authorization, resources

from infra import walk
from infra.block import Placement
from infra.cluster.aks import Cluster, ClusterArgs
from infra.cluster.certificate import Certificate, CertificateArgs
from infra.cluster.ingress import Ingress, IngressArgs, address_of, domain_of, label_of
from infra.cluster.serving import Serving, ServingArgs
from infra.data.lake import SPARK_FILESYSTEM, ZONES, DataLake, DataLakeArgs
from infra.data.spark import SparkAnalytics, SparkAnalyticsArgs
from infra.data.spark_access import SparkAccess, SparkAccessArgs
from infra.foundation import names_of, tags_of
from infra.governance.budget import Budget, BudgetArgs
from infra.governance.guards import Guards, GuardsArgs, protect_data
from infra.identities import role_tables as roles_of
from infra.identities.identity import TRAINING, Identity, IdentityArgs
from infra.identities.roles import RoleMatrix, RoleMatrixArgs
from infra.machinelearning.promotion import Promotion, PromotionArgs
from infra.machinelearning.training import Training, TrainingArgs
from infra.machinelearning.workspace import Workspace, WorkspaceArgs
from infra.machinelearning.workspace_storage import WorkspaceStorage, WorkspaceStorageArgs
from infra.monitoring.alerts import Alerts, AlertsArgs
from infra.monitoring.container_logs import ContainerLogs, ContainerLogsArgs
from infra.monitoring.diagnostics import Diagnostics, DiagnosticsArgs
from infra.monitoring.observability import Observability, ObservabilityArgs
from infra.monitoring.private_monitoring import PrivateMonitoring, PrivateMonitoringArgs
from infra.monitoring.workbook import Workbook, WorkbookArgs
from infra.network.bastion import Bastion, BastionArgs
from infra.network.hub import Hub, HubArgs, existing
from infra.network.private_endpoints import KUBERNETES_ZONE, NODES_NEED, PrivateEndpoints, PrivateEndpointsArgs
from infra.network.tables import ranges, wanted
from infra.network.virtual_network import Network, NetworkArgs
from infra.registry import Registry, RegistryArgs
from infra.settings import reader as settings_reader
from infra.vault import Vault, VaultArgs

settings = settings_reader.load()
platform = settings.platform
azure = authorization.get_client_config()
environment = pulumi.get_stack()
names = names_of(platform, environment, azure.subscription_id)
tags = tags_of(platform, environment)

if settings.governance.protect:
    protect_data()
addresses = walk.Addresses()
if platform.group == "create":
    group = resources.ResourceGroup(
        "group", resource_group_name=names.of("resource_group"), location=platform.location, tags=tags
    )
else:
    group = resources.ResourceGroup.get(
        "group", f"/subscriptions/{azure.subscription_id}/resourceGroups/{names.of('resource_group')}"
    )
place = Placement(group.name, platform.location, names, tags, azure.subscription_id)

# Who acts: managed identities, and the matrix that gives them and the people their roles.
identity = Identity("identity", IdentityArgs(place))
grants = roles_of.MATRIX + roles_of.chosen(settings)
roles = RoleMatrix(
    "roles",
    RoleMatrixArgs(azure.subscription_id, grants, elsewhere=bool(settings.subscriptions() - {azure.subscription_id})),
)
for purpose, account in identity.accounts.items():
    roles.principal(purpose, account.principal_id)
for persona in type(settings.personas).model_fields:
    someone = getattr(settings.personas, persona)
    roles.principal(persona, str(someone.object_id), someone.principal_type)
for other, object_id in roles_of.others(settings).items():
    roles.principal(other, object_id)
roles.scope(roles_of.GROUP, group.id)
roles.scope(roles_of.KUBELET_ID, identity.accounts["kubelet"].id)

# The network everything lives in; a private endpoint and its DNS records for each service below.
plan = settings.network
way_out, hub = existing(plan.existing_hub) if plan.existing_hub else None, None
if plan.hub:
    sources = {row.name: ranges(plan).ranges[row.name] for row in wanted(plan) if row.egress}
    hub = Hub("hub", HubArgs(place, plan.hub, plan.zones, sources))
    way_out = hub.way_out
network = Network("network", NetworkArgs(place, plan, str(settings.cluster.pod_cidr), way_out))
if plan.bastion is True:
    Bastion("bastion", BastionArgs(place, network.subnets["bastion"], plan.zones))
for subnet in roles_of.AKS_SUBNETS:
    roles.scope(f"{subnet}_subnet", network.subnets[subnet])
if network.route_table_id:
    roles.scope(roles_of.ROUTES, network.route_table_id)
links = {"": network.id, **({"hub": hub.id} if hub else {})}
endpoints = PrivateEndpoints("endpoints", PrivateEndpointsArgs(place, network.subnets, links, plan.dns_zones_group_id))
cluster_zone = endpoints.zone(KUBERNETES_ZONE.format(region=platform.location)) if settings.cluster.private else None
roles.scope(roles_of.VNET, network.id)
if cluster_zone:
    roles.scope(roles_of.AKS_ZONE, cluster_zone.id)

# Azure Monitor logs, alerts and evaluates: first here, for the rest reports to it.
observability = Observability("observability", ObservabilityArgs(place, settings.observability, plan))
roles.scope(roles_of.LOGS, observability.logs_id)
roles.scope(roles_of.INSIGHTS, observability.insights_id)
monitoring = PrivateMonitoring(
    "monitoring",
    PrivateMonitoringArgs(place, plan, {"logs": observability.logs_id, "insights": observability.insights_id}),
)
endpoints.connect("monitor", monitoring.id)


# Data of every shape lands in the lake.
def owners_of_lake(account_id: pulumi.Input[str]) -> list[pulumi.Resource]:
    """Whoever deploys is a platform engineer: the roles that let it set access control lists."""
    roles.scope(roles_of.LAKE, account_id)
    return roles.granted(roles_of.ENGINEER, roles_of.LAKE)


defender = settings.governance.storage_defender
lake = DataLake(
    "lake", DataLakeArgs(place, settings.lake, settings.network, defender, settings.personas.groups(), owners_of_lake)
)
for zone in ZONES:
    roles.scope(f"{roles_of.LAKE}/{zone}", lake.filesystems[zone].id)
endpoints.connect("lake", lake.id)

# Spark in Synapse cleans and transforms it.
spark = SparkAnalytics(
    "spark",
    SparkAnalyticsArgs(
        placement=place,
        spark=settings.spark,
        network=settings.network,
        lake_id=lake.id,
        lake_endpoint=lake.dfs_endpoint,
        filesystem=lake.filesystems[SPARK_FILESYSTEM].name,
        administrator=str(settings.personas.platform_engineer.object_id),
    ),
)
roles.principal(roles_of.SPARK, spark.principal_id)
endpoints.connect("spark", spark.id)
endpoints.connect("studio", spark.studio_id)

# Secrets live in Key Vault, images in ACR, code and models in the workspace's own storage.
vault = Vault("vault", VaultArgs(place, settings.vault, settings.network, azure.tenant_id))
roles.scope(roles_of.VAULT, vault.id)
vault_reachable = endpoints.connect("vault", vault.id)
registry = Registry("registry", RegistryArgs(place, settings.registry, settings.network))
roles.scope(roles_of.REGISTRY, registry.id)
endpoints.connect("registry", registry.id)
storage = WorkspaceStorage(
    "storage", WorkspaceStorageArgs(place, settings.workspace_storage, settings.network, defender)
)
roles.scope(roles_of.STORAGE, storage.id)
storage_reachable = endpoints.connect("storage", storage.id, needed=NODES_NEED)

# Models are built, trained and retrained in Azure Machine Learning.
key = vault.key("workspace", settings.workspace.customer_key) if settings.workspace.customer_key else None
workspace = Workspace(
    "workspace",
    WorkspaceArgs(
        placement=place,
        workspace=settings.workspace,
        network=settings.network,
        shared_keys=settings.workspace_storage.shared_keys,
        storage_id=storage.id,
        vault_id=vault.id,
        registry_id=registry.id,
        insights_id=observability.insights_id,
        identity=identity.accounts["workspace"],
        lake_id=lake.id,
        lake_account=lake.account,
        filesystems={zone: lake.filesystems[zone].name for zone in ZONES},
        roles=roles.granted("workspace"),
        key=key,
    ),
)
roles.scope(roles_of.AML, workspace.id)
workspace_reachable = endpoints.connect("workspace", workspace.id)
training = Training(
    "training",
    TrainingArgs(
        placement=place,
        workspace_name=workspace.name,
        workspace=settings.workspace,
        subnet_id=network.subnets["training"] if settings.network.mode == "byo" else None,
        tenant_id=azure.tenant_id,
        identity=identity.accounts["training"],
        spark_pool_id=spark.pool_id if settings.spark.attach_to_workspace else None,
        roles=roles.granted("training"),
        # The workspace's own network has endpoints and a way out of its own.
        ready=[*workspace_reachable, *storage_reachable, *network.ready] if settings.network.mode == "byo" else [],
    ),
)
# Spark's network reaches lake and vault alone; Synapse has roles of its own.
SparkAccess(
    "spark-access",
    SparkAccessArgs(
        workspace=spark.name,
        workspace_id=spark.id,
        pool=spark.pool,
        targets={roles_of.LAKE: lake.id, roles_of.VAULT: vault.id},
        principals={
            **{
                persona: (
                    str(getattr(settings.personas, persona).object_id),
                    getattr(settings.personas, persona).principal_type,
                )
                for persona in type(settings.personas).model_fields
            },
            TRAINING: (identity.accounts[TRAINING].principal_id, "ServicePrincipal"),
            **(
                {roles_of.PREVIEW: (str(settings.github.previewer), "ServicePrincipal")}
                if settings.github.previewer
                else {}
            ),
        },
        attached=settings.spark.attach_to_workspace,
    ),
)

# Models go from one workspace to the next through a registry: its own, or that of another environment.
shares_with: pulumi.Input[str] = settings.workspace.shared_registry or ""
if settings.workspace.promotion_registry:
    redundancy = settings.workspace_storage.redundancy
    promotion = Promotion("promotion", PromotionArgs(place, settings.network, redundancy))
    shares_with = promotion.name
    roles.scope(roles_of.PROMOTION_REGISTRY, promotion.id)
    endpoints.connect("promotion", promotion.id)

# Models are deployed as containers on AKS, behind the VNet and an internal load balancer.
serving_settings = settings.serving
cluster = Cluster(
    "cluster",
    ClusterArgs(
        placement=place,
        cluster=settings.cluster,
        system_subnet_id=network.subnets["aks_system"],
        workload_subnet_id=network.subnets["aks_user"],
        outbound_type=network.outbound_type,
        egress_address=network.egress_address,
        dns_zone_id=cluster_zone.id if cluster_zone else "system",
        tenant_id=azure.tenant_id,
        logs_id=observability.logs_id,
        control_plane=identity.accounts["aks"],
        kubelet=identity.accounts["kubelet"],
        workload=identity.accounts["workload"],
        service_account=f"{serving_settings.namespace}:{serving_settings.service_account}",
        workspace_id=workspace.id,
        roles=[*roles.granted("aks"), *network.ready, *(cluster_zone.links if cluster_zone else [])],
    ),
)
roles.scope(roles_of.AKS, cluster.id)
inside = cluster.provider("kubernetes", roles.granted(roles_of.ENGINEER, roles_of.AKS))
certificate = (
    Certificate(
        "certificate",
        CertificateArgs(
            placement=place,
            tls=serving_settings.tls,
            vault_name=vault.name,
            tenant_id=azure.tenant_id,
            reader=identity.accounts["router"],
            issuer=cluster.issuer,
            kubernetes=inside,
            ready=[cluster.nodes, *roles.granted("router"), *vault_reachable],
        ),
    )
    if serving_settings.tls
    else None
)
serving = Serving(
    "serving",
    ServingArgs(
        placement=place,
        serving=serving_settings,
        nodes=settings.cluster.workload_pool.min_nodes,
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        workspace_name=workspace.name,
        workload=identity.accounts["workload"],
        kubernetes=inside,
        before=[cluster.nodes, *(certificate.ready if certificate else [])],
        ready=[cluster.trusted_access, *roles.granted("workspace", roles_of.AKS), *roles.granted("workload")],
    ),
)

scoring_host = serving_settings.tls.ssl_cname if serving_settings.tls else None
Ingress(
    "ingress",
    IngressArgs(
        subnet_id=network.subnets["ingress"],
        address=str(address_of(settings.network, serving_settings)),
        name=(label_of(scoring_host), endpoints.zone(domain_of(scoring_host))) if scoring_host else None,
        kubernetes=inside,
        ready=[serving.extension],
    ),
)

# Everything reports to Azure Monitor, and nothing in the tables has been forgotten.
ContainerLogs("container-logs", ContainerLogsArgs(place, cluster.id, observability.logs_id, monitoring.collector_id))
alerts = Alerts(
    "alerts",
    AlertsArgs(
        place,
        settings.alerts,
        observability.logs_id,
        {"workspace": workspace.id, "cluster": cluster.id, "vault": vault.id},
    ),
)
Workbook("workbook", WorkbookArgs(place, observability.logs_id))
Budget("budget", BudgetArgs(place, settings.budget, group.id, settings.alerts, alerts.group_id))
for target in (roles_of.LAKE, "storage"):
    for kind, endpoint in endpoints.ids[target].items():
        roles.scope(f"{target}_endpoint/{kind}", endpoint)
roles.close()
endpoints.close()
Diagnostics("diagnostics", DiagnosticsArgs(observability.logs_id))
Guards("guards", GuardsArgs(place, settings, group.id, addresses))

for name, value in {
    "location": platform.location,
    "resource_group": group.name,
    "workspace_name": workspace.name,
    "workspace_id": workspace.id,
    "lake_account": lake.account,
    "lake_datastores": workspace.datastores,
    "lake_blob_endpoint": lake.blob_endpoint,
    "lake_dfs_endpoint": lake.dfs_endpoint,
    "cpu_cluster": training.cpu_cluster,
    "kubernetes_cluster": cluster.name,
    "kubernetes_compute": serving.compute,
    "kubernetes_namespace": serving.namespace,
    "kubernetes_service_account": serving.service_account,
    "key_vault_uri": vault.uri,
    "container_registry": registry.login_server,
    "lake_curated_url": pulumi.Output.concat(lake.dfs_endpoint, lake.filesystems["curated"].name),
    "lake_scores_url": pulumi.Output.concat(lake.dfs_endpoint, lake.filesystems["scores"].name),
    "synapse_sql_endpoint": pulumi.Output.concat(spark.name, "-ondemand.sql.azuresynapse.net"),
    "log_analytics_resource_id": observability.logs_id,
    "promotion_registry": shares_with,
    "night_stop": settings.governance.night_stop,
    "log_analytics_workspace_id": observability.logs_customer_id,
    "application_insights_connection_string": observability.insights_connection,
    "synapse_workspace": spark.name,
    "synapse_spark_pool": spark.pool,
    "scoring_host": serving.host,
    "training_identity_client_id": identity.accounts["training"].client_id,
    "workload_identity_client_id": identity.accounts["workload"].client_id,
}.items():
    pulumi.export(name, value)
