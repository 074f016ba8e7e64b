"""Managed identities and role assignments through azure-mgmt-msi and azure-mgmt-authorization."""

from __future__ import annotations

from typing import Any

import pytest
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.resources import ResourceManagementClient

from azlocal.arm.roles import BY_ID, ROLES
from azlocal.entra.principals import DATA_SCIENTIST, READER, READERS, STRANGER

from .conftest import GROUP, LOCATION, SUBSCRIPTION, World, refused

READER_ROLE = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
NAME = "00000000-0000-4000-8000-00000000000a"


@pytest.fixture
def identities(world: World) -> Any:
    return world.client(ManagedServiceIdentityClient)


def credential(**properties: Any) -> dict[str, Any]:
    given = {"issuer": "https://issuer.example/", "subject": "system:serviceaccount:a:b", "audiences": ["api://x"]}
    return {"properties": {**given, **properties}}


def test_an_identity_is_a_principal_as_long_as_it_lives(identities: Any, world: World) -> None:
    made = identities.user_assigned_identities.create_or_update("rg", "identity1", {"location": LOCATION})
    again = identities.user_assigned_identities.create_or_update(
        "rg", "identity1", {"location": LOCATION, "tags": {"a": "b"}}
    )
    assert (again.principal_id, again.client_id) == (made.principal_id, made.client_id)
    assert world.control.directory.kind_of(made.principal_id) == "ServicePrincipal"
    identities.user_assigned_identities.delete("rg", "identity1")
    assert world.control.directory.kind_of(made.principal_id) is None


def test_federated_credentials(identities: Any, world: World) -> None:
    world.identity()
    made = identities.federated_identity_credentials.create_or_update("rg", "identity1", "one-1", credential())
    assert made.subject == "system:serviceaccount:a:b"
    with refused("Conflict", 409):
        identities.federated_identity_credentials.create_or_update("rg", "identity1", "two-2", credential())
    for properties in ({"audiences": ["a", "b"]}, {"issuer": "http://plain/"}):
        with refused("BadRequest", 400):
            identities.federated_identity_credentials.create_or_update(
                "rg", "identity1", "two-2", credential(**properties)
            )
    for index in range(19):
        other = credential(subject=f"s{index}")
        identities.federated_identity_credentials.create_or_update("rg", "identity1", f"more-{index}", other)
    with refused("BadRequest", 400):
        identities.federated_identity_credentials.create_or_update(
            "rg", "identity1", "too-many", credential(subject="x")
        )
    assert len(list(identities.federated_identity_credentials.list("rg", "identity1"))) == 20


def test_system_assigned_identity_by_scope(identities: Any, world: World) -> None:
    body = {
        "location": LOCATION,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "identity": {"type": "SystemAssigned"},
    }
    made = world.put(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/account1", body)
    found = identities.system_assigned_identities.get_by_scope(made["id"])
    assert found.principal_id == made["identity"]["principalId"]


def assignment(role: str, principal: str) -> dict[str, Any]:
    definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"properties": {"roleDefinitionId": definition, "principalId": principal}}


def test_permissions_are_those_of_each_role_here_and_above(world: World) -> None:
    world.account("one")
    world.account("two")
    owner = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"  # Storage Blob Data Owner
    one = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/one"
    world.put(
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{NAME}", assignment(READER_ROLE, READERS.object_id)
    )
    other = NAME.replace("0a", "0b")
    world.put(f"{one}/providers/Microsoft.Authorization/roleAssignments/{other}", assignment(owner, READER.object_id))
    client = world.client(AuthorizationManagementClient, READER)
    here = list(client.permissions.list_for_resource("rg", "Microsoft.Storage", "", "storageAccounts", "one"))
    assert sorted((one.actions[0], bool(one.data_actions)) for one in here) == sorted(
        [("*/read", False), (BY_ID[owner].actions[0], True)]
    )
    beside = list(client.permissions.list_for_resource("rg", "Microsoft.Storage", "", "storageAccounts", "two"))
    assert [(one.actions, one.data_actions) for one in beside] == [(["*/read"], [])]
    answer = world.control.internal("GET", f"{one}/providers/Microsoft.Authorization/permissions/one", None)
    assert answer.status == 405


def test_role_assignment_lets_in_and_its_end_shuts_out(world: World) -> None:
    roles = world.client(AuthorizationManagementClient).role_assignments
    accounts = world.client(ManagedServiceIdentityClient, READER).user_assigned_identities
    with refused("AuthorizationFailed", 403) as caught:
        list(accounts.list_by_resource_group("rg"))
    message = str(caught.value.message)
    assert READER.object_id in message
    assert "Microsoft.ManagedIdentity/userAssignedIdentities/read" in message
    assert "resourceGroups/rg" in message
    roles.create(GROUP, NAME, assignment(READER_ROLE, READER.object_id))
    assert list(accounts.list_by_resource_group("rg")) == []
    with refused("AuthorizationFailed", 403):
        accounts.create_or_update("rg", "identity1", {"location": LOCATION})
    roles.delete(GROUP, NAME)
    with refused("AuthorizationFailed", 403):
        list(accounts.list_by_resource_group("rg"))


