"""What each resource type sends to Log Analytics, by azure-native's type.

Categories are those of Azure Monitor's "Supported logs" and "Supported metrics" pages
(azure-monitor/reference/logs-index, azure-monitor/reference/metrics-index).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What one resource sends.

    Args:
        part: path below the resource, where the logs are a child's that comes with it.
        groups: category groups such as allLogs.
        categories: single categories, where the group would bring too much.
        metrics: metric categories.
        dedicated: tables of the service's own instead of AzureDiagnostics.
    """

    part: str = ""
    groups: tuple[str, ...] = ("allLogs",)
    categories: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ("AllMetrics",)
    dedicated: bool = False

    @property
    def purpose(self) -> str:
        """What tells the rows of one type apart in a logical name: `blob` of `/blobServices/default`."""
        return self.part.strip("/").removesuffix("Services/default")


_TRANSACTIONS = ("Transaction",)

TABLE: dict[str, tuple[Row, ...]] = {
    "containerregistry:Registry": (Row(),),
    # kube-audit repeats kube-audit-admin with every read, at many times the price.
    "containerservice:ManagedCluster": (
        Row(
            groups=(),
            categories=(
                "cluster-autoscaler",
                "guard",
                "kube-apiserver",
                "kube-audit-admin",
                "kube-controller-manager",
                "kube-scheduler",
            ),
            dedicated=True,
        ),
    ),
    "keyvault:Vault": (Row(),),
    "machinelearningservices:OnlineEndpoint": (Row(),),
    "machinelearningservices:Registry": (Row(metrics=()),),
    "machinelearningservices:Workspace": (Row(),),
    "monitor:DataCollectionRule": (Row(groups=(), categories=("LogErrors",), metrics=()),),
    "network:AzureFirewall": (Row(dedicated=True),),
    "network:BastionHost": (Row(),),
    "network:NatGateway": (Row(groups=()),),
    "network:NetworkSecurityGroup": (Row(metrics=()),),
    "network:PublicIPAddress": (Row(),),
    "network:VirtualNetwork": (Row(),),
    # Its other categories are about jobs and summary rules, of which there are none.
    "operationalinsights:Workspace": (Row(groups=("audit",)),),
    "storage:StorageAccount": (
        Row(groups=(), metrics=_TRANSACTIONS),
        *(Row(f"/{service}Services/default", metrics=_TRANSACTIONS) for service in ("blob", "file", "queue", "table")),
    ),
    "synapse:BigDataPool": (Row(metrics=()),),
    "synapse:SqlPool": (Row(),),
    "synapse:Workspace": (Row(metrics=()),),
}

WITHOUT: dict[str, str] = {
    "applicationinsights:Component": "keeps everything in the Log Analytics workspace already; a setting would copy it",
}
"""Types that have categories and get no setting, with the reason."""

FORMER: dict[str, str] = {
    "cluster-aks": "cluster",
    "lake-account-blob": "lake",
    "network-nsg-endpoints": "nsg-endpoints",
    "network-nsg-training": "nsg-training",
    "network-vnet": "network",
    "observability-logs": "logs",
    "registry-registry": "registry",
    "spark-workspace": "spark",
    "storage-account-blob": "storage",
    "vault-vault": "vault",
    "workspace-workspace": "workspace",
}
"""What settings were called before they followed the resource: a stack of then keeps them."""
