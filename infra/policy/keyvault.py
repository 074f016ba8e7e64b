"""Rules on key vaults, their keys and their secrets."""

from __future__ import annotations

from collections.abc import Iterable

from .conditions import get, items, must_be, must_be_named, same
from .model import OURS, Body, Context, Finding, Rule, Severity
from .monitor import logs_of
from .network import linked

VAULT = "Microsoft.KeyVault/vaults"
KEY = f"{VAULT}/keys"
SECRET = f"{VAULT}/secrets"
AUDIT = {"auditevent", "audit", "alllogs"}


def _policies(body: Body, _context: Context) -> Iterable[Finding]:
    for place, policy in items(body, "properties.accessPolicies"):
        for kind in ("keys", "secrets", "certificates", "storage"):
            for given in get(policy, f"permissions.{kind}", ()):
                if given.lower() in {"all", "purge"}:
                    yield Finding(f"{place}.permissions.{kind}", f"{given!r} is more than anyone needs")


def _logged(_body: Body, context: Context) -> Iterable[Finding]:
    if not any(log.lower() in AUDIT for setting in logs_of(context) for log in setting):
        yield Finding("diagnosticSettings.logs", "no diagnostic setting keeps the audit log")


def _rotated(body: Body, _context: Context) -> Iterable[Finding]:
    actions = get(body, "properties.rotationPolicy.lifetimeActions", ())
    if not any(same(get(one, "action.type"), "rotate") for one in actions):
        yield Finding("properties.rotationPolicy.lifetimeActions", "has no action that rotates the key")


def _endpoint(_body: Body, context: Context) -> Iterable[Finding]:
    if not linked(context):
        yield Finding("privateEndpoints", "no private endpoint leads to the vault")


RULES = (
    Rule("Azure.KeyVault.AccessPolicy", "nobody may do everything", Severity.IMPORTANT, (VAULT,), _policies,
         "AZR-000118", controls=("PA-7",)),
    Rule("Azure.KeyVault.Logs", "each access leaves a trace", Severity.IMPORTANT, (VAULT,), _logged, "AZR-000119",
         controls=("LT-4",), whole=True),
    Rule("Azure.KeyVault.Name", "the name is one Azure takes", Severity.AWARENESS, (VAULT,),
         must_be_named("[A-Za-z](?:-?[A-Za-z0-9]){2,23}", "3 to 24 letters, digits and hyphens, a letter first"),
         "AZR-000120", "Operational Excellence"),
    Rule("Azure.KeyVault.SecretName", "the name is one Azure takes", Severity.AWARENESS, (SECRET,),
         must_be_named("[A-Za-z0-9-]{1,127}", "1 to 127 letters, digits and hyphens"), "AZR-000121",
         "Operational Excellence"),
    Rule("Azure.KeyVault.KeyName", "the name is one Azure takes", Severity.AWARENESS, (KEY,),
         must_be_named("[A-Za-z0-9-]{1,127}", "1 to 127 letters, digits and hyphens"), "AZR-000122",
         "Operational Excellence"),
    Rule("Azure.KeyVault.AutoRotationPolicy", "keys rotate by themselves", Severity.IMPORTANT, (KEY,), _rotated,
         "AZR-000123", controls=("DP-7",)),
    Rule("Azure.KeyVault.SoftDelete", "a deleted vault can be recovered", Severity.IMPORTANT, (VAULT,),
         must_be("properties.enableSoftDelete", True), "AZR-000124", "Reliability"),
    Rule("Azure.KeyVault.PurgeProtect", "nobody can purge before the time is up", Severity.IMPORTANT, (VAULT,),
         must_be("properties.enablePurgeProtection", True), "AZR-000125", "Reliability"),
    Rule("Azure.KeyVault.Firewall", "networks are refused unless named", Severity.CRITICAL, (VAULT,),
         must_be("properties.networkAcls.defaultAction", "Deny", default="Allow"), "AZR-000355", controls=("NS-2",)),
    Rule("Azure.KeyVault.RBAC", "Azure's roles decide", Severity.AWARENESS, (VAULT,),
         must_be("properties.enableRbacAuthorization", True, default=False), "AZR-000388", controls=("PA-7",)),
    Rule(f"{OURS}KeyVault.PublicAccess", "the vault has no public door", Severity.CRITICAL, (VAULT,),
         must_be("properties.publicNetworkAccess", "Disabled", default="Enabled"), controls=("NS-2",),
         source="CKV_AZURE_189"),
    Rule(f"{OURS}KeyVault.PrivateEndpoint", "the vault is reached by a private endpoint", Severity.IMPORTANT, (VAULT,),
         _endpoint, controls=("NS-2",), source="CKV2_AZURE_32", whole=True),
)  # fmt: skip
