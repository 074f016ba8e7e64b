"""The control plane: one ordered chain that every request to management.azure.com goes through.

authenticate → api-version → locks → RBAC → validate → provider → operation → response

Authentication happens where the token is (``azlocal.arm.app``); everything after it is here, synchronous
and free of HTTP, so that a plan runs the very same chain.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

from azlocal.arm import generic, locks
from azlocal.arm.conditions import Asked, assignment_attributes
from azlocal.arm.errors import ArmError, not_served
from azlocal.arm.ids import ArmPath, parse
from azlocal.arm.messages import ArmRequest, ArmResponse
from azlocal.arm.operations import Operation, Operations
from azlocal.arm.rbac import ASSIGNMENT, AccessControl
from azlocal.arm.types import Action, Effects, Namespace, ResourceType
from azlocal.arm.versions import check_api_version
from azlocal.entra.directory import Directory
from azlocal.entra.principals import OWNER, Principal
from azlocal.state import Resource, State

logger = logging.getLogger("azlocal.arm")

VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


@dataclass(slots=True)
class Call:
    """One request on its way through the chain, with what has been found out about it."""

    control: ControlPlane
    request: ArmRequest
    path: ArmPath
    namespace: Namespace
    type: ResourceType
    action: Action | None = None
    existing: Resource | None = field(default=None)

    @property
    def state(self) -> State:
        """The durable state."""
        return self.control.state

    @property
    def principal(self) -> Principal:
        """Who asks."""
        return self.request.principal or OWNER

    @property
    def key(self) -> str:
        """The lower-cased id."""
        return self.path.key

    @property
    def api_version(self) -> str:
        """The api-version asked for."""
        return self.request.query.get("api-version", "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Awaited for the end of an operation's effect; what it failed with is raised as ArmError. May be left alone."""

    operation: Operation
    task: asyncio.Task[None] | None

    def __await__(self) -> Generator[Any, None, None]:
        if self.task:
            yield from self.task.__await__()
        if error := self.operation.error:
            status = 500 if error["code"] == "InternalServerError" else 400
            raise ArmError(status, error["code"], error["message"])


