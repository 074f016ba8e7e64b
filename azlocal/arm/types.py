"""Resource types as declarations: what a namespace module says about each of its types, and nothing more.

A declaration answers: where the type may live, how it may be named, what must be there before it, what Azure
fills in, what cannot change in place, what it can be asked to do, and how long Azure takes. Code appears only
where Azure's behaviour is special.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import orjson

from azlocal.arm.messages import ArmResponse
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

Json = dict[str, Any]


class Scope(Enum):
    """Where a resource of a type may live."""

    TENANT = "tenant"
    SUBSCRIPTION = "subscription"
    GROUP = "resource group"
    RESOURCE = "resource"  # an extension resource, on any other resource


@dataclass(frozen=True, slots=True)
class NameRule:
    """Length and characters of a name (Microsoft Learn, "Naming rules and restrictions for Azure resources").

    ``pattern`` must match the whole name; ``says`` is the rule in words.
    """

    pattern: str
    minimum: int
    maximum: int
    says: str
    code: str = "InvalidResourceName"
    taken: str = "NameNotAvailable"

    def accepts(self, name: str) -> bool:
        """Whether Azure would take this name."""
        return self.minimum <= len(name) <= self.maximum and re.fullmatch(self.pattern, name) is not None


@dataclass(frozen=True, slots=True)
class Reference:
    """A property that holds the id of another resource.

    ``path`` is dotted from the body, ``*`` stands for each element of a list or each value (``keys`` for each
    key) of a mapping: ``properties.subnets.*.id``, ``identity.userAssignedIdentities.keys``. A reference to
    something missing in this Azure is refused with ``code``. ``type`` narrows what it may point to.
    """

    path: str
    type: str | None = None
    code: str = "InvalidResourceReference"
    status: int = 400


@dataclass(frozen=True, slots=True)
class Action:
    """A POST on a resource: ``run`` answers it. ``permission`` is the action checked, below the type.

    ``before`` marks what is asked before the resource exists, such as where to upload it: ``run`` gets an empty one.
    """

    run: Callable[[Call, Resource], ArmResponse]
    permission: str | None = None
    before: bool = False


Hook = Callable[["Call", Resource, "Resource | None"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One resource type. Dotted paths start at the body: ``properties.addressSpace``."""

    name: str
    versions: tuple[str, ...] = ()  # empty: those of the namespace
    permission: str | None = None  # what its actions are called, where not by its name
    scopes: frozenset[Scope] = frozenset({Scope.GROUP})
    tracked: bool = False  # has location and tags
    system_data: bool = False
    name_rule: NameRule | None = None
    dns_suffix: str | None = None  # '{name}.{suffix}' is unique in the world
    required: tuple[str, ...] = ()
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    create_only: tuple[str, ...] = ()  # a change is refused with PropertyChangeNotAllowed
    write_only: tuple[str, ...] = ()  # never in a response
    read_only: tuple[str, ...] = ()  # kept from the stored body, whatever a PUT says
    singletons: tuple[str, ...] = ()  # child types whose 'default' comes with this resource
    implicit: bool = False  # made by the PUT of a child (AML's version containers)
    in_use_code: str | None = None  # a delete while others refer to it is refused with this
    provisioning: bool = True  # has properties.provisioningState
    duration: float = 0.0  # seconds that Azure takes to create it
    delete_duration: float = 0.0  # seconds that Azure takes to delete it
    create_status: int = 201  # the answer to a PUT that made it
    pending_status: int | None = None  # the same while it goes on, where that differs
    delete_status: int = 200
    actions: Mapping[str, Action] = field(default_factory=dict)
    check: Hook | None = None  # raises ArmError; (call, new, old)
    complete: Hook | None = None  # fills in what Azure answers; (call, new, old)
    present: Callable[[Call, Resource, Json], None] | None = None  # shapes one response body
    committed: Hook | None = None  # after the write, in its transaction; (call, new, old)
    deleting: Callable[[Call, Resource], None] | None = None  # raises ArmError, or tidies up
    deleted: Callable[[ControlPlane, Resource], None] | None = None  # after the removal, also by a cascade
    get: Callable[[Call], ArmResponse] | None = None  # instead of the generic operations
    list: Callable[[Call], ArmResponse] | None = None
    put: Callable[[Call], ArmResponse] | None = None
    patch: Callable[[Call], ArmResponse] | None = None
    delete: Callable[[Call], ArmResponse] | None = None


@dataclass(frozen=True, slots=True)
class ScopeAction:
    """A call on a namespace rather than on a resource: ``checkNameAvailability``, ``locations/{l}/usages``.

    ``pattern`` is matched, without case, against what follows ``/providers/Namespace/``.
    """

    method: str
    pattern: str
    run: Callable[[Call, re.Match[str]], ArmResponse]
    permission: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """A resource provider: its api-versions, its types and its calls without a resource."""

    name: str
    versions: tuple[str, ...]
    types: tuple[ResourceType, ...]
    calls: tuple[ScopeAction, ...] = ()


@dataclass(frozen=True, slots=True)
class Effects:
    """What a running server does about a resource beyond remembering it: start an account, a job, a process.

    A plan has no effects. ``put`` runs after the resource is stored; while it runs the resource is being
    created, and what it raises as ``ArmError`` fails the operation. Both must bear being run again, since a
    crash may have come in the middle. ``prompt`` names the methods (PUT, DELETE) that Azure answers only when all
    is done: there the answer waits, and nobody is told to poll.
    """

    put: Callable[[Resource], Awaitable[None]] | None = None
    delete: Callable[[Resource], Awaitable[None]] | None = None
    prompt: frozenset[str] = frozenset()


def copy_json(value: Any) -> Any:
    """A copy of a JSON value that shares nothing with it."""
    return orjson.loads(orjson.dumps(value)) if isinstance(value, (dict, list)) else value


@functools.cache
def _parts(path: str) -> tuple[str, ...]:
    """The names in a path: the paths are those of the declarations, and read with each request."""
    return tuple(path.split("."))


def read_path(body: Any, path: str) -> Any:
    """The value at a dotted path, or None."""
    for part in _parts(path):
        if not isinstance(body, dict):
            return None
        body = body.get(part)
    return body


def set_path(body: Json, path: str, value: Any) -> None:
    """Set the value at a dotted path, making what is missing on the way."""
    parts = _parts(path)
    for part in parts[:-1]:
        child = body.get(part)
        if not isinstance(child, dict):
            child = body[part] = {}
        body = child
    body[parts[-1]] = value


def drop_path(body: Json, path: str) -> None:
    """Remove the value at a dotted path, if there is one."""
    head, _, last = path.rpartition(".")
    parent = read_path(body, head) if head else body
    if isinstance(parent, dict):
        parent.pop(last, None)


def each(body: Any, path: str) -> list[str]:
    """Every string at a path with ``*`` and ``keys`` (see Reference)."""
    found = [body]
    for part in _parts(path):
        step: list[Any] = []
        for item in found:
            if part == "*" and isinstance(item, list):
                step.extend(item)
            elif part == "*" and isinstance(item, dict):
                step.extend(item.values())
            elif part == "keys" and isinstance(item, dict):
                step.extend(item)
            elif isinstance(item, dict) and item.get(part) is not None:
                step.append(item[part])
        found = step
    return [item for item in found if isinstance(item, str)]
