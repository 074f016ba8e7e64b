"""Rules on identities, role assignments, tags and regions."""

from __future__ import annotations

from collections.abc import Iterable

from .conditions import get, items, must_be_named, must_have, same
from .model import OURS, Body, Context, Finding, Rule, Severity
from .prefixes import open_prefixes

GROUP = "Microsoft.Resources/resourceGroups"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
CREDENTIAL = f"{IDENTITY}/federatedIdentityCredentials"
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
DEFINITION = "Microsoft.Authorization/roleDefinitions"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
TAGS = ("environment", "owner", "cost-center")
TAGGED = (GROUP, IDENTITY, "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults",
          "Microsoft.ContainerRegistry/registries", "Microsoft.ContainerService/managedClusters",
          "Microsoft.MachineLearningServices/workspaces", "Microsoft.Synapse/workspaces",
          "Microsoft.Network/virtualNetworks", "Microsoft.OperationalInsights/workspaces")  # fmt: skip
# type → where its list of addresses stands, and the key of each entry
LISTED = {
    "Microsoft.Storage/storageAccounts": ("properties.networkAcls.ipRules", "value"),
    "Microsoft.KeyVault/vaults": ("properties.networkAcls.ipRules", "value"),
    "Microsoft.ContainerRegistry/registries": ("properties.networkRuleSet.ipRules", "value"),
    "Microsoft.MachineLearningServices/workspaces": ("properties.ipAllowlist", ""),
    "Microsoft.ContainerService/managedClusters": ("properties.apiServerAccessProfile.authorizedIPRanges", ""),
}


def _tagged(body: Body, _context: Context) -> Iterable[Finding]:
    for tag in TAGS:
        if get(body, "tags") and not get(body["tags"], tag):
            yield Finding(f"tags.{tag}", "is absent or empty")


def _region(body: Body, context: Context) -> Iterable[Finding]:
    allowed = {get(one.body, "location", "").lower() for one in context.of(GROUP)}
    given = get(body, "location", "").replace(" ", "").lower()
    if allowed and given and given not in {*allowed, "global"}:
        yield Finding("location", f"{given} is not the environment's region")


def _no_owner(body: Body, _context: Context) -> Iterable[Finding]:
    if str(get(body, "properties.roleDefinitionId", "")).lower().endswith(OWNER):
        yield Finding("properties.roleDefinitionId", "Owner is more than anyone needs")


def _no_star(body: Body, _context: Context) -> Iterable[Finding]:
    for place, permission in items(body, "properties.permissions"):
        for kind in ("actions", "dataActions"):
            if "*" in get(permission, kind, ()):
                yield Finding(f"{place}.{kind}", "'*' allows everything")


def _listed(body: Body, context: Context) -> Iterable[Finding]:
    path, key = next(value for type_, value in LISTED.items() if same(type_, context.resource.type))
    given = [get(entry, key, "") if key else entry for entry in get(body, path, ())]
    for prefix in open_prefixes(given):
        yield Finding(path, f"{prefix} lets the internet in")


def _subject(body: Body, _context: Context) -> Iterable[Finding]:
    subject = str(get(body, "properties.subject", ""))
    if "*" in subject or subject.endswith(":pull_request"):
        yield Finding("properties.subject", f"{subject!r} is met by more than one environment")


RULES = (
    Rule("Azure.Resource.UseTags", "resources carry tags", Severity.AWARENESS, TAGGED, must_have("tags"),
         pillar="Operational Excellence", controls=("AM-2",)),
    Rule("Azure.Resource.RequiredTags", "resources carry the required tags", Severity.AWARENESS, TAGGED, _tagged,
         pillar="Operational Excellence", controls=("AM-2",)),
    Rule("Azure.Resource.AllowedRegions", "everything stands in the environment's region", Severity.IMPORTANT, TAGGED,
         _region, pillar="Security", controls=("DP-2",), whole=True),
    Rule("Azure.Identity.UserAssignedName", "the name is one Azure takes", Severity.AWARENESS, (IDENTITY,),
         must_be_named("[A-Za-z0-9][A-Za-z0-9_-]{2,127}", "3 to 128 letters, digits, _ and -"),
         pillar="Operational Excellence"),
    Rule(f"{OURS}RBAC.NoOwner", "nobody is Owner", Severity.CRITICAL, (ASSIGNMENT,), _no_owner, controls=("PA-7",),
         source="MCSB PA-7"),
    Rule(f"{OURS}RBAC.PrincipalType", "an assignment says what its principal is", Severity.IMPORTANT, (ASSIGNMENT,),
         must_have("properties.principalType"), controls=("PA-7",), source="AVM: role assignments"),
    Rule(f"{OURS}RBAC.NoStar", "no role of the project's own allows everything", Severity.CRITICAL, (DEFINITION,),
         _no_star,
         controls=("PA-7",), source="CKV_AZURE_39"),
    Rule(f"{OURS}Identity.Subject", "a federated subject is met by one environment alone", Severity.CRITICAL,
         (CREDENTIAL,),
         _subject, controls=("IM-3",), source="Entra: workload identity federation"),
    Rule(f"{OURS}Network.OpenList", "no list of addresses lets the internet in", Severity.CRITICAL, tuple(LISTED),
         _listed,
         controls=("NS-2",), source="MCSB NS-2"),
)  # fmt: skip
