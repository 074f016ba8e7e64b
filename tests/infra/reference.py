"""What Microsoft's pages and the reference templates ask of a private platform, as tables: written down from them and
not taken from the program, so that a row that the program forgets is missed.

Sources: private-link/private-endpoint-dns, machine-learning/how-to-secure-workspace-vnet,
machine-learning/how-to-identity-based-service-authentication, machine-learning/how-to-attach-kubernetes-to-workspace,
machine-learning/how-to-enable-studio-virtual-network, aks/private-clusters, synapse-analytics/security.
"""

from __future__ import annotations

from dataclasses import dataclass

WORKSPACE, STORAGE, LAKE, VAULT, REGISTRY = (
    "workspace-workspace",
    "storage-account",
    "lake-account",
    "vault-vault",
    "registry-registry",
)
SYNAPSE, HUB, SCOPE, PROMOTION = "spark-workspace", "spark-studio", "monitoring-scope", "promotion-registry"
CLUSTER, NETWORK, INSIGHTS, LOGS, ROUTES = (
    "cluster-aks",
    "network-vnet",
    "observability-insights",
    "observability-logs",
    "network-routes",
)


@dataclass(frozen=True)
class Link:
    """A private endpoint: whose, for what, and the zones in which it has its names."""

    target: str
    group: str
    zones: tuple[str, ...]


