"""Who may do what in a Synapse workspace: Synapse's own role assignments, and the decisions that follow from them.

Rules: Microsoft Learn, "Synapse RBAC roles" and "How to manage Synapse RBAC role assignments": a role at a scope holds
for all below it; whoever has any role is also a Synapse User of the workspace; Azure's owners may assign roles too.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.azure import Azure
from azlocal.entra.principals import Principal
from azlocal.state import Resource
from azlocal.synapse.documents import ASSIGNMENT
from azlocal.synapse.roles import BY_ID, PREFIX, READ, SCOPES, Role

Json = dict[str, Any]

ASSIGN, UNASSIGN = f"{PREFIX}roleAssignments/write", f"{PREFIX}roleAssignments/delete"
# What an Azure role must permit on the workspace for its holder to manage Synapse's roles as well.
_AZURE_OWNS = "Microsoft.Authorization/roleAssignments/write"
_KINDS = ("User", "Group", "ServicePrincipal")


class Access:
    """The role assignments of one workspace."""

    def __init__(self, azure: Azure, workspace: Resource) -> None:
        self._azure = azure
        self._state = azure.state
        self._workspace = workspace
        self.scope = f"workspaces/{workspace.name}"

    # Decisions

    def require(self, principal: Principal, action: str, scope: str = "") -> None:
        """Refuse what no role permits.

        Raises:
            ArmError: 403 AccessControlUnauthorized, worded as Synapse words it.
        """
        scope = scope or self.scope
        if not self.permitting(principal.assignees, action, scope):
            raise ArmError(
                403,
                "AccessControlUnauthorized",
                f"The principal '{principal.object_id}' does not have the required Synapse RBAC permission to perform"
                f" this action. Required permission: Action: {action}, Scope: {scope}.",
            )

    def require_managing(self, principal: Principal, action: str, scope: str) -> None:
        """As ``require``, for role assignments: Azure's owner of the workspace is an administrator of them too."""
        if not self._azure.control.access.allows(principal, _AZURE_OWNS, self._workspace.id):
            self.require(principal, action, scope)

    def permitting(self, assignees: Iterable[str], action: str, scope: str) -> Json | None:
        """The assignment that permits an action at a scope to one of these, or None."""
        held = {assignee.lower() for assignee in assignees}
        mine = [one for one in self.all() if one["principalId"] in held]
        for one in mine:
            if _covers(one["scope"], scope) and BY_ID[one["roleDefinitionId"]].permits(action):
                return one
        anywhere = action.lower() == READ.lower() and scope.lower() == self.scope.lower()
        return mine[0] if anywhere and mine else None

    # Assignments

    def all(self) -> list[Json]:
        """Every assignment of the workspace."""
        return [one for _, one in self._state.documents(ASSIGNMENT, f"{self._workspace.key}|")]

    def get(self, id_: str) -> Json:
        """One assignment.

        Raises:
            ArmError: 404.
        """
        found: Json | None = self._state.document(ASSIGNMENT, self._key(id_))
        if found is None:
            raise ArmError(404, "RoleAssignmentNotFound", f"There is no role assignment '{id_}' in {self.scope}.")
        return found

    def put(self, id_: str, given: Json) -> Json:
        """Assign a role; the same again is no change.

        Raises:
            ArmError: 400 for what is no role, scope or principal; 409 where the id or the assignment is taken.
        """
        wanted = self._wanted(id_, given)
        before: Json | None = self._state.document(ASSIGNMENT, self._key(id_))
        if before == wanted:
            return wanted
        if before is not None:
            raise ArmError(409, "RoleAssignmentExists", f"The role assignment '{id_}' exists and cannot be changed.")
        for one in self.all():
            if all(one[name] == wanted[name] for name in ("roleDefinitionId", "principalId", "scope")):
                raise ArmError(409, "RoleAssignmentExists", f"The role assignment exists already as '{one['id']}'.")
        self._state.put_document(ASSIGNMENT, self._key(id_), wanted)
        return wanted

    def delete(self, id_: str) -> None:
        """Take a role away; it is no error if it is gone."""
        self._state.delete_document(ASSIGNMENT, self._key(id_))

    def place(self, scope: Any) -> str:
        """A scope of this workspace, in the workspace's own spelling.

        Raises:
            ArmError: 400 where it is none, or names a pool that does not exist.
        """
        parts = str(scope or "").strip("/").split("/")
        if [part.lower() for part in parts[:2]] != self.scope.lower().split("/") or len(parts) not in {2, 4}:
            raise bad_request(f"'{scope}' is no scope of this workspace: use {self.scope} or below.", "InvalidScope")
        if len(parts) == 2:
            return self.scope
        kinds = {pattern.split("/")[2].lower(): pattern.split("/")[2] for pattern in SCOPES[1:]}
        kind = kinds.get(parts[2].lower())
        if kind is None:
            raise bad_request(
                f"'{scope}' is no scope: below a workspace are {', '.join(kinds.values())}.", "InvalidScope"
            )
        below = f"{self._workspace.key}/{kind}/{parts[3]}".lower()
        if kind in {"bigDataPools", "integrationRuntimes"} and not self._state.exists(below):
            raise bad_request(f"'{scope}' does not exist.", "InvalidScope")
        return f"{self.scope}/{kind}/{parts[3]}"

    def _wanted(self, id_: str, given: Json) -> Json:
        role = BY_ID.get(str(given.get("roleId")).lower())
        if role is None:
            raise bad_request(f"'{given.get('roleId')}' is no Synapse role.", "RoleDefinitionDoesNotExist", "roleId")
        scope = self.place(given.get("scope"))
        if not _may_be_at(role, scope):
            raise bad_request(f"The role '{role.name}' cannot be assigned at '{scope}'.", "InvalidScope", "scope")
        for name, value in (("roleAssignmentId", id_), ("principalId", given.get("principalId"))):
            if not _is_guid(value):
                raise bad_request(f"{name} '{value}' is no GUID.", "InvalidRequest", name)
        kind = given.get("principalType")
        if kind is not None and kind not in _KINDS:
            raise bad_request(f"principalType is '{kind}': {', '.join(_KINDS)}.", "InvalidRequest", "principalType")
        wanted = {
            "id": id_.lower(),
            "roleDefinitionId": role.id,
            "principalId": str(given["principalId"]).lower(),
            "scope": scope,
        }
        return {**wanted, "principalType": kind} if kind else wanted

    def _key(self, id_: str) -> str:
        return f"{self._workspace.key}|{id_.lower()}"


def _covers(held: str, asked: str) -> bool:
    return asked.lower() == held.lower() or asked.lower().startswith(f"{held.lower()}/")


def _may_be_at(role: Role, scope: str) -> bool:
    return any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", pattern), scope) for pattern in role.scopes)


def _is_guid(value: Any) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True
