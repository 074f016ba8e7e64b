"""Whether inputs are what the SDK's own classes say: types, names and enums, all the way down.

azure-native generates its classes from Azure's specifications. The program may pass dictionaries, and Python checks no
annotation: what Azure could not read, or an enum's value that does not exist, is found here. A value of the SDK that
Azure knows as an open enum is held against the values that are known, whatever its case.
"""

from __future__ import annotations

import collections.abc
import importlib
import sys
import typing
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any

from azlocal.engine.diff import Path, pattern_of, spell
from azlocal.engine.errors import ResourceError
from azlocal.engine.values import reveal
from azlocal.words import with_article

WRONG_TYPE, WRONG_VALUE = "InvalidRequestContent", "InvalidParameter"
_JSON = {bool: "boolean", int: "integer", float: "number", str: "text"}

# Enums of the SDK that say less than Azure takes, by type and path.
OPEN = {
    # The streams of solutions, as container insights' Microsoft-ContainerInsights-Group-Default, are named elsewhere
    # (azure-monitor/containers/kubernetes-monitoring-enable).
    ("monitor:DataCollectionRule", "dataFlows[].streams[]"),
    ("monitor:DataCollectionRule", "dataSources.extensions[].streams[]"),
    # Two enums of Azure Monitor have one name, and the SDK has the other one's values; alert rules take GreaterThan
    # (azure-monitor/alerts/alerts-log-alert-query-samples).
    ("monitor:ScheduledQueryRule", "criteria.allOf[].operator"),
}

Mistake = tuple[str, Path, str]
"""Code, path and what is wrong."""


def refuse_misshapen(type_: str, inputs: dict[str, Any]) -> None:
    """Refuse inputs that the SDK's class of this type does not have.

    Raises:
        ResourceError: with the first code and path, and all that is wrong in the message.
    """
    arguments, token = _arguments(type_), type_.partition(":")[2]
    mistakes = _object(reveal(inputs), arguments, ()) if arguments else ()
    found = [one for one in mistakes if (token, pattern_of(one[1])) not in OPEN]
    if found:
        code, path, _ = found[0]
        raise ResourceError(code, "; ".join(f"{spell(at)} {what}" for _, at, what in found), spell(path))


@cache
def _arguments(type_: str) -> type | None:
    """The class of a resource's arguments; None where the SDK has none under this token."""
    _, module, name = type_.split(":")
    try:
        package = importlib.import_module(f"pulumi_azure_native.{module}")
    except ImportError:
        return None
    found: type | None = getattr(package, f"{name}InitArgs", None) or getattr(package, f"{name}Args", None)
    return found


@cache
def _fields(arguments: type) -> dict[str, Any]:
    """The annotation of each property, by its name on the wire."""
    from pulumi import _types

    hints = arguments.__init__.__annotations__  # type: ignore[misc]
    names = _types.input_type_py_to_pulumi_names(arguments)
    return {names.get(name, name): hint for name, hint in hints.items() if name != "return"}


def _object(value: dict[str, Any], arguments: type, path: Path) -> Iterator[Mistake]:
    fields = _fields(arguments)
    for name, item in value.items():
        if name not in fields:
            yield WRONG_TYPE, (*path, name), f"is no property of {arguments.__name__.removesuffix('Args')}"
        elif item is not None:
            yield from _value(item, fields[name], arguments.__module__, (*path, name))


def _value(value: Any, hint: Any, module: str, path: Path) -> Iterator[Mistake]:
    """The mistakes of a value; where several types are allowed, those against the one it fits best."""
    candidates = [list(_against(value, one, module, path)) for one in _types_of(hint, module)]
    if candidates and all(candidates):
        yield from min(candidates, key=_badness)


def _badness(mistakes: list[Mistake]) -> tuple[int, int]:
    return sum(code == WRONG_TYPE for code, _, _ in mistakes), len(mistakes)


def _types_of(hint: Any, module: str) -> list[Any]:
    """What a value may be, without what only Pulumi adds: None, awaitables, outputs, dictionaries' own types."""
    if isinstance(hint, (str, typing.ForwardRef)):
        name = hint if isinstance(hint, str) else hint.__forward_arg__
        found = getattr(sys.modules[module], name, None) or _beside(module, name)
        return [found] if found is not None and not name.startswith("Output[") and not name.endswith("Dict") else []
    if typing.get_origin(hint) is typing.Union:
        parts = [part for one in typing.get_args(hint) for part in _types_of(one, module)]
        enums = [part for part in parts if isinstance(part, type) and issubclass(part, Enum)]
        # An open enum is a text, or one of these.
        return [part for part in parts if part is not str] if enums else parts
    if hint is type(None) or typing.get_origin(hint) is collections.abc.Awaitable:
        return []
    return [hint]


def _beside(module: str, name: str) -> Any:
    """A class of the module's package."""
    return getattr(sys.modules[module.rpartition(".")[0]], name, None)


def _against(value: Any, kind: Any, module: str, path: Path) -> Iterator[Mistake]:
    origin = typing.get_origin(kind)
    if origin is collections.abc.Sequence:
        if not isinstance(value, list):
            yield WRONG_TYPE, path, f"must be a list, but is {_told(value)}"
            return
        for index, item in enumerate(value):
            yield from _value(item, typing.get_args(kind)[0], module, (*path, index))
    elif origin is collections.abc.Mapping:
        if not isinstance(value, dict):
            yield WRONG_TYPE, path, f"must be a mapping, but is {_told(value)}"
            return
        for name, item in value.items():
            yield from _value(item, typing.get_args(kind)[1], module, (*path, name))
    elif not isinstance(kind, type):
        return
    elif issubclass(kind, Enum):
        yield from _enum(value, kind, path)
    elif kind in _JSON:
        yield from _plain(value, kind, path)
    elif hasattr(kind, "_pulumi_input_type"):
        if isinstance(value, dict):
            yield from _object(value, kind, path)
        else:
            yield WRONG_TYPE, path, f"must be an object, but is {_told(value)}"


def _enum(value: Any, kind: type[Enum], path: Path) -> Iterator[Mistake]:
    allowed = [one.value for one in kind]
    known = {one.lower() if isinstance(one, str) else one for one in allowed}
    if (value.lower() if isinstance(value, str) else value) not in known:
        yield WRONG_VALUE, path, f"is {value!r}; allowed are {', '.join(map(str, allowed))}"


def _plain(value: Any, kind: type, path: Path) -> Iterator[Mistake]:
    fits = isinstance(value, (int, float) if kind is float else kind) and (kind is bool) == isinstance(value, bool)
    if not fits:
        yield WRONG_TYPE, path, f"must be {with_article(_JSON[kind])}, but is {_told(value)}"


def _told(value: Any) -> str:
    return repr(value) if isinstance(value, (str, int, float, bool)) else type(value).__name__
