"""Managed identities on a resource: who it is, given when it is made (ARM RPC, "Managed Service Identity")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.entra.principals import TENANT_ID
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

USER_ASSIGNED = "microsoft.managedidentity/userassignedidentities"


def assign_identities(call: Call, new: Resource) -> None:
    """Fill in principal and tenant ids; refuse user-assigned identities that do not exist.

    Raises:
        ArmError: 400 where the identity block is malformed or names a missing identity.
    """
    identity = new.body.get("identity")
    if not isinstance(identity, dict):
        return
    kinds = {kind.strip().lower() for kind in str(identity.get("type", "None")).split(",")}
    if "systemassigned" in kinds:
        principal = call.control.directory.managed_identity(new.id, new.name)
        identity["principalId"], identity["tenantId"] = principal.object_id, TENANT_ID
    assigned = identity.get("userAssignedIdentities")
    if "userassigned" in kinds and not assigned:
        raise bad_request(
            "The identity type is UserAssigned, but 'identity.userAssignedIdentities' names none.",
            "InvalidIdentityValues",
            "identity",
        )
    if isinstance(assigned, list):
        assigned = dict.fromkeys(assigned)
    if isinstance(assigned, dict):
        identity["userAssignedIdentities"] = {key: _user_assigned(call, key) for key in assigned}


def _user_assigned(call: Call, resource_id: str) -> dict[str, str]:
    resource = call.state.get(resource_id.lower())
    if resource is None or resource.type.lower() != USER_ASSIGNED:
        raise ArmError(
            400,
            "FailedIdentityOperation",
            f"Identity operation for resource '{call.path.path}' failed with error 'Failed to perform resource identity"
            f" operation. The user-assigned identity '{resource_id}' was not found'.",
            target="identity",
        )
    return {"principalId": resource.properties["principalId"], "clientId": resource.properties["clientId"]}
