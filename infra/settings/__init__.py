"""The typed settings of one environment, as `environments/Pulumi.<stack>.yaml` gives them.

One configuration key holds one block of the architecture. The models here know shapes and ranges; what one
setting forbids another stands in `infra/rules`, and reading and reporting in `reader.py`.
"""

from __future__ import annotations

import re
from typing import Literal
from uuid import UUID

from pydantic import Field

from infra.settings.base import (
    Access,
    Block,
    LogsId,
    Redundancy,
    RegistryId,
    ShortName,
    SoftDeleteDays,
    StorageId,
    Zone,
)
from infra.settings.governance import Alerts, Budget, Github, Governance, Quotas, StorageDefender
from infra.settings.kubernetes import Cluster, Maintenance, NodePool, Serving, Window
from infra.settings.ml import AmlCluster, CustomerKey, Instances, Workspace
from infra.settings.network import Network

__all__ = [
    "Access",
    "Alerts",
    "AmlCluster",
    "Block",
    "Budget",
    "Cluster",
    "CustomerKey",
    "Github",
    "Governance",
    "Instances",
    "Lake",
    "Maintenance",
    "Network",
    "NodePool",
    "Observability",
    "Personas",
    "Platform",
    "Principal",
    "Quotas",
    "Redundancy",
    "Registry",
    "Serving",
    "Settings",
    "Spark",
    "StorageDefender",
    "Vault",
    "Window",
    "Workspace",
    "WorkspaceStorage",
    "Zone",
]


class Platform(Block):
    """What the whole environment shares."""

    name: ShortName = Field(description="part of every resource's name")
    location: str = Field(description="an Azure region such as westeurope")
    generation: int = Field(
        default=1, ge=1, description="raise it when a soft-deleted vault or workspace still holds its name"
    )
    group: Literal["create", "existing"] = Field(
        default="create", description="existing: infra/bootstrap made the resource group, with the CI identity's roles"
    )
    owner: str = Field(min_length=1, description="the team that answers for the environment, a tag")
    cost_center: str = Field(min_length=1, description="who pays, a tag")
    tags: dict[str, str] = Field(default_factory=dict, max_length=50, description="further tags")


class Principal(Block):
    """A user, group or service principal of the directory."""

    object_id: UUID = Field(description="the object id in Entra ID")
    principal_type: Literal["User", "Group", "ServicePrincipal"] = Field(
        description="set on each role assignment: without it a new principal fails with PrincipalNotFound"
    )


class Personas(Block):
    """The groups of people that use the platform."""

    platform_engineer: Principal
    data_scientist: Principal
    ml_engineer: Principal
    reader: Principal

    def groups(self) -> dict[str, str]:
        """The object ids of those that are groups."""
        found = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: str(one.object_id) for name, one in found if one.principal_type == "Group"}


class Lifecycle(Block):
    """What becomes of a zone's data as it gets old; null leaves it as it is."""

    cool_after_days: int | None = Field(default=None, ge=0, le=99999, description="days until it is kept cheaper")
    delete_after_days: int | None = Field(default=None, ge=1, le=99999, description="days until it is deleted")


class Zones(Block):
    """One lifecycle for each zone of the lake."""

    raw: Lifecycle = Lifecycle()
    curated: Lifecycle = Lifecycle()
    features: Lifecycle = Lifecycle()
    scores: Lifecycle = Lifecycle()


class Lake(Block):
    """The data lake: ADLS Gen2."""

    redundancy: Redundancy
    soft_delete_days: SoftDeleteDays
    zones: Zones = Zones()
    versioning: bool = Field(default=False, description="must stay false: see infra/rules/services.py")
    track_last_access: bool = Field(default=False, description="cool what nobody reads, not what nobody writes")
    existing_id: StorageId | None = Field(
        default=None, description="an account that another team runs; the file systems are made in it"
    )


class WorkspaceStorage(Block):
    """The workspace's own storage account."""

    redundancy: Redundancy
    soft_delete_days: SoftDeleteDays
    shared_keys: bool = Field(default=False, description="false: identities only, no account keys and no SAS")


class Vault(Block):
    """Key Vault."""

    sku: Literal["standard", "premium"]
    soft_delete_days: int = Field(ge=7, le=90)
    recover: bool = Field(
        default=False, description="true takes back the vault of this name that was deleted, with its secrets"
    )
    purge_protection: bool = Field(description="irreversible; blocks the name for soft_delete_days after a delete")


class Registry(Block):
    """Container registry; always Premium, which private endpoints need."""

    zone_redundant: bool
    existing_id: RegistryId | None = Field(default=None, description="one that another team runs, read instead of made")
    untagged_retention_days: int = Field(ge=0, le=365)


class Observability(Block):
    """Log Analytics and Application Insights."""

    existing_workspace_id: LogsId | None = Field(
        default=None, description="one that another team runs, read instead of made"
    )
    retention_days: int = Field(ge=30, le=730)
    daily_cap_gb: float = Field(default=-1, description="ingestion limit a day in GB; -1 is none")
    basic_tables: tuple[Literal["ContainerLogV2", "AppTraces"], ...] = Field(
        default=(), description="tables on the Basic plan: cheaper to take in, paid by query, of no use to an alert"
    )


class SparkKey(Block):
    """A key of one's own and the identity that may use it."""

    key_url: str = Field(pattern=r"^https://[a-zA-Z0-9-]{3,24}\.vault\.azure\.net/keys/[a-zA-Z0-9-]{1,127}$")
    identity_id: str = Field(
        pattern=r"(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.ManagedIdentity"
        r"/userAssignedIdentities/[^/]+$",
        description="with the role Key Vault Crypto Service Encryption User on the key",
    )


class Spark(Block):
    """Synapse workspace and its Spark pool."""

    spark_version: str = Field(default="3.4", pattern=r"^\d\.\d$", description="3.4 or 3.5")
    node_size: Literal["Small", "Medium", "Large", "XLarge", "XXLarge"]
    min_nodes: int = Field(ge=3, le=200)
    max_nodes: int = Field(ge=3, le=200)
    auto_pause_minutes: int = Field(ge=5, le=10080)
    max_executors: int | None = Field(default=None, ge=1, le=199, description="null: all nodes but the driver's")
    public_access: Access
    prevent_data_exfiltration: bool = Field(default=False, description="cannot be changed after creation")
    check_linked_access: bool = Field(
        default=True, description="whoever makes a managed private endpoint needs rights on its target"
    )
    managed_resource_group: str | None = Field(
        default=None, pattern=r"^[-\w._()]{1,89}[-\w_()]$", description="where Synapse keeps its own; cannot be changed"
    )
    customer_key: SparkKey | None = Field(
        default=None, description="a second encryption with a key of one's own; cannot be added or taken away later"
    )
    attach_to_workspace: bool = Field(default=False, description="offer the pool as a compute of the workspace")


class Settings(Block):
    """One environment."""

    platform: Platform
    personas: Personas
    github: Github
    network: Network
    lake: Lake
    workspace_storage: WorkspaceStorage
    vault: Vault
    registry: Registry
    observability: Observability
    alerts: Alerts
    budget: Budget
    governance: Governance
    quotas: Quotas
    spark: Spark
    workspace: Workspace
    cluster: Cluster
    serving: Serving

    def subscriptions(self) -> set[str]:
        """Those that another team's resources are named in."""
        return {found.lower() for found in re.findall(r"/subscriptions/([0-9a-fA-F-]{36})/", self.model_dump_json())}
