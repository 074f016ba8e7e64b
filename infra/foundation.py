"""What every program of an environment agrees on: names and tags."""

from __future__ import annotations

from collections.abc import Callable

from infra import settings
from infra.naming import Names, stable_suffix


def names_of(platform: settings.Platform, environment: str, subscription_id: str) -> Names:
    """The environment's names, the same in each program that asks."""
    suffix = stable_suffix(subscription_id, platform.name, environment, str(platform.generation))
    return Names(platform.name, environment, suffix)


OWN_TAGS: dict[str, Callable[[settings.Platform, str], str]] = {
    "platform": lambda platform, _: platform.name,
    "environment": lambda _, environment: environment,
    "owner": lambda platform, _: platform.owner,
    "cost-center": lambda platform, _: platform.cost_center,
    "managed-by": lambda _platform, _environment: "pulumi",
}
"""The program's own tags, and where their values come from."""


def tags_of(platform: settings.Platform, environment: str) -> dict[str, str]:
    """What stands on every resource that takes tags."""
    return {**{key: value(platform, environment) for key, value in OWN_TAGS.items()}, **platform.tags}
