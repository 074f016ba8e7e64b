"""Who may do what where: the roles by Azure's own ids, and the matrix.

A row is a promise to a reviewer: one principal, one built-in role, one scope, and the reason it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.identities.identity import CONTROL_PLANE, KUBELET, ROUTER, TRAINING, WORKLOAD, WORKSPACE
from infra.network.private_endpoints import TARGETS
from infra.settings import Settings

SPARK, CI, PREVIEW = "spark", "ci", "preview"
ENGINEER, SCIENTIST, ML_ENGINEER, READER = "platform_engineer", "data_scientist", "ml_engineer", "reader"

ROLES: dict[str, str] = {
    "Azure AI Enterprise Network Connection Approver": "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
    "AzureML Registry User": "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
    "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "Azure Kubernetes Service Cluster User Role": "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
    "AzureML Compute Operator": "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Metrics Writer (preview)": "635dd51f-9968-44d3-b7fb-6d9a6bd613ae",
    "Azure Kubernetes Service Cluster Admin Role": "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8",
    "Azure Kubernetes Service RBAC Cluster Admin": "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Locks Contributor": "28bf596f-4eb7-45ce-b5bc-6cf482fec137",
    "Resource Policy Contributor": "36243c78-bf99-498c-9df9-86d9f8d28608",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Kubernetes Extension Contributor": "85cb6faf-e071-4c9b-8136-154b5a04f717",
    "Log Analytics Reader": "73c42c96-874c-492b-b04d-ab87d138a893",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "Private DNS Zone Contributor": "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Storage Account Contributor": "17d1049b-9a84-46fb-8f53-869881c3d3ab",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
}

PROMOTION_REGISTRY = "promotion_registry"
# Scopes. A lake zone is a scope of its own: `lake/scores` is one container.
GROUP, LAKE, STORAGE, VAULT, REGISTRY = "resource_group", "lake", "workspace_storage", "vault", "registry"
INSIGHTS, LOGS, AML, AKS, AKS_ZONE, VNET, ROUTES, KUBELET_ID = (
    "application_insights",
    "log_analytics",
    "workspace",
    "cluster",
    "cluster_zone",
    "virtual_network",
    "routes",
    "kubelet_identity",
)
AKS_SUBNETS = ("aks_system", "aks_user", "ingress")
"""Subnets that AKS puts nodes and load balancers into; `<name>_subnet` is the scope."""
BLOBS, BLOBS_READ = "Storage Blob Data Contributor", "Storage Blob Data Reader"


@dataclass(frozen=True)
class Grant:
    """A row of the matrix."""

    principal: str
    role: str
    scope: str
    why: str


MATRIX: tuple[Grant, ...] = (
    # The workspace rests on these; Azure's list for a user-assigned identity
    # (machine-learning/how-to-identity-based-service-authentication).
    Grant(WORKSPACE, "Contributor", STORAGE, "keeps code, logs and models there"),
    Grant(WORKSPACE, "Contributor", VAULT, "keeps the secrets of its connections there"),
    Grant(WORKSPACE, "Contributor", REGISTRY, "builds environments' images into it"),
    Grant(WORKSPACE, "Contributor", INSIGHTS, "sends its endpoints' telemetry there"),
    Grant(WORKSPACE, "Contributor", AML, "manages its own children"),
    Grant(WORKSPACE, BLOBS, STORAGE, "system datastores by identity"),
    Grant(WORKSPACE, "Storage File Data Privileged Contributor", STORAGE, "notebooks' file share without keys"),
    Grant(WORKSPACE, "Key Vault Administrator", VAULT, "reads and writes its secrets"),
    Grant(WORKSPACE, BLOBS_READ, LAKE, "previews of data on identity-based datastores"),
    # Attaching the cluster (machine-learning/how-to-attach-kubernetes-to-workspace).
    Grant(WORKSPACE, "Reader", AKS, "finds the cluster"),
    Grant(WORKSPACE, "Kubernetes Extension Contributor", AKS, "finds the extension"),
    Grant(WORKSPACE, "Azure Kubernetes Service Cluster Admin Role", AKS, "deploys through the extension"),
    Grant(WORKSPACE, "Contributor", AKS, "Trusted Access acts through it"),
    # Jobs.
    Grant(TRAINING, BLOBS, LAKE, "reads raw data, writes what it derives"),
    Grant(TRAINING, BLOBS, STORAGE, "code in, outputs and models out"),
    Grant(TRAINING, "AcrPull", REGISTRY, "images of environments"),
    # Pods.
    Grant(WORKLOAD, BLOBS_READ, STORAGE, "downloads the model it serves"),
    Grant(WORKLOAD, BLOBS_READ, f"{LAKE}/features", "looks features up"),
    Grant(WORKLOAD, BLOBS, f"{LAKE}/scores", "writes what it predicted"),
    Grant(WORKLOAD, "Key Vault Secrets User", VAULT, "reads a secret at start"),
    Grant(WORKLOAD, "AcrPull", REGISTRY, "images of deployments"),
    Grant(WORKLOAD, "AzureML Metrics Writer (preview)", AML, "metrics of its runs and endpoints"),
    # The cluster.
    *(
        Grant(CONTROL_PLANE, "Network Contributor", f"{subnet}_subnet", "nodes and load balancers in the subnet")
        for subnet in AKS_SUBNETS
    ),
    Grant(CONTROL_PLANE, "Managed Identity Operator", KUBELET_ID, "gives the nodes their identity"),
    Grant(KUBELET, "AcrPull", REGISTRY, "pulls pods' images"),
    Grant(ROUTER, "Key Vault Secrets User", VAULT, "its certificate"),
    # Spark.
    Grant(SPARK, BLOBS, LAKE, "cleans and transforms"),
    # People.
    Grant(ENGINEER, "Contributor", GROUP, "operates the environment"),
    Grant(ENGINEER, "Storage Blob Data Owner", LAKE, "sets the zones' access control lists, at each deployment"),
    Grant(ENGINEER, "Key Vault Secrets Officer", VAULT, "rotates secrets"),
    Grant(ENGINEER, "Azure Kubernetes Service RBAC Cluster Admin", AKS, "namespaces and service accounts"),
    Grant(SCIENTIST, "AzureML Data Scientist", AML, "jobs, models, endpoints; no computes, no settings"),
    # That role names what is below a workspace (workspaces/*/read), not the workspace.
    Grant(SCIENTIST, "Reader", AML, "finds the workspace and its end points"),
    Grant(SCIENTIST, "AzureML Compute Operator", AML, "starts and stops computes"),
    Grant(SCIENTIST, BLOBS, LAKE, "data of every zone"),
    Grant(SCIENTIST, BLOBS, STORAGE, "uploads code, reads outputs, without keys"),
    Grant(SCIENTIST, "Storage File Data Privileged Contributor", STORAGE, "notebooks, without keys"),
    Grant(SCIENTIST, "Log Analytics Reader", LOGS, "logs of deployments"),
    Grant(ML_ENGINEER, "AzureML Data Scientist", AML, "registers models, runs their end points"),
    Grant(ML_ENGINEER, "Reader", AML, "finds the workspace and its end points"),
    Grant(ML_ENGINEER, "AzureML Compute Operator", AML, "starts and stops computes"),
    Grant(ML_ENGINEER, "AcrPush", REGISTRY, "images of environments"),
    Grant(ML_ENGINEER, BLOBS, STORAGE, "uploads code and models, without keys"),
    Grant(ML_ENGINEER, BLOBS_READ, LAKE, "data of every zone, to look at"),
    Grant(ML_ENGINEER, "Azure Kubernetes Service Cluster User Role", AKS, "reads the cluster's address"),
    Grant(ML_ENGINEER, "Log Analytics Reader", LOGS, "logs of deployments"),
    Grant(READER, "Reader", GROUP, "sees what there is"),
    Grant(READER, BLOBS_READ, f"{LAKE}/curated", "reports"),
    Grant(READER, BLOBS_READ, f"{LAKE}/scores", "reports"),
    Grant(READER, "Log Analytics Reader", LOGS, "asks the logs what happened, also across resources"),
)

MANAGED_NETWORK: tuple[Grant, ...] = tuple(
    # Azure approves the managed network's own private endpoints by this role
    # (machine-learning/how-to-managed-network#approval-of-private-endpoints).
    Grant(WORKSPACE, "Azure AI Enterprise Network Connection Approver", scope, "private endpoints of its network")
    for scope in (LAKE, STORAGE, VAULT, REGISTRY)
)
"""Rows on top for a workspace with a network of its own."""

PROMOTION: tuple[Grant, ...] = (
    Grant(SCIENTIST, "AzureML Registry User", PROMOTION_REGISTRY, "takes models and components to other workspaces"),
    Grant(TRAINING, "AzureML Registry User", PROMOTION_REGISTRY, "jobs built from the registry's components"),
)
"""Rows on top where there is a registry for promotion."""

PROMOTING = {"writers": ("AzureML Registry User", "shares its models"), "readers": ("Reader", "deploys its models")}
"""What the settings' lists of other environments' CI identities may do with the registry."""

CUSTOMER_KEY: tuple[Grant, ...] = (
    Grant(WORKSPACE, "Key Vault Crypto Service Encryption User", VAULT, "wraps its data's keys with the customer's"),
)
"""Rows on top for a workspace under a key of the environment's own."""

