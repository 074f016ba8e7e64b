"""What a row of the type tables says, and the few shapes that all namespaces share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from azlocal.engine.wire import Shape

GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"

# What stands beside ``properties`` in a resource (ARM RPC, "Common API Details").
ENVELOPE = frozenset(
    [
        "id",
        "name",
        "type",
        "location",
        "tags",
        "sku",
        "kind",
        "identity",
        "zones",
        "plan",
        "extendedLocation",
        "managedBy",
        "etag",
        "eTag",
        "systemData",
    ]
)

# azure-native takes the user-assigned identities as a list of ids; Azure has them as keys.
IDENTITY = Shape(inside={"userAssignedIdentities": Shape(id_set=True)})


def resource_shape(
    inside: Mapping[str, Shape] | None = None,
    *,
    beside: frozenset[str] = ENVELOPE,
    rename: Mapping[str, str] | None = None,
) -> Shape:
    """A resource whose properties azure-native lifts to the top."""
    return Shape(beside, rename or {}, {"identity": IDENTITY, **(inside or {})})


def plain_shape(inside: Mapping[str, Shape] | None = None) -> Shape:
    """A resource that azure-native leaves as it is on the wire, ``properties`` and all."""
    return Shape(None, {}, {"identity": IDENTITY, **(inside or {})})


def lifted(*beside: str, inside: Mapping[str, Shape] | None = None) -> Shape:
    """An object inside a resource that has its own ``properties``, lifted too."""
    return Shape(frozenset({"id", "name", "type", "etag", *beside}), {}, inside or {})


@dataclass(frozen=True)
class AzureType:
    """One resource type of azure-native.

    Args:
        token: module and type: ``network:Subnet``.
        path: the id, with the SDK's names of the inputs that go into it; the last is the resource's name.
        shape: how inputs and outputs differ from the wire.
        create_only: inputs that Azure can't change in place, dotted, ``[]`` for list items. From azure-native's
            ``forceNewMap`` and the create-only visibilities of Azure's specifications. Inputs in the path are
            always of them.
        tracked: has a location, which defaults to the resource group's.
        maintain: lists that may also be resources of their own: kept as they are where a program leaves them out
            (azure-native, "Sub-resources").
        shared: lists of named elements in which others have theirs too: what a PUT leaves out of them stays.
        singleton: comes with its parent, so that there is nothing to probe and nothing to delete.
        naming: how a name is made where the program gives none, if not by the rule of ``auto_name``.
        queries: inputs that travel as query parameters, by their wire names.
        purge_query: what makes a DELETE final, where Azure would keep what was deleted, and its name, for a while.
        deleted_path: where Azure keeps what was deleted, with ``{location}`` beside the inputs; a POST of ``purge``
            there ends it.
        recover: properties of a PUT that bring back what was deleted. Only of types whose deleted resources hold
            their names, so that a plain PUT is refused.
        holds: what is lost with it and nobody can make again, in words.
        stays: why there is no DELETE for it; it goes with what it lies in.
    """

    token: str
    path: str
    shape: Shape = field(default_factory=resource_shape)
    create_only: tuple[str, ...] = ()
    tracked: bool = False
    maintain: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    singleton: bool = False
    naming: str = ""
    queries: Mapping[str, str] = field(default_factory=dict)
    purge_query: Mapping[str, str] = field(default_factory=dict)
    deleted_path: str = ""
    recover: Mapping[str, Any] = field(default_factory=dict)
    holds: str = ""
    stays: str = ""

    @cached_property
    def path_inputs(self) -> tuple[str, ...]:
        """Inputs that are part of the id, in order."""
        return tuple(name for name in re.findall(r"{(\w+)}", self.path) if name != "subscriptionId")

    @property
    def name_input(self) -> str:
        """The input that is the resource's own name."""
        return self.path_inputs[-1]

    @cached_property
    def auto_name(self) -> str:
        """``random`` adds a suffix to the logical name, ``copy`` takes it as it is, ``uuid``, or ``default``.

        azure-native's convention: what has a parent of its own needs no suffix.
        """
        if self.naming or self.singleton:
            return self.naming or "default"
        _, _, below = self.path.rpartition("/providers/")
        return "copy" if "/providers/" in self.path and below.count("/") > 2 else "random"


def arm_type_of(resource_id: str) -> str:
    """``Microsoft.Network/virtualNetworks/subnets``; of an extension resource, its own type."""
    if "/providers/" not in resource_id:
        return "Microsoft.Resources/resourceGroups"
    namespace, *segments = resource_id.rsplit("/providers/", 1)[1].split("/")
    return "/".join((namespace, *segments[0::2]))
