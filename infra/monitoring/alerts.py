"""Alerts: who is told, and the rules of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import monitor

from infra import settings
from infra.block import Block, Placement
from infra.monitoring.alert_tables import METRICS, QUERY_ALERTS, Metric, Query

_SINGLE_RESOURCE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"


@dataclass(frozen=True)
class AlertsArgs:
    """Whom to tell about what.

    Args:
        placement: where the rules go.
        alerts: receivers and thresholds.
        logs_id: the Log Analytics workspace that the queries read.
        targets: resource id for each target of the metric table.
    """

    placement: Placement
    alerts: settings.Alerts
    logs_id: pulumi.Input[str]
    targets: dict[str, pulumi.Output[str]]


class Alerts(Block):
    """An action group, a metric alert or a log search alert for each row."""

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        group = self._receivers()
        for metric in METRICS:
            self._metric(metric, group)
        for query in QUERY_ALERTS:
            self._query(query, group)
        self.group_id: pulumi.Output[str] = group.id
        self.register_outputs({"group_id": group.id})

    def _receivers(self) -> monitor.ActionGroup:
        place, chosen = self._args.placement, self._args.alerts
        return monitor.ActionGroup(
            f"{self._name}-group",
            resource_group_name=place.resource_group,
            action_group_name=place.names.of("action_group"),
            location="Global",
            group_short_name=chosen.short_name,
            enabled=True,
            email_receivers=[
                monitor.MicrosoftCommonEmailReceiverArgs(
                    name=address, email_address=address, use_common_alert_schema=True
                )
                for address in chosen.emails
            ],
            tags=place.tags,
            opts=self.child(),
        )

    def _common(self, row: Metric | Query) -> dict[str, Any]:
        """What a rule of either kind says."""
        place = self._args.placement
        return {
            "resource_group_name": place.resource_group,
            "rule_name": place.names.of("alert", row.name),
            "description": row.why,
            "enabled": True,
            "severity": row.severity,
            "evaluation_frequency": row.frequency,
            "window_size": row.window,
            "auto_mitigate": True,
            "tags": place.tags,
        }

    def _metric(self, row: Metric, group: monitor.ActionGroup) -> monitor.MetricAlert:
        return monitor.MetricAlert(
            f"{self._name}-{row.name}",
            **self._common(row),
            location="Global",
            scopes=[self._args.targets[row.target]],
            target_resource_type=row.namespace,
            target_resource_region=self._args.placement.location,
            criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
                odata_type=_SINGLE_RESOURCE,
                all_of=[
                    monitor.MetricCriteriaArgs(
                        criterion_type="StaticThresholdCriterion",
                        name=row.name,
                        metric_namespace=row.namespace,
                        metric_name=row.metric,
                        time_aggregation=row.aggregation,
                        operator=row.operator,
                        threshold=row.threshold,
                        dimensions=[
                            monitor.MetricDimensionArgs(name=key, operator="Include", values=list(values))
                            for key, values in row.dimensions
                        ],
                    )
                ],
            ),
            actions=[monitor.MetricAlertActionArgs(action_group_id=group.id)],
            opts=self.child(),
        )

    def _query(self, row: Query, group: monitor.ActionGroup) -> monitor.ScheduledQueryRule:
        place = self._args.placement
        return monitor.ScheduledQueryRule(
            f"{self._name}-{row.name}",
            **self._common(row),
            location=place.location,
            kind="LogAlert",
            display_name=place.names.of("alert", row.name),
            scopes=[self._args.logs_id],
            override_query_time_range=row.reach or None,
            # The tables come into being with their first rows.
            skip_query_validation=True,
            criteria=monitor.ScheduledQueryRuleCriteriaArgs(
                all_of=[
                    monitor.ConditionArgs(
                        query=row.text,
                        time_aggregation="Maximum" if row.column else "Count",
                        metric_measure_column=row.column or None,
                        operator="GreaterThan",
                        threshold=getattr(self._args.alerts, row.setting) if row.setting else 0,
                        dimensions=[
                            monitor.DimensionArgs(name=key, operator="Include", values=["*"]) for key in row.split
                        ],
                        failing_periods=monitor.ConditionFailingPeriodsArgs(
                            number_of_evaluation_periods=1, min_failing_periods_to_alert=1
                        ),
                    )
                ]
            ),
            actions=monitor.ActionsArgs(action_groups=[group.id]),
            opts=self.child(),
        )
