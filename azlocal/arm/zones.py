"""Which regions have availability zones, and which kinds of redundancy.

Sources: Microsoft Learn, "List of Azure regions", "Azure regions that support zone-redundant storage (ZRS)", "Azure
regions that support geo-zone-redundant storage (GZRS)" and "Azure region pairs and nonpaired regions". A region
without zones or without a pair is listed; a new one has zones.
"""

from __future__ import annotations

from typing import Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.locations import KNOWN, normalize

WITHOUT_ZONES = frozenset(
    {
        "australiacentral", "australiasoutheast", "canadaeast", "koreasouth", "northcentralus", "southindia", "ukwest",
        "westcentralus", "westindia", "westus",
    }
)  # fmt: skip
WITHOUT_PAIR = frozenset(
    {
        "austriaeast", "belgiumcentral", "chilecentral", "indonesiacentral", "israelcentral", "italynorth",
        "malaysiawest", "mexicocentral", "newzealandnorth", "polandcentral", "qatarcentral", "spaincentral",
    }
)  # fmt: skip
GZRS = frozenset(
    {
        "australiaeast", "brazilsouth", "canadacentral", "centralindia", "centralus", "eastasia", "eastus", "eastus2",
        "francecentral", "germanywestcentral", "japaneast", "koreacentral", "northeurope", "norwayeast",
        "southafricanorth", "southcentralus", "southeastasia", "swedencentral", "switzerlandnorth", "uaenorth",
        "uksouth", "westeurope", "westus2", "westus3",
    }
)  # fmt: skip


def zoned(location: str) -> bool:
    """Whether a region has availability zones."""
    region = normalize(location)
    return region in KNOWN and region not in WITHOUT_ZONES


def check_zones(body: dict[str, Any], path: str) -> None:
    """A resource that names zones stands in a region that has them.

    Raises:
        ArmError: 400 LocationNotSupportAvailabilityZones.
    """
    location = str(body.get("location") or "")
    if body.get("zones") and not zoned(location):
        kind = path.rsplit("/providers/", 1)[-1]
        raise bad_request(
            f"The resource '{kind}' does not support availability zones at location '{location}'.",
            "LocationNotSupportAvailabilityZones",
            "zones",
        )


def check_redundancy(sku: str, kind: str, location: str) -> None:
    """A storage account's copies go where there is a place for them.

    Raises:
        ArmError: 400 RedundancyConfigurationNotAvailableInRegion.
    """
    region, redundancy = normalize(location), sku.lower().rpartition("_")[2]
    fits = {
        "zrs": zoned(region),
        "gzrs": region in GZRS,
        "ragzrs": region in GZRS,
        "grs": region not in WITHOUT_PAIR,
        "ragrs": region not in WITHOUT_PAIR,
    }
    if not fits.get(redundancy, True):
        raise ArmError(
            400,
            "RedundancyConfigurationNotAvailableInRegion",
            f"The storage account failed to create due to redundancy configuration - Sku: {sku}, Kind: {kind} - not"
            f" available in selected Region - {region}. Please make sure the redundancy configuration selected is"
            " available in your region.",
            target="sku.name",
        )
