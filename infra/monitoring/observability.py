"""Azure Monitor: one Log Analytics workspace for everything, Application Insights on top of it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import applicationinsights, operationalinsights

from infra import settings
from infra.block import Block, Placement


@dataclass(frozen=True)
class ObservabilityArgs:
    """Args: placement; observability: how long logs are kept and how many a day; network: which doors are open."""

    placement: Placement
    observability: settings.Observability
    network: settings.Network


class Observability(Block):
    """Log Analytics, and Application Insights that stores there."""

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.placement
        logs = self._logs(name, args)
        insights = applicationinsights.Component(
            f"{name}-insights",
            resource_group_name=place.resource_group,
            resource_name_=place.names.of("application_insights"),
            location=place.location,
            kind="web",
            application_type="web",
            flow_type="Bluefield",
            request_source="rest",
            ingestion_mode="LogAnalytics",
            workspace_resource_id=logs.id,
            public_network_access_for_ingestion=args.network.public_access,
            public_network_access_for_query=args.network.public_access,
            tags=place.tags,
            opts=self.child(secret_outputs=["connectionString", "instrumentationKey"]),
        )
        for table in args.observability.basic_tables:
            operationalinsights.Table(
                f"{name}-table-{table.lower()}",
                resource_group_name=place.resource_group,
                workspace_name=logs.name,
                table_name=table,
                plan="Basic",
                opts=self.child(),
            )
        self.logs_id: pulumi.Output[str] = logs.id
        self.logs_customer_id: pulumi.Output[str] = logs.customer_id
        self.insights_id: pulumi.Output[str] = insights.id
        self.insights_connection: pulumi.Output[str] = pulumi.Output.secret(insights.connection_string)
        self.register_outputs({"logs_id": self.logs_id, "insights_id": self.insights_id})

    def _logs(self, name: str, args: ObservabilityArgs) -> operationalinsights.Workspace:
        place, existing = args.placement, args.observability.existing_workspace_id
        if existing is not None:
            return operationalinsights.Workspace.get(f"{name}-logs", existing, opts=pulumi.ResourceOptions(parent=self))
        return operationalinsights.Workspace(
            f"{name}-logs",
            resource_group_name=place.resource_group,
            workspace_name=place.names.of("log_analytics"),
            location=place.location,
            sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
            retention_in_days=args.observability.retention_days,
            workspace_capping=operationalinsights.WorkspaceCappingArgs(daily_quota_gb=args.observability.daily_cap_gb),
            features=operationalinsights.WorkspaceFeaturesArgs(
                enable_log_access_using_only_resource_permissions=True, disable_local_auth=True
            ),
            public_network_access_for_ingestion=args.network.public_access,
            public_network_access_for_query=args.network.public_access,
            tags=place.tags,
            opts=self.child(),
        )
