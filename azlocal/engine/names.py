"""The random part of names that a program leaves to Pulumi: eight hexadecimal digits, as azure-native adds."""

from __future__ import annotations

import hashlib
import secrets


def random_suffix(urn: str) -> str:  # noqa: ARG001 -- as fixed_suffix
    """Different each time."""
    return secrets.token_hex(4)


def fixed_suffix(urn: str) -> str:
    """The same each time, so that two plans of one program can be compared."""
    return hashlib.sha256(urn.encode()).hexdigest()[:8]
