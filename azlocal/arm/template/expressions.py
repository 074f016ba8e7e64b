"""The template language: ``[concat('a', parameters('b'))]`` (Microsoft Learn, "ARM template functions")."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from azlocal.arm.errors import ArmError, bad_request

_TOKEN = re.compile(r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[()\[\],.]))")


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments, each an expression of its own."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """A property of a value, or an element of a list."""

    value: Expression
    key: Expression


Expression = str | int | Call | Access
Functions = Mapping[str, Callable[..., Any]]


def invalid(message: str) -> ArmError:
    """A template that isn't one."""
    return bad_request(f"Deployment template validation failed: '{message}'.", "InvalidTemplate")


def evaluate(value: Any, functions: Functions) -> Any:
    """A JSON value with every expression in it replaced; names of functions compare without case.

    A key may be one too, as the id of an identity is (azure-docs, "Configure managed identities for Azure resources
    on an Azure VM using a template").

    Raises:
        ArmError: 400 InvalidTemplate for what is no expression, and what the functions raise.
    """
    if isinstance(value, str):
        if not (value.startswith("[") and value.endswith("]")):
            return value
        return value[1:] if value.startswith("[[") else run(parse(value[1:-1]), functions)
    if isinstance(value, dict):
        return {evaluate(key, functions): evaluate(one, functions) for key, one in value.items()}
    return [evaluate(one, functions) for one in value] if isinstance(value, list) else value


def run(expression: Expression, functions: Functions) -> Any:
    """The value of an expression. ``if`` evaluates only the branch it takes."""
    if isinstance(expression, Call):
        name = expression.name.lower()
        if name == "if":
            condition, yes, no = expression.arguments
            return run(yes if run(condition, functions) else no, functions)
        if name not in functions:
            raise ArmError(
                501,
                "NotImplemented",
                f"azlocal, a local stand-in for Azure, does not serve this operation: the template function"
                f" '{expression.name}'.",
            )
        return functions[name](*(run(one, functions) for one in expression.arguments))
    if isinstance(expression, Access):
        return _access(run(expression.value, functions), run(expression.key, functions))
    return expression


class Later(str):
    """What a resource will say once it is there: whatever is asked of it, it has."""

    __slots__ = ()


def _access(value: Any, key: Any) -> Any:
    if isinstance(value, Later):
        return value
    if isinstance(value, dict):
        for name, found in value.items():
            if name.lower() == str(key).lower():
                return found
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    raise invalid(f"the language expression property '{key}' doesn't exist")


def parse(text: str) -> Expression:
    """Read one expression.

    Raises:
        ArmError: 400 InvalidTemplate.
    """
    reader = _Reader(text)
    found = reader.expression()
    if reader.peek() is not None:
        raise invalid(f"unexpected '{reader.peek()}' in the expression '{text}'")
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if not match or match.lastgroup is None:
                raise invalid(f"'{text[position:]}' in the expression '{text}' is no part of the language")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        self._at = 0

    def peek(self) -> str | None:
        """The next token, or None at the end."""
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    def _take(self, wanted: str | None = None) -> tuple[str, str]:
        if self._at >= len(self._tokens) or (wanted and self._tokens[self._at][1] != wanted):
            raise invalid(f"'{wanted or 'a value'}' is missing in the expression '{self._text}'")
        self._at += 1
        return self._tokens[self._at - 1]

    def expression(self) -> Expression:
        """A literal or a call, and what follows it with ``.`` or ``[ ]``."""
        kind, token = self._take()
        found: Expression
        if kind == "string":
            found = token[1:-1].replace("''", "'")
        elif kind == "number":
            found = int(token)
        elif kind == "name":
            found = Call(token, self._arguments())
        else:
            raise invalid(f"unexpected '{token}' in the expression '{self._text}'")
        while self.peek() in {".", "["}:
            if self._take()[1] == ".":
                found = Access(found, self._take()[1])
            else:
                found = Access(found, self.expression())
                self._take("]")
        return found

    def _arguments(self) -> tuple[Expression, ...]:
        self._take("(")
        found: list[Expression] = []
        while self.peek() != ")":
            found.append(self.expression())
            if self.peek() != ")":
                self._take(",")
        self._take(")")
        return tuple(found)
