"""The identity that an environment's workflow deploys as: trusted by GitHub's word, confined to one group."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import managedidentity

from infra import role_tables as roles_of
from infra import settings
from infra.block import Block, Placement
from infra.identity import Account
from infra.roles import RoleMatrix, RoleMatrixArgs, delegation

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"


def subjects(github: settings.Github, environment: str) -> dict[str, str]:
    """The subject of a job that uses the environment, by names and by names with ids.

    A repository made or renamed since July 2026 gets the second, an older one keeps the first until it changes over
    (entra/workload-id/workload-identities-github-immutable-subjects). Never a branch or a pull request: an
    environment has its own approval.
    """
    by_id = f"{github.owner}@{github.owner_id}/{github.repository}@{github.repository_id}"
    return {
        "github": f"repo:{github.owner}/{github.repository}:environment:{environment}",
        "github-immutable": f"repo:{by_id}:environment:{environment}",
    }


@dataclass(frozen=True)
class DeployerArgs:
    """Who may deploy where.

    Args:
        placement: where the identity itself goes: not the group that it deploys into.
        github: the repository.
        environment: its GitHub environment, called as the stack.
        subscription_id: where the role definitions are addressed.
        group_id: the resource group it gets its roles on.
    """

    placement: Placement
    github: settings.Github
    environment: str
    subscription_id: str
    group_id: pulumi.Input[str]


class Deployer(Block):
    """A managed identity, its federated credentials, and its roles on one resource group.

    It assigns roles under a condition that names them, and those that let it do so are not among them: what it
    deploys can't hand out more than the program does.
    """

    def __init__(self, name: str, args: DeployerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.placement
        identity = managedidentity.UserAssignedIdentity(
            f"{name}-identity",
            resource_group_name=place.resource_group,
            resource_name_=place.names.of("managed_identity", "ci"),
            location=place.location,
            tags=place.tags,
            opts=self.child(),
        )
        before: list[pulumi.Resource] = []
        for purpose, subject in subjects(args.github, args.environment).items():
            credential = managedidentity.FederatedIdentityCredential(
                f"{name}-{purpose}",
                resource_group_name=place.resource_group,
                resource_name_=identity.name,
                federated_identity_credential_resource_name=purpose,
                issuer=ISSUER,
                subject=subject,
                audiences=[AUDIENCE],
                # Azure takes one at a time on an identity and answers the other with 409.
                opts=self.child(depends_on=before),
            )
            before = [credential]
        roles = RoleMatrix(
            f"{name}-roles",
            RoleMatrixArgs(
                args.subscription_id,
                roles_of.DEPLOYER,
                {"Role Based Access Control Administrator": delegation(roles_of.ASSIGNABLE)},
            ),
        )
        roles.principal(roles_of.CI, identity.principal_id)
        roles.scope(roles_of.GROUP, args.group_id)
        roles.close()
        self.account = Account(identity.id, identity.name, identity.client_id, identity.principal_id)
        self.register_outputs({"identity": identity.id})
