"""Microsoft.Resources: resource groups and deployments. The tenant itself is in ``azlocal.arm.tenant``."""

from __future__ import annotations

from azlocal.arm.providers import deployments
from azlocal.arm.types import NameRule, Namespace, ResourceType, Scope

GROUP_NAME = NameRule(
    r"[\w().-]*[\w()-]",
    1,
    90,
    "1-90 letters, digits, underscores, parentheses, hyphens and periods, no period last",
    code="InvalidResourceGroup",
)

NAMESPACE = Namespace(
    "Microsoft.Resources",
    (
        "2019-05-01",
        "2019-10-01",
        "2020-06-01",
        "2020-10-01",
        "2021-01-01",
        "2021-04-01",
        "2022-09-01",
        "2023-07-01",
        "2024-03-01",
        "2024-07-01",
        "2024-11-01",
        "2025-03-01",
        "2025-04-01",
        "2026-06-01",
    ),
    (
        ResourceType(
            name="Microsoft.Resources/resourceGroups",
            permission="Microsoft.Resources/subscriptions/resourceGroups",
            scopes=frozenset({Scope.SUBSCRIPTION}),
            tracked=True,
            name_rule=GROUP_NAME,
            duration=3,
            delete_duration=60,
        ),
        *deployments.TYPES,
    ),
)
