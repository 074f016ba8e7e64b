"""Server-side apply: each manager owns the fields it sets (Kubernetes documentation, "Server-Side Apply").

An object's fields are compared as leaves: a path of field names and list keys, and the value there. What a manager
set before and no longer sets goes, unless another manager sets it too; what it sets and another owns with another
value is a conflict.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from azlocal.kubernetes import schema
from azlocal.kubernetes.status import Cause, Json, StatusError
from azlocal.words import counted

Path = tuple[str, ...]
Leaves = dict[Path, Any]
# Who and where an object is, which nobody owns.
_IDENTITY = {("f:apiVersion",), ("f:kind",), ("f:metadata", "f:name"), ("f:metadata", "f:namespace")}


def leaves(definition: Json, value: Json) -> Leaves:
    """The fields that a manifest sets."""
    found: Leaves = {}
    _collect(definition, value, (), found)
    return {path: leaf for path, leaf in found.items() if path and path not in _IDENTITY}


def _collect(definition: Json, value: Any, path: Path, found: Leaves) -> None:
    keys = schema.merge_keys(definition)
    if isinstance(value, dict) and value:
        for name, one in value.items():
            _collect(schema.child(definition, name), one, (*path, f"f:{name}"), found)
    elif isinstance(value, list) and value and keys:
        for one in value:
            _collect(schema.items(definition), one, (*path, _element(keys, one)), found)
    else:
        found[path] = value


def _element(keys: Path, value: Any) -> str:
    given = {key: value[key] for key in keys if isinstance(value, dict) and key in value}
    return "k:" + json.dumps(given, separators=(",", ":"), sort_keys=True)


def conflicts(new: Leaves, others: dict[str, Leaves]) -> list[tuple[str, Path]]:
    """The fields that another manager owns with another value."""
    return [
        (manager, path)
        for manager, owned in others.items()
        for path, value in new.items()
        if path in owned and owned[path] != value
    ]


def conflict_error(found: list[tuple[str, Path]]) -> StatusError:
    """409 with each field and its owner."""
    causes = tuple(Cause("FieldManagerConflict", f'conflict with "{manager}"', dotted(path)) for manager, path in found)
    listed = ", ".join(f'conflict with "{manager}": {dotted(path)}' for manager, path in found)
    return StatusError(
        409,
        "Conflict",
        f"Apply failed with {counted(len(found), 'conflict')}: {listed}. Use force=true to take the fields over.",
        causes=causes,
    )


def dotted(path: Path) -> str:
    """A path as Kubernetes writes it: ``.spec.containers[name="x"].image``."""
    text = ""
    for part in path:
        kind, _, rest = part.partition(":")
        if kind == "f":
            text += f".{rest}"
        else:
            text += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(rest).items()) + "]"
    return text


def merge(definition: Json, live: Any, given: Any) -> Any:
    """What is given over what is there: maps by field, keyed lists by element, all else as a whole."""
    if isinstance(live, dict) and isinstance(given, dict):
        result = dict(live)
        for name, value in given.items():
            result[name] = merge(schema.child(definition, name), live.get(name), value)
        return result
    keys = schema.merge_keys(definition)
    if isinstance(live, list) and isinstance(given, list) and keys:
        wanted = {_element(keys, one): one for one in given}
        result_list = [merge(schema.items(definition), one, wanted.pop(_element(keys, one), one)) for one in live]
        return [*result_list, *wanted.values()]
    return copy.deepcopy(given)


def gone(before: Leaves, new: Leaves, others: dict[str, Leaves]) -> list[Path]:
    """What a manager set before, and neither it nor another sets any more.

    A field that was a value and has fields of its own now is still set.
    """
    kept = {path[:length] for owned in (new, *others.values()) for path in owned for length in range(1, len(path) + 1)}
    return [path for path in before if path not in kept]


def remove(definition: Json, value: Any, path: Path) -> None:
    """Take one leaf out, and every map or element it leaves empty."""
    head, *rest = path
    kind, _, name = head.partition(":")
    if kind == "f" and isinstance(value, dict) and name in value:
        if rest:
            remove(schema.child(definition, name), value[name], tuple(rest))
        if not rest or value[name] in ({}, []):
            del value[name]
    elif kind == "k" and isinstance(value, list):
        keys = schema.merge_keys(definition)
        for one in list(value):
            if _element(keys, one) != head:
                continue
            if rest and rest[0].removeprefix("f:") not in keys:  # its keys stay while anything else does
                remove(schema.items(definition), one, tuple(rest))
            if not rest or not isinstance(one, dict) or not set(one) - set(keys):
                value.remove(one)


def fields(owned: Leaves) -> Json:
    """The leaves as FieldsV1, what ``metadata.managedFields`` shows."""
    tree: Json = {}
    for path in owned:
        node = tree
        for part in path:
            node = node.setdefault(part, {})
    return tree
