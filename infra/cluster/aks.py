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
from infra.cluster import maintenance
from infra.cluster import node_pools as pools
from infra.identities.identity import Account


@dataclass(frozen=True)
class ClusterArgs:
    """What the cluster needs.

    Args:
        placement: where it goes.
        cluster: its settings.
        system_subnet_id, workload_subnet_id: where nodes are placed.
        outbound_type: the nodes' way out, as AKS calls it.
        egress_address: the address that nodes leave from; a public API server must let it in.
        dns_zone_id: the zone that a private API server is found in.
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
    system_subnet_id: pulumi.Input[str]
    workload_subnet_id: pulumi.Input[str]
    outbound_type: str
    egress_address: pulumi.Output[str]
    dns_zone_id: pulumi.Input[str]
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
        self.issuer: pulumi.Output[str] = cluster.oidc_issuer_profile.apply(
            lambda profile: (profile.issuer_url or "") if profile else ""
        )
        self.federation: pulumi.Resource = managedidentity.FederatedIdentityCredential(
            f"{name}-workload-identity",
            resource_group_name=place.resource_group,
            resource_name_=args.workload.name,
            federated_identity_credential_resource_name="kubernetes",
            issuer=self.issuer,
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
        self._maintain(name, args, cluster)
        self.nodes: pulumi.Resource = pools.workload(
            f"{name}-workload",
            args.cluster,
            args.workload_subnet_id,
            group=place.resource_group,
            of=cluster,
            cluster_id=(
                f"/subscriptions/{place.subscription_id}/resourceGroups/{place.names.of('resource_group')}"
                f"/providers/Microsoft.ContainerService/managedClusters/{place.names.of('kubernetes_cluster')}"
            ),
            opts=self.child(),
        )
        """What every pod needs that is not AKS' own."""
        self.kubeconfig: pulumi.Output[str] = _kubeconfig(place, cluster)
        self.register_outputs({"id": self.id, "name": self.name})

    def _maintain(self, name: str, args: ClusterArgs, cluster: aks.ManagedCluster) -> None:
        for kind, (config_name, window) in maintenance.windows(args.cluster.maintenance).items():
            aks.MaintenanceConfiguration(
                f"{name}-maintenance-{kind}",
                resource_group_name=args.placement.resource_group,
                resource_name_=cluster.name,
                config_name=config_name,
                maintenance_window=window,
                opts=self.child(),
            )

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
            disable_local_accounts=chosen.local_accounts is None,
            oidc_issuer_profile=aks.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
            security_profile=_security(chosen, args.logs_id),
            api_server_access_profile=_api_server(args),
            network_profile=_network_profile(chosen, args.outbound_type),
            agent_pool_profiles=[pools.system("system", chosen, args.system_subnet_id)],
            addon_profiles=_addons(args.logs_id),
            auto_upgrade_profile=aks.ManagedClusterAutoUpgradeProfileArgs(
                upgrade_channel=chosen.upgrade_channel, node_os_upgrade_channel=chosen.node_os_upgrade_channel
            ),
            tags={**place.tags, **_local_accounts(chosen)},
            # Azure answers a change of these with a refusal: the cluster is made anew, under its name.
            opts=self.child(
                depends_on=args.roles,
                replace_on_changes=["apiServerAccessProfile.enablePrivateCluster"],
                delete_before_replace=True,
            ),
        )


def _local_accounts(cluster: settings.Cluster) -> dict[str, str]:
    """Why there are accounts beside Entra's, and until when, where a reviewer and the policy look."""
    chosen = cluster.local_accounts
    return {"local-accounts-reason": chosen.reason, "local-accounts-until": f"{chosen.until}"} if chosen else {}


def _security(cluster: settings.Cluster, logs_id: pulumi.Input[str]) -> aks.ManagedClusterSecurityProfileArgs:
    return aks.ManagedClusterSecurityProfileArgs(
        workload_identity=aks.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True),
        image_cleaner=aks.ManagedClusterSecurityProfileImageCleanerArgs(enabled=True, interval_hours=168),
        defender=aks.ManagedClusterSecurityProfileDefenderArgs(
            log_analytics_workspace_resource_id=logs_id,
            security_monitoring=aks.ManagedClusterSecurityProfileDefenderSecurityMonitoringArgs(enabled=True),
        )
        if cluster.defender
        else None,
    )


def _api_server(args: ClusterArgs) -> aks.ManagedClusterAPIServerAccessProfileArgs:
    """Private, or public for the ranges given. Azure ML knows no public name of a private API server
    (machine-learning/how-to-secure-kubernetes-inferencing-environment).
    """
    if args.cluster.private:
        return aks.ManagedClusterAPIServerAccessProfileArgs(
            enable_private_cluster=True,
            enable_private_cluster_public_fqdn=False,
            private_dns_zone=args.dns_zone_id,
            disable_run_command=True,
        )
    return aks.ManagedClusterAPIServerAccessProfileArgs(
        enable_private_cluster=False,
        disable_run_command=True,
        authorized_ip_ranges=_authorized(args.cluster, args.egress_address),
    )


def _network_profile(cluster: settings.Cluster, outbound_type: str) -> aks.ContainerServiceNetworkProfileArgs:
    return aks.ContainerServiceNetworkProfileArgs(
        network_plugin="azure",
        network_plugin_mode="overlay",
        network_policy=cluster.network_policy,
        # Cilium enforces policies only where it also carries the traffic.
        network_dataplane="cilium" if cluster.network_policy == "cilium" else None,
        load_balancer_sku="standard",
        outbound_type=outbound_type,
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
