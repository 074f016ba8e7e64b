"""What all blocks of the settings share: the base class, and types of more than one block."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Access = Literal["Enabled", "Disabled"]
Zone = Literal["1", "2", "3"]
_GROUP = r"^/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[-\w.()]+"
_ID = _GROUP + r"/providers/(?i:%s)/[\w.-]+$"
GroupId = Annotated[str, Field(pattern=f"{_GROUP}$")]
NetworkId = Annotated[str, Field(pattern=_ID % "Microsoft.Network/virtualNetworks")]
StorageId = Annotated[str, Field(pattern=_ID % "Microsoft.Storage/storageAccounts")]
RegistryId = Annotated[str, Field(pattern=_ID % "Microsoft.ContainerRegistry/registries")]
LogsId = Annotated[str, Field(pattern=_ID % "Microsoft.OperationalInsights/workspaces")]
"""Ids of what exists already, each of the type that is wanted there."""
Redundancy = Literal[
    "Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_RAGRS", "Standard_GZRS", "Standard_RAGZRS"
]
ShortName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,6}$")]
DnsLabel = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Host = Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$")]
ComputeName = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9-]{0,14}[a-zA-Z0-9]$")]
SoftDeleteDays = Annotated[int, Field(ge=1, le=365)]
Quantity = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|Mi|Gi)?$")]


class Block(BaseModel):
    """Base of all blocks: camelCase keys, nothing unknown, no silent conversions, numbers that are numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, alias_generator=to_camel)
