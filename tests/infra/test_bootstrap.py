"""The environment's deployer: whom it trusts, and that it can't raise itself."""

from __future__ import annotations

from functools import cache

import pytest

from infra.identities import role_tables
from infra.identities.role_tables import ASSIGNABLE, DEPLOYER, PREVIEWER, ROLES
from infra.identities.roles import delegation
from tests.infra import program
from tests.infra.program import Deployment, Registered, each

BOOTSTRAP = "infra/bootstrap"


@cache
def _bootstrapped(environment: str) -> Deployment:
    return program.run(environment, folder=BOOTSTRAP)


@pytest.fixture(params=program.each_environment(("bootstrap",)))
def bootstrap(request: pytest.FixtureRequest) -> Deployment:
    return _bootstrapped(request.param[0])


def of(bootstrap: Deployment, block: str, type_: str) -> list[Registered]:
    """What belongs to one of the two identities."""
    return [made for made in bootstrap.all(type_) if made.name.startswith(f"{block}-")]


def test_the_identity_is_outside_the_group_it_deploys_into(bootstrap: Deployment) -> None:
    group, identities = (bootstrap.one("ResourceGroup", name).inputs for name in ("group", "identities"))
    assert group["resourceGroupName"] != identities["resourceGroupName"]
    made = bootstrap.all("UserAssignedIdentity")
    assert len({one.inputs["resourceName"] for one in made}) == 2
    assert {one.inputs["resourceGroupName"] for one in made} == {identities["resourceGroupName"]}
    assert group["resourceGroupName"] == program.deployed(bootstrap.environment).outputs["resource_group"]


def test_the_group_outlives_it_with_what_the_environment_made_there(bootstrap: Deployment) -> None:
    assert [one.name for one in bootstrap.azure() if one.retained] == ["group"]


@pytest.mark.parametrize(("block", "suffix"), [("deployer", ""), ("previewer", "-preview")])
def test_it_trusts_one_environment_of_one_repository(bootstrap: Deployment, block: str, suffix: str) -> None:
    github = program.configuration(bootstrap.environment)["github"]
    environment = f"{bootstrap.environment}{suffix}"
    made = of(bootstrap, block, "FederatedIdentityCredential")
    names, ids = f"{github['owner']}/{github['repository']}", (github["ownerId"], github["repositoryId"])
    assert {entry.inputs["subject"] for entry in made} == {
        f"repo:{names}:environment:{environment}",
        f"repo:{github['owner']}@{ids[0]}/{github['repository']}@{ids[1]}:environment:{environment}",
    }
    for entry in each(made):
        assert entry.inputs["issuer"] == "https://token.actions.githubusercontent.com"
        assert entry.inputs["audiences"] == ["api://AzureADTokenExchange"]
    first, second = made
    assert first.name in bootstrap.waits_for(second), "Azure writes one credential of an identity at a time"


def test_its_roles_are_the_tables_and_on_the_group(bootstrap: Deployment) -> None:
    made = of(bootstrap, "deployer", "RoleAssignment")
    assert len(made) == len(DEPLOYER)
    group = bootstrap.one("ResourceGroup", "group").id
    for entry in each(made):
        assert entry.inputs["scope"] == group
        assert entry.inputs["principalType"] == "ServicePrincipal"
        administrator = entry.inputs["roleDefinitionId"].endswith(ROLES["Role Based Access Control Administrator"])
        assert entry.inputs.get("condition") == (delegation(ASSIGNABLE) if administrator else None)
        assert entry.inputs.get("conditionVersion") == ("2.0" if administrator else None)


def test_who_previews_reads_the_group_and_its_kubernetes_objects_and_nothing_else(bootstrap: Deployment) -> None:
    group = bootstrap.one("ResourceGroup", "group").id
    definition = bootstrap.one("RoleDefinition").inputs
    made = of(bootstrap, "previewer", "RoleAssignment")
    roles = {entry.inputs["roleDefinitionId"].rsplit("/", 1)[-1] for entry in made}
    assert roles == {*(ROLES[row.role] for row in PREVIEWER), definition["roleDefinitionId"]}
    for entry in each(made):
        assert entry.inputs["scope"] == group
        assert entry.inputs["principalType"] == "ServicePrincipal"
    assert definition["scope"] == group
    assert definition["assignableScopes"] == [group]
    (permission,) = definition["permissions"]
    assert permission["actions"] == ["Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"]
    assert all(action.endswith("/read") for action in permission["dataActions"])
    assert permission["notDataActions"] == ["Microsoft.ContainerService/managedClusters/secrets/read"]
    assert {row.role.rsplit(" ", 1)[-1] for row in PREVIEWER} == {"Reader"}


def test_the_condition_names_both_actions() -> None:
    text = delegation(ASSIGNABLE)
    assert text.count("@Request[") == text.count("@Resource[") == 1
    assert all(text.count(role) == 2 for role in ASSIGNABLE)
    assert not [role for role in (role_tables.ROLES["Locks Contributor"],) if role in text]


def test_an_existing_group_is_read_and_not_made() -> None:
    values = program.configuration("dev")
    values["platform"]["group"] = "existing"
    made = program.run("dev", values)
    assert not made.all("ResourceGroup")
    assert made.outputs["resource_group"] == "rg-mlp-dev"
