"""MLflow's search language: ``metrics.rmse < 1 and params.model = 'gbm'``, and its ``order_by``."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from typing import Any, TypeVar

from azlocal.arm.errors import bad_request

T = TypeVar("T")
Fields = Callable[[str, str], Any]  # (kind, key) → value or None

_CLAUSE = re.compile(
    r"\s*(?:(?P<kind>\w+)\.)?(?:(?P<key>[\w.\-/]+)|`(?P<tick>[^`]+)`|\"(?P<quoted>[^\"]+)\")\s*"
    r"(?P<operator>!=|>=|<=|=|>|<|\bnot\s+in\b|\bin\b|\bilike\b|\blike\b|\bis\s+not\s+null\b|\bis\s+null\b)\s*"
    r"(?P<value>'(?:[^']|'')*'|\"[^\"]*\"|\([^)]*\)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)?\s*",
    re.IGNORECASE,
)
_AND = re.compile(r"and\b", re.IGNORECASE)
_ORDER = re.compile(
    r"\s*(?:(?P<kind>\w+)\.)?(?:(?P<key>[\w.\-/]+)|`(?P<tick>[^`]+)`)(?:\s+(?P<way>asc|desc))?\s*", re.IGNORECASE
)
_KINDS = {
    "metric": "metrics", "metrics": "metrics", "param": "params", "params": "params", "parameter": "params",
    "parameters": "params", "tag": "tags", "tags": "tags", "attribute": "attributes", "attributes": "attributes",
    "attr": "attributes", "run": "attributes",
}  # fmt: skip
_NUMBERS = {
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
}


def matcher(text: str) -> Callable[[Fields], bool]:
    """A test of one object for a filter; an empty filter takes everything.

    Raises:
        ArmError: 400, the filter is not of the language.
    """
    clauses: list[tuple[str, str, str, Any]] = []
    position = 0
    while position < len(text) and text[position:].strip():
        if clauses:
            joint = _AND.match(text, position)
            if joint is None:
                raise _malformed(text, position)
            position = joint.end()
        match = _CLAUSE.match(text, position)
        if match is None:
            raise _malformed(text, position)
        clauses.append(_clause(match, text))
        position = match.end()
    return lambda fields: all(_holds(fields(kind, key), operator, value) for kind, key, operator, value in clauses)


def _malformed(text: str, position: int) -> Exception:
    return bad_request(
        f"The filter '{text}' cannot be read at '{text[position : position + 30]}'. It has clauses such as"
        " metrics.rmse < 1, params.model = 'gbm', tags.kind LIKE 'a%' or attributes.status = 'FINISHED', joined by AND."
    )


def _kind(text: str | None, whole: str) -> str:
    if text is None:
        return "attributes"
    kind = _KINDS.get(text.lower())
    if kind is None:
        raise bad_request(f"'{text}' in '{whole}' is unknown; use metrics, params, tags or attributes.")
    return kind


def _clause(match: re.Match[str], text: str) -> tuple[str, str, str, Any]:
    operator = " ".join(match["operator"].lower().split())
    raw = match["value"]
    if raw is None and not operator.startswith("is"):
        raise _malformed(text, match.start())
    return _kind(match["kind"], text), match["key"] or match["tick"] or match["quoted"], operator, _value(raw)


def _value(raw: str | None) -> Any:
    if raw is None:
        return None
    if raw[0] in "'\"":
        return raw[1:-1].replace("''", "'")
    if raw[0] == "(":
        return [_value(one.strip()) for one in raw[1:-1].split(",") if one.strip()]
    return float(raw)


def _holds(found: Any, operator: str, value: Any) -> bool:
    if operator in {"is null", "is not null"}:
        return (found is None) is (operator == "is null")
    if found is None:
        return False
    if operator in _TESTS:
        return bool(_TESTS[operator](found, value))
    return isinstance(found, int | float) and bool(_NUMBERS[operator](found, value))


def _pattern(like: Any) -> str:
    escaped = re.sub(r"([\[\]*?])", r"[\1]", str(like))
    return escaped.replace("%", "*").replace("_", "?")


def ordered(items: list[T], order_by: list[str], fields: Callable[[T], Fields]) -> list[T]:
    """The items in the order asked for; those without a value come last."""
    for text in reversed(order_by):
        match = _ORDER.fullmatch(text)
        if match is None:
            raise bad_request(f"'{text}' cannot be ordered by; write for instance: metrics.rmse ASC.")
        kind, key = _kind(match["kind"], text), match["key"] or match["tick"]
        valued = [(fields(item)(kind, key), item) for item in items]
        known = sorted(
            ((value, item) for value, item in valued if value is not None),
            key=lambda pair: pair[0],
            reverse=(match["way"] or "asc").lower() == "desc",
        )
        items = [item for _, item in known] + [item for value, item in valued if value is None]
    return items


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda found, value: bool(found == value),
    "!=": lambda found, value: bool(found != value),
    "in": lambda found, value: found in value,
    "not in": lambda found, value: found not in value,
    "like": lambda found, value: fnmatch.fnmatchcase(str(found), _pattern(value)),
    "ilike": lambda found, value: fnmatch.fnmatchcase(str(found).lower(), _pattern(value).lower()),
}
