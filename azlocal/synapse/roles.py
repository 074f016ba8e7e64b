"""Synapse's built-in roles, their data actions and where each may be assigned.

Ids, actions and scopes as the service's own ``List Role Definitions`` answers them; they are a system of their
own beside Azure's roles (Microsoft Learn, "Synapse RBAC roles").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from azlocal.synapse.documents import ADMINISTRATOR

Json = dict[str, Any]

PREFIX = "Microsoft.Synapse/workspaces/"
READ = f"{PREFIX}read"

WORKSPACE_SCOPE = "workspaces/{workspaceName}"
_POOL = f"{WORKSPACE_SCOPE}/bigDataPools/{{bigDataPoolName}}"
_SCOPE_POOL = f"{WORKSPACE_SCOPE}/scopePools/{{scopePoolName}}"
_RUNTIME = f"{WORKSPACE_SCOPE}/integrationRuntimes/{{integrationRuntimeName}}"
_SERVICE = f"{WORKSPACE_SCOPE}/linkedServices/{{linkedServiceName}}"
_CREDENTIAL = f"{WORKSPACE_SCOPE}/credentials/{{credentialName}}"
_COMPUTE = (WORKSPACE_SCOPE, _POOL, _SCOPE_POOL, _RUNTIME)
SCOPES = (*_COMPUTE, _SERVICE, _CREDENTIAL)

_RUN = tuple(
    f"{compute}/{what}/action"
    for compute in ("bigDataPools", "scopePools", "integrationRuntimes")
    for what in ("useCompute", "viewLogs")
)
_SPARK_RUN = _RUN[:2]
_OUTPUTS = ("notebooks/viewOutputs/action", "pipelines/viewOutputs/action")
_SECRETS = ("linkedServices/useSecret/action", "credentials/useSecret/action")
_ENDPOINTS = ("managedPrivateEndpoints/write", "managedPrivateEndpoints/delete")
_LINKS = (
    "linkConnections/read",
    "linkConnections/write",
    "linkConnections/delete",
    "linkConnections/useCompute/action",
)


def _change(*artifacts: str) -> tuple[str, ...]:
    return tuple(f"{artifact}/{verb}" for verb in ("write", "delete") for artifact in artifacts)


_LINKED = _change("linkedServices", "credentials")
_CODE = _change("notebooks", "sparkJobDefinitions", "sqlScripts", "dataFlows", "pipelines", "triggers", "datasets")
_MORE = _change("libraries", "kqlScripts", "sparkConfigurations")
_SCOPE_JOBS = _change("scopeJobDefinitions")


@dataclass(frozen=True, slots=True)
class Role:
    """One built-in role; ``actions`` stand below ``Microsoft.Synapse/workspaces/``."""

    id: str
    name: str
    description: str
    actions: tuple[str, ...]
    scopes: tuple[str, ...] = (WORKSPACE_SCOPE,)

    def permits(self, action: str) -> bool:
        """Whether the role has a data action; case does not matter."""
        return action.lower() in {f"{PREFIX}{one}".lower() for one in self.actions}

    def body(self) -> Json:
        """As the service answers it."""
        actions = [f"{PREFIX}{action}" for action in self.actions]
        permission = {"actions": [], "notActions": [], "dataActions": actions, "notDataActions": []}
        return {
            "id": self.id,
            "name": self.name,
            "isBuiltIn": True,
            "description": self.description,
            "permissions": [permission],
            "scopes": list(self.scopes),
            "availabilityStatus": "Available",
        }


ROLES: tuple[Role, ...] = (
    Role(
        ADMINISTRATOR,
        "Synapse Administrator",
        "Everything in the workspace, and who else may do what.",
        (
            "read", *_change("roleAssignments"), *_ENDPOINTS, *_RUN, "artifacts/read", *_CODE, *_SCOPE_JOBS, *_LINKED,
            *_MORE, "cancelPipelineRun/action", *_OUTPUTS, *_SECRETS, *_LINKS,
        ),
        SCOPES,
    ),
    Role(
        "dd665582-e433-40ca-b183-1b1b33e73375",
        "Synapse Linked Data Manager",
        "Managed private endpoints, linked services and credentials.",
        ("read", *_ENDPOINTS, *_LINKED),
    ),
    Role(
        "7572bffe-f453-4b66-912a-46cc5ef38fda",
        "Synapse Contributor",
        "All code and compute; no secrets, no pipelines run with them, no granting.",
        (
            "read", *_RUN, "artifacts/read", *_CODE, *_LINKED, *_MORE, "cancelPipelineRun/action", *_OUTPUTS, *_LINKS,
        ),
        _COMPUTE,
    ),
    Role(
        "05930f57-09a3-4c0d-9fa9-6d1eb91c178b",
        "Synapse Artifact Publisher",
        "Publishes code; runs nothing.",
        ("read", "artifacts/read", *_CODE, *_SCOPE_JOBS, *_LINKED, *_MORE, *_OUTPUTS),
    ),
    Role(
        "53faaa0e-40b6-40c8-a2ff-e38f2d388875",
        "Synapse Artifact User",
        "Reads published code and its outputs.",
        ("read", "artifacts/read", *_OUTPUTS),
    ),
    Role(
        "e3844cc7-4670-42cb-9349-9bdac1ee7881",
        "Synapse Compute Operator",
        "Submits and cancels Spark jobs and sees their logs.",
        (
            "read", *_RUN, "cancelPipelineRun/action", "linkConnections/read", "linkConnections/useCompute/action",
        ),
        _COMPUTE,
    ),
    Role(
        "5eb298b4-692c-4241-9cf0-f58a3b42bb25",
        "Synapse Credential User",
        "Uses secrets of credentials and linked services at run time.",
        ("read", *_SECRETS),
        (WORKSPACE_SCOPE, _SERVICE, _CREDENTIAL),
    ),
    Role(
        "2a385764-43e8-416c-9825-7b18d05a2c4b",
        "Synapse User",
        "Lists pools, runtimes, linked services and credentials.",
        ("read",),
        SCOPES,
    ),
    Role(
        "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1",
        "Apache Spark Administrator",
        "Everything about Spark pools and their code; no secrets, no granting.",
        (
            "read", *_SPARK_RUN, "artifacts/read", *_change("notebooks", "sparkJobDefinitions", "libraries"), *_LINKED,
            "notebooks/viewOutputs/action",
        ),
    ),
    Role(
        "7af0c69a-a548-47d6-aea3-d00e69bd83aa",
        "Synapse SQL Administrator",
        "Everything about serverless SQL and its scripts.",
        ("read", "artifacts/read", *_change("sqlScripts"), *_LINKED),
    ),
)  # fmt: skip
BY_ID = {role.id: role for role in ROLES}
