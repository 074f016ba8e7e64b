"""Values as Azure writes them."""

from __future__ import annotations


def plain(value: object) -> str:
    """The text of a status; the SDK gives an enumeration's member in one place and text in another."""
    return str(getattr(value, "value", value))
