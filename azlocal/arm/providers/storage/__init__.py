"""Microsoft.Storage: accounts, their services and what those hold."""

from azlocal.arm.providers.storage import accounts, services
from azlocal.arm.types import Namespace

NAMESPACE = Namespace(
    "Microsoft.Storage",
    (
        "2019-04-01",
        "2019-06-01",
        "2020-08-01-preview",
        "2021-01-01",
        "2021-02-01",
        "2021-04-01",
        "2021-06-01",
        "2021-08-01",
        "2021-09-01",
        "2022-05-01",
        "2022-09-01",
        "2023-01-01",
        "2023-04-01",
        "2023-05-01",
        "2024-01-01",
        "2025-01-01",
        "2025-06-01",
        "2025-08-01",
        "2026-04-01",
        "2026-06-01",
        "2026-09-01",
    ),
    (*accounts.TYPES, *services.TYPES),
    accounts.CALLS,
)

__all__ = ["NAMESPACE"]
