"""Taking over a resource that exists: only where it is what the program says."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from azlocal.engine.diff import changed_paths, spell
from azlocal.engine.errors import ResourceError
from azlocal.engine.provider import Json


def check_import(inputs: Json, outputs: Json, in_id: Collection[str]) -> None:
    """Compare what the program says with what is there.

    ``in_id`` are inputs that are part of the id, which answers need not repeat; what the outputs don't tell at
    all is taken to be right.

    Raises:
        ResourceError: naming every input that differs.
    """
    told = _told(outputs, inputs)
    unspoken = set(in_id) - outputs.keys()
    differing = [spell(path) for path in changed_paths(told, inputs) if path[0] not in unspoken]
    if differing:
        raise ResourceError("ImportMismatch", f"what is there differs from the inputs in: {', '.join(differing)}")


def _told(outputs: Json, inputs: Json) -> Json:
    return {name: _shared(outputs.get(name), value) for name, value in inputs.items()}


def _shared(there: Any, wanted: Any) -> Any:
    if isinstance(wanted, dict) and isinstance(there, dict):
        return _told(there, wanted)
    return wanted if there is None else there
