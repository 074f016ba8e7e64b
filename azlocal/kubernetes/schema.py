"""Kubernetes' own schemas, read from the files that kubernetes-validate brings.

Only its data is used: the package itself imports for half a second, and these schemas need six keywords.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from azlocal.kubernetes.status import Cause, Json

VERSION = "1.34"
_REF = re.compile(r".*#/\$defs/(.+)")
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_KEPT = "description", "x-kubernetes-unions"


@functools.cache
def definitions() -> dict[str, Json]:
    """Every definition by its name, without the prose."""
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("kubernetes-validate is not installed: it brings Kubernetes' schemas")
    folder = Path(spec.origin).parent / "kubernetes-json-schema" / f"v{VERSION}.0-local-strict"
    text = (folder / "_definitions.json").read_bytes()
    found: dict[str, Json] = json.loads(text, object_hook=_without_prose)["$defs"]
    return found


def _without_prose(value: Json) -> Json:
    for name in _KEPT:
        if isinstance(value.get(name), (str, list)):
            del value[name]
    return value


@functools.cache
def _by_kind() -> dict[tuple[str, str], Json]:
    found = {}
    for definition in definitions().values():
        for one in definition.get("x-kubernetes-group-version-kind", ()):
            group = f"{one['group']}/" if one["group"] else ""
            found[f"{group}{one['version']}", one["kind"]] = definition
    return found


def of_kind(api_version: str, kind: str) -> Json | None:
    """The schema of one of Kubernetes' own kinds."""
    return _by_kind().get((api_version, kind))


def resolve(schema: Json) -> Json:
    """The schema itself, behind its references."""
    while ref := schema.get("$ref"):
        match = _REF.fullmatch(ref)
        target = definitions()[match[1]] if match else {}
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def child(schema: Json, key: str) -> Json:
    """The schema of a field, or of a map's value."""
    schema = resolve(schema)
    found = (schema.get("properties") or {}).get(key)
    if found is None:
        extra = schema.get("additionalProperties")
        found = extra if isinstance(extra, dict) else {}
    return resolve(found)


def items(schema: Json) -> Json:
    """The schema of a list's elements."""
    found = resolve(schema).get("items")
    return resolve(found) if isinstance(found, dict) else {}


def merge_keys(schema: Json) -> tuple[str, ...]:
    """The keys by which a list's elements are told apart; none where it is replaced as a whole."""
    schema = resolve(schema)
    if schema.get("x-kubernetes-list-type") == "map":
        return tuple(schema.get("x-kubernetes-list-map-keys", ()))
    return ()


def problems(schema: Json, value: Any, path: str = "") -> Iterator[Cause]:
    """What is wrong with a value, field by field, as API servers say it."""
    schema = resolve(schema)
    if value is None and path:
        return  # as if it weren't there: Go's decoder takes null for any field
    if "oneOf" in schema:
        if not any(not list(problems(one, value, path)) for one in schema["oneOf"]):
            yield _wrong_type(path, value, "string or number")
        return
    allowed = schema.get("type", ())
    names = (allowed,) if isinstance(allowed, str) else tuple(allowed)
    if names and not any(_is(value, name) for name in names):
        yield _wrong_type(path, value, next(name for name in names if name != "null"))
        return
    if "enum" in schema and value not in schema["enum"]:
        listed = ", ".join(f'"{one}"' for one in schema["enum"])
        yield Cause("FieldValueNotSupported", f'Unsupported value: "{value}": supported values: {listed}', path)
    if isinstance(value, dict):
        yield from _fields(schema, value, path)
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for index, one in enumerate(value):
            yield from problems(schema["items"], one, f"{path}[{index}]")


def known(schema: Json, value: Any) -> Any:
    """A value without the fields that its schema doesn't know, which an API server drops unless told to be strict."""
    schema = resolve(schema)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [known(schema["items"], one) for one in value]
    properties, extra = schema.get("properties") or {}, schema.get("additionalProperties", not schema.get("properties"))
    if not isinstance(value, dict) or (not properties and not isinstance(extra, dict)):
        return value
    keeps = extra or schema.get("x-kubernetes-preserve-unknown-fields")
    return {name: known(child(schema, name), one) for name, one in value.items() if name in properties or keeps}


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def _wrong_type(path: str, value: Any, wanted: str) -> Cause:
    return Cause("FieldValueTypeInvalid", f"Invalid value: {json.dumps(value)[:80]}: must be of type {wanted}", path)


def _fields(schema: Json, value: Json, path: str) -> Iterator[Cause]:
    known = schema.get("properties") or {}
    extra = schema.get("additionalProperties", not known)
    for name in schema.get("required", ()):
        if value.get(name) is None:
            yield Cause("FieldValueRequired", "Required value", _join(path, name))
    for name, one in value.items():
        if name in known:
            yield from problems(known[name], one, _join(path, name))
        elif isinstance(extra, dict):
            yield from problems(extra, one, _join(path, name))
        elif not extra and not schema.get("x-kubernetes-preserve-unknown-fields"):
            yield Cause("FieldUnknown", f'unknown field "{_join(path, name)}"', _join(path, name))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
