"""Diagnostic settings: which logs and metrics of which resource go to Log Analytics."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from infra import walk
from infra.block import Block
from infra.monitoring.diagnostic_tables import FORMER, TABLE, Row

_log = monitor.DiagnosticsLogSettingsArgs


@dataclass(frozen=True)
class DiagnosticsArgs:
    """Args: logs_id: the Log Analytics workspace that takes it all."""

    logs_id: pulumi.Input[str]


class Diagnostics(Block):
    """A setting for everything made so far that has something to tell: the last block of the program.

    Nothing is listed: each resource whose type is in the table gets the settings of its rows.
    """

    def __init__(self, name: str, args: DiagnosticsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        made = [self._setting(one, row) for one in walk.created() for row in TABLE.get(walk.kind_of(one), ())]
        self.register_outputs({"settings": len(made)})

    def _setting(self, target: pulumi.CustomResource, row: Row) -> monitor.DiagnosticSetting:
        called = f"{target.pulumi_resource_name}-{row.purpose}".removesuffix("-")
        former = FORMER.get(called)
        return monitor.DiagnosticSetting(
            f"{self._name}-{called}",
            name="to-log-analytics",
            resource_uri=pulumi.Output.concat(target.id, row.part),
            workspace_id=self._args.logs_id,
            log_analytics_destination_type="Dedicated" if row.dedicated else None,
            logs=[
                *(_log(category_group=group, enabled=True) for group in row.groups),
                *(_log(category=category, enabled=True) for category in row.categories),
            ],
            metrics=[
                monitor.DiagnosticsMetricSettingsArgs(category=category, enabled=True) for category in row.metrics
            ],
            opts=self.child(former_name=f"{self._name}-{former}" if former else None),
        )
