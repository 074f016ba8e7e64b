"""Container Insights: what pods write, and how nodes fare, in Log Analytics."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from infra.block import Block, Placement

_STREAM = "Microsoft-ContainerInsights-Group-Default"
_EXTENSION = "ContainerInsightsExtension"
_DESTINATION = "logs"


@dataclass(frozen=True)
class ContainerLogsArgs:
    """Args: placement; cluster_id: whose pods; logs_id: the Log Analytics workspace that takes it."""

    placement: Placement
    cluster_id: pulumi.Input[str]
    logs_id: pulumi.Input[str]
    collector_id: pulumi.Input[str]


class ContainerLogs(Block):
    """The data collection rule that the agent on the nodes follows.

    With Entra ID instead of the workspace's key, the agent sends nothing without one
    (azure-monitor/containers/kubernetes-monitoring-enable).
    """

    def __init__(self, name: str, args: ContainerLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.placement
        rule = monitor.DataCollectionRule(
            f"{name}-rule",
            resource_group_name=place.resource_group,
            data_collection_rule_name=place.names.of("data_collection_rule", "containers"),
            location=place.location,
            kind="Linux",
            data_collection_endpoint_id=args.collector_id,
            data_sources=monitor.DataCollectionRuleDataSourcesArgs(
                extensions=[
                    monitor.ExtensionDataSourceArgs(
                        name=_EXTENSION,
                        extension_name="ContainerInsights",
                        streams=[_STREAM],
                        extension_settings={
                            "dataCollectionSettings": {
                                "interval": "1m",
                                "namespaceFilteringMode": "Off",
                                "enableContainerLogV2": True,
                            }
                        },
                    )
                ]
            ),
            destinations=monitor.DataCollectionRuleDestinationsArgs(
                log_analytics=[
                    monitor.LogAnalyticsDestinationArgs(name=_DESTINATION, workspace_resource_id=args.logs_id)
                ]
            ),
            data_flows=[monitor.DataFlowArgs(streams=[_STREAM], destinations=[_DESTINATION])],
            tags=place.tags,
            opts=self.child(),
        )
        monitor.DataCollectionRuleAssociation(
            f"{name}-association",
            resource_uri=args.cluster_id,
            # The agent looks for this name.
            association_name=_EXTENSION,
            data_collection_rule_id=rule.id,
            opts=self.child(),
        )
        # Over private link the agent fetches its rules from an end point of the scope, which it finds by this name.
        monitor.DataCollectionRuleAssociation(
            f"{name}-collector",
            resource_uri=args.cluster_id,
            association_name="configurationAccessEndpoint",
            data_collection_endpoint_id=args.collector_id,
            opts=self.child(),
        )
        self.register_outputs({"rule_id": rule.id})
