"""Whether Azure takes the names that the settings and the environment's own name give its resources."""

from __future__ import annotations

from collections.abc import Iterator

from infra import settings as s
from infra.naming import RULES as NAMES
from infra.naming import SUFFIX_LENGTH, Names
from infra.rules.base import Problem, Rule, RuleRow

PAGE = "azure-resource-manager/management/resource-name-rules"


def names_are_azures(environment: str) -> Rule:
    """The rule on all names of an environment."""

    def check(
        platform: s.Platform, lake: s.Lake, registry: s.Registry, observability: s.Observability, workspace: s.Workspace
    ) -> Iterator[Problem]:
        foreign = {
            "data_lake": lake.existing_id,
            "container_registry": registry.existing_id,
            "log_analytics": observability.existing_workspace_id,
            "machine_learning_registry": not workspace.promotion_registry,
        }
        own = [kind for kind in NAMES if not foreign.get(kind)]
        for kind, name in Names(platform.name, environment, "x" * SUFFIX_LENGTH).refused(own).items():
            yield Problem(
                "platform.name",
                f"the {kind.replace('_', ' ')} would be called {name!r}, {len(name)} characters; "
                f"allowed are {NAMES[kind].words}",
                f"give the environment, and so its file, a shorter or simpler name than {environment!r}: "
                f"2 to 7 lower-case letters and digits always do; or shorten platform.name {platform.name!r}",
                PAGE,
            )

    return check


def rules(environment: str) -> tuple[RuleRow, ...]:
    """The blocks that the rule reads, and the rule."""
    return ((("platform", "lake", "registry", "observability", "workspace"), names_are_azures(environment)),)