HIGH_BUSINESS_IMPACT: tuple[Grant, ...] = (
    Grant(TRAINING, "Storage Account Contributor", STORAGE, "a high-business-impact workspace asks for it"),
)
"""Rows on top for a workspace with highBusinessImpact."""

ROUTED: tuple[Grant, ...] = (
    Grant(CONTROL_PLANE, "Network Contributor", ROUTES, "AKS checks the route that nodes leave by"),
)
"""Rows on top where nodes leave through a firewall (aks/egress-udr)."""

PRIVATE_CLUSTER: tuple[Grant, ...] = (
    Grant(CONTROL_PLANE, "Private DNS Zone Contributor", AKS_ZONE, "writes the name of its API server"),
    Grant(CONTROL_PLANE, "Network Contributor", VNET, "links that zone to the network"),
)
"""Rows on top where the API server is private (aks/private-clusters#configure-a-private-dns-zone)."""


STORAGE_ENDPOINTS: tuple[Grant, ...] = tuple(
    Grant(WORKSPACE, "Reader", f"{target}_endpoint/{group}", "finds the private way to the account")
    for target in ("lake", "storage")
    for group in TARGETS[target].groups
)
"""Rows on top where storage has no public door (machine-learning/how-to-enable-studio-virtual-network)."""

ATTACHED_SPARK: tuple[Grant, ...] = (
    Grant(SPARK, "Contributor", AML, "the linked service (synapse-analytics/machine-learning/quickstart)"),
    Grant(TRAINING, "Contributor", STORAGE, "Spark jobs of the workspace (machine-learning/how-to-submit-spark-jobs)"),
)
"""Rows on top where the Spark pool is a compute of the workspace."""

