"""The identifiers that Azure makes up: who an identity is, what a workspace is called within."""

from __future__ import annotations

import uuid
from collections.abc import Callable

Ids = Callable[[str], str]

_NAMESPACE = uuid.UUID("1c6a3a52-94a5-5d0e-8a3b-0f1f5d3f7a0c")


def random_id(of: str) -> str:  # noqa: ARG001 -- as fixed_id
    """Different each time, as Azure's: what is made again is somebody else."""
    return str(uuid.uuid4())


def fixed_id(of: str) -> str:
    """The same each time for the same thing, so that two plans of one program can be compared."""
    return str(uuid.uuid5(_NAMESPACE, of.lower()))
