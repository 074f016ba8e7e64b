"""A deleted workspace is kept for 14 days, its name with it (Microsoft Learn, "Workspace soft deletion").

Data, models, datastores and run history are kept; computes, endpoints and schedules are deleted at once.
``forceToPurge=true`` deletes for good, also what was soft-deleted before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm import deletes
from azlocal.arm.errors import ArmError
from azlocal.arm.messages import ArmResponse
from azlocal.arm.present import require_group
from azlocal.arm.writes import check_not_busy
from azlocal.machinelearning.runs import Runs
from azlocal.state import Resource, State

if TYPE_CHECKING:
    from azlocal.arm.control import Call

RETENTION = 14 * 24 * 3600  # seconds
_KIND = "softDeletedWorkspace"
_NOT_KEPT = ("computes", "onlineendpoints", "batchendpoints", "schedules", "privateendpointconnections")


def delete(call: Call) -> ArmResponse:
    """DELETE a workspace, softly unless ``forceToPurge``."""
    purge = call.request.query.get("forceToPurge", "").lower() == "true"
    workspace = call.state.get(call.key)
    if workspace is None and purge and is_kept(call.state, call.key):  # its group may be gone before it
        call.state.delete_document(_KIND, call.key)
        Runs(call.state).forget(call.key)
        return ArmResponse(204)
    require_group(call)
    if workspace is None:
        return ArmResponse(204)
    check_not_busy(call)
    with call.state.transaction():
        if purge:
            call.state.delete_document(_KIND, call.key)
        else:
            _keep(call, workspace)
        return deletes.remove(call, workspace)


def is_kept(state: State, workspace: str) -> bool:
    """Whether a deleted workspace can be recovered."""
    return state.document(_KIND, workspace) is not None


def _keep(call: Call, workspace: Resource) -> None:
    start = len(workspace.key) + 1
    kept = [
        {"id": one.id, "type": one.type, "body": one.body, "etag": one.etag, "created": one.created}
        for one in call.state.below(workspace.key)
        if one.key[start:].split("/", 1)[0] not in _NOT_KEPT
    ]
    value = {"deleted": call.control.clock(), "properties": workspace.properties, "kept": kept}
    call.state.put_document(_KIND, workspace.key, value)


def check_name_free(call: Call, new: Resource) -> None:
    """A soft-deleted workspace holds its name until it is purged or recovered.

    Raises:
        ArmError: 409 Conflict.
    """
    value = call.state.document(_KIND, new.key)
    if value is None:
        return
    if value["deleted"] + RETENTION < call.control.clock():
        call.state.delete_document(_KIND, new.key)
    elif not new.properties.get("allowRecoverSoftDeletedWorkspace"):
        raise ArmError(
            409,
            "Conflict",
            "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete"
            f" (DELETE {new.id}?forceToPurge=true purges, allowRecoverSoftDeletedWorkspace in a PUT recovers.)",
        )


def recovered_id(call: Call, new: Resource) -> str | None:
    """The workspace id that a recovered workspace keeps."""
    value = call.state.document(_KIND, new.key)
    return str(value["properties"]["workspaceId"]) if value else None


def restore(call: Call, new: Resource) -> bool:
    """Bring back what was kept; answers whether there was anything."""
    value = call.state.document(_KIND, new.key)
    if value is None:
        return False
    for one in value["kept"]:
        call.state.put(Resource(one["id"], one["type"], one["body"], one["etag"], one["created"]))
    call.state.delete_document(_KIND, new.key)
    return True
