"""How a stored resource looks in a response, and the refusals that speak of what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import ArmError
from azlocal.arm.operations import iso
from azlocal.arm.types import Scope, copy_json, drop_path
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

_GOING_ON = {
    "PUT": ("Creating", "Updating"),
    "DELETE": ("Deleting", "Deleting"),
    "POST": ("Updating", "Updating"),
}


def body_of(call: Call, resource: Resource) -> dict[str, Any]:
    """The response body: id, name, type, what is stored, and the state of the operation going on."""
    declared = call.control.types[resource.type.lower()][1]
    body: dict[str, Any] = {"id": resource.id, "name": resource.name, "type": declared.name, **resource.body}
    if declared.write_only:
        body = copy_json(body)
        for path in declared.write_only:
            drop_path(body, path)
    if declared.provisioning:
        body["properties"] = {
            **body.get("properties", {}),
            "provisioningState": provisioning_state(call, resource),
        }
    if declared.present:
        declared.present(call, resource, body)
    return body


def provisioning_state(call: Call, resource: Resource) -> str:
    """Succeeded, Failed, or what is going on."""
    operation = call.control.operations.active(resource.key)
    if operation:
        return _GOING_ON[operation.verb][resource.created != resource.changed]
    state: str = resource.body.get("properties", {}).get("provisioningState", "Succeeded")
    return state


def system_data(call: Call, old: Resource | None) -> dict[str, Any]:
    """Who made the resource and who changed it last, and when."""
    now, who = iso(call.control.clock()), call.principal
    kind = "Application" if who.kind == "ServicePrincipal" else "User"
    created = (old.body.get("systemData") if old else None) or {
        "createdBy": who.name,
        "createdByType": kind,
        "createdAt": now,
    }
    return {**created, "lastModifiedBy": who.name, "lastModifiedByType": kind, "lastModifiedAt": now}


def not_found(call: Call) -> ArmError:
    """404 as Azure words it."""
    group = call.path.resource_group
    where = f" under resource group '{group}'" if group else ""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{call.type.name}/{'/'.join(call.path.names)}'{where} was not found. For more details please"
        " go to https://aka.ms/ARMResourceNotFoundFix",
    )


def require_group(call: Call) -> None:
    """Refuse a request below a resource group that does not exist.

    Raises:
        ArmError: 404 ResourceGroupNotFound.
    """
    path = call.path
    group = path.resource_group
    if group is None or path.type.lower() == "microsoft.resources/resourcegroups":
        return
    if not call.state.exists(f"/subscriptions/{path.subscription}/resourcegroups/{group}".lower()):
        raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def scope_of(scope: str) -> Scope:
    """What kind of scope an id is."""
    parts = scope.strip("/").lower().split("/") if scope.strip("/") else []
    if not parts:
        return Scope.TENANT
    if len(parts) == 2 and parts[0] == "subscriptions":
        return Scope.SUBSCRIPTION
    if len(parts) == 4 and parts[2] == "resourcegroups":
        return Scope.GROUP
    return Scope.RESOURCE
