"""Code assets: where their files go before they exist, and finding equal ones by hash."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from azlocal.arm.errors import not_served
from azlocal.arm.messages import ArmResponse
from azlocal.arm.providers.machinelearning.versions import WORKSPACE
from azlocal.arm.types import Action
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

_VERSIONS = f"{WORKSPACE}/codes/versions"
# The effect behind the action: it makes a container and fills the resource's body with the link to it.
PENDING_UPLOAD = f"{_VERSIONS}/startPendingUpload".lower()


def with_hash(call: Call, wanted: str, hash_version: str | None) -> list[Resource]:
    """The workspace's code with this content, under whatever name: clients ask below one made up on the spot."""
    workspace = call.path.path.lower().split("/codes/")[0]
    found = []
    for one in call.state.of_type(_VERSIONS, workspace):
        properties = one.properties.get("properties") or {}
        version = str(properties.get("hash_version", hash_version))
        if properties.get("hash_sha256") == wanted and hash_version in {None, version}:
            found.append(one)
    return found


def _start_pending_upload(call: Call, code: Resource) -> ArmResponse:
    effects = call.control.effects.get(PENDING_UPLOAD)
    if effects is None or effects.put is None or call.control.spawn is None:
        raise not_served(f"POST {_VERSIONS}/startPendingUpload without a running server")
    place = Resource(code.id, code.type, {})
    return ArmResponse(200, place.body, ready=call.control.spawn(_run(effects.put, place)))


async def _run(work: Callable[[Resource], Awaitable[None]], place: Resource) -> None:
    await work(place)


ACTIONS = {"startPendingUpload": Action(_start_pending_upload, before=True)}
