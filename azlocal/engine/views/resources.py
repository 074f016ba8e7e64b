"""The resources of a plan, found by type and by id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def at(value: Any, path: str) -> Any:
    """The value at a dotted path, or None."""
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def last(id_: str) -> str:
    """The last segment of an id: the resource's own name."""
    return id_.rstrip("/").rsplit("/", 1)[-1]


def strings(value: Any) -> Iterator[str]:
    """Every string of a JSON value, keys of mappings included: an identity is named by a key."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


class Resources:
    """What a plan makes: Azure's resources and what else the program registers."""

    def __init__(self, resources: list[Json]) -> None:
        self.every = resources
        self.by_urn = {one["urn"]: one for one in resources}
        self.azure = [one for one in resources if str(one.get("id") or "").startswith("/")]
        self._by_id = {one["id"].lower(): one for one in self.azure}

    def of(self, *types: str) -> list[Json]:
        """The resources of these ARM types, by id."""
        wanted = {name.lower() for name in types}
        found = [one for one in self.azure if str(one["armType"]).lower() in wanted]
        return sorted(found, key=lambda one: str(one["id"]))

    def around(self, id_: str) -> Json | None:
        """The resource of an id, or the nearest one above it that the plan makes."""
        key = id_.lower()
        while key.count("/") > 2:
            if key in self._by_id:
                return self._by_id[key]
            key = key.rsplit("/", 1)[0]
        return None
