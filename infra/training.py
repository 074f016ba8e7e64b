"""Where jobs run: the training cluster, and the Spark pool where it is attached."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra import settings
from infra.block import Block, Placement
from infra.identity import Account

# What Azure can't change in a cluster that exists: it is deleted and made anew, under its name.
FIXED = tuple(f"properties.properties.{key}" for key in ("osType", "vmSize", "vmPriority", "subnet"))


@dataclass(frozen=True)
class TrainingArgs:
    """What training runs on.

    Args:
        placement: where it goes.
        workspace_name: the workspace the computes belong to.
        cluster: the training cluster's settings.
        subnet_id: where its nodes are placed; none in the workspace's managed network, the only other place.
        identity: whom jobs act as.
        spark_pool_id: pool to offer as a compute, if any.
        ready: roles of the identity and private endpoints: nodes without a public address start through them.
    """

    placement: Placement
    workspace_name: pulumi.Input[str]
    cluster: settings.CpuCluster
    subnet_id: pulumi.Input[str] | None
    identity: Account
    spark_pool_id: pulumi.Input[str] | None
    ready: list[pulumi.Resource]


class Training(Block):
    """Computes whose jobs act as one identity. Azure takes one kind of identity for a cluster: this one."""

    def __init__(self, name: str, args: TrainingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self.cpu_cluster: pulumi.Output[str] = self._compute(
            f"{name}-cpu", args.cluster.name, _cluster(args.cluster, args.subnet_id), fixed=FIXED
        ).name
        if args.spark_pool_id is not None:
            spark = ml.SynapseSparkArgs(compute_type="SynapseSpark", resource_id=args.spark_pool_id)
            self._compute(f"{name}-spark", "spark", spark)
        self.register_outputs({"cpu_cluster": self.cpu_cluster})

    def _compute(
        self,
        name: str,
        compute_name: str,
        properties: ml.AmlComputeArgs | ml.SynapseSparkArgs,
        fixed: tuple[str, ...] = (),
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
            opts=self.child(depends_on=args.ready, replace_on_changes=list(fixed), delete_before_replace=True),
        )


def _cluster(cluster: settings.CpuCluster, subnet_id: pulumi.Input[str] | None) -> ml.AmlComputeArgs:
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
