"""Microsoft.Resources at its root: tenants, subscriptions, providers, resource groups' contents, operations."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import ArmError
from azlocal.arm.ids import ArmPath
from azlocal.arm.locations import KNOWN
from azlocal.arm.messages import ArmRequest, ArmResponse
from azlocal.arm.operations import HOST
from azlocal.entra.principals import OWNER, SUBSCRIPTION_ID, SUBSCRIPTIONS, TENANT_ID
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import ControlPlane

_SHOWN = ("location", "tags", "sku", "kind")  # of a resource in a list of many types
_OWNER_ROLE = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def bootstrap(control: ControlPlane) -> None:
    """The subscriptions, and their owner's role on each."""
    for subscription_id in SUBSCRIPTIONS:
        _own(control, subscription_id)


def _own(control: ControlPlane, subscription_id: str) -> None:
    subscription = f"/subscriptions/{subscription_id}"
    name = str(uuid.uuid5(uuid.UUID(subscription_id), OWNER.object_id))
    assignment = f"{subscription}/providers/Microsoft.Authorization/roleAssignments/{name}"
    if control.state.exists(assignment.lower()):
        return
    properties = {
        "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{_OWNER_ROLE}",
        "principalId": OWNER.object_id,
        "principalType": OWNER.kind,
        "scope": subscription,
    }
    control.state.put(
        Resource(assignment, "Microsoft.Authorization/roleAssignments", {"properties": properties}, etag=name)
    )


def answer(control: ControlPlane, request: ArmRequest, path: ArmPath) -> ArmResponse | None:
    """Answer what belongs to the tenant or a subscription itself; None for everything else."""
    namespace, _, types = path.type_key.partition("/")
    if types.endswith(("operationstatuses", "operationresults")):
        return _operation(control, path)
    if namespace != "microsoft.resources" or request.method not in {"GET", "POST"}:
        return _provider(control, namespace) if types in {"", "register"} else None
    segments = path.key.strip("/").split("/")
    if segments[0] != "providers" and "providers" in segments[:-1] and segments[2] != "providers":
        return None
    for pattern, handler in _ROUTES:
        if len(pattern) == len(segments) and all(p in {"*", s} for p, s in zip(pattern, segments, strict=True)):
            if len(segments) > 1:
                _require_subscription(segments[1])
            if segments[2:3] not in ([], ["resourcegroups"], ["resources"]):
                scope = "/" + "/".join(segments[:2])
                control.access.require(request.principal or OWNER, "Microsoft.Resources/subscriptions/read", scope)
            return handler(control, request, segments)
    return None


def _require_subscription(subscription: str) -> None:
    if subscription not in SUBSCRIPTIONS:
        raise ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


def _subscription(_control: ControlPlane, _request: ArmRequest, segments: list[str]) -> ArmResponse:
    return ArmResponse(200, _subscription_body(segments[1]))


def _subscriptions(control: ControlPlane, request: ArmRequest, _segments: list[str]) -> ArmResponse:
    """The usual one for everybody, another one for those who may do something in it."""
    principal = request.principal or OWNER
    seen = [
        _subscription_body(one)
        for one in SUBSCRIPTIONS
        if one == SUBSCRIPTION_ID or control.access.sees(principal, f"/subscriptions/{one}")
    ]
    return ArmResponse(200, {"value": seen, "count": {"type": "Total", "value": len(seen)}})


def _subscription_body(subscription_id: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription_id}",
        "subscriptionId": subscription_id,
        "tenantId": TENANT_ID,
        "displayName": SUBSCRIPTIONS[subscription_id],
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }


def _tenants(*_: Any) -> ArmResponse:
    return ArmResponse(200, {"value": [{"id": f"/tenants/{TENANT_ID}", "tenantId": TENANT_ID}]})


def _locations(_control: ControlPlane, _request: ArmRequest, segments: list[str]) -> ArmResponse:
    base = f"/subscriptions/{segments[1]}/locations"
    return ArmResponse(
        200,
        {
            "value": [
                {"id": f"{base}/{name}", "name": name, "displayName": name, "type": "Region"} for name in sorted(KNOWN)
            ]
        },
    )


def _group_resources(control: ControlPlane, request: ArmRequest, segments: list[str]) -> ArmResponse:
    """Of a group, or of the subscription: everybody sees what they may read."""
    scope = "/" + "/".join(segments[:4] if segments[2] == "resourcegroups" else segments[:2])
    principal = request.principal or OWNER
    if not control.access.sees(principal, scope):
        control.access.require(principal, "Microsoft.Resources/subscriptions/resources/read", scope)
    if segments[2] == "resourcegroups" and not control.state.exists(scope):
        raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{segments[3]}' could not be found.")
    value = []
    for resource in reversed(control.state.below(scope)):
        declared = control.types.get(resource.type.lower())
        listed = declared and declared[1].tracked and "/providers/" in resource.key
        if declared and listed and control.access.allows(principal, f"{declared[1].name}/read", resource.id):
            shown: dict[str, Any] = {key: resource.body[key] for key in _SHOWN if key in resource.body}
            value.append({"id": resource.id, "name": resource.name, "type": declared[1].name, **shown})
    return ArmResponse(200, {"value": sorted(value, key=lambda one: str(one["id"]))})


def _provider(control: ControlPlane, name: str) -> ArmResponse:
    """``providers/{namespace}``: every namespace served here is registered."""
    namespace = control.namespaces.get(name)
    if namespace is None:
        raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{name}' is invalid.")
    return ArmResponse(200, _provider_body(namespace.name, control))


def _providers(control: ControlPlane, *_: Any) -> ArmResponse:
    return ArmResponse(200, {"value": [_provider_body(one.name, control) for one in control.namespaces.values()]})


def _provider_body(name: str, control: ControlPlane) -> dict[str, Any]:
    namespace = control.namespaces[name.lower()]
    return {
        "id": f"/subscriptions/{SUBSCRIPTION_ID}/providers/{namespace.name}",
        "namespace": namespace.name,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {
                "resourceType": declared.name.partition("/")[2],
                "locations": sorted(KNOWN),
                "apiVersions": list(reversed(declared.versions or namespace.versions)),
            }
            for declared in namespace.types
        ],
    }


def _operation(control: ControlPlane, path: ArmPath) -> ArmResponse:
    operation = control.operations.get(path.path.rsplit("/", 1)[-1])
    if operation is None:
        raise ArmError(404, "OperationNotFound", f"No operation exists at '{path.path}'.")
    if "operationstatuses" in path.path.lower():
        return control.operations.status(operation)
    if not operation.done:
        return control.operations.pending({"Location": f"{HOST}{path.path}?api-version=2021-04-01"})
    if operation.error:
        return ArmResponse(400, {"error": operation.error})
    if operation.verb == "DELETE":
        return ArmResponse(204)
    if operation.verb == "POST":
        return ArmResponse(200, operation.result) if operation.result is not None else ArmResponse(204)
    return control.internal("GET", (control.state.get(operation.resource) or Resource(path.path, "", {})).id)


_Handler = Callable[..., ArmResponse]
_ROUTES: tuple[tuple[tuple[str, ...], _Handler], ...] = (
    (("tenants",), _tenants),
    (("subscriptions",), _subscriptions),
    (("subscriptions", "*"), _subscription),
    (("subscriptions", "*", "locations"), _locations),
    (("subscriptions", "*", "providers"), _providers),
    (("subscriptions", "*", "resources"), _group_resources),
    (("subscriptions", "*", "resourcegroups", "*", "resources"), _group_resources),
)
