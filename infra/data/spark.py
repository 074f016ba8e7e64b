"""Synapse: the Spark that cleans and transforms what lands in the lake."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import synapse

from infra import settings
from infra.block import Block, Placement


@dataclass(frozen=True)
class SparkAnalyticsArgs:
    """What Spark works on.

    Args:
        placement: where it goes.
        spark: its settings.
        network: public ranges that may reach it.
        lake_id, lake_endpoint, filesystem: the account, its DFS end point and Synapse's own file system on it.
        administrator: object id of Synapse's first administrator.
    """

    placement: Placement
    spark: settings.Spark
    network: settings.Network
    lake_id: pulumi.Input[str]
    lake_endpoint: pulumi.Input[str]
    filesystem: pulumi.Input[str]
    administrator: str


class SparkAnalytics(Block):
    """Synapse workspace in a managed network, and a pool that scales and pauses by itself."""

    def __init__(self, name: str, args: SparkAnalyticsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place, spark = args.placement, args.spark
        workspace = self._workspace(name, args)
        if spark.public_access == "Enabled":
            self._allow(name, place, workspace, args.network)
        pool = self._pool(name, args, workspace)
        studio = synapse.PrivateLinkHub(
            f"{name}-studio",
            resource_group_name=place.resource_group,
            private_link_hub_name=place.names.of("synapse_private_link_hub"),
            location=place.location,
            tags=place.tags,
            opts=self.child(),
        )
        self.studio_id: pulumi.Output[str] = studio.id
        """Where Synapse Studio's own pages come from in a private network."""
        self.id: pulumi.Output[str] = workspace.id
        self.name: pulumi.Output[str] = workspace.name
        self.pool_id: pulumi.Output[str] = pool.id
        self.pool: pulumi.Output[str] = pool.name
        self.principal_id: pulumi.Output[str] = workspace.identity.apply(
            lambda identity: identity.principal_id if identity else ""
        )
        self.register_outputs({"id": self.id, "pool": self.pool})

    def _workspace(self, name: str, args: SparkAnalyticsArgs) -> synapse.Workspace:
        place, spark = args.placement, args.spark
        return synapse.Workspace(
            f"{name}-workspace",
            resource_group_name=place.resource_group,
            workspace_name=place.names.of("synapse_workspace"),
            location=place.location,
            identity=_identity(spark),
            encryption=_encryption(spark),
            default_data_lake_storage=synapse.DataLakeStorageAccountDetailsArgs(
                account_url=args.lake_endpoint, filesystem=args.filesystem, resource_id=args.lake_id
            ),
            managed_resource_group_name=spark.managed_resource_group or place.names.of("resource_group", "synapse"),
            managed_virtual_network="default",
            managed_virtual_network_settings=synapse.ManagedVirtualNetworkSettingsArgs(
                prevent_data_exfiltration=spark.prevent_data_exfiltration,
                linked_access_check_on_target_resource=spark.check_linked_access,
            ),
            # No SQL login exists, so no password does.
            azure_ad_only_authentication=True,
            csp_workspace_admin_properties=synapse.CspWorkspaceAdminPropertiesArgs(
                initial_workspace_admin_object_id=args.administrator
            ),
            public_network_access=spark.public_access,
            trusted_service_bypass_enabled=True,
            tags=place.tags,
            opts=self.child(),
        )

    def _pool(self, name: str, args: SparkAnalyticsArgs, workspace: synapse.Workspace) -> synapse.BigDataPool:
        place, spark = args.placement, args.spark
        return synapse.BigDataPool(
            f"{name}-pool",
            resource_group_name=place.resource_group,
            workspace_name=workspace.name,
            big_data_pool_name=place.names.of("spark_pool"),
            location=place.location,
            spark_version=spark.spark_version,
            node_size_family="MemoryOptimized",
            node_size=spark.node_size,
            auto_scale=synapse.AutoScalePropertiesArgs(
                enabled=True, min_node_count=spark.min_nodes, max_node_count=spark.max_nodes
            ),
            auto_pause=synapse.AutoPausePropertiesArgs(enabled=True, delay_in_minutes=spark.auto_pause_minutes),
            # One node is the driver's.
            dynamic_executor_allocation=synapse.DynamicExecutorAllocationArgs(
                enabled=True, min_executors=1, max_executors=spark.max_executors or spark.max_nodes - 1
            ),
            session_level_packages_enabled=True,
            default_spark_log_folder="logs/",
            spark_events_folder="events/",
            tags=place.tags,
            opts=self.child(),
        )

    def _allow(self, name: str, place: Placement, workspace: synapse.Workspace, network: settings.Network) -> None:
        for index, given in enumerate(network.allowed_ip_ranges):
            synapse.IpFirewallRule(
                f"{name}-allow-{index}",
                resource_group_name=place.resource_group,
                workspace_name=workspace.name,
                rule_name=f"allow-{index}",
                start_ip_address=str(given.network_address),
                end_ip_address=str(given.broadcast_address),
                opts=self.child(),
            )


def _identity(spark: settings.Spark) -> synapse.ManagedIdentityArgs:
    """Its own identity; with a key of the customer's also the one that may use it."""
    if spark.customer_key is None:
        return synapse.ManagedIdentityArgs(type=synapse.ResourceIdentityType.SYSTEM_ASSIGNED)
    return synapse.ManagedIdentityArgs(
        type=synapse.ResourceIdentityType.SYSTEM_ASSIGNED_USER_ASSIGNED,
        user_assigned_identities=[spark.customer_key.identity_id],
    )


def _encryption(spark: settings.Spark) -> synapse.EncryptionDetailsArgs | None:
    """Double encryption. A user-assigned identity can use the key before the workspace exists: no activation step.

    Microsoft Learn, "Encryption for Azure Synapse Analytics workspaces".
    """
    key = spark.customer_key
    if key is None:
        return None
    return synapse.EncryptionDetailsArgs(
        cmk=synapse.CustomerManagedKeyDetailsArgs(
            key=synapse.WorkspaceKeyDetailsArgs(name="default", key_vault_url=key.key_url),
            kek_identity=synapse.KekIdentityPropertiesArgs(
                user_assigned_identity=key.identity_id, use_system_assigned_identity=False
            ),
        )
    )
