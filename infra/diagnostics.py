"""Diagnostic settings: which logs and metrics of which resource go to Log Analytics."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from infra.block import Block

BLOB_SERVICE = "/blobServices/default"
_log = monitor.DiagnosticsLogSettingsArgs


@dataclass(frozen=True)
class Row:
    """What one resource sends.

    Args:
        target: name of the resource, as the composition calls it.
        part: path below the resource, where its logs are a child's.
        groups: category groups such as allLogs.
        categories: single categories, where the group would bring too much.
        metrics: metric categories.
        dedicated: tables of the service's own instead of AzureDiagnostics.
    """

    target: str
    part: str = ""
    groups: tuple[str, ...] = ("allLogs",)
    categories: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ("AllMetrics",)
    dedicated: bool = False


TABLE: tuple[Row, ...] = (
    Row("lake", BLOB_SERVICE, metrics=("Transaction",)),
    Row("storage", BLOB_SERVICE, metrics=("Transaction",)),
    Row("vault"),
    Row("registry"),
    Row("workspace"),
    Row("spark", metrics=()),
    Row("spark_pool", metrics=()),
    # kube-audit repeats kube-audit-admin with every read, at many times the price.
    Row(
        "cluster",
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
    Row("network"),
    Row("nsg_training", metrics=()),
    Row("nsg_endpoints", metrics=()),
    Row("nsg_cluster", metrics=()),
    Row("logs", groups=("audit",)),
)


@dataclass(frozen=True)
class DiagnosticsArgs:
    """Args: logs_id: the Log Analytics workspace; targets: resource id for each target of the table."""

    logs_id: pulumi.Input[str]
    targets: dict[str, pulumi.Output[str]]


class Diagnostics(Block):
    """A diagnostic setting for each row of the table."""

    def __init__(self, name: str, args: DiagnosticsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for row in TABLE:
            monitor.DiagnosticSetting(
                f"{name}-{row.target}".replace("_", "-"),
                name="to-log-analytics",
                resource_uri=pulumi.Output.concat(args.targets[row.target], row.part),
                workspace_id=args.logs_id,
                log_analytics_destination_type="Dedicated" if row.dedicated else None,
                logs=[
                    *(_log(category_group=group, enabled=True) for group in row.groups),
                    *(_log(category=category, enabled=True) for category in row.categories),
                ],
                metrics=[
                    monitor.DiagnosticsMetricSettingsArgs(category=category, enabled=True) for category in row.metrics
                ],
                opts=self.child(),
            )
        self.register_outputs({"settings": len(TABLE)})
