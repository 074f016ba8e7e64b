"""What the control plane tells a running server about jobs and computes, beyond storing them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

# Keys of effects that are not a resource type's own: calling them begins no operation.
SUBMITTED = "microsoft.machinelearningservices/workspaces/jobs#submitted"
CANCELED = "microsoft.machinelearningservices/workspaces/jobs#canceled"
COMPUTE_CHANGED = "microsoft.machinelearningservices/workspaces/computes#changed"

logger = logging.getLogger("azlocal.machinelearning")


async def quietly(work: Awaitable[None]) -> None:
    """Run what nobody waits for; a failure is azlocal's own and goes to its log."""
    try:
        await work
    except Exception:
        logger.exception("an event of the control plane was not handled")
