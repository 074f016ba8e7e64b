"""Microsoft.Security: Defender for Storage on one account (REST reference, "Defender For Storage - Create")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.types import NameRule, Namespace, ResourceType, Scope
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

ACCOUNT = "Microsoft.Storage/storageAccounts"
SETTING = "Microsoft.Security/defenderForStorageSettings"
UNCAPPED = -1
_DONE = {"code": "Succeeded", "message": ""}


def _check(call: Call, new: Resource, _old: Resource | None) -> None:
    """The setting of a storage account that is there, whose scans have a cap of some GB or none.

    Raises:
        ArmError: 404 ResourceNotFound or 400 BadRequest.
    """
    scope = call.path.scope
    target = call.state.get(scope.lower())
    if target is None:
        raise ArmError(404, "ResourceNotFound", f"The Resource '{scope}' was not found.")
    if target.type.lower() != ACCOUNT.lower():
        raise bad_request(f"Defender for Storage is for {ACCOUNT}, and '{scope}' is a {target.type}.", "BadRequest")
    upload = (new.properties.get("malwareScanning") or {}).get("onUpload") or {}
    cap = upload.get("capGBPerMonth", UNCAPPED)
    if not isinstance(cap, int) or (cap < 1 and cap != UNCAPPED):
        raise bad_request(
            f"capGBPerMonth {cap} must be {UNCAPPED} for no cap, or at least 1.",
            "BadRequest",
            "properties.malwareScanning.onUpload.capGBPerMonth",
        )


def _complete(_call: Call, new: Resource, _old: Resource | None) -> None:
    for part in ("malwareScanning", "sensitiveDataDiscovery"):
        if isinstance(found := new.properties.get(part), dict):
            found["operationStatus"] = dict(_DONE)


def _never_deleted(call: Call, _resource: Resource) -> None:
    """The API has no such operation: what is on is turned off.

    Raises:
        ArmError: 405 MethodNotAllowed, always.
    """
    raise ArmError(405, "MethodNotAllowed", f"DELETE is not allowed on '{call.path.path}': set isEnabled to false.")


NAMESPACE = Namespace(
    "Microsoft.Security",
    ("2022-12-01-preview", "2024-08-01-preview", "2024-10-01-preview", "2025-01-01", "2025-06-01"),
    (
        ResourceType(
            name=SETTING,
            scopes=frozenset({Scope.RESOURCE}),
            provisioning=False,
            name_rule=NameRule("current", 7, 7, "'current'", code="BadRequest"),
            required=("properties",),
            defaults={
                "properties.isEnabled": False,
                "properties.overrideSubscriptionLevelSettings": False,
                "properties.malwareScanning.onUpload.isEnabled": False,
                "properties.malwareScanning.onUpload.capGBPerMonth": UNCAPPED,
                "properties.sensitiveDataDiscovery.isEnabled": False,
            },
            duration=5,
            check=_check,
            complete=_complete,
            deleting=_never_deleted,
        ),
    ),
)
