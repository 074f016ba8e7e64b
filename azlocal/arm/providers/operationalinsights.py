"""Microsoft.OperationalInsights: Log Analytics workspaces, which a delete keeps for 14 days."""

from __future__ import annotations

import base64
import re
import secrets
from typing import TYPE_CHECKING

from azlocal.arm.errors import bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.arm.operations import iso
from azlocal.arm.types import Action, Json, NameRule, Namespace, ResourceType, ScopeAction
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

WORKSPACE = "Microsoft.OperationalInsights/workspaces"
_KEYS = "logAnalyticsKeys"
_KEPT = "deletedLogAnalyticsWorkspace"  # document: what a deleted workspace was
_FORCED = "forcedDelete"  # document: deleted with force=true, which keeps nothing
DAYS = (30, 730)
SKUS = ("PerGB2018", "CapacityReservation", "LACluster", "Standalone", "PerNode", "Standard", "Premium", "Free")


def _check(_call: Call, new: Resource, _old: Resource | None) -> None:
    days = new.properties["retentionInDays"]
    if not isinstance(days, int) or not DAYS[0] <= days <= DAYS[1]:
        raise bad_request(
            f"'RetentionInDays' is {days}. The value for sku {new.properties['sku']['name']} must be between {DAYS[0]}"
            f" and {DAYS[1]}.",
            "InvalidParameter",
            "properties.retentionInDays",
        )


def _complete(call: Call, new: Resource, old: Resource | None) -> None:
    now = iso(call.control.clock())
    before = old.properties if old else (call.state.document(_KEPT, new.key) or {}).get("properties", {})
    new.properties.update(
        customerId=before.get("customerId") or call.state.ids(f"{new.id}#customer"),
        createdDate=before.get("createdDate") or now,
        modifiedDate=now,
    )
    new.properties["sku"].setdefault("lastSkuUpdate", now)
    capping = new.properties["workspaceCapping"]
    capping.setdefault("quotaNextResetTime", now)
    capping.setdefault("dataIngestionStatus", "RespectQuota")


def _written(call: Call, new: Resource, old: Resource | None) -> None:
    if old:
        return
    call.state.delete_document(_KEPT, new.key)
    if call.state.document(_KEYS, new.key) is None:
        call.state.put_document(_KEYS, new.key, {name: _new_key() for name in ("primary", "secondary")})


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


def _deleting(call: Call, workspace: Resource) -> None:
    if call.request.query.get("force", "").lower() == "true":
        call.state.put_document(_FORCED, workspace.key, True)


def _deleted(control: ControlPlane, workspace: Resource) -> None:
    """Kept under its name for 14 days, unless it was forced (Microsoft Learn, "Delete and recover")."""
    if control.state.document(_FORCED, workspace.key):
        control.state.delete_document(_FORCED, workspace.key)
        control.state.delete_document(_KEYS, workspace.key)
        return
    kept = {**workspace.body, "id": workspace.id, "name": workspace.name}
    control.state.put_document(_KEPT, workspace.key, kept)


def _shared_keys(call: Call, workspace: Resource) -> ArmResponse:
    found = call.state.document(_KEYS, workspace.key)
    return ArmResponse(200, {"primarySharedKey": found["primary"], "secondarySharedKey": found["secondary"]})


def _regenerate(call: Call, workspace: Resource) -> ArmResponse:
    call.state.put_document(_KEYS, workspace.key, {name: _new_key() for name in ("primary", "secondary")})
    return _shared_keys(call, workspace)


def _list_deleted(call: Call, _match: re.Match[str]) -> ArmResponse:
    found = call.state.documents(_KEPT, call.path.scope.lower() + "/")
    return ArmResponse(200, {"value": [_deleted_body(body) for _, body in found]})


def _deleted_body(body: Json) -> Json:
    return {"type": WORKSPACE, **body}


# Of the tables that take the Basic plan (azure-monitor/logs/basic-logs-azure-tables), those of such a platform.
_BASIC = ("AppTraces", "ContainerLog", "ContainerLogV2", "StorageBlobLogs", "StorageFileLogs")


def _check_table(call: Call, new: Resource, _old: Resource | None) -> None:
    """Custom tables and a few of Azure's take the Basic plan."""
    if new.properties["plan"] == "Basic" and not (new.name.endswith("_CL") or new.name in _BASIC):
        raise bad_request(f"The table '{new.name}' does not support the plan 'Basic'.", "InvalidParameter", "plan")
    _ = call


NAMESPACE = Namespace(
    "Microsoft.OperationalInsights",
    (
        "2015-03-20",
        "2020-08-01",
        "2021-06-01",
        "2021-12-01-preview",
        "2022-10-01",
        "2023-09-01",
        "2025-02-01",
        "2025-07-01",
    ),
    (
        ResourceType(
            name=WORKSPACE,
            tracked=True,
            name_rule=NameRule(
                r"[A-Za-z0-9][A-Za-z0-9-]+[A-Za-z0-9]",
                4,
                63,
                "4-63 letters, digits and hyphens, a letter or digit first and last",
                code="InvalidParameter",
            ),
            enums={
                "properties.sku.name": SKUS,
                "properties.publicNetworkAccessForIngestion": ("Enabled", "Disabled", "SecuredByPerimeter"),
                "properties.publicNetworkAccessForQuery": ("Enabled", "Disabled", "SecuredByPerimeter"),
            },
            defaults={
                "properties.sku.name": "PerGB2018",
                "properties.retentionInDays": 30,
                "properties.publicNetworkAccessForIngestion": "Enabled",
                "properties.publicNetworkAccessForQuery": "Enabled",
                "properties.features.enableLogAccessUsingOnlyResourcePermissions": True,
                "properties.features.legacy": 0,
                "properties.features.searchVersion": 1,
                "properties.workspaceCapping.dailyQuotaGb": -1.0,
            },
            duration=30,
            delete_duration=10,
            check=_check,
            complete=_complete,
            committed=_written,
            deleting=_deleting,
            deleted=_deleted,
            actions={
                "sharedKeys": Action(_shared_keys, "sharedKeys/action"),
                "regenerateSharedKey": Action(_regenerate, "regenerateSharedKey/action"),
            },
        ),
        ResourceType(
            name=f"{WORKSPACE}/tables",
            name_rule=NameRule(r"[A-Za-z]\w*", 1, 63, "1-63 letters, digits and '_'", code="InvalidParameter"),
            enums={"properties.plan": ("Analytics", "Basic", "Auxiliary")},
            defaults={"properties.plan": "Analytics"},
            create_status=200,
            duration=10,
            check=_check_table,
        ),
    ),
    (ScopeAction("GET", "deletedWorkspaces", _list_deleted, "Microsoft.OperationalInsights/deletedWorkspaces/read"),),
)
