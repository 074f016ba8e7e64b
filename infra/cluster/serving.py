"""Serving: the Azure ML extension on the cluster, and the compute that deployments name."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_azure_native import kubernetesconfiguration
from pulumi_azure_native import machinelearningservices as ml

from infra import settings
from infra.block import Block, Placement
from infra.cluster.extension import EXTENSION_NAMESPACE, EXTENSION_TYPE, configuration
from infra.cluster.node_pools import WORKLOAD_LABEL
from infra.identities.identity import Account

ROUTER = f"azureml-fe.{EXTENSION_NAMESPACE}.svc.cluster.local"
"""The router's name inside the cluster."""


@dataclass(frozen=True)
class ServingArgs:
    """What serving rests on.

    Args:
        placement: where it goes.
        serving: its settings.
        nodes: least number of workload nodes.
        cluster_id, cluster_name: the AKS cluster.
        workspace_name: the workspace that gets the compute.
        workload: identity of pods.
        kubernetes: the cluster's own interface.
        before: what the extension needs: nodes for its pods, and what the router's secret comes from.
        ready: Trusted Access and the workspace's roles on the cluster: without them attaching fails with
            "extension not installed".
    """

    placement: Placement
    serving: settings.Serving
    nodes: int
    cluster_id: pulumi.Input[str]
    cluster_name: pulumi.Input[str]
    workspace_name: pulumi.Input[str]
    workload: Account
    kubernetes: kubernetes.Provider
    before: list[pulumi.Resource]
    ready: list[pulumi.Resource]


class Serving(Block):
    """Extension, namespace, service account, and the attached Kubernetes compute."""

    def __init__(self, name: str, args: ServingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        chosen = args.serving
        extension = self.extension = self._extension()
        namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace", metadata={"name": chosen.namespace}, opts=self._inside()
        )
        self.namespace: pulumi.Output[str] = namespace.metadata.apply(lambda metadata: metadata.name or "")
        account = kubernetes.core.v1.ServiceAccount(
            f"{name}-service-account",
            metadata={
                "name": chosen.service_account,
                "namespace": self.namespace,
                # The workload identity webhook reads these.
                "annotations": {"azure.workload.identity/client-id": args.workload.client_id},
                "labels": {"azure.workload.identity/use": "true"},
            },
            opts=self._inside(),
        )
        self.service_account: pulumi.Output[str] = account.metadata.apply(lambda metadata: metadata.name or "")
        self.compute: pulumi.Output[str] = self._compute(extension).name
        self.host: str = chosen.tls.ssl_cname if chosen.tls else ROUTER
        self.register_outputs({"compute": self.compute, "host": self.host})

    def _inside(self) -> pulumi.ResourceOptions:
        return self.child(provider=self._args.kubernetes)

    def _extension(self) -> kubernetesconfiguration.Extension:
        args, place = self._args, self._args.placement
        return kubernetesconfiguration.Extension(
            f"{self._name}-extension",
            resource_group_name=place.resource_group,
            cluster_rp="Microsoft.ContainerService",
            cluster_resource_name="managedClusters",
            cluster_name=args.cluster_name,
            extension_name="azureml",
            extension_type=EXTENSION_TYPE,
            release_train="stable",
            auto_upgrade_minor_version=True,
            identity=kubernetesconfiguration.IdentityArgs(
                type=kubernetesconfiguration.ResourceIdentityType.SYSTEM_ASSIGNED
            ),
            scope=kubernetesconfiguration.ScopeArgs(
                cluster=kubernetesconfiguration.ScopeClusterArgs(release_namespace=EXTENSION_NAMESPACE)
            ),
            configuration_settings=configuration(
                args.serving,
                cluster_id=args.cluster_id,
                cluster_name=place.names.of("kubernetes_cluster"),
                location=place.location,
                nodes=args.nodes,
            ),
            opts=self.child(depends_on=args.before),
        )

    def _compute(self, extension: kubernetesconfiguration.Extension) -> ml.Compute:
        args, place, chosen = self._args, self._args.placement, self._args.serving
        return ml.Compute(
            f"{self._name}-compute",
            resource_group_name=place.resource_group,
            workspace_name=args.workspace_name,
            compute_name=chosen.compute_name,
            location=place.location,
            identity=ml.ManagedServiceIdentityArgs(type="UserAssigned", user_assigned_identities=[args.workload.id]),
            properties=ml.KubernetesArgs(
                compute_type="Kubernetes",
                resource_id=args.cluster_id,
                properties=ml.KubernetesPropertiesArgs(
                    # The namespace's output, for it has to exist before.
                    namespace=self.namespace,
                    default_instance_type=chosen.default_instance_type,
                    instance_types={
                        label: ml.InstanceTypeSchemaArgs(
                            node_selector=WORKLOAD_LABEL,
                            resources=ml.InstanceTypeSchemaResourcesArgs(
                                requests=given.requests.model_dump(), limits=given.limits.model_dump()
                            ),
                        )
                        for label, given in chosen.instance_types.items()
                    },
                    extension_principal_id=extension.identity.apply(
                        lambda identity: identity.principal_id if identity else ""
                    ),
                    extension_instance_release_train="stable",
                ),
            ),
            tags=place.tags,
            # An attached cluster cannot be changed in place: detach and attach again, under the same name.
            opts=self.child(
                depends_on=[*args.ready, extension], replace_on_changes=["properties"], delete_before_replace=True
            ),
        )
