"""Rules on workspaces of logs, Application Insights and diagnostic settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .conditions import get, must_be, must_be_named, must_have
from .model import OURS, Body, Context, Finding, Resource, Rule, Severity

LOGS = "Microsoft.OperationalInsights/workspaces"
INSIGHTS = "Microsoft.Insights/components"
SETTING = "Microsoft.Insights/diagnosticSettings"
WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
SYNAPSE = "Microsoft.Synapse/workspaces"
REGISTRY = "Microsoft.ContainerRegistry/registries"
FIREWALL = "Microsoft.Network/azureFirewalls"


def tail(id_: str) -> str:
    """What of an id is the same in each subscription: from the resource group on, in lower case."""
    return id_.lower().partition("/resourcegroups/")[2]


def settings_of(context: Context) -> Iterator[Resource]:
    """The diagnostic settings of the resource under a check."""
    own = tail(context.resource.id)
    for one in context.of(SETTING):
        if tail(one.id).partition("/providers/microsoft.insights/")[0] == own:
            yield one


def logs_of(context: Context) -> Iterator[set[str]]:
    """For each diagnostic setting of the resource: the categories and groups of logs it keeps, and of metrics."""
    for one in settings_of(context):
        kept = [*get(one.body, "properties.logs", ()), *get(one.body, "properties.metrics", ())]
        yield {
            str(get(entry, "category") or get(entry, "categoryGroup")) for entry in kept if get(entry, "enabled", False)
        }


def _kept(_body: Body, context: Context) -> Iterable[Finding]:
    if not any(logs_of(context)):
        yield Finding("diagnosticSettings.logs", "no diagnostic setting keeps its logs")


RULES = (
    Rule("Azure.Log.Replication", "logs are kept in a second region", Severity.IMPORTANT, (LOGS,),
         must_be("properties.replication.enabled", True, default=False), "AZR-000425", "Reliability"),
    Rule("Azure.Log.Name", "the name is one Azure takes", Severity.AWARENESS, (LOGS,),
         must_be_named("[A-Za-z0-9](?:[A-Za-z0-9-]{2,61})[A-Za-z0-9]", "4 to 63 letters, digits and hyphens"),
         "AZR-000486", "Operational Excellence"),
    Rule("Azure.AppInsights.Workspace", "telemetry goes to a workspace of logs", Severity.IMPORTANT, (INSIGHTS,),
         must_have("properties.WorkspaceResourceId"), pillar="Operational Excellence"),
    Rule("Azure.AppInsights.LocalAuth", "telemetry is taken from identities alone", Severity.CRITICAL, (INSIGHTS,),
         must_be("properties.DisableLocalAuth", True, default=False), controls=("IM-1",)),
    Rule("Azure.AppInsights.Name", "the name is one Azure takes", Severity.AWARENESS, (INSIGHTS,),
         must_be_named(r"[\w().-]{0,259}[\w()-]", "1 to 260 letters, digits, hyphens, points, brackets"),
         pillar="Operational Excellence"),
    Rule(f"{OURS}Log.LocalAuth", "logs are taken from identities alone", Severity.IMPORTANT, (LOGS,),
         must_be("properties.features.disableLocalAuth", True, default=False), controls=("IM-1",), source="MCSB IM-1"),
    Rule(f"{OURS}Log.PublicIngestion", "no logs from the internet", Severity.IMPORTANT, (LOGS, INSIGHTS),
         must_be("properties.publicNetworkAccessForIngestion", "Disabled", "SecuredByPerimeter", default="Enabled"),
         controls=("NS-2",), source="MCSB NS-2"),
    Rule(f"{OURS}Log.PublicQuery", "no queries from the internet", Severity.IMPORTANT, (LOGS, INSIGHTS),
         must_be("properties.publicNetworkAccessForQuery", "Disabled", "SecuredByPerimeter", default="Enabled"),
         controls=("NS-2",), source="MCSB NS-2"),
    Rule(f"{OURS}Log.Kept", "what happens in it is kept", Severity.IMPORTANT,
         (WORKSPACE, SYNAPSE, REGISTRY, FIREWALL), _kept, controls=("LT-3", "LT-4"),
         source="AVM: diagnostics default to allLogs and AllMetrics", whole=True),
)  # fmt: skip
