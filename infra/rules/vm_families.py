"""The family that a machine size counts for, as Azure's usage lists call it (virtual-machines/quotas).

A size that is missing here or in `vm_sizes.py` is said to be, never guessed.
"""

from __future__ import annotations

import re

from infra.rules.vm_sizes import SIZES

FAMILIES: dict[str, str] = {
    "DS_v2": "standardDSv2Family",
    "DS_v3": "standardDSv3Family",
    "DS_v5": "standardDSv5Family",
    "DDS_v5": "standardDDSv5Family",
    "ES_v5": "standardESv5Family",
    "EDS_v5": "standardEDSv5Family",
    "NCS_v3": "standardNCSv3Family",
    "NCAS_T4_v3": "standardNCASv3_T4Family",
    "NCADS_A100_v4": "standardNCADSA100v4Family",
}
"""By the size's name without its number, its own disk before the S: D4ds_v5 is DDS_v5."""

_SIZE = re.compile(r"Standard_(?P<letters>[A-Z]+)\d+(?P<more>[a-z]*)(?P<rest>(?:_[A-Z0-9]+)?_v\d)")


def family_of(size: str) -> tuple[str, int] | None:
    """Family and cores of a size; None where a table lacks it."""
    found = _SIZE.fullmatch(size)
    family = FAMILIES.get(f"{found['letters']}{found['more'].upper()}{found['rest']}") if found else None
    return (family, SIZES[size].cores) if family and size in SIZES else None
