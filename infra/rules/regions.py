"""Azure's public regions by the names that Resource Manager gives them (Microsoft Learn: List of Azure regions)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from infra import settings as s
from infra.rules.base import Problem, RuleRow

_NAMES = """
    australiacentral australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth canadacentral
    canadaeast centralindia centralus chilecentral eastasia eastus eastus2 francecentral germanywestcentral
    indonesiacentral israelcentral italynorth japaneast japanwest koreacentral koreasouth malaysiawest
    mexicocentral newzealandnorth northcentralus northeurope norwayeast polandcentral qatarcentral
    southafricanorth southcentralus southeastasia southindia spaincentral swedencentral switzerlandnorth
    uaenorth uksouth ukwest westcentralus westeurope westindia westus westus2 westus3
"""
REGIONS = tuple(_NAMES.split())
WITHOUT_ZONES = (
    "australiacentral", "australiasoutheast", "canadaeast", "koreasouth", "northcentralus", "southindia", "ukwest",
    "westcentralus", "westindia", "westus",
)  # fmt: skip
"""Those without availability zones (the same list); a new one has them."""


def the_region_is_known(platform: s.Platform) -> Iterator[Problem]:
    """A region that is misspelt would be refused once for each resource."""
    if platform.location not in REGIONS:
        near = difflib.get_close_matches(platform.location.replace(" ", "").lower(), REGIONS, n=3)
        meant = f"did you mean {', '.join(near)}? " if near else ""
        yield Problem(
            "platform.location",
            f"'{platform.location}' is no region of Azure that is known here",
            f"{meant}`az account list-locations` lists all; a new one goes into infra/rules/regions.py",
            "reliability/regions-list",
        )


def the_registry_has_zones(platform: s.Platform, registry: s.Registry) -> Iterator[Problem]:
    """A registry is kept in several zones where there are some."""
    if registry.zone_redundant and registry.existing_id is None and platform.location in WITHOUT_ZONES:
        yield Problem(
            "registry.zoneRedundant",
            f"true, and {platform.location} has no availability zones",
            "set it to false, or choose a platform.location with zones",
            "container-registry/zone-redundancy",
        )


RULES: tuple[RuleRow, ...] = (
    (("platform",), the_region_is_known),
    (("platform", "registry"), the_registry_has_zones),
)
"""The blocks that a rule reads, and the rule."""
