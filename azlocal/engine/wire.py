"""From azure-native's flat form to Azure's own and back.

azure-native lifts what Azure keeps under ``properties`` to the level above, renames a few things and turns the
set of user-assigned identities into a list (pulumi-azure-native, ``provider/pkg/convert``). A ``Shape`` says
where that happens in one object; everything not said travels as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Json = dict[str, Any]

PROPERTIES = "properties"


@dataclass(frozen=True)
class Shape:
    """How one object differs on the wire.

    ``beside`` are the names that stay beside ``properties``; None where the object has no such container.
    ``rename`` maps an SDK name to the wire's, dotted where Azure nests it deeper. ``inside`` are the shapes of
    what is within, by SDK name; ``*`` stands for every name, which is what a map of objects needs.
    """

    beside: frozenset[str] | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    inside: Mapping[str, Shape] = field(default_factory=dict)
    id_set: bool = False  # a list of ids that Azure wants as an object with empty values

    @cached_property
    def renamed_back(self) -> dict[str, str]:
        """Wire names of one level to SDK names."""
        return {wire: sdk for sdk, wire in self.rename.items() if "." not in wire}

    @cached_property
    def nested_back(self) -> dict[str, tuple[str, str]]:
        """Outer wire name to the inner name and the SDK name that stands for both."""
        split = ((sdk, *wire.partition(".")[::2]) for sdk, wire in self.rename.items() if "." in wire)
        return {outer: (inner, sdk) for sdk, outer, inner in split}

    def inner(self, name: str) -> Shape | None:
        """The shape of what is under an SDK name."""
        return self.inside.get(name) or self.inside.get("*")


def to_wire(value: Any, shape: Shape | None) -> Any:
    """A value of the SDK as Azure wants it."""
    if shape is None:
        return value
    if isinstance(value, list):
        return {key: {} for key in value} if shape.id_set else [to_wire(item, shape) for item in value]
    if not isinstance(value, dict):
        return value
    body: Json = {}
    for name, item in value.items():
        sent = to_wire(item, shape.inner(name))
        target = body
        if shape.beside is not None and name not in shape.beside:
            target = body.setdefault(PROPERTIES, {})
        *outer, last = shape.rename.get(name, name).split(".")
        for part in outer:
            target = target.setdefault(part, {})
        target[last] = sent
    return body


def from_wire(value: Any, shape: Shape | None) -> Any:
    """A value of Azure as azure-native returns it."""
    if shape is None:
        return value
    if isinstance(value, list):
        return [from_wire(item, shape) for item in value]
    if not isinstance(value, dict):
        return value
    found: Json = {}
    lifted = value.get(PROPERTIES) if shape.beside is not None else None
    if isinstance(lifted, dict):
        _take(found, lifted, shape)
        value = {name: item for name, item in value.items() if name != PROPERTIES}
    # What stands beside wins where both levels have a name: ids and types belong to the resource.
    _take(found, value, shape)
    return found


def _take(found: Json, level: Json, shape: Shape) -> None:
    for wire, item in level.items():
        name, received = shape.renamed_back.get(wire, wire), item
        if wire in shape.nested_back and isinstance(item, dict):
            inner, name = shape.nested_back[wire]
            received = item.get(inner)
        found[name] = from_wire(received, shape.inner(name))
