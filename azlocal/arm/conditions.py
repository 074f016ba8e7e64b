"""Conditions of role assignments: attribute-based access control, version 2.0 of its language.

Microsoft Learn, "Azure role assignment condition format and syntax" and "Authorization actions and attributes".
Served is what limits who may assign which roles (constrained delegation): ``ActionMatches``, the attributes of a
role assignment in the request and on the resource, and the operators that those attributes take.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

VERSION = "2.0"
_PREFIX = "microsoft.authorization/roleassignments:"
ATTRIBUTES = {"roledefinitionid": "guid", "principalid": "guid", "principaltype": "string"}

_TOKEN = re.compile(
    r"\s*(?:(?P<attribute>@\w+\[[^\]]+\])|(?P<string>'[^']*')|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<word>[A-Za-z]+(?::[A-Za-z]+)?)|(?P<mark>&&|\|\||[(){},!]))"
)


class ConditionError(ValueError):
    """A condition that cannot be read, and why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is decided about: the action, and the attributes of the assignment asked for and of the one there.

    Attribute names are lower-case, without the provider: ``roledefinitionid``.
    """

    action: str
    request: Mapping[str, str] = field(default_factory=dict)
    resource: Mapping[str, str] = field(default_factory=dict)


Condition = Callable[[Asked], bool]


def assignment_attributes(properties: Mapping[str, object]) -> dict[str, str]:
    """The attributes of a role assignment, as conditions name them."""
    return {
        "roledefinitionid": str(properties.get("roleDefinitionId", "")).rsplit("/", 1)[-1].lower(),
        "principalid": str(properties.get("principalId", "")).lower(),
        "principaltype": str(properties.get("principalType", "")),
    }


@lru_cache(maxsize=256)
def parse(text: str) -> Condition:
    """A condition as a function.

    Raises:
        ConditionError: it is not in the language, or names what is not served.
    """
    reader = _Reader(text)
    condition = reader.either()
    if reader.peek() is not None:
        raise ConditionError(f"unexpected '{reader.peek()}'")
    return condition


class _Reader:
    """A recursive descent: either → both → one."""

    def __init__(self, text: str) -> None:
        self._words: list[str] = []
        position, text = 0, text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise ConditionError(f"'{text[position : position + 20].strip()}' is not in the language")
            self._words.append(found[0].strip())
            position = found.end()
        self._at = 0

    def peek(self) -> str | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def take(self, expected: str = "") -> str:
        word = self.peek()
        if word is None or (expected and word.upper() != expected):
            raise ConditionError(f"'{expected or 'more'}' is missing {f'before {word!r}' if word else 'at the end'}")
        self._at += 1
        return word

    def either(self) -> Condition:
        parts = [self.both()]
        while (self.peek() or "").upper() in {"OR", "||"}:
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda asked: any(part(asked) for part in parts)

    def both(self) -> Condition:
        parts = [self.one()]
        while (self.peek() or "").upper() in {"AND", "&&"}:
            self.take()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else lambda asked: all(part(asked) for part in parts)

    def one(self) -> Condition:
        word = self.take()
        if word.upper() in {"!", "NOT"}:
            inner = self.one()
            return lambda asked: not inner(asked)
        if word == "(":
            inner = self.either()
            self.take(")")
            return inner
        if word.lower() == "actionmatches":
            self.take("{")
            pattern = _text(self.take())
            self.take("}")
            return lambda asked: _matches(pattern, asked.action)
        if word.startswith("@"):
            return self._comparison(word)
        raise ConditionError(f"unexpected '{word}'")

    def _comparison(self, attribute: str) -> Condition:
        source, name = _attribute(attribute)
        operator = self.take()
        compare = _FOLDED.get(operator.lower())
        if compare is None or compare.kind != ATTRIBUTES[name]:
            allowed = [known for known, one in OPERATORS.items() if one.kind == ATTRIBUTES[name]]
            raise ConditionError(f"{attribute} takes no operator '{operator}'; allowed: {', '.join(allowed)}")
        values = self._values()

        def holds(asked: Asked) -> bool:
            found = (asked.request if source == "request" else asked.resource).get(name)
            return found is not None and compare.holds(found, values)

        return holds

    def _values(self) -> tuple[str, ...]:
        if self.peek() != "{":
            return (_text(self.take()),)
        self.take("{")
        values = [_text(self.take())]
        while self.peek() == ",":
            self.take()
            values.append(_text(self.take()))
        self.take("}")
        return tuple(values)


@dataclass(frozen=True, slots=True)
class _Operator:
    kind: str
    holds: Callable[[str, tuple[str, ...]], bool]


def _any_folded(found: str, values: tuple[str, ...]) -> bool:
    return found.lower() in {value.lower() for value in values}


def _no_folded(found: str, values: tuple[str, ...]) -> bool:
    return not _any_folded(found, values)


OPERATORS: dict[str, _Operator] = {
    "GuidEquals": _Operator("guid", _any_folded),
    "GuidNotEquals": _Operator("guid", _no_folded),
    "ForAnyOfAnyValues:GuidEquals": _Operator("guid", _any_folded),
    "ForAnyOfAllValues:GuidNotEquals": _Operator("guid", _no_folded),
    "StringEquals": _Operator("string", lambda found, values: found in values),
    "StringNotEquals": _Operator("string", lambda found, values: found not in values),
    "StringEqualsIgnoreCase": _Operator("string", _any_folded),
    "StringNotEqualsIgnoreCase": _Operator("string", _no_folded),
    "ForAnyOfAnyValues:StringEqualsIgnoreCase": _Operator("string", _any_folded),
    "ForAnyOfAllValues:StringNotEqualsIgnoreCase": _Operator("string", _no_folded),
}

_FOLDED = {name.lower(): operator for name, operator in OPERATORS.items()}


def _attribute(word: str) -> tuple[str, str]:
    source, _, name = word[1:-1].lower().partition("[")
    if source not in {"request", "resource"} or not name.startswith(_PREFIX):
        raise ConditionError(f"the attribute {word} is not served here")
    name = name.removeprefix(_PREFIX)
    if name not in ATTRIBUTES:
        raise ConditionError(f"{word} is no attribute of a role assignment")
    return source, name


def _text(word: str) -> str:
    return word[1:-1] if word.startswith("'") else word


def _matches(pattern: str, action: str) -> bool:
    return re.fullmatch(re.escape(pattern.lower()).replace(r"\*", ".*"), action.lower()) is not None
