"""Conditions of role assignments: what the language says, and who may then assign what."""

from __future__ import annotations

import uuid

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from azlocal.arm.conditions import Asked, ConditionError, parse
from azlocal.entra.principals import DATA_SCIENTISTS, READERS, STRANGER, SUBSCRIPTION_ID
from tests.azlocal.conftest import Server, acting

WRITE, DELETE = (f"Microsoft.Authorization/roleAssignments/{verb}" for verb in ("write", "delete"))
OWNER, READER, RBAC_ADMIN = (
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
)
ROLE = "Microsoft.Authorization/roleAssignments:RoleDefinitionId"
KIND = "Microsoft.Authorization/roleAssignments:PrincipalType"
READERS_ONLY = (
    f"((!(ActionMatches{{'{WRITE}'}})) OR (@Request[{ROLE}] ForAnyOfAnyValues:GuidEquals {{{READER}}}))"
    f" AND ((!(ActionMatches{{'{DELETE}'}})) OR (@Resource[{ROLE}] ForAnyOfAnyValues:GuidEquals {{{READER}}}))"
)


@pytest.mark.parametrize(
    ("text", "asked", "holds"),
    [
        (READERS_ONLY, Asked(WRITE, {"roledefinitionid": READER}), True),
        (READERS_ONLY, Asked(WRITE, {"roledefinitionid": OWNER}), False),
        (READERS_ONLY, Asked(WRITE), False),
        (READERS_ONLY, Asked(DELETE, {"roledefinitionid": READER}, {"roledefinitionid": OWNER}), False),
        (READERS_ONLY, Asked(DELETE, resource={"roledefinitionid": READER.upper()}), True),
        (READERS_ONLY, Asked("Microsoft.Authorization/roleAssignments/read"), True),
        (
            f"@Request[{ROLE}] ForAnyOfAllValues:GuidNotEquals {{{OWNER}, {RBAC_ADMIN}}}",
            Asked(WRITE, {"roledefinitionid": RBAC_ADMIN}),
            False,
        ),
        (f"@Request[{KIND}] stringEqualsIgnoreCase 'group'", Asked(WRITE, {"principaltype": "Group"}), True),
        (f"@Request[{KIND}] StringEquals 'group'", Asked(WRITE, {"principaltype": "Group"}), False),
        (f"NOT @Request[{KIND}] StringEquals 'User' && !(ActionMatches{{'*/delete'}})", Asked(WRITE), True),
        (f"ActionMatches{{'{DELETE}'}} || ActionMatches{{'*/write'}} AND ActionMatches{{'x'}}", Asked(DELETE), True),
    ],
)
def test_it_holds_or_not(text: str, asked: Asked, holds: bool) -> None:  # noqa: FBT001  # a parameter
    assert parse(text)(asked) is holds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "missing"),
        ("(ActionMatches{'a'}", "'\\)' is missing"),
        (f"@Request[{ROLE}] StringEquals 'a'", "GuidEquals"),
        ("@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:Name] StringEquals 'a'", "not served"),
        (f"@Request[{ROLE}s] GuidEquals {OWNER}", "no attribute"),
        ("ActionMatches{'a'} ActionMatches{'b'}", "unexpected"),
        ("5 = 5", "not in the language"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, says: str) -> None:
    with pytest.raises(ConditionError, match=says):
        parse(text)


def _client() -> AuthorizationManagementClient:
    return AuthorizationManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID)


def _assign(scope: str, role: str, principal: str, kind: str = "Group", **more: str) -> str:
    name = str(uuid.uuid4())
    definition = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties = {"roleDefinitionId": definition, "principalId": principal, "principalType": kind, **more}
    _client().role_assignments.create(scope, name, {"properties": properties})
    return name


def test_a_delegate_assigns_what_the_condition_names_and_nothing_else(as_owner: Server, group_name: str) -> None:
    groups = ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID).resource_groups
    groups.create_or_update(group_name, {"location": "westeurope"})
    scope = f"{as_owner.subscription}/resourceGroups/{group_name}"
    _assign(scope, RBAC_ADMIN, STRANGER.object_id, "ServicePrincipal", condition=READERS_ONLY, conditionVersion="2.0")
    theirs = _assign(scope, OWNER, DATA_SCIENTISTS.object_id)
    with acting(as_owner.variables("stranger")):
        made = _assign(scope, READER, READERS.object_id)
        with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
            _assign(scope, OWNER, STRANGER.object_id, "ServicePrincipal")
        with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
            _assign(scope, RBAC_ADMIN, READERS.object_id)
        with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
            _client().role_assignments.delete(scope, theirs)
        with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
            _assign(as_owner.subscription, READER, READERS.object_id)
        _client().role_assignments.delete(scope, made)


@pytest.mark.parametrize("more", [{"condition": "nonsense"}, {"condition": READERS_ONLY, "conditionVersion": "1.0"}])
def test_an_invalid_condition_is_refused(as_owner: Server, more: dict[str, str]) -> None:
    with pytest.raises(HttpResponseError, match="The given role assignment condition is invalid") as raised:
        _assign(as_owner.subscription, READER, READERS.object_id, **more)
    assert raised.value.status_code == 400
