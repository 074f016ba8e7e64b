"""What an account holds: its blob, file, queue and table services with their containers, shares, queues, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.arm.operations import iso
from azlocal.arm.providers.storage.accounts import NAME as ACCOUNT
from azlocal.arm.types import Json, NameRule, ResourceType
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

CONTAINER = f"{ACCOUNT}/blobServices/containers"
SHARE = f"{ACCOUNT}/fileServices/shares"
_HYPHENATED = r"[a-z0-9](-?[a-z0-9])*"
_DAYS = (1, 365)


def account_of(call: Call, resource: Resource) -> Resource:
    """The account that a resource below it belongs to."""
    key = "/".join(resource.key.split("/")[:9])
    account = call.state.get(key)
    if account is None:
        raise ArmError(404, "ParentResourceNotFound", f"The storage account of '{resource.id}' was not found.")
    return account


def _singleton(call: Call) -> ArmResponse:
    raise ArmError(
        405,
        "MethodNotAllowed",
        f"'{call.path.path}' belongs to its account and goes with it: it cannot be deleted.",
    )


def _check_only_default(_call: Call, new: Resource, _old: Resource | None) -> None:
    if new.name.lower() != "default":
        raise bad_request(f"'{new.name}' is not allowed: the only name is 'default'.", "InvalidResourceName", "name")


def _check_blob_service(call: Call, new: Resource, _old: Resource | None) -> None:
    _check_only_default(call, new, _old)
    properties = new.properties
    for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        _check_days(properties.get(policy) or {}, policy)
    hierarchical = account_of(call, new).properties.get("isHnsEnabled")
    for feature in ("isVersioningEnabled", "restorePolicy.enabled", "changeFeed.enabled"):
        head, _, rest = feature.partition(".")
        value = properties.get(head)
        value = value.get(rest) if rest and isinstance(value, dict) else value
        if hierarchical and value is True:
            raise bad_request(
                f"Feature {head} is not supported for the account: it has a hierarchical namespace.",
                "FeatureNotSupportedForAccount",
                head,
            )


def _check_file_service(call: Call, new: Resource, _old: Resource | None) -> None:
    _check_only_default(call, new, _old)
    _check_days(new.properties.get("shareDeleteRetentionPolicy") or {}, "shareDeleteRetentionPolicy")


def _check_days(policy: Json, name: str) -> None:
    days = policy.get("days")
    if policy.get("enabled") and (not isinstance(days, int) or not _DAYS[0] <= days <= _DAYS[1]):
        raise bad_request(
            f"Values for request parameters are invalid: {name}.days is {days}, allowed are {_DAYS[0]}-{_DAYS[1]}.",
            "InvalidValuesForRequestParameters",
            name,
        )


def _show_service(call: Call, resource: Resource, body: Json) -> None:
    body["sku"] = account_of(call, resource).body["sku"]


def _check_container(call: Call, new: Resource, old: Resource | None) -> None:
    account = account_of(call, new)
    wanted = str(new.properties.get("publicAccess", "None")).lower()
    if wanted != "none" and not account.properties.get("allowBlobPublicAccess"):
        raise ArmError(
            409,
            "PublicAccessNotPermitted",
            "Public access is not permitted on this storage account: allowBlobPublicAccess of"
            f" {account.name} is false.",
        )
    new.properties["lastModifiedTime"] = iso(call.control.clock())
    if old:
        for name in ("hasImmutabilityPolicy", "hasLegalHold"):
            new.properties[name] = old.properties.get(name, False)


def _check_share(call: Call, new: Resource, _old: Resource | None) -> None:
    quota = new.properties["shareQuota"]
    if not isinstance(quota, int) or not 1 <= quota <= 102_400:
        raise bad_request(
            f"Values for request parameters are invalid: shareQuota is {quota}, allowed are 1-102400 GiB.",
            "InvalidValuesForRequestParameters",
            "shareQuota",
        )
    new.properties["lastModifiedTime"] = iso(call.control.clock())


def _show_etag(_call: Call, resource: Resource, body: Json) -> None:
    body["etag"] = f'"{resource.etag}"'


def _check_policy(call: Call, new: Resource, old: Resource | None) -> None:
    _check_only_default(call, new, old)
    rules = (new.properties.get("policy") or {}).get("rules") or []
    names = [rule.get("name") for rule in rules]
    if not 1 <= len(rules) <= 100 or len(set(names)) != len(names):
        raise bad_request(
            "Values for request parameters are invalid: policy.rules needs 1 to 100 rules with different names.",
            "InvalidValuesForRequestParameters",
            "policy.rules",
        )
    new.properties["lastModifiedTime"] = iso(call.control.clock())


def _check_entity(_call: Call, new: Resource, _old: Resource | None) -> None:
    new.properties.setdefault("metadata", {})


_NO_CORS: dict[str, Any] = {"properties.cors.corsRules": []}

TYPES = (
    ResourceType(
        name=f"{ACCOUNT}/blobServices",
        provisioning=False,
        defaults={
            **_NO_CORS,
            "properties.deleteRetentionPolicy.enabled": False,
            "properties.deleteRetentionPolicy.allowPermanentDelete": False,
        },
        check=_check_blob_service,
        present=_show_service,
        delete=_singleton,
    ),
    ResourceType(
        name=f"{ACCOUNT}/fileServices",
        provisioning=False,
        defaults={
            **_NO_CORS,
            "properties.shareDeleteRetentionPolicy.enabled": True,
            "properties.shareDeleteRetentionPolicy.days": 7,
            "properties.protocolSettings.smb": {},
        },
        check=_check_file_service,
        present=_show_service,
        delete=_singleton,
    ),
    *(
        ResourceType(
            name=f"{ACCOUNT}/{service}",
            provisioning=False,
            defaults=_NO_CORS,
            check=_check_only_default,
            delete=_singleton,
        )
        for service in ("queueServices", "tableServices")
    ),
    ResourceType(
        name=CONTAINER,
        provisioning=False,
        name_rule=NameRule(
            rf"{_HYPHENATED}|\$root|\$web|\$logs",
            3,
            63,
            "3-63 lower-case letters, digits and single hyphens",
            code="ContainerNameInvalid",
        ),
        enums={"properties.publicAccess": ("None", "Blob", "Container")},
        defaults={
            "properties.publicAccess": "None",
            "properties.deleted": False,
            "properties.remainingRetentionDays": 0,
            "properties.defaultEncryptionScope": "$account-encryption-key",
            "properties.denyEncryptionScopeOverride": False,
            "properties.leaseStatus": "Unlocked",
            "properties.leaseState": "Available",
            "properties.hasImmutabilityPolicy": False,
            "properties.hasLegalHold": False,
            "properties.immutableStorageWithVersioning.enabled": False,
        },
        check=_check_container,
        present=_show_etag,
    ),
    ResourceType(
        name=SHARE,
        provisioning=False,
        name_rule=NameRule(
            _HYPHENATED, 3, 63, "3-63 lower-case letters, digits and single hyphens", code="ShareNameInvalid"
        ),
        enums={"properties.enabledProtocols": ("SMB", "NFS")},
        defaults={
            "properties.shareQuota": 5120,
            "properties.enabledProtocols": "SMB",
            "properties.accessTier": "TransactionOptimized",
            "properties.leaseStatus": "unlocked",
            "properties.leaseState": "available",
        },
        check=_check_share,
        present=_show_etag,
    ),
    ResourceType(
        name=f"{ACCOUNT}/queueServices/queues",
        provisioning=False,
        name_rule=NameRule(
            _HYPHENATED, 3, 63, "3-63 lower-case letters, digits and single hyphens", code="QueueNameInvalid"
        ),
        create_status=200,
        delete_status=204,
        check=_check_entity,
    ),
    ResourceType(
        name=f"{ACCOUNT}/tableServices/tables",
        provisioning=False,
        name_rule=NameRule(
            r"[A-Za-z][A-Za-z0-9]*", 3, 63, "3-63 letters and digits, a letter first", code="TableNameInvalid"
        ),
        create_status=200,
        delete_status=204,
    ),
    ResourceType(
        name=f"{ACCOUNT}/managementPolicies",
        provisioning=False,
        required=("properties.policy.rules",),
        create_status=200,
        check=_check_policy,
    ),
)
