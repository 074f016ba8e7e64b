"""Governance: locks and protection of what holds data, and Azure's policies for machine learning."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization

from infra import settings, walk
from infra.block import Block, Placement
from infra.governance.policy_tables import POLICIES, Policy


@dataclass(frozen=True)
class Held:
    """What a type holds that cannot be made again, and why it has no lock where it has none."""

    what: str
    unlocked: str = ""


# A lock covers everything below what it is on (azure-resource-manager/management/lock-resources#lock-inheritance).
HOLDS_DATA: dict[str, Held] = {
    "containerregistry:Registry": Held("images"),
    "keyvault:Vault": Held("secrets and keys"),
    "machinelearningservices:Registry": Held("models, components and environments on their way"),
    "machinelearningservices:Workspace": Held(
        "jobs, models and data assets", "no deployment, endpoint or compute of it could be deleted any more"
    ),
    "operationalinsights:Workspace": Held("logs and the audit trail"),
    "storage:BlobContainer": Held("the files of a zone", "the account's lock covers it"),
    "storage:StorageAccount": Held("the lake; and code, models and logs of the workspace"),
    "synapse:Workspace": Held("notebooks, pipelines and databases", "no pool of it could be deleted any more"),
}
"""Types whose deletion would lose something: all are protected by Pulumi, most are locked in Azure too."""


def protect_data() -> None:
    """From now on what holds data is protected: Pulumi neither deletes nor replaces it.

    Called before the first block, so that no block has to think of it.
    """
    pulumi.runtime.register_stack_transformation(_protected)


def _protected(
    args: pulumi.ResourceTransformationArgs,
) -> pulumi.ResourceTransformationResult | None:
    if args.type_.removeprefix(walk.PROVIDER) not in HOLDS_DATA:
        return None
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True))
    return pulumi.ResourceTransformationResult(args.props, opts)


def _foreign(chosen: settings.Settings) -> set[str]:
    """What another team runs and this program only reads: its lock is that team's affair."""
    read = {
        "lake-account": chosen.lake.existing_id,
        "observability-logs": chosen.observability.existing_workspace_id,
        "registry-registry": chosen.registry.existing_id,
    }
    return {name for name, existing in read.items() if existing is not None}


def _is_locked(kind: str) -> bool:
    return kind in HOLDS_DATA and not HOLDS_DATA[kind].unlocked


@dataclass(frozen=True)
class GuardsArgs:
    """What is guarded.

    Args:
        placement: where everything is.
        chosen: all settings, for policies follow them.
        group_id: what the policies cover.
        addresses: what lies on what, noted since before the first block.
    """

    placement: Placement
    chosen: settings.Settings
    group_id: pulumi.Input[str]
    addresses: walk.Addresses


class Guards(Block):
    """A lock on each resource made so far that holds data, and an assignment for each policy of the table."""

    def __init__(self, name: str, args: GuardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        governance = args.chosen.governance
        foreign = _foreign(args.chosen)
        locked = [
            one
            for one in (walk.created() if governance.locks else [])
            if _is_locked(walk.kind_of(one)) and one.pulumi_resource_name not in foreign
        ]
        for one, below in args.addresses.on(*locked).items():
            self._lock(one, below)
        assigned = [row for row in POLICIES if governance.policies != "None" and row.when(args.chosen)]
        for row in assigned:
            self._assign(row)
        self.register_outputs({"locks": len(locked), "policies": len(assigned)})

    def _lock(
        self, target: pulumi.CustomResource, below: pulumi.Output[list[pulumi.Resource]]
    ) -> authorization.ManagementLockByScope:
        """A lock that is made last and deleted first: while it is there, nothing that lies on the resource goes."""
        held = HOLDS_DATA[walk.kind_of(target)]
        return authorization.ManagementLockByScope(
            f"{self._name}-lock-{target.pulumi_resource_name}",
            scope=target.id,
            lock_name="keep",
            level=authorization.LockLevel.CAN_NOT_DELETE,
            notes=f"Holds {held.what}. To delete it, set governance.locks to false and update.",
            opts=pulumi.ResourceOptions.merge(self.child(), pulumi.ResourceOptions(depends_on=below)),
        )

    def _assign(self, row: Policy) -> authorization.PolicyAssignment:
        return authorization.PolicyAssignment(
            f"{self._name}-{row.name}",
            scope=self._args.group_id,
            policy_assignment_name=row.name,
            display_name=row.why,
            policy_definition_id=f"/providers/Microsoft.Authorization/policyDefinitions/{row.definition}",
            enforcement_mode=self._args.chosen.governance.policies,
            parameters={
                key: authorization.ParameterValuesValueArgs(value=value)
                for key, value in {"effect": row.effect, **row.parameters}.items()
            },
            opts=self.child(),
        )
