"""Storage accounts: names of the world, end points, keys, and the defaults that Azure makes visible."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from azlocal.arm import privatelink
from azlocal.arm.checks import holders
from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.locations import normalize
from azlocal.arm.messages import ArmResponse
from azlocal.arm.operations import iso
from azlocal.arm.providers.storage import keys
from azlocal.arm.types import Action, Json, NameRule, ResourceType, ScopeAction
from azlocal.arm.zones import check_redundancy
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

NAME = "Microsoft.Storage/storageAccounts"
SUFFIX = "core.windows.net"
RULE = NameRule(
    r"[a-z0-9]+",
    3,
    24,
    "3-24 lower-case letters and digits",
    code="AccountNameInvalid",
    taken="StorageAccountAlreadyTaken",
)
SKUS = (
    "Standard_LRS",
    "Standard_GRS",
    "Standard_RAGRS",
    "Standard_ZRS",
    "Premium_LRS",
    "Premium_ZRS",
    "Standard_GZRS",
    "Standard_RAGZRS",
    "StandardV2_LRS",
    "StandardV2_GRS",
    "StandardV2_ZRS",
    "StandardV2_GZRS",
    "PremiumV2_LRS",
    "PremiumV2_ZRS",
)
KINDS = ("Storage", "StorageV2", "BlobStorage", "FileStorage", "BlockBlobStorage")
# Which services a kind has (Microsoft Learn, "Storage account overview").
_SERVICES = {
    "storage": ("blob", "queue", "table", "file"),
    "storagev2": ("dfs", "web", "blob", "queue", "table", "file"),
    "blobstorage": ("dfs", "blob"),
    "filestorage": ("file",),
    "blockblobstorage": ("dfs", "web", "blob"),
}
_TIERED = {"storagev2", "blobstorage"}


def endpoint(account: str, service: str) -> str:
    """A service's address. Static websites have a zone in theirs."""
    return f"https://{account}.{'z6.' if service == 'web' else ''}{service}.{SUFFIX}/"


def _check(_call: Call, new: Resource, old: Resource | None) -> None:
    _check_network_rules(new)
    check_redundancy(new.body["sku"]["name"], new.body["kind"], new.body["location"])
    if new.properties.get("isHnsEnabled") and new.body["kind"].lower() not in {
        "storagev2",
        "blockblobstorage",
    }:
        raise bad_request(
            f"Hierarchical namespace is not supported for an account of kind {new.body['kind']}.",
            "HnsNotSupportedForAccountKind",
        )
    if new.properties.get("accessTier") and new.body["kind"].lower() not in _TIERED:
        raise bad_request(
            f"Values for request parameters are invalid: accessTier. An account of kind {new.body['kind']} has none.",
            "InvalidValuesForRequestParameters",
            "accessTier",
        )
    if old and old.body["kind"].lower() != new.body["kind"].lower():
        upgrade = (old.body["kind"].lower(), new.body["kind"].lower()) in {
            ("storage", "storagev2"),
            ("blobstorage", "storagev2"),
        }
        if not upgrade:
            raise ArmError(
                409,
                "StorageAccountOperationNotAllowed",
                f"The account kind cannot change from {old.body['kind']} to {new.body['kind']}.",
                target="kind",
            )


def _check_network_rules(new: Resource) -> None:
    """Public IPv4 addresses and ranges; a single one is written without its prefix length.

    Raises:
        ArmError: 400 InvalidValuesForRequestParameters.
    """
    acls = new.properties.get("networkAcls") or {}
    for rule in acls.get("ipRules") or []:
        value = rule.get("value", "")
        rule.setdefault("action", "Allow")
        try:
            network = ipaddress.ip_network(value, strict=False)
            bad = network.is_private or ("/" in value and network.prefixlen > 30)
        except ValueError:
            bad = True
        if bad:
            raise bad_request(
                f"Values for request parameters are invalid: networkAcls.ipRule[*].value. '{value}' must be a public"
                " IPv4 address or a range of up to /30.",
                "InvalidValuesForRequestParameters",
                "networkAcls.ipRules",
            )


