"""Rules on Synapse workspaces. PSRule has none: these carry over what checkov means, with Azure's own field names."""

from __future__ import annotations

from collections.abc import Iterable

from .conditions import get, must_be, must_have, must_not_be
from .model import OURS, Body, Check, Context, Finding, Rule, Severity
from .prefixes import open_ranges

WORKSPACE = "Microsoft.Synapse/workspaces"
POOL = f"{WORKSPACE}/bigDataPools"
FIREWALL = f"{WORKSPACE}/firewallRules"


def _ends(body: Body) -> tuple[str, str]:
    return get(body, "properties.startIpAddress", "::"), get(body, "properties.endIpAddress", "::")


def _range(body: Body, context: Context) -> Iterable[Finding]:
    """Of the internet, alone or together with the other ranges of the workspace: an organisation's own is none."""
    workspace, given = context.resource.segment("workspaces"), _ends(body)
    beside = [_ends(one.body) for one in context.of(FIREWALL) if one.segment("workspaces") == workspace]
    if given in open_ranges([given, *beside]):
        yield Finding("properties.startIpAddress", f"{given[0]} to {given[1]} lets the internet in")


def _no_password(body: Body, _context: Context) -> Iterable[Finding]:
    if get(body, "properties.sqlAdministratorLoginPassword"):
        yield Finding("properties.sqlAdministratorLoginPassword", "a password in the body: Entra alone must do")


def _own(id_: str, title: str, check: Check, source: str, severity: Severity = Severity.IMPORTANT,  # noqa: PLR0917
         type_: str = WORKSPACE, pillar: str = "Security", controls: tuple[str, ...] = ("NS-2",), *,
         whole: bool = False) -> Rule:  # fmt: skip
    return Rule(f"{OURS}Synapse.{id_}", title, severity, (type_,), check, "", pillar, controls, source, whole)


RULES = (
    _own("ManagedNetwork", "Spark runs in the managed network", must_be("properties.managedVirtualNetwork", "default"),
         "CKV_AZURE_58, the right way round"),
    _own("DataExfiltration", "data goes to approved tenants alone",
         must_be("properties.managedVirtualNetworkSettings.preventDataExfiltration", True, default=False),
         "CKV_AZURE_157, with the field that exists", controls=("DP-2",)),
    _own("LinkedAccess", "linked targets are checked",
         must_be("properties.managedVirtualNetworkSettings.linkedAccessCheckOnTargetResource", True, default=False),
         "MCSB DP-2", controls=("DP-2",)),
    _own("PublicAccess", "the workspace has no public door",
         must_be("properties.publicNetworkAccess", "Disabled", default="Enabled"), "MCSB NS-2", Severity.CRITICAL),
    _own("EntraOnly", "no SQL logins", must_be("properties.azureADOnlyAuthentication", True, default=False),
         "Azure Policy: Synapse with Entra-only authentication", controls=("IM-1",)),
    _own("NoPassword", "no password in the body", _no_password, "CKV_AZURE_239", Severity.CRITICAL, controls=("IM-8",)),
    _own("FirewallRule", "no rule lets the internet in", _range, "CKV2_AZURE_19", Severity.CRITICAL, FIREWALL,
         whole=True),
    _own("AutoPause", "an idle pool stops", must_be("properties.autoPause.enabled", True, default=False),
         "WAF: cost", type_=POOL, pillar="Cost Optimization", controls=()),
    _own("SparkVersion", "the runtime is supported", must_not_be("properties.sparkVersion", "2.4", "3.1", "3.2", "3.3"),
         "Synapse: runtimes", type_=POOL, controls=("PV-7",)),
    _own("Lake", "the workspace's lake is named by id", must_have("properties.defaultDataLakeStorage.resourceId"),
         "Synapse: private lake", controls=("DP-2",)),
)  # fmt: skip
