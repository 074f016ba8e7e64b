"""The alerts: what wakes somebody, and from which number on.

Metrics are those of Azure Monitor's "Supported metrics" pages of their resource types; queries stand in
`queries/`, to be run as they are in Log Analytics too; their thresholds are settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

QUERIES = Path(__file__).parent / "queries"
CRITICAL, ERROR, WARNING = 0, 1, 2


@dataclass(frozen=True)
class Metric:
    """A metric alert.

    Args:
        name: of the alert, and what it tells.
        target: the resource, as the composition calls it.
        metric, namespace: Azure's names.
        aggregation, operator, threshold: when it fires.
        dimensions: name and the values that count.
        severity: 0 critical to 4 verbose.
        window, frequency: ISO 8601 durations.
        why: what the reader should look at.
    """

    name: str
    target: str
    namespace: str
    metric: str
    aggregation: str
    operator: str
    threshold: float
    why: str
    dimensions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    severity: int = WARNING
    window: str = "PT15M"
    frequency: str = "PT5M"


@dataclass(frozen=True)
class Query:
    """A log search alert: `column` of the rows of `queries/<name>.kql`, or how many there are.

    `setting` names the field of the alert settings that is the threshold; without it any row fires.
    `split` are the columns by which it is told apart. Azure takes 2 days of a query at most
    (azure-monitor/alerts/alerts-create-log-alert-rule): one that looks further back says so in `reach`.
    """

    name: str
    why: str
    column: str = ""
    setting: str = ""
    split: tuple[str, ...] = ()
    severity: int = WARNING
    window: str = "PT15M"
    frequency: str = "PT5M"
    reach: str = ""

    @property
    def text(self) -> str:
        """The query, as its file has it."""
        return (QUERIES / f"{self.name}.kql").read_text(encoding="utf-8")


_AKS, _AML = "Microsoft.ContainerService/managedClusters", "Microsoft.MachineLearningServices/workspaces"

METRICS: tuple[Metric, ...] = (
    Metric("failed-runs", "workspace", _AML, "Failed Runs", "Total", "GreaterThan", 0, "a job of the workspace failed"),
    Metric(
        "nodes-not-ready",
        "cluster",
        _AKS,
        "kube_node_status_condition",
        "Average",
        "GreaterThan",
        0,
        "a node of the cluster is not ready",
        (("condition", ("Ready",)), ("status2", ("NotReady",))),
        ERROR,
    ),
    Metric(
        "pods-failed",
        "cluster",
        _AKS,
        "kube_pod_status_phase",
        "Average",
        "GreaterThan",
        0,
        "pods failed or wait for a node",
        (("phase", ("Failed", "Pending")),),
    ),
    Metric(
        "pool-exhausted",
        "cluster",
        _AKS,
        "cluster_autoscaler_unschedulable_pods_count",
        "Average",
        "GreaterThan",
        0,
        "a pool is at its largest size and pods find no place",
        severity=ERROR,
        window="PT30M",
    ),
    Metric(
        "node-processors",
        "cluster",
        _AKS,
        "node_cpu_usage_percentage",
        "Average",
        "GreaterThan",
        90,
        "nodes are busy",
        (("node", ("*",)),),
    ),
    Metric(
        "node-memory",
        "cluster",
        _AKS,
        "node_memory_working_set_percentage",
        "Average",
        "GreaterThan",
        90,
        "nodes run out of memory",
        (("node", ("*",)),),
    ),
    Metric(
        "node-disks",
        "cluster",
        _AKS,
        "node_disk_usage_percentage",
        "Average",
        "GreaterThan",
        85,
        "nodes run out of disk",
        (("node", ("*",)),),
    ),
    Metric(
        "vault-unavailable",
        "vault",
        "Microsoft.KeyVault/vaults",
        "Availability",
        "Average",
        "LessThan",
        99,
        "the vault does not answer",
        severity=CRITICAL,
    ),
)

QUERY_ALERTS: tuple[Query, ...] = (
    Query(
        "endpoint-latency",
        "end points answer slowly",
        "Milliseconds",
        "latency_milliseconds",
        ("Endpoint", "Deployment"),
    ),
    Query(
        "endpoint-errors",
        "end points answer 5xx",
        "Percent",
        "error_percent",
        ("Endpoint", "Deployment"),
        ERROR,
    ),
    Query("vault-denied", "somebody without a role asks the vault", "Refusals", "vault_refusals", ("CallerIPAddress",)),
    Query(
        "vault-new-caller",
        "an identity reads secrets that did not the day before",
        split=("Identity",),
        window="P1D",
        frequency="PT1H",
        reach="P2D",
    ),
)
