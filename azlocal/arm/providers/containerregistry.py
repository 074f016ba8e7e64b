"""Microsoft.ContainerRegistry: registries. What they would hold is served nowhere: see ``azlocal.registry``."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from azlocal.arm import privatelink
from azlocal.arm.checks import holders
from azlocal.arm.errors import bad_request
from azlocal.arm.locations import normalize
from azlocal.arm.messages import ArmResponse
from azlocal.arm.operations import iso
from azlocal.arm.types import Action, Json, NameRule, Namespace, ResourceType, ScopeAction, read_path
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

REGISTRY = "Microsoft.ContainerRegistry/registries"
SUFFIX = "azurecr.io"
RULE = NameRule(r"[a-zA-Z0-9]+", 5, 50, "5-50 letters and digits", code="InvalidResourceName", taken="AlreadyInUse")
_PASSWORDS = "containerRegistryPasswords"  # the kind of a document
_PREMIUM_ONLY = (
    ("networkRuleSet.defaultAction", "Deny"),
    ("publicNetworkAccess", "Disabled"),
    ("dataEndpointEnabled", True),
    ("zoneRedundancy", "Enabled"),
    ("policies.retentionPolicy.status", "enabled"),
)
RETENTION_DAYS = (0, 365)
# GiB of storage and webhooks of a tier (Microsoft Learn, "Container Registry service tiers").
_LIMITS = {"basic": (10, 2), "standard": (100, 10), "premium": (500, 500)}


def _check(_call: Call, new: Resource, _old: Resource | None) -> None:
    """What only the Premium tier can do, and how long a retention may be.

    Raises:
        ArmError: 400 ResourceSkuNotSupported, or InvalidParameter.
    """
    if (
        read_path(new.properties, "policies.exportPolicy.status") == "disabled"
        and new.properties["publicNetworkAccess"] != "Disabled"
    ):
        raise bad_request(
            f"Export of artifacts cannot be disabled for {new.name} while publicNetworkAccess is Enabled.",
            "InvalidParameter",
            "policies.exportPolicy",
        )
    days = read_path(new.properties, "policies.retentionPolicy.days")
    if not RETENTION_DAYS[0] <= days <= RETENTION_DAYS[1]:
        raise bad_request(
            f"The retention policy of {new.name} keeps untagged manifests for {days} days; it is"
            f" {RETENTION_DAYS[0]} to {RETENTION_DAYS[1]}.",
            "InvalidParameter",
            "policies.retentionPolicy.days",
        )
    tier = new.body["sku"]["name"]
    new.body["sku"]["tier"] = tier
    if tier.lower() == "premium":
        return
    for path, value in _PREMIUM_ONLY:
        if read_path(new.properties, path) == value:
            raise bad_request(
                f"'{path}: {value}' is not supported by SKU {tier} of {new.name}. Use SKU Premium.",
                "ResourceSkuNotSupported",
                path,
            )


def _complete(call: Call, new: Resource, old: Resource | None) -> None:
    host = f"{new.name.lower()}.{SUFFIX}"
    new.properties["loginServer"] = host
    new.properties["creationDate"] = old.properties["creationDate"] if old else iso(call.control.clock())
    region = normalize(new.body["location"])
    new.properties["dataEndpointHostNames"] = (
        [f"{new.name.lower()}.{region}.data.{SUFFIX}"] if new.properties["dataEndpointEnabled"] else []
    )
    if new.body["sku"]["name"].lower() == "premium":
        rules = new.properties.setdefault("networkRuleSet", {"defaultAction": "Allow"})
        rules.setdefault("ipRules", [])


def _credentials(call: Call, registry: Resource) -> Json:
    if not registry.properties.get("adminUserEnabled"):
        raise bad_request(
            f"Cannot perform credential operations for {registry.id} as admin user is disabled. Kindly enable admin"
            " user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication"
            "#admin-account",
            "UnAuthorizedForCredentialOperations",
        )
    found: Json | None = call.state.document(_PASSWORDS, registry.key)
    if found is None:
        found = {name: secrets.token_urlsafe(39) for name in ("password", "password2")}
        call.state.put_document(_PASSWORDS, registry.key, found)
    return found


def _list_credentials(call: Call, registry: Resource) -> ArmResponse:
    found = _credentials(call, registry)
    passwords = [{"name": name, "value": value} for name, value in found.items()]
    return ArmResponse(200, {"username": registry.name, "passwords": passwords})


def _regenerate(call: Call, registry: Resource) -> ArmResponse:
    found = _credentials(call, registry)
    name = str((call.request.body or {}).get("name", ""))
    if name not in found:
        raise bad_request(f"'{name}' is no password of a registry: password or password2.", target="name")
    found[name] = secrets.token_urlsafe(39)
    call.state.put_document(_PASSWORDS, registry.key, found)
    return _list_credentials(call, registry)


def _usages(call: Call) -> ArmResponse:
    registry = call.state.get(call.path.parent.lower())
    tier = (registry.body["sku"]["name"] if registry else "basic").lower()
    size, webhooks = _LIMITS[tier]
    value = [
        {"name": "Size", "limit": size * 2**30, "currentValue": 0, "unit": "Bytes"},
        {"name": "Webhooks", "limit": webhooks, "currentValue": 0, "unit": "Count"},
    ]
    return ArmResponse(200, {"value": value})


def _deleted(control: ControlPlane, registry: Resource) -> None:
    control.state.delete_document(_PASSWORDS, registry.key)


def check_name(call: Call, _match: re.Match[str]) -> ArmResponse:
    """``checkNameAvailability``: whether a login server of this name may be made."""
    name = str((call.request.body or {}).get("name", ""))
    if not RULE.accepts(name):
        message = f"Invalid resource name: '{name}'. It must have {RULE.says}."
        return ArmResponse(200, {"nameAvailable": False, "reason": "Invalid", "message": message})
    if holders(call.state, call.control.types[REGISTRY.lower()][1], name):
        message = f"The registry DNS name {name.lower()}.{SUFFIX} is already in use."
        return ArmResponse(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return ArmResponse(200, {"nameAvailable": True})


NAMESPACE = Namespace(
    "Microsoft.ContainerRegistry",
    (
        "2019-05-01",
        "2021-06-01-preview",
        "2021-09-01",
        "2022-02-01-preview",
        "2022-12-01",
        "2023-01-01-preview",
        "2023-07-01",
        "2024-11-01-preview",
        "2025-04-01",
        "2025-11-01",
    ),
    (
        ResourceType(
            name=REGISTRY,
            tracked=True,
            system_data=True,
            name_rule=RULE,
            dns_suffix=SUFFIX,
            required=("sku.name",),
            enums={
                "sku.name": ("Basic", "Standard", "Premium"),
                "properties.publicNetworkAccess": ("Enabled", "Disabled"),
                "properties.networkRuleBypassOptions": ("AzureServices", "None"),
                "properties.zoneRedundancy": ("Enabled", "Disabled"),
                "properties.networkRuleSet.defaultAction": ("Allow", "Deny"),
            },
            defaults={
                "properties.adminUserEnabled": False,
                "properties.anonymousPullEnabled": False,
                "properties.dataEndpointEnabled": False,
                "properties.publicNetworkAccess": "Enabled",
                "properties.networkRuleBypassOptions": "AzureServices",
                "properties.zoneRedundancy": "Disabled",
                "properties.encryption.status": "disabled",
                "properties.policies.quarantinePolicy.status": "disabled",
                "properties.policies.trustPolicy": {"type": "Notary", "status": "disabled"},
                "properties.policies.retentionPolicy": {"days": 7, "status": "disabled"},
                "properties.policies.exportPolicy.status": "enabled",
                "properties.policies.azureADAuthenticationAsArmPolicy.status": "enabled",
                "properties.policies.softDeletePolicy": {"retentionDays": 7, "status": "disabled"},
            },
            create_only=("properties.zoneRedundancy",),
            duration=17,
            delete_duration=15,
            check=_check,
            complete=_complete,
            present=privatelink.show,
            deleted=_deleted,
            actions={
                "listCredentials": Action(_list_credentials, "listCredentials/action"),
                "regenerateCredential": Action(_regenerate, "regenerateCredential/action"),
            },
        ),
        ResourceType(name=f"{REGISTRY}/listUsages", provisioning=False, list=_usages),
        privatelink.connection_type(REGISTRY),
        privatelink.links_type(REGISTRY),
    ),
    (
        ScopeAction(
            "POST", "checkNameAvailability", check_name, "Microsoft.ContainerRegistry/checkNameAvailability/read"
        ),
    ),
)
