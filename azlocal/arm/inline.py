"""Children that are also part of their parent's body: subnets, security rules, agent pools.

Azure keeps one truth and shows it twice. Here the child resource is the truth: a PUT of the parent turns the
elements of its list into children, and a GET builds the list from them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azlocal.arm.checks import referenced
from azlocal.arm.deletes import check_in_use, purge
from azlocal.arm.errors import bad_request
from azlocal.arm.ids import parse
from azlocal.arm.messages import ArmRequest
from azlocal.arm.present import body_of
from azlocal.arm.types import Json, drop_path, read_path, set_path
from azlocal.arm.writes import prepare
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call


def _same(body: Json) -> Json:
    return body


@dataclasses.dataclass(frozen=True, slots=True)
class Inline:
    """One list in a parent's body. ``path`` is dotted; ``type`` is the children's.

    ``unpack`` makes a child's body from an element, ``pack`` an element from a child's response body; both are
    needed where the two differ (an agent pool stands in its cluster without ``properties``).
    """

    path: str
    type: str
    unpack: Callable[[Json], Json] = _same
    pack: Callable[[Json], Json] = _same

    @property
    def segment(self) -> str:
        """The children's segment in an id."""
        return self.type.rsplit("/", 1)[-1]


def sync(call: Call, new: Resource, inline: Inline, *, keep: bool = False) -> None:
    """Make the children what the parent's body says; a body without the list leaves them as they are.

    Call it from ``committed``: what it refuses undoes the whole write. With ``keep`` children stay that the list lacks.

    Raises:
        ArmError: what a PUT or DELETE of a child would be refused with, or 400 for a name given twice.
    """
    wanted = read_path(new.body, inline.path)
    if wanted is None:
        return
    drop_path(new.body, inline.path)
    call.state.put(new)
    names = _names(new, inline, wanted)
    for child in call.state.children(new.key, inline.type):
        if child.name.lower() not in names and not keep:
            check_in_use(child_call(call, child.id, inline.type), child)
            purge(call.control, child.key)
    for element in wanted:
        put_child(call, new, inline, dict(element))


def _names(new: Resource, inline: Inline, wanted: list[Json]) -> set[str]:
    names: set[str] = set()
    for element in wanted:
        name = str(element.get("name") or "").lower()
        if not name:
            raise bad_request(
                f"An element of '{inline.path}' of {new.id} has no name.", "InvalidRequestFormat", inline.path
            )
        if name in names:
            raise bad_request(
                f"Resource {new.id} has two child resources with the same name ({name}).",
                "DuplicateResourceName",
                inline.path,
            )
        names.add(name)
    return names


def put_child(call: Call, parent: Resource, inline: Inline, element: Json) -> None:
    """Check and store one element as a child, without the child's own look at its siblings (``committed``)."""
    name = element["name"]
    if isinstance(element.get("properties"), dict):
        element["properties"] = {k: v for k, v in element["properties"].items() if k != "provisioningState"}
    child = child_call(call, f"{parent.id}/{inline.segment}/{name}", inline.type)
    old = call.state.get(child.key)
    new = prepare(child, old, inline.unpack(element))
    if old and old.body == new.body:
        return
    call.state.put(new, referenced(child.type, new.body))


def child_call(call: Call, child_id: str, type_name: str) -> Call:
    """The call that a client would have made on a child."""
    namespace, declared = call.control.types[type_name.lower()]
    request = ArmRequest("PUT", child_id, call.request.query, None, {}, call.request.principal)
    return dataclasses.replace(
        call,
        request=request,
        path=parse(child_id),
        namespace=namespace,
        type=declared,
        action=None,
        existing=None,
    )


def show(call: Call, resource: Resource, body: Json, inline: Inline) -> None:
    """Put the children into a response body of the parent, in the order they were made."""
    children = sorted(call.state.children(resource.key, inline.type), key=lambda child: child.created)
    body["properties"] = dict(body.get("properties", {}))
    set_path(body, inline.path, [inline.pack(body_of(call, child)) for child in children])


def elements(body: Json, path: str) -> list[Json]:
    """The objects in a list of a body, empty where there is none."""
    found: Any = read_path(body, path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
