"""Compute instances: names, sharing, idle shutdown and schedules (Microsoft Learn, "Create a compute instance")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

_NAME = re.compile(r"[A-Za-z](-?[A-Za-z0-9])+")
_IDLE = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_LEAST, _MOST = 15, 3 * 24 * 60  # minutes without use before an instance is stopped
_CRON_FIELDS = 5
_ACTIONS, _TRIGGERS = ("Start", "Stop"), ("Cron", "Recurrence")


def check(call: Call, new: Resource, inner: dict[str, Any]) -> None:
    """What an instance says of itself; the rest is filled in.

    Raises:
        ArmError: 400 UserError.
    """
    if not 3 <= len(new.name) <= 24 or not _NAME.fullmatch(new.name):
        raise _invalid(f"'{new.name}' is no name for a compute instance: 3-24 letters, digits and hyphens.", "name")
    _check_person(inner)
    _check_idle(inner.get("idleTimeBeforeShutdown"))
    for schedule in ((inner.get("schedules") or {}).get("computeStartStop")) or []:
        _check_schedule(schedule)
    inner.setdefault("applicationSharingPolicy", "Shared")
    inner.setdefault("sshSettings", {"sshPublicAccess": "Disabled"})
    inner.setdefault("enableNodePublicIp", True)
    inner["createdBy"] = {"userObjectId": call.principal.object_id, "userName": call.principal.name}


def _check_person(inner: dict[str, Any]) -> None:
    person = inner.get("personalComputeInstanceSettings")
    kind = inner.get("computeInstanceAuthorizationType")
    if person and str(kind).lower() != "personal":
        raise _invalid(
            f"An instance for somebody needs computeInstanceAuthorizationType 'personal'; it is '{kind}'.",
            "computeInstanceAuthorizationType",
        )
    user = (person or {}).get("assignedUser") or {}
    if person and not (user.get("objectId") and user.get("tenantId")):
        raise _invalid("assignedUser needs objectId and tenantId.", "personalComputeInstanceSettings.assignedUser")


def _check_idle(given: str | None) -> None:
    if given is None:
        return
    found = _IDLE.fullmatch(given)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = (days * 24 + hours) * 60 + minutes
    if not _LEAST <= total <= _MOST:
        raise _invalid(f"idleTimeBeforeShutdown is '{given}'; it must be PT15M to P3D.", "idleTimeBeforeShutdown")


def _check_schedule(schedule: dict[str, Any]) -> None:
    action, trigger = schedule.get("action"), schedule.get("triggerType")
    if action not in _ACTIONS:
        raise _invalid(f"A schedule's action is '{action}': {', '.join(_ACTIONS)}.", "schedules")
    if trigger not in _TRIGGERS:
        raise _invalid(f"A schedule's triggerType is '{trigger}': {', '.join(_TRIGGERS)}.", "schedules")
    if not schedule.get(str(trigger).lower()):
        raise _invalid(f"A schedule of triggerType {trigger} needs '{str(trigger).lower()}'.", "schedules")
    expression = str((schedule.get("cron") or {}).get("expression", ""))
    if trigger == "Cron" and len(expression.split()) != _CRON_FIELDS:
        raise _invalid(f"The cron expression '{expression}' needs {_CRON_FIELDS} fields.", "schedules")
    schedule.setdefault("status", "Enabled")
    schedule.setdefault("provisioningStatus", "Completed")


def _invalid(message: str, field: str) -> ArmError:
    return bad_request(message, "UserError", f"properties.properties.{field}")
