from __future__ import annotations

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.identities.identity import IDENTITIES
from infra.identities.role_tables import (
    ASSIGNABLE,
    DEPLOYER,
    EVERY,
    HIGH_BUSINESS_IMPACT,
    MATRIX,
    PREVIEWER,
    ROLES,
    Grant,
    chosen,
    others,
)
from infra.identities.roles import RoleMatrix, RoleMatrixArgs, assignment_name
from infra.settings.reader import parse
from tests.infra import program
from tests.infra.program import Deployment, each

PEOPLE = {"platform_engineer", "data_scientist", "ml_engineer", "reader"}
ROWS = (*EVERY, *DEPLOYER, *PREVIEWER)


def test_roles_are_guids_used_once() -> None:
    assert {name: str(uuid.UUID(role)) for name, role in ROLES.items()} == ROLES
    assert len(set(ROLES.values())) == len(ROLES)


def test_every_role_is_used_and_every_row_is_unique() -> None:
    assert {row.role for row in ROWS} == ROLES.keys()
    assert len({(row.principal, row.role, row.scope) for row in ROWS}) == len(ROWS)
    assert {row.principal for row in ROWS} == {*IDENTITIES, *PEOPLE, "spark", "ci", "preview"}
    assert all(row.why for row in ROWS)


def test_nobody_owns_anything() -> None:
    assert not {row.role for row in ROWS} & {"Owner", "User Access Administrator"}


def test_the_deployer_hands_out_only_what_the_program_does() -> None:
    its_own = {"Role Based Access Control Administrator", "Locks Contributor", "Resource Policy Contributor"}
    assert {ROLES[row.role] for row in ROWS if row.principal not in {"ci", "preview"}} == ASSIGNABLE
    assert not {ROLES[role] for role in its_own} & ASSIGNABLE
    assert {row.scope for row in DEPLOYER} == {"resource_group"}


def test_people_get_no_more_than_their_work() -> None:
    owners = {row.principal for row in MATRIX if row.role in {"Owner", "Contributor"}}
    assert owners == {"workspace", "platform_engineer"}
    assert not [row for row in MATRIX if row.principal == "ml_engineer" and row.scope in {"resource_group", "vault"}]
    reads = {"Reader", "Storage Blob Data Reader", "Log Analytics Reader"}
    assert {row.role for row in MATRIX if row.principal == "reader"} == reads
    assert not [row for row in MATRIX if row.principal == "data_scientist" and row.scope == "resource_group"]


def test_pods_write_scores_and_nothing_else() -> None:
    writes = {row.scope for row in MATRIX if row.principal == "workload" and row.role.endswith("Data Contributor")}
    assert writes == {"lake/scores"}


def test_each_row_becomes_one_assignment(deployment: Deployment) -> None:
    made = deployment.all("RoleAssignment")
    rows = MATRIX + chosen(parse(program.configuration(deployment.environment)))
    assert len(made) == len(rows)
    assert len({entry.name for entry in made}) == len(rows)
    if not deployment.awaits([entry.inputs["roleAssignmentName"] for entry in made]):
        assert len({entry.inputs["roleAssignmentName"] for entry in made}) == len(rows)
    for entry in each(made):
        given = entry.inputs
        if not deployment.awaits([given["scope"], given["roleDefinitionId"]]):
            role = given["roleDefinitionId"].split("/")[-1]
            assert role in ROLES.values()
            assert given["roleDefinitionId"].startswith(f"/subscriptions/{program.SUBSCRIPTION}/providers/")
            assert given["roleAssignmentName"] == assignment_name(given["scope"], given["principalId"], role)
        person = any(entry.name.startswith(f"roles-{name.replace('_', '-')}-") for name in PEOPLE)
        assert given["principalType"] == ("Group" if person else "ServicePrincipal")


def test_a_high_business_impact_workspace_adds_its_row() -> None:
    values = program.configuration("local")
    values["workspace"]["highBusinessImpact"] = True
    made = program.run("local", values)
    rows = MATRIX + chosen(parse(values))
    assert set(HIGH_BUSINESS_IMPACT) <= set(rows)
    assert len(made.all("RoleAssignment")) == len(rows)
    assert made.one("machinelearningservices:Workspace").inputs["hbiWorkspace"] is True


