"""PUT and PATCH: check, fill in, store, and start what takes time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azlocal.arm.checks import (
    check_create_only,
    check_enums,
    check_location,
    check_name,
    check_preconditions,
    check_references,
    check_required,
    check_scope,
    host_name,
    referenced,
)
from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.identity import assign_identities
from azlocal.arm.messages import ArmResponse
from azlocal.arm.operations import Operation
from azlocal.arm.present import body_of, not_found, require_group, system_data
from azlocal.arm.types import copy_json, read_path, set_path
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

_ENVELOPE_READ_ONLY = ("id", "name", "type", "systemData", "etag")


def put(call: Call) -> ArmResponse:
    """Create or replace: what the body leaves out goes back to its default (ARM RPC, "PUT Resource")."""
    old = call.state.get(call.key)
    body = {} if call.request.body is None else call.request.body  # a table or a queue needs nothing said about it
    if not isinstance(body, dict):
        raise bad_request("The request content was invalid and could not be deserialized: a JSON object is needed.")
    return write(call, old, copy_json(body))


def patch(call: Call) -> ArmResponse:
    """Change what the body names and leave the rest (ARM RPC, "PATCH Resource": JSON merge patch)."""
    old = call.state.get(call.key)
    if old is None:
        require_group(call)
        raise not_found(call)
    return write(call, old, merge(copy_json(old.body), call.request.body or {}))


def merge(target: Any, change: Any) -> Any:
    """JSON merge patch (RFC 7396)."""
    if not isinstance(change, dict):
        return change
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def write(call: Call, old: Resource | None, body: dict[str, Any]) -> ArmResponse:
    """The whole of a PUT or PATCH once the wanted body is known."""
    require_group(call)
    check_scope(call)
    check_preconditions(call, old)
    check_not_busy(call)
    new = prepare(call, old, body)
    with call.state.transaction():
        _make_implicit_parents(call)
        store(call, new, old)
        operation = begin(call, new, old)
    return answer(call, new, old, operation)


def check_not_busy(call: Call) -> None:
    """One operation at a time (ARM RPC, "Asynchronous Operations").

    Raises:
        ArmError: 409 AnotherOperationInProgress.
    """
    if operation := call.control.operations.active(call.key):
        raise ArmError(
            409,
            "AnotherOperationInProgress",
            f"Another {operation.verb} operation on '{call.path.path}' is in progress. Retry when it has ended.",
        )


def prepare(call: Call, old: Resource | None, body: dict[str, Any]) -> Resource:
    """The resource as it will be stored: checked, defaults made visible, identities given."""
    for name in _ENVELOPE_READ_ONLY:
        body.pop(name, None)
    declared = call.type
    new = Resource(old.id if old else call.path.path, declared.name, body, created=old.created if old else 0.0)
    if not old:
        check_name(call)
    check_provisioning_state(body, old)
    check_location(call, body, old)
    for path, default in declared.defaults.items():
        given = read_path(body, path)
        if given is None or (given == "" and path in declared.enums):  # what templates leave open they leave empty
            set_path(body, path, copy_json(default))
    for path in declared.read_only:
        kept = read_path(old.body, path) if old else None
        if kept is not None:
            set_path(body, path, kept)
    check_required(call, body)
    check_enums(call, body)
    check_references(call, body)
    if old:
        check_create_only(call, body, old)
    assign_identities(call, new)
    if declared.check:
        declared.check(call, new, old)
    if declared.complete:
        declared.complete(call, new, old)
    if declared.system_data:
        body["systemData"] = system_data(call, old)
    new.etag = str(uuid.uuid4())
    return new


def check_provisioning_state(body: dict[str, Any], old: Resource | None) -> None:
    """``provisioningState`` is read-only: equal is ignored, different refused (ARM RPC).

    Raises:
        ArmError: 400 InvalidRequestContent.
    """
    properties = body.get("properties")
    if not isinstance(properties, dict):
        return
    given = properties.pop("provisioningState", None)
    if given is not None and old is None:
        raise bad_request("The property 'properties.provisioningState' is read-only.", target="provisioningState")


def store(call: Call, new: Resource, old: Resource | None) -> None:
    """Write the resource, what it refers to, and what its type adds in the same transaction."""
    call.state.put(new, referenced(call.type, new.body) | host_name(call.type, new.name))
    if not old:
        _make_singletons(call, new)
    if call.type.committed:
        call.type.committed(call, new, old)


def begin(call: Call, new: Resource, old: Resource | None) -> Operation | None:
    """Start what takes time: the type's effect on a running server, or Azure's documented duration."""
    control = call.control
    effects = control.effects.get(call.type.name.lower())
    work = effects.put if effects and control.spawn else None
    duration = call.type.duration if old is None else 0.0
    if work is None and not (duration and control.operations.faithful):
        return None
    operation = control.operations.start(
        new.key,
        "PUT",
        call.path.subscription or "",
        duration,
        effect=work is not None,
        on_done=settle(control, new.key),
    )
    if work is not None:
        control.start_effect(operation, work(new), prompt=control.prompt(call.type.name, "PUT"))
    return operation


def settle(control: ControlPlane, key: str) -> Callable[[Operation], None]:
    """What the end of a PUT leaves behind: nothing, or a resource that says Failed."""

    def done(operation: Operation) -> None:
        current = control.state.get(key)
        if current is None:
            return
        state = "Failed" if operation.error else "Succeeded"
        if current.properties.get("provisioningState", "Succeeded") != state:
            current.properties["provisioningState"] = state
            control.state.put(current)

    return done


def answer(call: Call, new: Resource, old: Resource | None, operation: Operation | None) -> ArmResponse:
    """200 or 201 with the resource; while something goes on, also where to ask about it."""
    status = 200 if old else call.type.create_status
    headers = {"etag": f'"{new.etag}"'}
    if operation and call.control.prompt(call.type.name, "PUT"):
        return ArmResponse(status, body_of(call, new), headers, ready=call.control.outcome(operation))
    if operation:
        status = call.type.pending_status or status
        headers |= call.control.operations.headers(operation, call.api_version, location=status == 202)
    return ArmResponse(status, body_of(call, new), headers)


def _make_implicit_parents(call: Call) -> None:
    """A version's container appears with its first version (Azure ML, "Container/Version" assets)."""
    if len(call.path.types) < 2:
        return
    key = call.path.parent.lower()
    if call.state.exists(key):
        return
    parent_type = "/".join((call.path.namespace, *call.path.types[:-1])).lower()
    found = call.control.types.get(parent_type)
    if not found or not found[1].implicit:
        raise ArmError(
            404,
            "ParentResourceNotFound",
            f"Failed to perform 'write' on resource(s) of type '{'/'.join(call.path.types)}', because the parent"
            f" resource '{call.path.parent}' could not be found.",
        )
    body: dict[str, Any] = {"properties": {}}
    if found[1].system_data:
        body["systemData"] = system_data(call, None)
    call.state.put(Resource(call.path.parent, found[1].name, body, etag=str(uuid.uuid4())))


def _make_singletons(call: Call, new: Resource) -> None:
    for child in call.type.singletons:
        declared = call.control.types[f"{call.type.name}/{child}".lower()][1]
        body: dict[str, Any] = {}
        for path, default in declared.defaults.items():
            set_path(body, path, copy_json(default))
        call.state.put(Resource(f"{new.id}/{child}/default", declared.name, body, etag=str(uuid.uuid4())))
