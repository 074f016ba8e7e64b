"""What every resource type does alike: read, list, delete, act. Writing is in ``azlocal.arm.writes``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azlocal.arm import deletes, tenant, writes
from azlocal.arm.errors import ArmError, not_served
from azlocal.arm.ids import ArmPath
from azlocal.arm.messages import ArmRequest, ArmResponse
from azlocal.arm.present import body_of, not_found, require_group
from azlocal.arm.types import Scope
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

PAGE = 500


def bootstrap(control: ControlPlane) -> None:
    """What a new tenant starts with."""
    tenant.bootstrap(control)


def without_type(control: ControlPlane, request: ArmRequest, path: ArmPath) -> ArmResponse | None:
    """Calls that are about no resource of a declared type: the tenant's own and a namespace's own."""
    if answer := tenant.answer(control, request, path):
        return answer
    namespace = control.namespaces.get(path.namespace.lower())
    if namespace is None:
        if not path.types:
            raise not_found_namespace(path.namespace)
        raise not_served(f"{request.method} {path.type}")
    if path.type_key in control.types:
        return None
    rest = path.path.rpartition("/providers/")[2].partition("/")[2]
    for declared in namespace.calls:
        if declared.method == request.method and (match := re.fullmatch(declared.pattern, rest, re.IGNORECASE)):
            from azlocal.arm.control import Call
            from azlocal.arm.types import ResourceType

            call = Call(control, request, path, namespace, ResourceType(name=path.type))
            control.access.require(call.principal, declared.permission, path.scope or "/")
            return declared.run(call, match)
    return None


def not_found_namespace(namespace: str) -> ArmError:
    """A namespace nobody registered."""
    return ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")


def dispatch(call: Call) -> ArmResponse:
    """Run the operation that the method asks for, the type's own where it has one."""
    if call.action:
        return _act(call)
    method = call.request.method
    if call.path.is_collection:
        if method not in {"GET", "HEAD"}:
            if method in {"PUT", "POST"} and call.type.put:
                return call.type.put(call)
            raise ArmError(405, "MethodNotAllowed", f"{method} is not allowed on the collection '{call.path.path}'.")
        return call.type.list(call) if call.type.list else collect(call)
    match method:
        case "GET":
            return call.type.get(call) if call.type.get else read(call)
        case "HEAD":
            return ArmResponse(204 if call.state.exists(call.key) else 404)
        case "PUT":
            return call.type.put(call) if call.type.put else writes.put(call)
        case "PATCH":
            return call.type.patch(call) if call.type.patch else writes.patch(call)
        case "DELETE":
            return call.type.delete(call) if call.type.delete else deletes.delete(call)
        case _:
            raise not_served(f"{method} {call.type.name}")


def read(call: Call) -> ArmResponse:
    """GET one resource.

    Raises:
        ArmError: 404 ResourceNotFound, or ResourceGroupNotFound where even the group is missing.
    """
    resource = call.state.get(call.key)
    if resource is None:
        require_group(call)
        raise not_found(call)
    return ArmResponse(200, body_of(call, resource), {"etag": f'"{resource.etag}"'})


def shows_what_may_be_read(call: Call) -> bool:
    """Whether this is a list over a subscription: there everybody sees the part that they may read."""
    path = call.path
    whole = path.is_collection and len(path.types) == 1 and path.parent.count("/") == 2
    return whole and call.request.method == "GET" and call.type.list is None


def collect(call: Call) -> ArmResponse:
    """GET a collection: ``value`` and, where there is more, an absolute ``nextLink``."""
    query = call.request.query
    after = query.get("$skiptoken", "")
    top = min(int(query.get("$top") or PAGE), PAGE)
    scope = call.path.parent.lower()
    filtered = shows_what_may_be_read(call)
    everywhere = Scope.GROUP in call.type.scopes and len(call.path.types) == 1 and scope.count("/") < 4
    if everywhere:
        found = call.state.of_type(call.type.name, scope, after, top + 1)
    else:
        _require_parent(call)
        found = call.state.children(scope, call.type.name, after, top + 1)
    action = f"{call.type.permission or call.type.name}/read"
    value = [
        body_of(call, resource)
        for resource in found[:top]
        if not filtered or call.control.access.allows(call.principal, action, resource.id)
    ]
    body: dict[str, Any] = {"value": value}
    if len(found) > top:
        body["nextLink"] = (
            f"https://management.azure.com{call.path.path}?api-version={call.api_version}"
            f"&$skiptoken={found[top - 1].key}" + (f"&$top={query['$top']}" if query.get("$top") else "")
        )
    return ArmResponse(200, body)


def _require_parent(call: Call) -> None:
    require_group(call)
    if len(call.path.types) > 1 and not call.state.exists(call.path.parent.lower()):
        raise ArmError(
            404,
            "ParentResourceNotFound",
            f"Failed to perform '{call.request.method}' on resource(s) of type '{'/'.join(call.path.types)}', because"
            f" the parent resource '{call.path.parent}' could not be found.",
        )


def _act(call: Call) -> ArmResponse:
    resource = call.state.get(call.key)
    if resource is None:
        require_group(call)
        if call.action is None or not call.action.before:
            raise not_found(call)
        resource = Resource(call.path.path, call.type.name, {})
    if call.action is None:
        raise not_served(f"POST {call.type.name}")
    return call.action.run(call, resource)
