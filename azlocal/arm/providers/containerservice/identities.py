"""What AKS makes beside a cluster: the node resource group, and the identities of nodes and add-ons in it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.ids import resource_group_id
from azlocal.arm.types import Json
from azlocal.entra.principals import TENANT_ID
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
ASSIGN = f"{IDENTITY}/assign/action"


def node_group(call: Call, cluster: Resource) -> str:
    """The id of the node resource group."""
    return resource_group_id(call.path.subscription or "", cluster.properties["nodeResourceGroup"])


def make_node_group(call: Call, cluster: Resource) -> None:
    """The resource group that AKS manages.

    Raises:
        ArmError: 400 where one of this name exists.
    """
    group = node_group(call, cluster)
    if call.state.exists(group.lower()):
        raise bad_request(
            f"The resource group name '{cluster.properties['nodeResourceGroup']}' already exists: choose another"
            " nodeResourceGroup, AKS makes it.",
            "NodeResourceGroupAlreadyExists",
        )
    body = {"location": cluster.body["location"], "managedBy": cluster.id, "properties": {}}
    call.state.put(Resource(group, "Microsoft.Resources/resourceGroups", body, etag=str(uuid.uuid4())))


def identity(call: Call, cluster: Resource, name: str) -> Json:
    """A user-assigned identity in the node resource group, as profiles show it."""
    made = Resource(f"{node_group(call, cluster)}/providers/{IDENTITY}/{name}", IDENTITY, {}, etag=str(uuid.uuid4()))
    principal = call.control.directory.managed_identity(made.id, name)
    made.body = {
        "location": cluster.body["location"],
        "properties": {"tenantId": TENANT_ID, "principalId": principal.object_id, "clientId": principal.client_id},
    }
    call.state.put(made)
    return {"resourceId": made.id, "clientId": principal.client_id, "objectId": principal.object_id}


def given_kubelet(call: Call, cluster: Resource) -> Json | None:
    """The kubelet identity that the caller brings, checked; None where AKS makes one.

    Raises:
        ArmError: 400 where it is missing, or the cluster's identity may not assign it.
    """
    wanted = (cluster.properties.get("identityProfile") or {}).get("kubeletidentity") or {}
    if not wanted.get("resourceId"):
        return None
    control = (cluster.body.get("identity") or {}).get("userAssignedIdentities") or {}
    if not control:
        raise bad_request(
            "Custom kubelet identity is only supported on a cluster with a user-assigned identity.",
            "CustomKubeletIdentityOnlySupportedOnUserAssignedMSICluster",
        )
    found = call.state.get(wanted["resourceId"].lower())
    if found is None or found.type.lower() != IDENTITY.lower():
        raise ArmError(400, "CustomKubeletIdentityNotFound", f"The identity '{wanted['resourceId']}' was not found.")
    principal_id = next(iter(control.values()))["principalId"]
    principal = call.control.directory.by_object_id(principal_id)
    if principal is None or not call.control.access.allows(principal, ASSIGN, found.id):
        raise bad_request(
            "The cluster user assigned identity must be given permission to assign kubelet identity"
            f" {found.id}. Check access result not allowed for action {ASSIGN}.",
            "CustomKubeletIdentityMissingPermissionError",
        )
    return {
        "resourceId": found.id,
        "clientId": found.properties["clientId"],
        "objectId": found.properties["principalId"],
    }
