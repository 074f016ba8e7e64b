"""The tables: every azure-native type and function this engine knows, and where to look them up."""

from __future__ import annotations

from functools import cache

from azlocal.engine.tables.base import AzureType

__all__ = ["AzureType", "all_types", "find_type"]


@cache
def all_types() -> dict[str, AzureType]:
    """Every type by ``module:Type``."""
    from azlocal.engine.tables import analytics, compute, network, observability, resources, security, storage

    tables = (analytics, compute, network, observability, resources, security, storage)
    return {row.token: row for table in tables for row in table.TYPES}


def find_type(token: str) -> AzureType | None:
    """The row of a full token, ``azure-native:network:Subnet`` or ``azure-native:network/v20240501:Subnet``."""
    _, module, name = token.split(":")
    return all_types().get(f"{module.partition('/')[0]}:{name}")
