"""AKS: where models are deployed as containers."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_azure_native import containerservice as aks
from pulumi_azure_native import managedidentity

from infra import settings
from infra.block import Block, Placement
from infra.identity import Account

WORKLOAD_LABEL = {"workload": "models"}
"""Label of the nodes that carry models."""


@dataclass(frozen=True)
class ClusterArgs:
    """What the cluster needs.

    Args:
        placement: where it goes.
        cluster: its settings.
        subnet_id: where nodes are placed.
        egress_address: the address that nodes leave from; the API server must let it in.
        tenant_id: whose identities the API server knows.
        logs_id: Log Analytics, for container logs.
        control_plane, kubelet: identities of AKS and of its nodes.
        workload: identity of pods, and the service account (`namespace:name`) that may take it.
        service_account: see `workload`.
        workspace_id: the Azure ML workspace that may reach the API server.
        roles: role assignments of the control plane; AKS is refused without them.
    """

    placement: Placement
    cluster: settings.Cluster
    subnet_id: pulumi.Input[str]
    egress_address: pulumi.Output[str]
    tenant_id: str
    logs_id: pulumi.Input[str]
    control_plane: Account
    kubelet: Account
    workload: Account
    service_account: str
    workspace_id: pulumi.Input[str]
    roles: list[pulumi.Resource]


class Cluster(Block):
    """AKS with Entra ID for people and pods, and the workspace's way in (Trusted Access)."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.placement
        cluster = self._cluster(name, args)
        self.id: pulumi.Output[str] = cluster.id
        self.name: pulumi.Output[str] = cluster.name
        issuer = cluster.oidc_issuer_profile.apply(lambda profile: profile.issuer_url if profile else "")
        self.federation: pulumi.Resource = managedidentity.FederatedIdentityCredential(
            f"{name}-workload-identity",
            resource_group_name=place.resource_group,
            resource_name_=args.workload.name,
            federated_identity_credential_resource_name="kubernetes",
            issuer=issuer,
            subject=f"system:serviceaccount:{args.service_account}",
            audiences=["api://AzureADTokenExchange"],
            opts=self.child(),
        )
        self.trusted_access: pulumi.Resource = aks.TrustedAccessRoleBinding(
            f"{name}-trusted-access",
            resource_group_name=place.resource_group,
            resource_name_=cluster.name,
            trusted_access_role_binding_name=place.names.of("trusted_access"),
            source_resource_id=args.workspace_id,
            roles=["Microsoft.MachineLearningServices/workspaces/mlworkload"],
            opts=self.child(),
        )
        self.kubeconfig: pulumi.Output[str] = _kubeconfig(place, cluster)
        self.register_outputs({"id": self.id, "name": self.name})

    def provider(self, name: str, roles: list[pulumi.Resource]) -> kubernetes.Provider:
        """Kubernetes as the caller sees it, once the caller's roles are there.

        The kubeconfig holds no credential: kubelogin gets one (AAD_LOGIN_METHOD says how).
        """
        return kubernetes.Provider(
            name, kubeconfig=self.kubeconfig, cluster_identifier=self.id, opts=self.child(depends_on=roles)
        )

    def _cluster(self, name: str, args: ClusterArgs) -> aks.ManagedCluster:
        place, chosen = args.placement, args.cluster
        resource_name = place.names.of("kubernetes_cluster")
        return aks.ManagedCluster(
            f"{name}-aks",
            resource_group_name=place.resource_group,
            resource_name_=resource_name,
            location=place.location,
            kubernetes_version=chosen.kubernetes_version,
            dns_prefix=resource_name,
            node_resource_group=place.names.of("resource_group", "nodes"),
            sku=aks.ManagedClusterSKUArgs(name="Base", tier=chosen.tier),
            identity=aks.ManagedClusterIdentityArgs(
                type=aks.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[args.control_plane.id]
            ),
            identity_profile={
                "kubeletidentity": aks.UserAssignedIdentityArgs(
                    resource_id=args.kubelet.id,
                    client_id=args.kubelet.client_id,
                    object_id=args.kubelet.principal_id,
                )
            },
            enable_rbac=True,
            aad_profile=aks.ManagedClusterAADProfileArgs(
                managed=True, enable_azure_rbac=True, tenant_id=args.tenant_id
            ),
            disable_local_accounts=not chosen.local_accounts,
            oidc_issuer_profile=aks.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
            security_profile=aks.ManagedClusterSecurityProfileArgs(
                workload_identity=aks.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True),
                image_cleaner=aks.ManagedClusterSecurityProfileImageCleanerArgs(enabled=True, interval_hours=168),
            ),
            api_server_access_profile=aks.ManagedClusterAPIServerAccessProfileArgs(
                enable_private_cluster=False,
                disable_run_command=True,
                authorized_ip_ranges=_authorized(chosen, args.egress_address),
            ),
            network_profile=_network_profile(chosen),
            agent_pool_profiles=[
                _pool("system", "System", chosen.system_pool, chosen, args.subnet_id),
                _pool("workload", "User", chosen.workload_pool, chosen, args.subnet_id),
            ],
            addon_profiles=_addons(args.logs_id),
            auto_upgrade_profile=aks.ManagedClusterAutoUpgradeProfileArgs(
                upgrade_channel="patch", node_os_upgrade_channel="NodeImage"
            ),
            tags=place.tags,
            opts=self.child(depends_on=args.roles),
        )


