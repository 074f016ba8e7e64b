"""Rules on container registries."""

from __future__ import annotations

from collections.abc import Iterable

from .conditions import get, must_be, must_be_named, must_not_be, same
from .model import OURS, Body, Context, Finding, Rule, Severity

REGISTRY = "Microsoft.ContainerRegistry/registries"
REPLICA = f"{REGISTRY}/replications"


def _premium(body: Body, _context: Context) -> bool:
    return same(get(body, "sku.name"), "Premium")


def _without_key(body: Body, context: Context) -> bool:
    return _premium(body, context) and not same(get(body, "properties.encryption.status"), "enabled")


def _without_retention(body: Body, _context: Context) -> bool:
    return not same(get(body, "properties.policies.retentionPolicy.status"), "enabled")


def _firewall(body: Body, context: Context) -> Iterable[Finding]:
    closed = same(get(body, "properties.publicNetworkAccess"), "Disabled")
    denied = same(get(body, "properties.networkRuleSet.defaultAction"), "Deny")
    if _premium(body, context) and not closed and not denied:
        yield Finding("properties.networkRuleSet.defaultAction", "networks are let in unless named")


def _replica(body: Body, context: Context) -> Iterable[Finding]:
    regions = {get(one.body, "location") for one in context.of("Microsoft.Resources/resourceGroups")}
    if regions and get(body, "location") not in regions | {None}:
        yield Finding("location", "is no region this environment uses")


RULES = (
    Rule("Azure.ACR.AdminUser", "no shared admin user", Severity.CRITICAL, (REGISTRY,),
         must_be("properties.adminUserEnabled", False, default=False), "AZR-000005", controls=("IM-1",)),
    Rule("Azure.ACR.MinSku", "a tier for production", Severity.IMPORTANT, (REGISTRY,),
         must_be("sku.name", "Standard", "Premium"), "AZR-000006", "Reliability"),
    Rule("Azure.ACR.Name", "the name is one Azure takes", Severity.AWARENESS, (REGISTRY,),
         must_be_named("[A-Za-z0-9]{5,50}", "5 to 50 letters and digits"), "AZR-000007", "Operational Excellence"),
    Rule("Azure.ACR.Quarantine", "images wait until they are scanned", Severity.IMPORTANT, (REGISTRY,),
         must_be("properties.policies.quarantinePolicy.status", "enabled", default="disabled"), "AZR-000008",
         controls=("DS-6",)),
    Rule("Azure.ACR.ContentTrust", "images are signed", Severity.IMPORTANT, (REGISTRY,),
         must_be("properties.policies.trustPolicy.status", "enabled", default="disabled", when=_without_key),
         "AZR-000009", controls=("DS-6",)),
    Rule("Azure.ACR.Retention", "untagged manifests go", Severity.IMPORTANT, (REGISTRY,),
         must_be("properties.policies.retentionPolicy.status", "enabled", default="disabled", when=_premium),
         "AZR-000010", "Cost Optimization"),
    Rule("Azure.ACR.AnonymousAccess", "nobody pulls without an identity", Severity.CRITICAL, (REGISTRY,),
         must_be("properties.anonymousPullEnabled", False, default=False), "AZR-000401", controls=("IM-1",)),
    Rule("Azure.ACR.Firewall", "networks are refused unless named", Severity.CRITICAL, (REGISTRY,), _firewall,
         "AZR-000402", controls=("NS-2",)),
    Rule("Azure.ACR.ReplicaLocation", "copies stay in allowed regions", Severity.IMPORTANT, (REPLICA,), _replica,
         "AZR-000494", controls=("DP-2",), whole=True),
    Rule("Azure.ACR.ExportPolicy", "images can't be exported", Severity.IMPORTANT, (REGISTRY,),
         must_be("properties.policies.exportPolicy.status", "disabled", default="enabled"), controls=("DP-2",)),
    Rule(f"{OURS}ACR.PublicAccess", "the registry has no public door", Severity.CRITICAL, (REGISTRY,),
         must_be("properties.publicNetworkAccess", "Disabled", default="Enabled"), controls=("NS-2",),
         source="CKV_AZURE_139"),
    Rule(f"{OURS}ACR.ZoneRedundancy", "the registry outlives a zone", Severity.IMPORTANT, (REGISTRY,),
         must_be("properties.zoneRedundancy", "Enabled", default="Disabled"), pillar="Reliability",
         source="CKV_AZURE_233, absent as Azure's default"),
    Rule(f"{OURS}ACR.DataEndpoint", "layers come from an endpoint of the registry's own", Severity.IMPORTANT,
         (REGISTRY,),
         must_be("properties.dataEndpointEnabled", True, default=False), controls=("NS-2",), source="CKV_AZURE_237"),
    Rule("Azure.ACR.SoftDelete", "deleted images can be recovered", Severity.IMPORTANT, (REGISTRY,),
         must_not_be("properties.policies.softDeletePolicy.status", "disabled", default="disabled",
                     when=_without_retention), "AZR-000310", "Reliability"),
)  # fmt: skip
