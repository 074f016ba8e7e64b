"""Address ranges for subnets, computed from the address space.

A subnet keeps its range for life: Azure refuses another one while anything stands in it. So each row takes the
first free range behind the rows above it, and a row added at the end moves nobody. Ranges are aligned, and rows
that come later fill the gaps that alignment left, which is why their order in the table need not be by size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Protocol


class Sized(Protocol):
    """A row: its name, and the length of its prefix."""

    @property
    def name(self) -> str:
        """What the range is for."""
        ...

    @property
    def prefix(self) -> int:
        """Its size."""
        ...


@dataclass(frozen=True)
class Plan:
    """Ranges by row, and the rows for which the address space has no room."""

    ranges: Mapping[str, IPv4Network]
    homeless: tuple[str, ...]


def compute(space: IPv4Network, rows: Iterable[Sized], given: Mapping[str, IPv4Network]) -> Plan:
    """A range for each row: the one given, or the first free one.

    A range that is given leaves the row's own place empty, so that giving one later moves only those it overlaps.
    """
    fixed = {name: _bounds(found) for name, found in given.items()}
    taken: list[Bounds] = []
    ranges: dict[str, IPv4Network] = {}
    homeless: list[str] = []
    for row in rows:
        others = [other for name, other in fixed.items() if name != row.name]
        place = _free(space, row.prefix, [*taken, *others])
        if place is not None:
            taken.append(_bounds(place))
        if row.name in given:
            ranges[row.name] = given[row.name]
        elif place is None:
            homeless.append(row.name)
        else:
            ranges[row.name] = place
    return Plan(ranges, tuple(homeless))


Bounds = tuple[int, int]
"""First and last address."""


def _bounds(network: IPv4Network) -> Bounds:
    return int(network.network_address), int(network.broadcast_address)


def _free(space: IPv4Network, prefix: int, taken: list[Bounds]) -> IPv4Network | None:
    """The first free range of a size: whatever overlaps one that is taken is stepped over at once."""
    size = 2 ** (32 - prefix)
    at, end = _bounds(space)
    while at + size - 1 <= end:
        behind = max((last + 1 for first, last in taken if first < at + size and at <= last), default=None)
        if behind is None:
            return IPv4Network((at, prefix))
        at = -(-behind // size) * size
    return None
