"""``*.azuresynapse.net``: managed private endpoints and Synapse's roles; what else there is, is said to be missing."""

from __future__ import annotations

import json
import re
import sqlite3
import uuid
from typing import Any
from urllib.parse import parse_qsl

from azlocal.arm.errors import ArmError, bad_request, not_served, storage_failure
from azlocal.arm.messages import ArmResponse
from azlocal.arm.service import read_body, send_json
from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.entra.http import authenticate
from azlocal.entra.principals import Principal
from azlocal.entra.tokens import SYNAPSE
from azlocal.state import Resource
from azlocal.synapse.access import ASSIGN, UNASSIGN, Access
from azlocal.synapse.endpoints import Endpoints
from azlocal.synapse.roles import BY_ID, PREFIX, READ, ROLES, SCOPES
from azlocal.unserved import Table, holder, host_of, operation

Json = dict[str, Any]

VERSIONS = ("2020-12-01", "2020-12-01-preview", "2021-06-01-preview")
BODY_LIMIT = 1024 * 1024  # bytes

# What is not served, by its name (Microsoft Learn, "Azure Synapse REST API reference", data plane).
OPERATIONS: Table = (
    ("GET", "/livyApi/versions/[^/]+/sparkPools/[^/]+/batches", "Spark Batch - Get Spark Batch Jobs"),
    ("POST", "/livyApi/versions/[^/]+/sparkPools/[^/]+/batches", "Spark Batch - Create Spark Batch Job"),
    ("GET", "/livyApi/versions/[^/]+/sparkPools/[^/]+/batches/[^/]+", "Spark Batch - Get Spark Batch Job"),
    ("DELETE", "/livyApi/versions/[^/]+/sparkPools/[^/]+/batches/[^/]+", "Spark Batch - Cancel Spark Batch Job"),
    ("GET", "/livyApi/versions/[^/]+/sparkPools/[^/]+/sessions", "Spark Session - Get Spark Sessions"),
    ("POST", "/livyApi/versions/[^/]+/sparkPools/[^/]+/sessions", "Spark Session - Create Spark Session"),
    ("*", "/livyApi/.*", "Spark Session and Spark Batch"),
    ("*", "/rbac/.*", "Role Assignments of 2020-02-01-preview"),
    ("*", "/linkedservices.*", "Linked Service"),
    ("*", "/pipelines.*", "Pipeline"),
    ("*", "/notebooks.*", "Notebook"),
    ("*", "/sparkJobDefinitions.*", "Spark Job Definition"),
    ("GET", "/workspace", "Workspace - Get"),
)


class Synapse:
    """Answers for every workspace that exists."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to a workspace."""
        try:
            response = self._answer(scope, await read_body(receive, BODY_LIMIT))
        except ArmError as error:
            response = error.response()
        except sqlite3.OperationalError as error:
            response = storage_failure(error).response()
        response.headers |= {"x-ms-request-id": str(uuid.uuid4())}
        await send_json(send, response, head=scope["method"] == "HEAD")

    def _answer(self, scope: Scope, body: bytes) -> ArmResponse:
        host = host_of(scope)
        workspace = None if host == "web.azuresynapse.net" else self._workspace(host)
        principal = authenticate(self.azure.authority, scope["headers"], SYNAPSE)
        name = operation(OPERATIONS, scope["method"], scope["path"])
        if workspace is None or not host.endswith(".dev.azuresynapse.net"):
            raise not_served(name)
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        call = _Call(self.azure, workspace, principal, query, body)
        return call.run(scope["method"], scope["path"].strip("/").split("/"), name)

    def _workspace(self, host: str) -> Resource:
        label = host.partition(".")[0].removesuffix("-ondemand")
        return holder(self.azure, f"{label}.dev.azuresynapse.net")


