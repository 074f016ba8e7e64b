"""Spark's ways to the lake and the vault, and Synapse's own roles: what Resource Manager cannot express."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.block import Block
from infra.data.spark_tables import ATTACHED, MATRIX, POOL, PREVIEWED, ROLES, WAYS
from infra.identities import role_tables as roles_of
from infra.synapse_plane import ManagedPrivateEndpoint, SynapseRole


@dataclass(frozen=True)
class SparkAccessArgs:
    """What Spark may reach, and who may use it.

    Args:
        workspace, workspace_id, pool: the Synapse workspace and its Spark pool.
        targets: id of each service that the table of ways names.
        principals: object id and type of each principal that the matrix names.
        attached: whether the pool is a compute of the Azure ML workspace.
    """

    workspace: pulumi.Input[str]
    workspace_id: pulumi.Input[str]
    pool: pulumi.Input[str]
    targets: Mapping[str, pulumi.Input[str]]
    principals: Mapping[str, tuple[pulumi.Input[str], str]]
    attached: bool


class SparkAccess(Block):
    """Managed private endpoints with their approval, and Synapse's role assignments."""

    def __init__(self, name: str, args: SparkAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        pool = pulumi.Output.concat("/bigDataPools/", args.pool)
        previewed = PREVIEWED if roles_of.PREVIEW in args.principals else ()
        grants = MATRIX + (ATTACHED if args.attached else ()) + previewed
        # Who administers comes first and, when all is deleted, goes last: the rest takes that role.
        first: list[pulumi.Resource] = []
        for grant in sorted(grants, key=lambda grant: not grant.administers):
            principal_id, principal_type = args.principals[grant.principal]
            made = SynapseRole(
                f"{name}-{grant.principal}-{grant.role}".replace(" ", "-").replace("_", "-").lower(),
                workspace=args.workspace,
                workspace_id=args.workspace_id,
                below=pool if grant.scope == POOL else "",
                role_id=ROLES[grant.role],
                principal_id=principal_id,
                principal_type=principal_type,
                opts=self.child(depends_on=list(first)),
            )
            if grant.administers:
                first.append(made)
        for way in WAYS:
            ManagedPrivateEndpoint(
                f"{name}-{way.target}-{way.group}",
                workspace=args.workspace,
                workspace_id=args.workspace_id,
                endpoint_name=f"{way.target}-{way.group}".replace("_", "-"),
                target_id=args.targets[way.target],
                group_id=way.group,
                why=way.why,
                opts=self.child(depends_on=first),
            )
        self.register_outputs({"ways": len(WAYS), "grants": len(grants)})
