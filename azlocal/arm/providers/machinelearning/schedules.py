"""Schedules are not fired here yet, so that none is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm.errors import not_served
from azlocal.arm.messages import ArmResponse
from azlocal.arm.providers.machinelearning.versions import WORKSPACE
from azlocal.arm.types import ResourceType

if TYPE_CHECKING:
    from azlocal.arm.control import Call


def _refuse(call: Call) -> ArmResponse:
    raise not_served(f"{call.request.method} {WORKSPACE}/schedules (nothing would fire the schedule)")


TYPE = ResourceType(name=f"{WORKSPACE}/schedules", put=_refuse, patch=_refuse)
