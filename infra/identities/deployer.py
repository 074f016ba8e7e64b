"""The identities that an environment's workflows sign in as: trusted by GitHub's word, confined to one group.

One deploys, in the GitHub environment that approvers guard. The other only looks, in one that needs no approval: it
plans what is to be approved, and code of a pull request runs as it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import authorization, managedidentity

from infra import settings
from infra.block import Block, Placement
from infra.identities import role_tables as roles_of
from infra.identities.identity import Account
from infra.identities.roles import RoleMatrix, RoleMatrixArgs, assignment_name, delegation

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


@dataclass(frozen=True)
class _May:
    """What an identity is for.

    Args:
        principal: its name in the rows.
        suffix: of its name in Azure.
        grants: its rows.
        conditions: by role's name.
    """

    principal: str
    suffix: str
    grants: Sequence[roles_of.Grant]
    conditions: Mapping[str, str] = field(default_factory=dict)


class _Trusted(Block):
    """A managed identity, its federated credentials, and its roles on one resource group."""

    def __init__(
        self, name: str, args: DeployerArgs, environment: str, may: _May, opts: pulumi.ResourceOptions | None
    ) -> None:
        super().__init__(name, opts)
        place = args.placement
        identity = managedidentity.UserAssignedIdentity(
            f"{name}-identity",
            resource_group_name=place.resource_group,
            resource_name_=place.names.of("managed_identity", may.suffix),
            location=place.location,
            tags=place.tags,
            opts=self.child(),
        )
        before: list[pulumi.Resource] = []
        for purpose, subject in subjects(args.github, environment).items():
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
        roles = RoleMatrix(f"{name}-roles", RoleMatrixArgs(args.subscription_id, may.grants, may.conditions))
        roles.principal(may.principal, identity.principal_id)
        roles.scope(roles_of.GROUP, args.group_id)
        roles.close()
        self.account = Account(identity.id, identity.name, identity.client_id, identity.principal_id)


class Deployer(_Trusted):
    """Deploys an environment.

    It assigns roles under a condition that names them, and those that let it do so are not among them: what it
    deploys can't hand out more than the program does.
    """

    def __init__(self, name: str, args: DeployerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        conditions = {"Role Based Access Control Administrator": delegation(roles_of.ASSIGNABLE)}
        may = _May(roles_of.CI, "ci", roles_of.DEPLOYER, conditions)
        super().__init__(name, args, args.environment, may, opts)
        self.register_outputs({"identity": self.account.id})


class Previewer(_Trusted):
    """Plans an environment and compares it with its program; its GitHub environment is called `<stack>-preview`."""

    def __init__(self, name: str, args: DeployerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        may = _May(roles_of.PREVIEW, "ci-preview", roles_of.PREVIEWER)
        super().__init__(name, args, f"{args.environment}-preview", may, opts)
        self._read_kubernetes(name, args)
        self.register_outputs({"identity": self.account.id})

    def _read_kubernetes(self, name: str, args: DeployerArgs) -> None:
        """All objects but secrets: none of the built-in roles reads custom resources and changes nothing."""
        group = pulumi.Output.from_input(args.group_id)
        role = group.apply(lambda scope: assignment_name(scope, "kubernetes", "reader"))
        definition = authorization.RoleDefinition(
            f"{name}-kubernetes-reader",
            role_definition_id=role,
            role_name=group.apply(lambda scope: f"Kubernetes reader of {scope.rsplit('/', 1)[-1]}"),
            role_type="CustomRole",
            description="Looks at every object of its clusters but secrets, and changes none.",
            scope=group,
            assignable_scopes=[group],
            permissions=[
                authorization.PermissionArgs(
                    actions=[*roles_of.KUBERNETES_FIND],
                    data_actions=[*roles_of.KUBERNETES_READ],
                    not_data_actions=[*roles_of.KUBERNETES_HIDDEN],
                )
            ],
            opts=self.child(),
        )
        authorization.RoleAssignment(
            f"{name}-reads-kubernetes",
            role_assignment_name=pulumi.Output.all(group, self.account.principal_id, role).apply(
                lambda known: assignment_name(*known)
            ),
            scope=group,
            principal_id=self.account.principal_id,
            principal_type="ServicePrincipal",
            role_definition_id=pulumi.Output.concat(
                f"/subscriptions/{args.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/", role
            ),
            description="compares the cluster's objects with the program",
            opts=self.child(depends_on=[definition]),
        )