LINKS = (
    Link(WORKSPACE, "amlworkspace", ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net")),
    Link(STORAGE, "blob", ("privatelink.blob.core.windows.net",)),
    Link(STORAGE, "file", ("privatelink.file.core.windows.net",)),
    Link(STORAGE, "queue", ("privatelink.queue.core.windows.net",)),
    Link(STORAGE, "table", ("privatelink.table.core.windows.net",)),
    Link(LAKE, "dfs", ("privatelink.dfs.core.windows.net",)),
    Link(LAKE, "blob", ("privatelink.blob.core.windows.net",)),
    Link(VAULT, "vault", ("privatelink.vaultcore.azure.net",)),
    Link(REGISTRY, "registry", ("privatelink.azurecr.io",)),
    Link(SYNAPSE, "Sql", ("privatelink.sql.azuresynapse.net",)),
    Link(SYNAPSE, "SqlOnDemand", ("privatelink.sql.azuresynapse.net",)),
    Link(SYNAPSE, "Dev", ("privatelink.dev.azuresynapse.net",)),
    Link(HUB, "Web", ("privatelink.azuresynapse.net",)),
    Link(
        SCOPE,
        "azuremonitor",
        (
            "privatelink.monitor.azure.com",
            "privatelink.oms.opinsights.azure.com",
            "privatelink.ods.opinsights.azure.com",
            "privatelink.agentsvc.azure-automation.net",
            "privatelink.blob.core.windows.net",
        ),
    ),
    Link(PROMOTION, "amlregistry", ("privatelink.api.azureml.ms",)),
)
API_ZONE = "privatelink.westeurope.azmk8s.io"  # AKS makes the endpoint of its API server itself


@dataclass(frozen=True)
class Role:
    """A role by Azure's id: who has it (a managed identity's resource or a persona) and on what."""

    who: str
    role: str
    scopes: tuple[str, ...]


CONTRIBUTOR, READER = "b24988ac-6180-42a0-ab88-20f7382dd24c", "acdd72a7-3385-48ef-bd42-f606fba81ae7"
BLOBS, BLOBS_READ = "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
ACR_PULL, ACR_PUSH = "7f951dda-4ed3-4680-a7ca-43fe172d538d", "8311e382-0749-4cb8-b61a-304f252e45ec"
NETWORKER, LOGS_READ = "4d97b98b-1d4f-4787-a291-c67834d212e7", "73c42c96-874c-492b-b04d-ab87d138a893"
FILES = "69566ab7-960f-475b-8e7c-b3118f30c6bd"
SCIENCE = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
METRICS, SECRETS = "635dd51f-9968-44d3-b7fb-6d9a6bd613ae", "4633458b-17de-408a-b874-0445c86b69e6"

ROLES = (
    Role("identity-workspace", CONTRIBUTOR, (WORKSPACE, STORAGE, VAULT, REGISTRY, INSIGHTS)),
    Role("identity-workspace", BLOBS, (STORAGE,)),
    Role("identity-workspace", "00482a5a-887f-4fb3-b363-3b7fe8e74483", (VAULT,)),
    Role("identity-workspace", FILES, (STORAGE,)),
    Role(
        "identity-workspace", READER, tuple(f"endpoints-storage-{kind}" for kind in ("blob", "file", "queue", "table"))
    ),
    Role("identity-workspace", READER, ("endpoints-lake-dfs", "endpoints-lake-blob")),
    Role("identity-workspace", READER, (CLUSTER,)),
    Role("identity-workspace", "85cb6faf-e071-4c9b-8136-154b5a04f717", (CLUSTER,)),
    Role("identity-workspace", "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8", (CLUSTER,)),
    Role("identity-workspace", CONTRIBUTOR, (CLUSTER,)),  # Trusted Access
    Role("identity-aks", NETWORKER, (NETWORK, ROUTES)),
    Role("identity-aks", "b12aa53e-6015-4669-85d0-8515ebb3ae7f", ("endpoints-zone-westeurope-azmk8s-io",)),
    Role("identity-kubelet", ACR_PULL, (REGISTRY,)),
    Role("identity-training", ACR_PULL, (REGISTRY,)),
    Role("identity-training", BLOBS, (LAKE, STORAGE)),
    Role("identity-workload", ACR_PULL, (REGISTRY,)),
    Role("identity-workload", BLOBS_READ, (STORAGE, "lake-features")),
    Role("identity-workload", BLOBS, ("lake-scores",)),
    Role("identity-workload", SECRETS, (VAULT,)),
    Role("identity-workload", METRICS, (WORKSPACE,)),
    Role(SYNAPSE, BLOBS, (LAKE,)),
    Role("dataScientist", "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815", (WORKSPACE,)),
    Role("dataScientist", "1823dd4f-9b8c-4ab6-ab4e-7397a3684615", (PROMOTION,)),
    Role("reader", BLOBS_READ, ("lake-curated",)),
    Role("reader", LOGS_READ, (LOGS,)),
)

# Rows that the program makes nothing for in prod: what they are for, and why not.
ELSEWHERE = {
    "workspace: Azure AI Enterprise Network Connection Approver": "of a workspace in its own managed network: staging",
    "training: Storage Account Contributor": "of a high-business-impact workspace: a setting, tested in test_roles.py",
    "workload: Storage File Data SMB Share Contributor": "no pod mounts a file share",
    "workload: Contributor on the workspace": "Metrics Writer is enough for what pods write",
    "Synapse: Contributor on the workspace": "of an attached Spark pool: a setting, off in prod",
    "Spark jobs: Contributor on storage": "of an attached Spark pool: a setting, off in prod",
    "AML registry: blob and registry of its managed group": "made by hand: a deployer may approve nothing there",
}
APPROVER = "b556d68e-0be0-4f35-a333-ad7ee1ce17ea"
ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
DEPLOYER = (SCIENCE, ACR_PUSH, ADMINISTRATOR)  # of the CI identity, made by infra/bootstrap

# What the Azure ML extension is told: what the documents ask of a cluster that trains and serves, and what the command
# line would compute (azure-cli-extensions, k8s-extension, AzureMLKubernetes). Three keys hold the cluster's id.
CLUSTER_ID = ("cluster_name", "clusterId", "prometheus.prometheusSpec.externalLabels.cluster_name")
EXTENSION = {
    "enableTraining": "True",
    "enableInference": "True",
    "allowInsecureConnections": "False",
    "inferenceRouterServiceType": "LoadBalancer",
    "internalLoadBalancerProvider": "azure",
    "scoringFe.serviceType.internalLoadBalancer": "True",
    "inferenceRouterHA": "True",
    "sslSecret": "scoring-tls",
    "scoringFe.sslSecret": "scoring-tls",
    "sslCname": "{host}",
    "installPromOp": "True",
    "installVolcano": "True",
    "installNvidiaDevicePlugin": "False",
    "installDcgmExporter": "False",
    "cluster_name_friendly": "{cluster}",
    "location": "{region}",
    "jobSchedulerLocation": "{region}",
    "domain": "{region}.cloudapp.azure.com",
    "servicebus.enabled": "False",
    "relayserver.enabled": "False",
    "nginxIngress.enabled": "True",
}
EXTENSION_ON_TRIAL = {"inferenceRouterHA": "False", "clusterPurpose": "DevTest"}  # with fewer than three nodes