DEPLOYER: tuple[Grant, ...] = (
    Grant(CI, "Contributor", GROUP, "makes, changes and deletes every resource"),
    Grant(CI, "Role Based Access Control Administrator", GROUP, "assigns the roles of the matrix and no other"),
    Grant(CI, "Resource Policy Contributor", GROUP, "assigns the policies"),
    Grant(CI, "Locks Contributor", GROUP, "sets and lifts the locks"),
    Grant(CI, "Azure Kubernetes Service RBAC Cluster Admin", GROUP, "namespaces and service accounts"),
    Grant(CI, "AzureML Data Scientist", GROUP, "trains, registers and deploys the model"),
    # Contributor of blobs would not do: only an owner sets the access control lists of what others made.
    Grant(CI, "Storage Blob Data Owner", GROUP, "uploads code and data, sets access control lists of the lake"),
    Grant(CI, "AcrPush", GROUP, "images of environments"),
)
"""The rows of the environment's CI identity: all on its resource group, assigned before anything is in it."""

PREVIEWER: tuple[Grant, ...] = (
    Grant(PREVIEW, "Reader", GROUP, "compares every resource with the program"),
    Grant(PREVIEW, "Storage Blob Data Reader", GROUP, "compares the access control lists of the lake's zones"),
)
"""The rows of the identity that plans and compares: it looks and changes nothing. Kubernetes has a role of its own."""

KUBERNETES_READ = ("Microsoft.ContainerService/managedClusters/*/read",)
"""Objects of a cluster, custom resources among them, which no built-in role reads (aks/manage-azure-rbac)."""
KUBERNETES_FIND = ("Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",)
"""Where the API server is, and that Entra ID signs in there: no credential (aks/control-kubeconfig-access)."""
KUBERNETES_HIDDEN = ("Microsoft.ContainerService/managedClusters/secrets/read",)

EVERY: tuple[Grant, ...] = (
    *MATRIX,
    *HIGH_BUSINESS_IMPACT,
    *CUSTOMER_KEY,
    *PROMOTION,
    *MANAGED_NETWORK,
    *ROUTED,
    *PRIVATE_CLUSTER,
    *STORAGE_ENDPOINTS,
    *ATTACHED_SPARK,
)
"""The rows that an environment can have, whatever its settings."""

ASSIGNABLE: frozenset[str] = frozenset(ROLES[row.role] for row in EVERY)
"""The roles that the CI identity may assign: those of the program, none of those that would raise itself."""


def others(given: Settings) -> dict[str, str]:
    """CI identities of other environments that use the registry: object id by the principal's name in the rows."""
    lists = {"writers": given.workspace.promotion_writers, "readers": given.workspace.promotion_readers}
    return {f"{name}_{str(one)[:8]}": str(one) for name, ids in lists.items() for one in ids}


def _promoting(given: Settings) -> tuple[Grant, ...]:
    """Their rows."""
    found = ((name, PROMOTING[name.partition("_")[0]]) for name in others(given))
    return tuple(Grant(name, role, PROMOTION_REGISTRY, f"another environment {why}") for name, (role, why) in found)


def chosen(given: Settings) -> tuple[Grant, ...]:
    """The rows on top that an environment's settings ask for."""
    rows = (
        (given.workspace.high_business_impact, HIGH_BUSINESS_IMPACT),
        (given.workspace.customer_key is not None, CUSTOMER_KEY),
        (given.workspace.promotion_registry, PROMOTION + _promoting(given)),
        (given.network.mode == "managed", MANAGED_NETWORK),
        (given.network.routes, ROUTED),
        (given.cluster.private, PRIVATE_CLUSTER),
        (given.network.public_access == "Disabled", STORAGE_ENDPOINTS),
        (given.spark.attach_to_workspace, ATTACHED_SPARK),
    )
    return tuple(grant for wanted, grants in rows if wanted for grant in grants)
