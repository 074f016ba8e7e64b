"""DELETE: refuse what is in use, take the children along, and empty a resource group in Azure's order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from azlocal.arm.checks import check_preconditions
from azlocal.arm.errors import ArmError
from azlocal.arm.messages import ArmResponse
from azlocal.arm.present import require_group
from azlocal.arm.writes import check_not_busy
from azlocal.state import Resource
from azlocal.words import singular

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane
    from azlocal.arm.operations import Operation


def delete(call: Call) -> ArmResponse:
    """Delete a resource and everything below it; deleting what is not there is a success (204)."""
    resource = call.state.get(call.key)
    if resource is None:
        require_group(call)
        return ArmResponse(204)
    check_preconditions(call, resource)
    check_not_busy(call)
    check_in_use(call, resource)
    if call.type.deleting:
        call.type.deleting(call, resource)
    return remove(call, resource)


def check_in_use(call: Call, resource: Resource) -> None:
    """Refuse to delete what others outside of it refer to, where the type says so: it, or what goes with it.

    Raises:
        ArmError: 400 with the type's own code.
    """
    for one in (resource, *call.state.below(resource.key)):
        declared = call.control.types.get(one.type.lower())
        code = declared[1].in_use_code if declared else None
        users = [
            user for user in (call.state.referrers(one.key) if code else ()) if not user.startswith(resource.key + "/")
        ]
        if declared and code and users:
            raise ArmError(
                400,
                code,
                f"{_noun(declared[1].name)} '{one.name}' is in use by {users[0]} and cannot be deleted.",
                details=[{"code": code, "message": user} for user in users],
            )


def _noun(type_name: str) -> str:
    """``Microsoft.Network/virtualNetworks/subnets`` → ``Subnet``."""
    one = singular(type_name.rsplit("/", 1)[-1])
    return one[0].upper() + one[1:]


def remove(call: Call, resource: Resource) -> ArmResponse:
    """Delete now, or when the effects and Azure's duration are over."""
    control = call.control
    doomed = [*control.state.below(resource.key), resource]
    effects = [one for one in doomed if _delete_effect(control, one)]
    if not effects and not (call.type.delete_duration and control.operations.faithful):
        purge(control, resource.key)
        return ArmResponse(call.type.delete_status)
    operation = control.operations.start(
        resource.key,
        "DELETE",
        call.path.subscription or "",
        call.type.delete_duration,
        effect=bool(effects),
        on_done=purge_when_done(control, resource.key),
    )
    prompt = control.prompt(call.type.name, "DELETE")
    if effects:
        control.start_effect(operation, run_deletes(control, effects), prompt=prompt)
    if effects and prompt:
        return ArmResponse(call.type.delete_status, ready=control.outcome(operation))
    headers = control.operations.headers(operation, call.api_version, location=True)
    return ArmResponse(202, None, headers)


def _delete_effect(control: ControlPlane, resource: Resource) -> bool:
    effects = control.effects.get(resource.type.lower())
    return bool(effects and effects.delete and control.spawn)


async def run_deletes(control: ControlPlane, resources: list[Resource]) -> None:
    """Undo what a running server did about these resources, deepest first."""
    for resource in resources:
        effects = control.effects.get(resource.type.lower())
        if effects and effects.delete:
            await effects.delete(resource)


def purge_when_done(control: ControlPlane, key: str) -> Callable[[Operation], None]:
    """Remove the resource once its operation has succeeded."""

    def done(operation: Operation) -> None:
        if not operation.error:
            purge(control, key)

    return done


def purge(control: ControlPlane, key: str) -> None:
    """Take a resource and all below it out of the state, and their identities out of the directory."""
    with control.state.transaction():
        gone = control.state.delete(key)
        for resource in gone:
            control.directory.forget(resource.id)
            declared = control.types.get(resource.type.lower())
            if declared and declared[1].deleted:
                declared[1].deleted(control, resource)
    if any(resource.type.lower().startswith("microsoft.authorization/role") for resource in gone):
        control.access.changed()
