"""How far a service's public end point is open, in the form each service wants it.

Whatever the network lets through still needs an identity with a role: no service here takes keys by default.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Literal, TypedDict

from infra import settings

STUDIO_ORIGINS = (
    "https://mlworkspace.azure.ai",
    "https://ml.azure.com",
    "https://*.ml.azure.com",
    "https://ai.azure.com",
    "https://*.ai.azure.com",
)
"""Where the studio's pages come from: storage must allow them for data previews."""


Isolation = Literal["Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound"]


class AddressRule(TypedDict):
    """An allowed public range."""

    value: str


def default_action(plan: settings.Network) -> Literal["Allow", "Deny"]:
    """Deny when access is off or limited to ranges."""
    return "Deny" if plan.public_access == "Disabled" or plan.allowed_ip_ranges else "Allow"


def isolation_mode(plan: settings.Network, workspace: settings.Workspace) -> Isolation:
    """The workspace's managed network: off where computes stand in a network of one's own."""
    return workspace.isolation_mode if plan.mode == "managed" else "Disabled"


def address(given: IPv4Network) -> str:
    """A range as the firewalls take it: a single address stands without its /32, which storage refuses."""
    return str(given.network_address) if given.prefixlen == 32 else str(given)
