"""What every program of an environment agrees on: names and tags."""

from __future__ import annotations

from infra import settings
from infra.naming import Names, stable_suffix


def names_of(platform: settings.Platform, environment: str, subscription_id: str) -> Names:
    """The environment's names, the same in each program that asks."""
    suffix = stable_suffix(subscription_id, platform.name, environment, str(platform.generation))
    return Names(platform.name, environment, suffix)


def tags_of(platform: settings.Platform, environment: str) -> dict[str, str]:
    """What stands on every resource that takes tags."""
    return {
        "platform": platform.name,
        "environment": environment,
        "owner": platform.owner,
        "cost-center": platform.cost_center,
        "managed-by": "pulumi",
        **platform.tags,
    }