class ControlPlane:
    """Azure Resource Manager. ``spawn`` runs effects on a loop; without it (a plan) nothing has effects."""

    def __init__(
        self,
        state: State,
        namespaces: Iterable[Namespace] | None = None,
        *,
        faithful: bool = False,
        clock: Callable[[], float] = time.time,
        spawn: Spawn | None = None,
    ) -> None:
        if namespaces is None:
            from azlocal.arm.providers import NAMESPACES

            namespaces = NAMESPACES
        self.state = state
        self.clock = clock
        self.operations = Operations(state, faithful=faithful, clock=clock)
        self.access = AccessControl(state)
        self.directory = Directory(state)
        self.effects: dict[str, Effects] = {}
        self.spawn = spawn
        self._running: dict[str, asyncio.Task[None]] = {}  # effects that an answer waits for, by operation
        self.namespaces = {namespace.name.lower(): namespace for namespace in namespaces}
        self.types = {
            resource_type.name.lower(): (namespace, resource_type)
            for namespace in self.namespaces.values()
            for resource_type in namespace.types
        }
        generic.bootstrap(self)

    def handle(self, request: ArmRequest) -> ArmResponse:
        """Answer one request; a refusal is an answer, never an exception."""
        try:
            response = self._chain(request)
        except ArmError as error:
            response = error.response()
        response.headers.setdefault("x-ms-request-id", request_id())
        response.headers["x-ms-correlation-request-id"] = response.headers["x-ms-request-id"]
        if client_id := request.headers.get("x-ms-client-request-id"):
            response.headers["x-ms-client-request-id"] = client_id
        return response

    def _chain(self, request: ArmRequest) -> ArmResponse:
        path = parse(request.path)
        if early := generic.without_type(self, request, path):
            return early
        call = self._resolve(request, path)
        check_api_version(call)
        locks.check(call)
        self._authorize(call)
        return generic.dispatch(call)

    def _resolve(self, request: ArmRequest, path: ArmPath) -> Call:
        """Find the declared type: for a POST the last segment may be an action of the type before it."""
        found = self.types.get(path.type_key)
        if found and not (request.method == "POST" and path.is_collection and not found[1].put):
            return Call(self, request, path, *found)
        if request.method == "POST" and path.is_collection and len(path.types) > 1:
            found = self.types.get("/".join((path.namespace, *path.types[:-1])).lower())
            if found:
                owner = parse(path.path.rsplit("/", 1)[0])
                action = _action(found[1], path.types[-1])
                if action is None:
                    raise not_served(f"POST {path.type}")
                return Call(self, request, owner, *found, action=action)
        raise not_served(f"{request.method} {path.type}")

    def _authorize(self, call: Call) -> None:
        type_name = call.type.permission or call.type.name
        if call.action:
            name = call.action.permission or f"{_spelled(call)}/action"
            action = f"{type_name}/{name}"
        elif call.request.method == "POST":
            action = f"{type_name}/write"
        else:
            action = f"{type_name}/{VERBS[call.request.method]}"
        if generic.shows_what_may_be_read(call) and self.access.allows_some(call.principal, action, call.path.parent):
            return
        self.access.require(call.principal, action, call.path.path, asked=_asked(call, action))

    def internal(self, method: str, path: str, body: Any = None, principal: Principal = OWNER) -> ArmResponse:
        """A call one provider makes on behalf of another, with the newest api-version of the type."""
        parsed = parse(path)
        types = parsed.types[:-1] if method == "POST" and parsed.is_collection else parsed.types  # an action
        found = self.types.get("/".join((parsed.namespace, *types)).lower())
        version = (found[1].versions or found[0].versions)[-1] if found else ""
        return self.handle(ArmRequest(method, path, {"api-version": version}, body, {}, principal))

    async def effect(self, operation: Operation, work: Awaitable[None]) -> None:
        """Run what a server does about a resource, and end its operation with the outcome."""
        try:
            await work
        except ArmError as error:
            self.operations.finish(operation, error)
        except asyncio.CancelledError:
            raise  # the server stops: the operation is taken up again at the next start
        except Exception as error:
            logger.exception("%s of %s failed", operation.verb, operation.resource)
            self.operations.finish(operation, ArmError(500, "InternalServerError", f"{type(error).__name__}: {error}"))
        else:
            self.operations.finish(operation)

    def start_effect(self, operation: Operation, work: Awaitable[None], *, prompt: bool) -> None:
        """Run an operation's effect on the loop; where it is ``prompt``, ``outcome`` will ask for it."""
        task = self.run_effect(self.effect(operation, work))
        if prompt and task:
            self._running[operation.id] = task
            task.add_done_callback(lambda _: self._running.pop(operation.id, None))

    def run_effect(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Run an effect on the loop. Only called where ``spawn`` is given."""
        if self.spawn is None:
            work.close()
            return None
        return self.spawn(work)

    def prompt(self, type_name: str, verb: str) -> bool:
        """Whether the answer to this method waits for the type's effect."""
        effects = self.effects.get(type_name.lower())
        return bool(effects and verb in effects.prompt)

    def outcome(self, operation: Operation) -> Outcome:
        """What an answer that waits for its effect awaits."""
        return Outcome(operation, self._running.get(operation.id))


def _asked(call: Call, action: str) -> Asked | None:
    """The attributes that a condition may read: those of a role assignment, in the request and as it is."""
    if call.type.name.lower() != ASSIGNMENT or call.request.method == "GET":
        return None
    sent = call.request.body if isinstance(call.request.body, dict) else {}
    existing = call.state.get(call.key)
    return Asked(
        action,
        assignment_attributes(sent.get("properties") or {}),
        assignment_attributes(existing.properties) if existing else {},
    )


def request_id() -> str:
    """A random id in the form of a GUID: every answer carries one, so it has to be cheap."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _spelled(call: Call) -> str:
    return call.request.path.rstrip("/").rsplit("/", 1)[-1]


def _action(resource_type: ResourceType, name: str) -> Action | None:
    for declared, action in resource_type.actions.items():
        if declared.lower() == name.lower():
            return action
    return None
