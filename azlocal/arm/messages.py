"""What goes into the control plane and what comes out, free of HTTP: the server and a plan use the same."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azlocal.entra.principals import Principal


@dataclass(slots=True)
class ArmRequest:
    """One call of the control plane. ``path`` is percent-decoded; header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    principal: Principal | None = None


@dataclass(slots=True)
class ArmResponse:
    """What the control plane answers; ``body`` is JSON or None.

    ``ready``, where there is one, is awaited before the answer is sent: it promises what the server still does.
    """

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    ready: Awaitable[None] | None = None
