"""What to do about each error code that the control plane can answer to a PUT, and the page that says so."""

from __future__ import annotations

from azlocal.engine.plan.catalogue import compute, data, general, network, objects
from azlocal.engine.plan.catalogue.base import Advice

__all__ = ["CATALOGUE", "Advice", "advice"]

CATALOGUE: dict[str, Advice] = {**general.ROWS, **network.ROWS, **data.ROWS, **compute.ROWS, **objects.ROWS}

_UNKNOWN = Advice("change what the message names", general.COMMON)


def advice(code: str, arm_type: str = "") -> Advice:
    """What is known about a code: for the very type first, for its namespace, then wherever the code appears."""
    parts = arm_type.split("/")
    keys = [f"{code} {'/'.join(parts[:length])}" for length in range(len(parts), 0, -1)]
    return next((CATALOGUE[key] for key in [*keys, code] if key in CATALOGUE), _UNKNOWN)
