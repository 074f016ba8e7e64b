"""What one setting forbids another: Azure's documented traps, checked before the first resource.

The rules themselves stand in the modules named `*_rules.py`, each with its table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from infra.settings.partial import asks_for_unread

T = TypeVar("T")
DOCS = "https://learn.microsoft.com/azure/"


@dataclass(frozen=True)
class Problem:
    """A setting that Azure would refuse or that would not work.

    Args:
        key: dotted path below the project's name, e.g. `network.subnets.training`.
        message: what is wrong, with what was given and what is allowed.
        hint: what to change.
        page: where it is documented, relative to `DOCS`; empty for the block's own page (`settings_pages.py`).
        code: what Azure would answer; empty where it would take it, or where nobody knows.
    """

    key: str
    message: str
    hint: str
    page: str = ""
    code: str = ""


Rule = Callable[..., Iterator[Problem]]
RuleRow = tuple[tuple[str, ...], Rule]
"""The blocks of `Settings` that a rule takes, in its arguments' order, and the rule."""


def check(blocks: Mapping[str, Any], rules: Iterable[RuleRow]) -> list[Problem]:
    """All problems among the given blocks, in the rules' order; a rule without its blocks is left out."""
    return [
        problem
        for needed, rule in rules
        if all(name in blocks for name in needed)
        for problem in _told(rule, [blocks[name] for name in needed])
    ]


def each(of: Mapping[str, Any], rule: Rule) -> Iterator[Problem]:
    """What a rule says of each, by its key: one that could not be read keeps it silent about that one alone."""
    for key, one in of.items():
        yield from _told(rule, (key, one))


def sound(parts: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """Those settings, by key, that could be read."""
    found: dict[str, T] = {}
    for key, read in parts.items():
        try:
            found[key] = read()
        except AttributeError as error:
            if not asks_for_unread(error):
                raise
    return found


def _told(rule: Rule, blocks: Iterable[Any]) -> Iterator[Problem]:
    """What a rule says until it asks for a setting that could not be read."""
    try:
        yield from rule(*blocks)
    except AttributeError as error:
        if not asks_for_unread(error):
            raise