@pytest.mark.xdist_group("local")
def test_one_group_for_two_personas_has_each_role_once() -> None:
    values = program.configuration("local")
    values["personas"]["mlEngineer"] = values["personas"]["dataScientist"]
    made = program.run("local", values)
    alone = program.deployed("local")
    names = {entry.name for entry in made.all("RoleAssignment")}
    shared = {(row.role, row.scope) for row in MATRIX if row.principal == "data_scientist"} & {
        (row.role, row.scope) for row in MATRIX if row.principal == "ml_engineer"
    }
    assert len(shared) > 1
    left = {entry.name for entry in alone.all("RoleAssignment")} - names
    assert len(left) == len(shared), "the rest is called as before"
    assert all(name.startswith("roles-ml-engineer-") for name in left)


def test_a_group_of_two_personas_keeps_the_wider_list() -> None:
    values = program.configuration("local")
    values["personas"]["reader"] = values["personas"]["dataScientist"]
    curated = program.run("local", values).one("lake:ZoneAccess", "lake-curated-access").inputs["groups"]
    assert curated[values["personas"]["reader"]["objectId"]] == "rwx"


def test_a_forgotten_scope_is_an_error() -> None:
    def forgetful() -> None:
        RoleMatrix("lonely", RoleMatrixArgs(program.SUBSCRIPTION, [Grant("a", "Reader", "b", "why")])).close()

    with pytest.raises(RuntimeError, match="a on b"):
        program.within("local", forgetful)


@settings(max_examples=30)  # of which text alone would take a fifth of all component tests' time
@given(st.text(), st.text(), st.sampled_from(sorted(ROLES.values())))
def test_names_depend_on_all_three_and_not_on_case(scope: str, principal: str, role: str) -> None:
    name = assignment_name(scope, principal, role)
    assert str(uuid.UUID(name)) == name
    assert name == assignment_name(scope.lower(), principal.lower(), role)
    assert name != assignment_name(scope + "x", principal, role)
    assert name != assignment_name(scope, principal + "x", role)


def test_identities_have_their_roles_before_they_act(deployment: Deployment) -> None:
    needed: dict[tuple[str, str], set[str]] = {
        ("machinelearningservices:Workspace", ""): {
            "roles-workspace-contributor-workspace-storage",
            "roles-workspace-key-vault-administrator-vault",
            "roles-workspace-contributor-registry",
            "roles-workspace-contributor-application-insights",
        },
        ("ManagedCluster", ""): {
            "roles-aks-network-contributor-aks-system-subnet",
            "roles-aks-network-contributor-aks-user-subnet",
            "roles-aks-network-contributor-ingress-subnet",
            "roles-aks-managed-identity-operator-kubelet-identity",
        },
        ("machinelearningservices:Compute", "training-cpu"): {"roles-training-acrpull-registry"},
        ("machinelearningservices:Compute", "serving-compute"): {
            "cluster-trusted-access",
            "serving-extension",
            "serving-namespace",
            "roles-workspace-kubernetes-extension-contributor-cluster",
        },
        ("kubernetes:core/v1:Namespace", "serving-namespace"): {
            "roles-platform-engineer-azure-kubernetes-service-rbac-cluster-admin-cluster"
        },
    }
    for (kind, name), before in each(needed.items()):
        assert before <= deployment.waits_for(deployment.one(kind, name))


def test_other_environments_get_on_the_registry_what_they_need_and_no_more() -> None:
    one, two = (f"{number}1111111-0000-4000-8000-000000000000" for number in (1, 2))
    base = program.configuration("prod")
    workspace = {**base["workspace"], "promotionWriters": [one], "promotionReaders": [two]}
    settings = parse({**base, "workspace": workspace})
    added = {row for row in chosen(settings) if row not in chosen(parse(base))}
    assert {(row.principal, row.role, row.scope) for row in added} == {
        ("writers_11111111", "AzureML Registry User", "promotion_registry"),
        ("readers_21111111", "Reader", "promotion_registry"),
    }
    assert others(settings) == {"writers_11111111": one, "readers_21111111": two}
    assert {ROLES[row.role] for row in added} <= ASSIGNABLE
