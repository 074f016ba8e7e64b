"""Microsoft.Network: networks and their rules, private endpoints and private DNS."""

from azlocal.arm.providers.network import (
    firewalls,
    outbound,
    privatedns,
    privateendpoints,
    securitygroups,
    virtualnetworks,
)
from azlocal.arm.types import Namespace

NAMESPACE = Namespace(
    "Microsoft.Network",
    (
        "2018-10-01",
        "2019-09-01",
        "2019-11-01",
        "2020-06-01",
        "2020-11-01",
        "2021-02-01",
        "2021-05-01",
        "2021-08-01",
        "2022-01-01",
        "2022-05-01",
        "2022-07-01",
        "2022-09-01",
        "2023-02-01",
        "2023-04-01",
        "2023-05-01",
        "2023-09-01",
        "2023-11-01",
        "2024-01-01",
        "2024-03-01",
        "2024-05-01",
        "2024-07-01",
        "2025-01-01",
        "2025-03-01",
        "2025-05-01",
        "2025-07-01",
        "2025-09-01",
        "2026-01-01",
        "2026-03-01",
    ),
    (
        *virtualnetworks.TYPES,
        *securitygroups.TYPES,
        *outbound.TYPES,
        *firewalls.TYPES,
        *privateendpoints.TYPES,
        *privatedns.TYPES,
    ),
)

__all__ = ["NAMESPACE"]
