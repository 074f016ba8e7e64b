"""Maintenance configurations: when AKS may do what (Microsoft Learn, "Planned maintenance for AKS clusters")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azlocal.arm.errors import bad_request
from azlocal.arm.providers.containerservice.pools import CLUSTER
from azlocal.arm.types import ResourceType
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

DEFAULT = "default"
SCHEDULED = ("aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
_KINDS = ("daily", "weekly", "absoluteMonthly", "relativeMonthly")
_LEAST, _MOST = 4, 24  # hours of a window
_TIME, _OFFSET = r"([01]\d|2[0-3]):[0-5]\d", r"[+-](0\d|1[0-4]):[0-5]\d"


def _check(_call: Call, new: Resource, _old: Resource | None) -> None:
    """A name that AKS acts upon, and the schedule that goes with it.

    Raises:
        ArmError: 400 InvalidParameter.
    """
    if new.name.lower() == DEFAULT:
        if new.properties.get("maintenanceWindow"):
            _refuse("maintenanceWindow", "the configuration 'default' takes timeInWeek and notAllowedTime.")
        return
    if new.name.lower() not in {name.lower() for name in SCHEDULED}:
        _refuse("name", f"'{new.name}' is no maintenance configuration: {', '.join((DEFAULT, *SCHEDULED))}.")
    window = new.properties.get("maintenanceWindow") or {}
    if not window or new.properties.get("timeInWeek"):
        _refuse("maintenanceWindow", f"the configuration '{new.name}' takes a maintenanceWindow, and no timeInWeek.")
    chosen = [kind for kind in _KINDS if (window.get("schedule") or {}).get(kind)]
    if len(chosen) != 1:
        given = ", ".join(chosen) or "none"
        _refuse("maintenanceWindow.schedule", f"one of {', '.join(_KINDS)} is needed; given is {given}.")
    hours = window.get("durationHours")
    if not isinstance(hours, int) or not _LEAST <= hours <= _MOST:
        _refuse("maintenanceWindow.durationHours", f"it is {hours}, and must be {_LEAST} to {_MOST}.")
    if not re.fullmatch(_TIME, str(window.get("startTime"))):
        _refuse("maintenanceWindow.startTime", f"it is '{window.get('startTime')}', and must be hh:mm.")
    if not re.fullmatch(_OFFSET, str(window.setdefault("utcOffset", "+00:00"))):
        _refuse("maintenanceWindow.utcOffset", f"it is '{window['utcOffset']}', and must be +hh:mm or -hh:mm.")


def _refuse(target: str, message: str) -> None:
    raise bad_request(f"The value of parameter {target} is invalid: {message}", "InvalidParameter", target)


TYPE = ResourceType(name=f"{CLUSTER}/maintenanceConfigurations", provisioning=False, check=_check)