def test_lists_over_the_subscription_show_what_one_may_read(world: World) -> None:
    world.identity()
    world.group("other")
    roles = world.client(AuthorizationManagementClient).role_assignments
    resources = world.client(ResourceManagementClient, READER)
    accounts = world.client(ManagedServiceIdentityClient, READER).user_assigned_identities
    lists = (resources.resource_groups.list, resources.resources.list, accounts.list_by_subscription)
    for ask in lists:
        with refused("AuthorizationFailed", 403):
            list(ask())
    roles.create(GROUP, NAME, assignment(READER_ROLE, READER.object_id))
    assert [[one.name for one in ask()] for ask in lists] == [["rg"], ["identity1"], ["identity1"]]
    roles.delete(GROUP, NAME)
    roles.create(f"{SUBSCRIPTION}/resourceGroups/other", NAME, assignment(READER_ROLE, READER.object_id))
    assert [[one.name for one in ask()] for ask in lists] == [["other"], [], []]


def test_a_stranger_gets_nothing(world: World) -> None:
    world.identity()
    identities = world.client(ManagedServiceIdentityClient, STRANGER).user_assigned_identities
    with refused("AuthorizationFailed", 403):
        identities.get("rg", "identity1")
    with refused("AuthorizationFailed", 403):
        identities.delete("rg", "identity1")
    with refused("AuthorizationFailed", 403):
        identities.create_or_update("rg", "identity2", {"location": LOCATION})


@pytest.mark.parametrize(
    ("role", "principal", "code"),
    [
        ("00000000-0000-0000-0000-000000000000", READER.object_id, "RoleDefinitionDoesNotExist"),
        (READER_ROLE, "00000000-0000-0000-0000-000000000000", "PrincipalNotFound"),
    ],
)
def test_assignment_refusals(world: World, role: str, principal: str, code: str) -> None:
    roles = world.client(AuthorizationManagementClient).role_assignments
    with refused(code, 400):
        roles.create(GROUP, NAME, assignment(role, principal))


def test_the_same_assignment_twice_is_refused(world: World) -> None:
    roles = world.client(AuthorizationManagementClient).role_assignments
    roles.create(GROUP, NAME, assignment(READER_ROLE, READER.object_id))
    with refused("RoleAssignmentExists", 409):
        roles.create(GROUP, NAME.replace("a", "b"), assignment(READER_ROLE, READER.object_id))


def test_definitions_are_found_by_name(world: World) -> None:
    definitions = world.client(AuthorizationManagementClient).role_definitions
    found = list(definitions.list(SUBSCRIPTION, filter="roleName eq 'AcrPull'"))
    assert [one.name for one in found] == ["7f951dda-4ed3-4680-a7ca-43fe172d538d"]


def test_roles_have_their_own_ids_and_names() -> None:
    assert len(BY_ID) == len(ROLES) == len({role.name for role in ROLES})


@pytest.mark.parametrize(
    ("role", "action", "permitted"),
    [
        # A wildcard between slashes also stands for nothing: else a data scientist could not read the workspace.
        ("AzureML Data Scientist", "Microsoft.MachineLearningServices/workspaces/read", True),
        ("AzureML Data Scientist", "Microsoft.MachineLearningServices/workspaces/jobs/write", True),
        ("AzureML Data Scientist", "Microsoft.MachineLearningServices/workspaces/write", False),
        ("AzureML Data Scientist", "Microsoft.MachineLearningServices/workspaces/delete", False),
        ("Managed Identity Operator", "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", True),
        ("Managed Identity Operator", "Microsoft.ManagedIdentity/userAssignedIdentities/write", False),
        ("Contributor", "Microsoft.Authorization/roleAssignments/write", False),
        ("Contributor", "Microsoft.Storage/storageAccounts/listKeys/action", True),
        ("Reader", "Microsoft.Storage/storageAccounts/listKeys/action", False),
        ("Reader", "Microsoft.Storage/storageAccounts/read", True),
    ],
)
def test_what_roles_permit(role: str, action: str, *, permitted: bool) -> None:
    found = next(one for one in ROLES if one.name == role)
    assert found.permits(action) is permitted


def test_a_data_scientists_group_carries_the_role(world: World) -> None:
    world.assign(READER_ROLE, DATA_SCIENTIST.groups[0], GROUP, NAME)
    accounts = world.client(ManagedServiceIdentityClient, DATA_SCIENTIST).user_assigned_identities
    assert list(accounts.list_by_resource_group("rg")) == []
