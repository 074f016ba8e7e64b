"""What the control plane tells a running server about jobs and computes, beyond storing them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

# Keys of effects that are not a resource type's own: calling them begins no operation.
SUBMITTED = "microsoft.machinelearningservices/workspaces/jobs#submitted"
CANCELED = "microsoft.machinelearningservices/workspaces/jobs#canceled"
MODEL_REGISTERED = "microsoft.machinelearningservices/workspaces/models/versions#registered"
COMPUTE_CHANGED = "microsoft.machinelearningservices/workspaces/computes#changed"

logger = logging.getLogger("azlocal.machinelearning")


def tell(call: Call, event: str, resource: Resource) -> None:
    """Let the running server know; a plan has nobody to tell."""
    effects = call.control.effects.get(event)
    if effects and effects.put and call.control.spawn:
        call.control.run_effect(quietly(effects.put(resource)))


async def quietly(work: Awaitable[None]) -> None:
    """Run what nobody waits for; a failure is azlocal's own and goes to its log."""
    try:
        await work
    except Exception:
        logger.exception("an event of the control plane was not handled")
