"""Which machine sizes are withdrawn, and which regions of a dated table offer which.

The table has what was found in a source, and of nothing else it is known that it is missing: see ``offered``.
"""

from __future__ import annotations

READ = "2026-11-26"
WITHDRAWN = {
    # Microsoft Learn, "Migration guide for sizes NC6s_v3 NC12s_v3 NC24s_v3".
    **dict.fromkeys(("standard_nc6s_v3", "standard_nc12s_v3", "standard_nc24s_v3"), "2025-09-30"),
    # Microsoft Learn, "NV series retirement".
    **dict.fromkeys(("standard_nv6", "standard_nv12", "standard_nv24"), "2023-09-06"),
}
"""The day on which Azure withdrew a size."""

_A100 = frozenset({"centralus", "eastus", "eastus2", "southcentralus", "westus", "westus2", "westus3"})
_T4 = _A100 | {"northcentralus"}
# github.com/skypilot-org/skypilot-catalog at 098741e7, catalogs/v6/azure/vms.csv: sizes and list prices that Azure
# gave for its regions in the United States.
_REGIONS = _T4 | {"westcentralus"}
_OFFERED = {
    **{f"standard_nc{cores}as_t4_v3": _T4 for cores in (4, 8, 16, 64)},
    **{f"standard_nc{cores}ads_a100_v4": _A100 for cores in (24, 48, 96)},
    **{
        f"standard_nc{size}_h100_v5": frozenset({"eastus", "eastus2", "southcentralus", "westus3"})
        for size in ("40ads", "80adis")
    },
}


def withdrawn(size: str) -> str:
    """Since when a size is no longer offered; empty for one that is, as far as is known here."""
    return WITHDRAWN.get(size.lower(), "")


def offered(size: str, region: str) -> bool | None:
    """Whether a region offers a size; None where the table does not say."""
    if withdrawn(size):
        return False
    regions = _OFFERED.get(size.lower())
    return None if regions is None or region not in _REGIONS else region in regions


def why_not(size: str, region: str) -> str:
    """Why a size is not offered, as the end of a sentence."""
    if since := withdrawn(size):
        return f"any more: Azure withdrew it on {since}"
    if offered(size, region) is False:
        return f"in {region}; in {', '.join(sorted(_OFFERED[size.lower()]))} it is"
    return "here"
