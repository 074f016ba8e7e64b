"""The few forms in which nearly every rule is written: a field, what it may hold, and what its absence means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .model import Body, Check, Context, Finding

When = Callable[[Body, Context], bool]


def get(value: Any, path: str, default: Any = None) -> Any:
    """The value at a dotted path, keys compared as ARM does, in any case; ``default`` where a step is absent."""
    for step in path.split("."):
        if not hasattr(value, "items"):
            return default
        if step in value:
            value = value[step]
            continue
        found = [item for key, item in value.items() if key.lower() == step.lower()]
        if not found:
            return default
        value = found[0]
    return default if value is None else value


def items(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The elements of a list at a path, each with the path of its own."""
    for index, item in enumerate(get(value, path, ())):
        yield f"{path}[{index}]", item


def same(left: Any, right: Any) -> bool:
    """Equality as ARM has it: words in any case, but ``True`` is not the word ``true``."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return type(left) is type(right) and bool(left == right)


def always(_body: Body, _context: Context) -> bool:
    """A rule without a condition on when it applies."""
    return True


@dataclass(frozen=True, slots=True)
class Conditional:
    """A check that looks at some resources of its types only."""

    check: Check
    when: When

    def __call__(self, body: Body, context: Context) -> Iterable[Finding]:
        """What it finds; nothing where it does not look."""
        return self.check(body, context) if self.when(body, context) else ()


def when_of(check: Check) -> When:
    """On which resources a check looks."""
    return check.when if isinstance(check, Conditional) else always


def must_be(path: str, *allowed: Any, default: Any = None, when: When = always) -> Check:
    """The field holds one of these values; an absent field counts as Azure's default."""

    def check(body: Body, _context: Context) -> Iterable[Finding]:
        given = get(body, path, default)
        if not any(same(given, one) for one in allowed):
            wanted = " or ".join(repr(one) for one in allowed)
            yield Finding(path, f"is {given!r} and must be {wanted}", f"set {path} to {wanted}")

    return check if when is always else Conditional(check, when)


def must_not_be(path: str, *refused: Any, default: Any = None, when: When = always) -> Check:
    """The field holds none of these values; an absent field counts as Azure's default."""

    def check(body: Body, _context: Context) -> Iterable[Finding]:
        given = get(body, path, default)
        if any(same(given, one) for one in refused):
            yield Finding(path, f"must not be {given!r}", f"set {path} to another value")

    return check if when is always else Conditional(check, when)


def must_have(path: str, when: When = always) -> Check:
    """The field is there and holds something."""

    def check(body: Body, _context: Context) -> Iterable[Finding]:
        if get(body, path) in (None, "", [], {}):
            yield Finding(path, "is absent", f"set {path}")

    return check if when is always else Conditional(check, when)


def must_be_named(pattern: str, rule: str) -> Check:
    """The resource's own name matches; ``rule`` says the pattern in words."""
    compiled = re.compile(pattern)

    def check(_body: Body, context: Context) -> Iterable[Finding]:
        if not compiled.fullmatch(context.resource.name):
            yield Finding("name", f"{context.resource.name!r} must have {rule}", f"give it a name of {rule}")

    return check


def each(path: str, check: Check) -> Check:
    """The check, for every element of a list."""

    def over(body: Body, context: Context) -> Iterable[Finding]:
        for place, item in items(body, path):
            for finding in check(item, context):
                yield Finding(f"{place}.{finding.field}", finding.message, finding.fix)

    looks = when_of(check)
    return Conditional(over, lambda body, context: any(looks(item, context) for _, item in items(body, path)))


def both(*checks: Check) -> Check:
    """All of the checks."""

    def check(body: Body, context: Context) -> Iterable[Finding]:
        for one in checks:
            yield from one(body, context)

    return Conditional(check, lambda body, context: any(when_of(one)(body, context) for one in checks))
