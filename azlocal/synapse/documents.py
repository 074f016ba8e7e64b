"""Where Synapse's data plane keeps what Resource Manager does not know: keys of the state's documents."""

from __future__ import annotations

import uuid
from typing import Any

from azlocal.state import State

Json = dict[str, Any]

ASSIGNMENT = "synapseRoleAssignment"
ENDPOINT = "synapseManagedPrivateEndpoint"
ADMINISTRATOR = "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78"


def assign(state: State, workspace_key: str, name: str, principal_id: str, kind: str | None) -> None:
    """Make someone Synapse Administrator of a whole workspace, as Azure does for its creator."""
    assignment: Json = {
        "id": str(uuid.uuid4()),
        "roleDefinitionId": ADMINISTRATOR,
        "principalId": principal_id.lower(),
        "scope": f"workspaces/{name}",
    }
    if kind:
        assignment["principalType"] = kind
    state.put_document(ASSIGNMENT, f"{workspace_key}|{assignment['id']}", assignment)


def forget(state: State, workspace_key: str) -> list[Json]:
    """Drop all that belongs to a workspace; answers its managed private endpoints as they were."""
    endpoints = state.documents(ENDPOINT, f"{workspace_key}|")
    for kind in (ASSIGNMENT, ENDPOINT):
        for key, _ in state.documents(kind, f"{workspace_key}|"):
            state.delete_document(kind, key)
    return [endpoint for _, endpoint in endpoints]