class _Call:
    """One authenticated request to one workspace."""

    def __init__(
        self, azure: Azure, workspace: Resource, principal: Principal, query: dict[str, str], body: bytes
    ) -> None:
        self._access = Access(azure, workspace)
        self._endpoints = Endpoints(azure, workspace)
        self._principal = principal
        self._query = query
        self._raw = body

    def run(self, method: str, parts: list[str], name: str) -> ArmResponse:
        """Route by path and method.

        Raises:
            ArmError: any refusal; 501 for what is not served.
        """
        match (method, *parts):
            case (_, "managedVirtualNetworks", network, "managedPrivateEndpoints", *rest):
                self._check_version()
                return self._endpoint(method, network, rest, name)
            case (_, "roleAssignments", *rest):
                self._check_version()
                return self._assignment(method, rest, name)
            case ("GET", "roleDefinitions", *rest) if len(rest) <= 1:
                self._check_version()
                return self._definitions(rest)
            case ("GET", "rbacScopes"):
                self._check_version()
                self._access.require(self._principal, READ)
                return ArmResponse(200, list(SCOPES))
            case ("POST", "checkAccessSynapseRbac"):
                self._check_version()
                return self._check_access()
        raise not_served(name)

    # Managed private endpoints

    def _endpoint(self, method: str, network: str, rest: list[str], name: str) -> ArmResponse:
        actions = {"GET": READ} | {
            verb: f"{PREFIX}managedPrivateEndpoints/{what}" for verb, what in (("PUT", "write"), ("DELETE", "delete"))
        }
        if method not in actions or len(rest) > 1 or (not rest and method != "GET"):
            raise not_served(name)
        self._access.require(self._principal, actions[method])
        self._endpoints.check_network(network)
        if not rest:
            return ArmResponse(200, {"value": self._endpoints.all()})
        if method == "PUT":
            return ArmResponse(200, self._endpoints.put(rest[0], self._body()))
        if method == "DELETE":
            return ArmResponse(202 if self._endpoints.delete(rest[0]) else 204)
        return ArmResponse(200, self._endpoints.get(rest[0]))

    # Roles

    def _assignment(self, method: str, rest: list[str], name: str) -> ArmResponse:
        match (method, *rest):
            case ("GET",):
                self._access.require_managing(self._principal, READ, self._access.scope)
                found = [one for one in self._access.all() if self._wanted(one)]
                return ArmResponse(200, {"count": len(found), "value": found})
            case ("GET", id_):
                self._access.require_managing(self._principal, READ, self._access.scope)
                return ArmResponse(200, self._access.get(id_))
            case ("PUT", id_):
                given = self._body()
                self._access.require_managing(self._principal, ASSIGN, self._access.place(given.get("scope")))
                return ArmResponse(200, self._access.put(id_, given))
            case ("DELETE", id_):
                return self._unassign(id_)
        raise not_served(name)

    def _unassign(self, id_: str) -> ArmResponse:
        try:
            found = self._access.get(id_)
        except ArmError:
            self._access.require_managing(self._principal, UNASSIGN, self._access.scope)
            return ArmResponse(204)
        self._access.require_managing(self._principal, UNASSIGN, found["scope"])
        self._access.delete(id_)
        return ArmResponse(200)

    def _wanted(self, assignment: Json) -> bool:
        filters = {"roleId": "roleDefinitionId", "principalId": "principalId", "scope": "scope"}
        return all(
            assignment[field].lower() == self._query[name].strip("/").lower()
            for name, field in filters.items()
            if self._query.get(name)
        )

    def _definitions(self, rest: list[str]) -> ArmResponse:
        self._access.require_managing(self._principal, READ, self._access.scope)
        if rest:
            role = BY_ID.get(rest[0].lower())
            if role is None:
                raise ArmError(404, "RoleDefinitionDoesNotExist", f"There is no Synapse role '{rest[0]}'.")
            return ArmResponse(200, role.body())
        custom = self._query.get("isBuiltIn", "").lower() == "false"
        wanted = self._query.get("scope")
        kind = re.sub(r"^workspaces/[^/]+|/[^/]+$", "", wanted) if wanted else None
        found = [] if custom else [role for role in ROLES if kind is None or _fits(role.scopes, kind)]
        return ArmResponse(200, [role.body() for role in found])

    def _check_access(self) -> ArmResponse:
        given = self._body()
        subject, scope = given.get("subject") or {}, self._access.place(given.get("scope"))
        asked = str(subject.get("principalId") or "").lower()
        if asked not in self._principal.assignees:
            self._access.require_managing(self._principal, READ, self._access.scope)
        assignees = [asked, *(str(group) for group in subject.get("groupIds") or [])]
        decisions = []
        for action in given.get("actions") or []:
            found = self._access.permitting(assignees, str(action.get("id")), scope)
            decision: Json = {"accessDecision": "Allowed" if found else "NotAllowed", "actionId": action.get("id")}
            decisions.append({**decision, "roleAssignment": found} if found else decision)
        return ArmResponse(200, {"accessDecisions": decisions})

    def _body(self) -> Json:
        try:
            value = json.loads(self._raw or b"null")
        except ValueError as error:
            raise bad_request(f"The request body is not JSON: {error}.") from None
        if not isinstance(value, dict):
            raise bad_request("The request body must be a JSON object.")
        return value

    def _check_version(self) -> None:
        version = self._query.get("api-version")
        if version not in VERSIONS:
            said = f"'{version}' is not supported" if version else "is missing"
            raise bad_request(f"api-version {said}: use {', '.join(VERSIONS)}.", "UnsupportedApiVersion")


def _fits(scopes: tuple[str, ...], kind: str) -> bool:
    """Whether a role may be assigned at scopes of a kind: empty for the workspace, ``/bigDataPools`` for a pool."""
    return any(re.sub(r"^workspaces/{\w+}|/{\w+}$", "", scope) == kind for scope in scopes)
