"""Whom a job acts as: its compute's identity, the person who sent it, or the workspace."""

from __future__ import annotations

from dataclasses import dataclass

from azlocal.arm import ControlPlane
from azlocal.arm.errors import bad_request
from azlocal.entra.principals import Principal
from azlocal.machinelearning.jobs.spec import Command
from azlocal.state import Resource


@dataclass(frozen=True, slots=True)
class Acting:
    """The identity of a job: ``data`` reads and writes, ``managed`` is what the compute offers to its processes."""

    creator: Principal
    data: Principal | None
    managed: Principal | None
    says: str  # why there is no identity for data, where there is none


def of_resource(control: ControlPlane, resource: Resource | None, client_id: str | None = None) -> Principal | None:
    """The identity of a resource: the user-assigned one asked for or the first, else its own."""
    identity = (resource.body.get("identity") if resource else None) or {}
    for entry in (identity.get("userAssignedIdentities") or {}).values():
        if entry and client_id in {None, entry.get("clientId")}:
            return control.directory.by_object_id(entry["principalId"])
    if identity.get("principalId"):
        return control.directory.by_object_id(identity["principalId"])
    return None


def of_workspace(control: ControlPlane, workspace: Resource) -> Principal | None:
    """The workspace's own identity: the primary user-assigned one where it names one."""
    primary = str(workspace.properties.get("primaryUserAssignedIdentity") or "").lower()
    assigned = (workspace.body.get("identity") or {}).get("userAssignedIdentities") or {}
    for key, entry in assigned.items():
        if key.lower() == primary and entry:
            return control.directory.by_object_id(entry["principalId"])
    return of_resource(control, workspace)


def acting(control: ControlPlane, command: Command, compute: Resource | None, creator: Principal) -> Acting:
    """Whom a command acts as (Microsoft Learn, "Set up service authentication", job identities)."""
    managed = of_resource(control, compute, command.client_id)
    match command.identity.lower():
        case "useridentity":
            return Acting(creator, creator, managed, "")
        case "managed" | "amltoken" | "managedidentity":
            if compute is None and managed is None:
                return Acting(creator, creator, None, "")  # serverless compute passes its user through
            says = f"the compute '{compute.name if compute else ''}' has no managed identity"
            return Acting(creator, managed, managed, says)
        case other:
            raise bad_request(
                f"The job's identityType is '{other}'; it must be AMLToken, Managed or UserIdentity.", "UserError"
            )
