"""Rules on storage accounts."""

from __future__ import annotations

from collections.abc import Iterable

from .conditions import get, must_be, must_be_named, must_not_be, same
from .model import OURS, Body, Context, Finding, Rule, Severity
from .network import linked

ACCOUNT = "Microsoft.Storage/storageAccounts"
BLOBS = f"{ACCOUNT}/blobServices"
FILES = f"{ACCOUNT}/fileServices"
CONTAINER = f"{BLOBS}/containers"
DEFENDER = "Microsoft.Security/defenderForStorageSettings"
GEO = ("Standard_GRS", "Standard_RAGRS", "Standard_GZRS", "Standard_RAGZRS")


def _flat(_body: Body, context: Context) -> bool:
    account = context.resource.segment("storageAccounts")
    return not any(
        get(one.body, "properties.isHnsEnabled", False) for one in context.of(ACCOUNT) if one.name == account
    )


def _file_storage(_body: Body, context: Context) -> bool:
    account = context.resource.segment("storageAccounts")
    return any(same(get(one.body, "kind"), "FileStorage") for one in context.of(ACCOUNT) if one.name == account)


def _standard(body: Body, _context: Context) -> bool:
    return str(get(body, "sku.name", "Standard_LRS")).lower().startswith("standard")


def _defended(path: str, what: str) -> Rule:
    def check(_body: Body, context: Context) -> Iterable[Finding]:
        account = context.resource.name
        settings = [one for one in context.of(DEFENDER) if one.segment("storageAccounts") == account]
        if not any(same(get(one.body, f"properties.{path}"), True) for one in settings):
            yield Finding(f"{DEFENDER}.properties.{path}", "is not on for the account")

    id_, number, title = {
        "isEnabled": ("DefenderCloud", "AZR-000386", "Defender for Storage watches the account"),
        "malwareScanning.onUpload.isEnabled": ("DefenderCloud.MalwareScan", "AZR-000384", "uploads are scanned"),
        "sensitiveDataDiscovery.isEnabled": ("DefenderCloud.SensitiveData", "AZR-000391", "sensitive data is found"),
    }[path]
    return Rule(
        f"Azure.Storage.{id_}", title, Severity.IMPORTANT, (ACCOUNT,), check, number, "Security", (what,), whole=True
    )


def _endpoint(_body: Body, context: Context) -> Iterable[Finding]:
    if not linked(context):
        yield Finding("privateEndpoints", "no private endpoint leads to the account")


RULES = (
    Rule("Azure.Storage.UseReplication", "data is kept in a second region", Severity.IMPORTANT, (ACCOUNT,),
         must_be("sku.name", *GEO, default="Standard_LRS", when=_standard), "AZR-000195", "Reliability"),
    Rule("Azure.Storage.SecureTransfer", "only HTTPS is accepted", Severity.CRITICAL, (ACCOUNT,),
         must_be("properties.supportsHttpsTrafficOnly", True, default=True), "AZR-000196", "Security", ("DP-3",)),
    Rule("Azure.Storage.SoftDelete", "deleted blobs can be recovered", Severity.IMPORTANT, (BLOBS,),
         must_be("properties.deleteRetentionPolicy.enabled", True, when=_flat), "AZR-000197", "Reliability",
         whole=True),
    Rule("Azure.Storage.BlobPublicAccess", "no blob is readable without an identity", Severity.CRITICAL, (ACCOUNT,),
         must_be("properties.allowBlobPublicAccess", False), "AZR-000198", "Security", ("NS-2",)),
    Rule("Azure.Storage.BlobAccessType", "containers are private", Severity.CRITICAL, (CONTAINER,),
         must_be("properties.publicAccess", "None", default="None"), "AZR-000199", "Security", ("NS-2",)),
    Rule("Azure.Storage.MinTLS", "TLS 1.2 is the least", Severity.CRITICAL, (ACCOUNT,),
         must_be("properties.minimumTlsVersion", "TLS1_2", "TLS1_3", default="TLS1_0"), "AZR-000200", "Security",
         ("DP-3",)),
    Rule("Azure.Storage.Name", "the name is one Azure takes", Severity.AWARENESS, (ACCOUNT,),
         must_be_named("[a-z0-9]{3,24}", "3 to 24 lower-case letters and digits"), "AZR-000201",
         "Operational Excellence"),
    Rule("Azure.Storage.Firewall", "networks are refused unless named", Severity.CRITICAL, (ACCOUNT,),
         must_be("properties.networkAcls.defaultAction", "Deny", default="Allow"), "AZR-000202", "Security", ("NS-2",)),
    Rule("Azure.Storage.ContainerSoftDelete", "deleted containers can be recovered", Severity.IMPORTANT, (BLOBS,),
         must_be("properties.containerDeleteRetentionPolicy.enabled", True, when=_flat), "AZR-000289", "Reliability",
         whole=True),
    Rule("Azure.Storage.FileShareSoftDelete", "deleted shares can be recovered", Severity.IMPORTANT, (FILES,),
         must_be("properties.shareDeleteRetentionPolicy.enabled", True, default=True, when=_file_storage), "AZR-000298",
         "Reliability", whole=True),
    Rule("Azure.Storage.LocalAuth", "account keys open nothing", Severity.CRITICAL, (ACCOUNT,),
         must_be("properties.allowSharedKeyAccess", False, default=True), pillar="Security", controls=("IM-1",)),
    _defended("isEnabled", "LT-1"),
    _defended("malwareScanning.onUpload.isEnabled", "DS-6"),
    _defended("sensitiveDataDiscovery.isEnabled", "LT-1"),
    Rule(f"{OURS}Storage.PublicAccess", "the account has no public door", Severity.CRITICAL, (ACCOUNT,),
         must_be("properties.publicNetworkAccess", "Disabled", default="Enabled"), controls=("NS-2",),
         source="CKV_AZURE_59"),
    Rule(f"{OURS}Storage.LocalUsers", "no users beside Entra's", Severity.IMPORTANT, (ACCOUNT,),
         must_be("properties.isLocalUserEnabled", False, default=True), controls=("IM-1",), source="CKV_AZURE_244"),
    Rule(f"{OURS}Storage.CrossTenant", "no copy goes to another tenant", Severity.IMPORTANT, (ACCOUNT,),
         must_be("properties.allowCrossTenantReplication", False, default=False), controls=("DP-2",),
         source="MCSB DP-2"),
    Rule(f"{OURS}Storage.OAuthDefault", "Entra is what a portal asks first", Severity.AWARENESS, (ACCOUNT,),
         must_be("properties.defaultToOAuthAuthentication", True, default=False), controls=("IM-1",),
         source="MCSB IM-1"),
    Rule(f"{OURS}Storage.Sftp", "no SFTP door", Severity.CRITICAL, (ACCOUNT,),
         must_not_be("properties.isSftpEnabled", True, default=False), controls=("NS-2",), source="MCSB NS-2"),
    Rule(f"{OURS}Storage.PrivateEndpoint", "the account is reached by a private endpoint", Severity.IMPORTANT,
         (ACCOUNT,),
         _endpoint, controls=("NS-2",), source="CKV2_AZURE_33", whole=True),
)  # fmt: skip