def _complete(call: Call, new: Resource, old: Resource | None) -> None:
    """The defaults that depend on kind, redundancy and name."""
    properties, kind, sku = new.properties, new.body["kind"].lower(), new.body["sku"]
    now = iso(call.control.clock())
    sku["tier"] = "Premium" if sku["name"].lower().startswith("premium") else "Standard"
    if kind in _TIERED:
        properties.setdefault("accessTier", "Hot")
    region = normalize(new.body["location"])
    redundancy = sku["name"].lower()
    properties.update(
        creationTime=old.properties["creationTime"] if old else now,
        primaryLocation=region,
        statusOfPrimary="available",
        primaryEndpoints={service: endpoint(new.name, service) for service in _SERVICES[kind]},
    )
    if "gzrs" in redundancy or "grs" in redundancy:
        properties.update(
            secondaryLocation="centralus" if region != "centralus" else "eastus2",
            statusOfSecondary="available",
        )
    if "ragzrs" in redundancy or "ragrs" in redundancy:
        properties["secondaryEndpoints"] = {
            service: endpoint(f"{new.name}-secondary", service) for service in _SERVICES[kind] if service != "file"
        }
    services = properties["encryption"].setdefault("services", {})
    for service in ("file", "blob"):
        services.setdefault(service, {"keyType": "Account", "enabled": True})
        services[service].setdefault("lastEnabledTime", properties["creationTime"])


def _written(call: Call, new: Resource, old: Resource | None) -> None:
    if old is None:
        keys.make(call.state, new.key, call.control.clock())


def _show(call: Call, resource: Resource, body: Json) -> None:
    privatelink.show(call, resource, body)
    body["properties"]["keyCreationTime"] = keys.creation_times(call.state, resource.key)
    acls = {"resourceAccessRules": [], "ipv6Rules": [], **body["properties"]["networkAcls"]}
    body["properties"]["networkAcls"] = acls


def check_name(call: Call, _match: re.Match[str]) -> ArmResponse:
    """``checkNameAvailability``: whether a name may be taken, and why not."""
    name = str((call.request.body or {}).get("name", ""))
    if not RULE.accepts(name):
        return ArmResponse(
            200,
            {
                "nameAvailable": False,
                "reason": "AccountNameInvalid",
                "message": f"{name} is not a valid storage account name. Storage account name must be between 3 and 24"
                " characters in length and use numbers and lower-case letters only.",
            },
        )
    if holders(call.state, call.control.types[NAME.lower()][1], name):
        return ArmResponse(
            200,
            {
                "nameAvailable": False,
                "reason": "AlreadyExists",
                "message": f"The storage account named {name} is already taken.",
            },
        )
    return ArmResponse(200, {"nameAvailable": True})


def list_skus(_call: Call, _match: re.Match[str]) -> ArmResponse:
    """The kinds of redundancy."""
    value = [
        {
            "resourceType": "storageAccounts",
            "name": sku,
            "tier": sku.partition("_")[0].removesuffix("V2"),
            "kind": "StorageV2",
            "locations": [],
            "capabilities": [],
            "restrictions": [],
        }
        for sku in SKUS
    ]
    return ArmResponse(200, {"value": value})


CALLS = (
    ScopeAction("POST", "checkNameAvailability", check_name, "Microsoft.Storage/checknameavailability/read"),
    ScopeAction("GET", "skus", list_skus, "Microsoft.Storage/skus/read"),
)

TYPES = (
    ResourceType(
        name=NAME,
        tracked=True,
        name_rule=RULE,
        dns_suffix=SUFFIX,
        required=("sku.name", "kind"),
        enums={
            "sku.name": SKUS,
            "kind": KINDS,
            "properties.accessTier": ("Hot", "Cool", "Cold", "Premium"),
            "properties.minimumTlsVersion": ("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"),
            "properties.publicNetworkAccess": ("Enabled", "Disabled", "SecuredByPerimeter"),
            "properties.networkAcls.defaultAction": ("Allow", "Deny"),
            "properties.allowedCopyScope": ("PrivateLink", "AAD"),
        },
        defaults={
            "properties.minimumTlsVersion": "TLS1_2",
            "properties.allowBlobPublicAccess": False,
            "properties.allowCrossTenantReplication": False,
            "properties.supportsHttpsTrafficOnly": True,
            "properties.networkAcls.bypass": "AzureServices",
            "properties.networkAcls.defaultAction": "Allow",
            "properties.networkAcls.ipRules": [],
            "properties.networkAcls.virtualNetworkRules": [],
            "properties.encryption.keySource": "Microsoft.Storage",
        },
        create_only=(
            "properties.isHnsEnabled",
            "properties.isNfsV3Enabled",
            "properties.encryption.requireInfrastructureEncryption",
        ),
        singletons=("blobServices", "fileServices", "queueServices", "tableServices"),
        duration=25,
        create_status=200,
        pending_status=202,
        check=_check,
        complete=_complete,
        committed=_written,
        present=_show,
        deleted=keys.forget,
        actions={
            "listKeys": Action(keys.list_keys, "listkeys/action"),
            "regenerateKey": Action(keys.regenerate, "regeneratekey/action"),
        },
    ),
    privatelink.connection_type(NAME),
    privatelink.links_type(NAME),
)
