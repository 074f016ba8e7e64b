"""The functions of the template language that need to know nothing of a deployment."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

from azlocal.arm.template.expressions import invalid

# The namespace of ARM's guid(): a name-based UUID of its arguments.
_GUID = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
_UNIQUE_LENGTH = 13


def _equals(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return bool(one == other)


def _concat(*given: Any) -> Any:
    if given and isinstance(given[0], list):
        return [item for one in given for item in one]
    return "".join(str(one) for one in given)


def _unique(*given: Any) -> str:
    """Thirteen characters that depend on the arguments alone; not those that Azure's own hash gives."""
    digest = hashlib.sha256("-".join(map(str, given)).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_UNIQUE_LENGTH]


def _union(*given: Any) -> Any:
    if isinstance(given[0], dict):
        return {key: value for one in given for key, value in one.items()}
    return [item for index, one in enumerate(given) for item in one if not any(item in had for had in given[:index])]


def _format(text: str, *given: Any) -> str:
    for index, one in enumerate(given):
        text = text.replace(f"{{{index}}}", str(one))
    return text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise invalid(f"json('{text}') is no JSON: {error}") from None


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, str):
        return str(what).lower() in where.lower()
    return what in where


def _empty(value: Any) -> bool:
    return value in (None, "", [], {})


def _substring(text: str, start: int, length: int | None = None) -> str:
    return text[start:] if length is None else text[start : start + length]


PURE: dict[str, Callable[..., Any]] = {
    "and": lambda *given: all(given),
    "or": lambda *given: any(given),
    "not": lambda value: not value,
    "true": lambda: True,
    "false": lambda: False,
    "null": lambda: None,
    "equals": _equals,
    "empty": _empty,
    "coalesce": lambda *given: next((one for one in given if one is not None), None),
    "concat": _concat,
    "format": _format,
    "contains": _contains,
    "string": lambda value: value if isinstance(value, str) else json.dumps(value),
    "int": int,
    "bool": lambda value: str(value).lower() == "true",
    "length": len,
    "first": lambda value: value[0],
    "last": lambda value: value[-1],
    "array": lambda value: value if isinstance(value, list) else [value],
    "createarray": lambda *given: list(given),
    "createobject": lambda *given: dict(zip(given[::2], given[1::2], strict=True)),
    "union": _union,
    "json": _json,
    "split": lambda text, separator: text.split(separator),
    "join": lambda values, separator: separator.join(map(str, values)),
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "replace": lambda text, old, new: text.replace(old, new),
    "substring": _substring,
    "startswith": lambda text, start: text.lower().startswith(start.lower()),
    "endswith": lambda text, end: text.lower().endswith(end.lower()),
    "greater": lambda one, other: one > other,
    "less": lambda one, other: one < other,
    "add": lambda one, other: one + other,
    "sub": lambda one, other: one - other,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "uniquestring": _unique,
    "guid": lambda *given: str(uuid.uuid5(_GUID, "-".join(map(str, given)))),
    "newguid": lambda: str(uuid.uuid4()),
}
