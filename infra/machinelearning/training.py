"""Where jobs run: clusters, compute instances, and the Spark pool where it is attached."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra import settings
from infra.block import Block, Placement
from infra.identities.identity import Account
from infra.machinelearning import compute_instances

# What Azure can't change in a cluster that exists: it is deleted and made anew, under its name.
FIXED = tuple(f"properties.properties.{key}" for key in ("osType", "vmSize", "vmPriority", "subnet"))
INSTANCE_FIXED = tuple(
    f"properties.properties.{key}" for key in ("vmSize", "subnet", "personalComputeInstanceSettings")
)


@dataclass(frozen=True)
class TrainingArgs:
    """What training runs on.

    Args:
        placement: where it goes.
        workspace_name: the workspace the computes belong to.
        workspace: its clusters and instances.
        subnet_id: where its nodes are placed; none in the workspace's managed network, the only other place.
        tenant_id: whose people the instances belong to.
        identity: whom jobs act as.
        spark_pool_id: pool to offer as a compute, if any.
        roles: those of the identity.
        ready: private endpoints and the way out: nodes without a public address start through them.
    """

    placement: Placement
    workspace_name: pulumi.Input[str]
    workspace: settings.Workspace
    subnet_id: pulumi.Input[str] | None
    tenant_id: str
    identity: Account
    spark_pool_id: pulumi.Input[str] | None
    roles: list[pulumi.Resource]
    ready: list[pulumi.Resource]


class Training(Block):
    """Computes whose jobs act as one identity. Azure takes one kind of identity for a cluster: this one."""

    def __init__(self, name: str, args: TrainingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        # Its name stays known while it is away: jobs wait for it under that name.
        self.cpu_cluster: pulumi.Output[str] = pulumi.Output.from_input(args.workspace.cpu_cluster.name)
        if args.workspace.computes:
            self._make(name)
        if args.spark_pool_id is not None:
            spark = ml.SynapseSparkArgs(compute_type="SynapseSpark", resource_id=args.spark_pool_id)
            self._compute(f"{name}-spark", "spark", spark, nodes=False)
        self.register_outputs({"cpu_cluster": self.cpu_cluster})

    def _make(self, name: str) -> None:
        """Clusters and instances: what has nodes in a network."""
        args = self._args
        clusters = {
            key: self._compute(
                f"{name}-{key.removesuffix('Cluster')}", given.name, _cluster(given, args.subnet_id), fixed=FIXED
            )
            for key, given in args.workspace.clusters().items()
        }
        self.cpu_cluster = clusters["cpuCluster"].name
        instances = args.workspace.instances
        for person in instances.people:
            desk = compute_instances.properties(instances, person, args.tenant_id, args.subnet_id)
            self._compute(f"{name}-instance-{person.name}", person.name, desk, fixed=INSTANCE_FIXED)

    def _compute(
        self,
        name: str,
        compute_name: str,
        properties: ml.AmlComputeArgs | ml.ComputeInstanceArgs | ml.SynapseSparkArgs,
        fixed: tuple[str, ...] = (),
        *,
        nodes: bool = True,
    ) -> ml.Compute:
        args, place = self._args, self._args.placement
        return ml.Compute(
            name,
            resource_group_name=place.resource_group,
            workspace_name=args.workspace_name,
            compute_name=compute_name,
            location=place.location,
            identity=ml.ManagedServiceIdentityArgs(type="UserAssigned", user_assigned_identities=[args.identity.id]),
            properties=properties,
            tags=place.tags,
            opts=self.child(
                depends_on=[*args.roles, *(args.ready if nodes else [])],
                replace_on_changes=list(fixed),
                delete_before_replace=True,
            ),
        )


def _cluster(cluster: settings.AmlCluster, subnet_id: pulumi.Input[str] | None) -> ml.AmlComputeArgs:
    return ml.AmlComputeArgs(
        compute_type="AmlCompute",
        disable_local_auth=True,
        properties=ml.AmlComputePropertiesArgs(
            os_type="Linux",
            vm_size=cluster.vm_size,
            vm_priority=cluster.priority,
            scale_settings=ml.ScaleSettingsArgs(
                min_node_count=cluster.min_nodes,
                max_node_count=cluster.max_nodes,
                node_idle_time_before_scale_down=f"PT{cluster.idle_minutes}M",
            ),
            enable_node_public_ip=False,
            remote_login_port_public_access="Disabled",
            subnet=ml.ResourceIdArgs(id=subnet_id) if subnet_id is not None else None,
        ),
    )