def _pool(
    name: str, mode: str, pool: settings.NodePool, cluster: settings.Cluster, subnet_id: pulumi.Input[str]
) -> aks.ManagedClusterAgentPoolProfileArgs:
    system = mode == "System"
    return aks.ManagedClusterAgentPoolProfileArgs(
        name=name,
        mode=mode,
        type="VirtualMachineScaleSets",
        vm_size=pool.vm_size,
        os_type="Linux",
        os_sku="AzureLinux",
        os_disk_type="Managed",
        os_disk_size_gb=128,
        count=pool.min_nodes,
        enable_auto_scaling=True,
        min_count=pool.min_nodes,
        max_count=pool.max_nodes,
        max_pods=110,
        enable_node_public_ip=False,
        availability_zones=list(cluster.zones) or None,
        vnet_subnet_id=subnet_id,
        node_taints=["CriticalAddonsOnly=true:NoSchedule"] if system else None,
        node_labels=None if system else WORKLOAD_LABEL,
        upgrade_settings=aks.AgentPoolUpgradeSettingsArgs(max_surge="33%"),
    )


def _network_profile(cluster: settings.Cluster) -> aks.ContainerServiceNetworkProfileArgs:
    return aks.ContainerServiceNetworkProfileArgs(
        network_plugin="azure",
        network_plugin_mode="overlay",
        network_policy="calico",
        load_balancer_sku="standard",
        outbound_type="userAssignedNATGateway",
        pod_cidr=str(cluster.pod_cidr),
        service_cidr=str(cluster.service_cidr),
        dns_service_ip=str(cluster.dns_service_ip),
    )


def _addons(logs_id: pulumi.Input[str]) -> dict[str, aks.ManagedClusterAddonProfileArgs]:
    return {
        "azurepolicy": aks.ManagedClusterAddonProfileArgs(enabled=True),
        "azureKeyvaultSecretsProvider": aks.ManagedClusterAddonProfileArgs(
            enabled=True, config={"enableSecretRotation": "true"}
        ),
        "omsagent": aks.ManagedClusterAddonProfileArgs(
            enabled=True, config={"logAnalyticsWorkspaceResourceID": logs_id, "useAADAuth": "true"}
        ),
    }


def _authorized(cluster: settings.Cluster, egress: pulumi.Output[str]) -> list[pulumi.Input[str]] | None:
    """The ranges given and the nodes' own way out, which AKS does not add by itself behind a NAT gateway."""
    if not cluster.authorized_ip_ranges:
        return None
    return [*(str(given) for given in cluster.authorized_ip_ranges), egress.apply(lambda address: f"{address}/32")]


class _Credential(Protocol):
    @property
    def value(self) -> str: ...


def _kubeconfig(place: Placement, cluster: aks.ManagedCluster) -> pulumi.Output[str]:
    credentials = aks.list_managed_cluster_user_credentials_output(
        resource_group_name=place.resource_group, resource_name=cluster.name, format="exec"
    )

    def decode(found: Sequence[_Credential]) -> str:
        return base64.b64decode(found[0].value).decode()

    return pulumi.Output.secret(credentials.kubeconfigs.apply(decode))
