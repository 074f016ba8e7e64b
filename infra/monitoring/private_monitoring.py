"""Azure Monitor over private link: one scope that says which of its resources the network reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from infra import settings
from infra.block import Block, Placement


@dataclass(frozen=True)
class PrivateMonitoringArgs:
    """What the scope is for.

    Args:
        placement: where it goes.
        plan: the network's settings: whether other Azure Monitor resources stay reachable from it.
        resources: what the scope holds, by purpose: Log Analytics, Application Insights.
    """

    placement: Placement
    plan: settings.Network
    resources: Mapping[str, pulumi.Input[str]]


class PrivateMonitoring(Block):
    """Private link scope with its resources, and the end point that agents fetch their rules from.

    A network has one scope: DNS leads all of Azure Monitor's names to it (azure-monitor/logs/private-link-design).
    """

    def __init__(self, name: str, args: PrivateMonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place, access = args.placement, args.plan.monitor_access
        scope = monitor.PrivateLinkScope(
            f"{name}-scope",
            resource_group_name=place.resource_group,
            scope_name=place.names.of("monitor_scope"),
            location="Global",
            access_mode_settings=monitor.AccessModeSettingsArgs(ingestion_access_mode=access, query_access_mode=access),
            tags=place.tags,
            opts=self.child(),
        )
        collector = monitor.DataCollectionEndpoint(
            f"{name}-collector",
            resource_group_name=place.resource_group,
            data_collection_endpoint_name=place.names.of("data_collection_endpoint"),
            location=place.location,
            network_acls=monitor.DataCollectionEndpointNetworkAclsArgs(public_network_access=args.plan.public_access),
            tags=place.tags,
            opts=self.child(),
        )
        self.collector_id: pulumi.Output[str] = collector.id
        self.id: pulumi.Output[str] = scope.id
        for purpose, resource_id in {**args.resources, "collector": collector.id}.items():
            monitor.PrivateLinkScopedResource(
                f"{name}-{purpose}-scoped",
                resource_group_name=place.resource_group,
                scope_name=scope.name,
                name=purpose,
                kind="Resource",
                linked_resource_id=resource_id,
                opts=self.child(),
            )
        self.register_outputs({"id": self.id, "collector": self.collector_id})
