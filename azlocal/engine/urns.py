"""Resource names as Pulumi builds them, and the earlier names that aliases stand for.

``urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`` (Pulumi, "URNs"). The stack itself is no part of
its children's names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDERS = "pulumi:providers:"


@dataclass(frozen=True, slots=True)
class Alias:
    """One earlier name: a whole URN, or the parts in which it differed."""

    urn: str = ""
    name: str = ""
    type: str = ""
    project: str = ""
    stack: str = ""
    parent: str = ""
    no_parent: bool = False


def make_urn(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource below ``parent``, which is a URN or empty."""
    chain = qualified_type(parent)
    if chain and chain != STACK_TYPE:
        type_ = f"{chain}${type_}"
    return f"urn:pulumi:{stack}::{project}::{type_}::{name}"


def stack_of(urn: str) -> str:
    """The stack in a URN."""
    return urn.split("::", 1)[0].rpartition(":")[2]


def qualified_type(urn: str) -> str:
    """The chain of types in a URN: its own last, its parents' before it."""
    return urn.split("::", 3)[2] if urn else ""


def name_of(urn: str) -> str:
    """The logical name in a URN, which may itself hold ``::``."""
    return urn.split("::", 3)[3]


def type_of(urn: str) -> str:
    """The resource's own type."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def short_type(urn: str) -> str:
    """A type as people know it: ``network:Subnet``."""
    package, _, rest = type_of(urn).partition(":")
    module, _, name = rest.rpartition(":")
    return f"{module.partition('/')[0]}:{name}" if package != "kubernetes" else f"kubernetes:{name}"


@dataclass(frozen=True, slots=True)
class Named:
    """What a URN is made of, with its aliases."""

    stack: str
    project: str
    parent: str
    type: str
    name: str
    aliases: tuple[Alias, ...]


def alias_urns(named: Named, parent_aliases: list[str]) -> Iterator[str]:
    """Every earlier URN: by its own aliases, by its parent's, and by both together."""
    same = Alias()
    for alias in named.aliases:
        yield alias.urn or _apply(named, alias, named.parent, named.name)
    for earlier_parent in parent_aliases:
        name = _follow_parent(named, earlier_parent)
        for alias in (same, *named.aliases):
            if not alias.urn:
                yield _apply(named, alias, earlier_parent, name)


def _apply(named: Named, alias: Alias, parent: str, name: str) -> str:
    if alias.no_parent:
        parent = ""
    elif alias.parent:
        parent = alias.parent
    return make_urn(
        alias.stack or named.stack,
        alias.project or named.project,
        parent,
        alias.type or named.type,
        alias.name or name,
    )


def _follow_parent(named: Named, earlier_parent: str) -> str:
    """A child that is named after its parent was named after the parent's earlier name."""
    parent_name, earlier = name_of(named.parent), name_of(earlier_parent)
    if named.name.startswith(parent_name):
        return earlier + named.name[len(parent_name) :]
    return named.name
