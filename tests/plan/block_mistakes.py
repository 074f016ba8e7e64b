"""Mistakes in the blocks of ``infra/``: what the types of Python let through, and Azure does not."""

from __future__ import annotations

from tests.plan.mistakes import Kind, Mistake
from tests.plan.workbench import Set, Text


def _row(  # noqa: PLR0917  # a row of a table
    kind: Kind, env: str, file: str, old: str, new: str, code: str, *setup: Set
) -> Mistake:
    return Mistake(kind, env, Text(file, old, new), code, setup=setup)


_KUBELET = '    Grant(CONTROL_PLANE, "Managed Identity Operator", KUBELET_ID, "gives the nodes their identity"),\n'
_ZONE = '    Grant(CONTROL_PLANE, "Private DNS Zone Contributor", AKS_ZONE, "writes the name of its API server"),\n'
_ROLE_TWICE = '    Grant(KUBELET, "AcrPull", REGISTRY, "pulls pods\' images"),\n'
_CONFIGS_END = "                )\n            ],\n            tags=place.tags,"
_RESERVED = """                )
            ],
            ip_configurations=[
                network.PrivateEndpointIPConfigurationArgs(
                    name="fixed", group_id=group, member_name="default", private_ip_address="10.21.1.2"
                )
            ]
            if target == "vault"
            else None,
            tags=place.tags,"""
_DELEGATED = """default_outbound_access=False,
                    delegations=[network.DelegationArgs(name="web", service_name="Microsoft.Web/serverFarms")]
                    if row.name == "synapse"
                    else None,"""
_OLD_REGISTRY = """        registry = self._registry(name, args)
        pulumi.CustomResource(
            "azure-native:containerregistry/v20150101:Registry",
            "old",
            {
                "resourceGroupName": args.placement.resource_group,
                "registryName": "oldregistryofthepast",
                "location": args.placement.location,
                "sku": {"name": "Basic"},
            },
        )
"""

NAMES = (
    _row(
        "names",
        "dev",
        "workspace_storage.py",
        'account_name=place.names.of("storage_account")',
        'account_name="St-" + place.names.of("storage_account")',
        "AccountNameInvalid",
    ),
    _row(
        "names",
        "prod",
        "vault.py",
        'vault_name=place.names.of("key_vault")',
        'vault_name=place.names.of("key_vault") + "-"',
        "VaultNameNotValid",
    ),
    _row("names", "dev", "naming.py", '"data_lake": NameRule("dls"', '"data_lake": NameRule("st"', "AlreadyExists"),
    _row(
        "names",
        "dev",
        "registry.py",
        'registry_name=place.names.of("container_registry")',
        'registry_name="cr-" + place.names.of("container_registry")',
        "InvalidResourceName",
    ),
    _row("names", "dev", "spark.py", 'place.names.of("synapse_workspace")', '"Synapse"', "ValidationFailed"),
    _row("names", "staging", "cluster.py", 'pools.system("system"', 'pools.system("system-pool"', "InvalidParameter"),
    _row(
        "names",
        "dev",
        "cluster.py",
        'place.names.of("trusted_access")',
        '"trusted-access-of-the-workspace"',
        "InvalidParameter",
    ),
)

ADDRESSES = (
    _row(
        "addresses",
        "dev",
        "network.py",
        "address_prefixes=[str(plan.address_space)]",
        'address_prefixes=["10.99.0.0/16"]',
        "NetcfgInvalidSubnet",
    ),
    _row(
        "addresses",
        "dev",
        "cluster.py",
        "pod_cidr=str(cluster.pod_cidr)",
        'pod_cidr="10.21.0.0/16"',
        "PodCidrOverlapExistingSubnetsCidr",
    ),
    _row(
        "addresses",
        "dev",
        "private_endpoints.py",
        _CONFIGS_END,
        _RESERVED,
        "PrivateIPAddressInReservedRange",
    ),
    _row(
        "addresses",
        "dev",
        "network_tables.py",
        '"AllowBatch", "BatchNodeManagement.{region}"',
        '"AllowBatch", "BatchNodes.{region}"',
        "SecurityRuleInvalidAddressPrefix",
    ),
    _row(
        "addresses",
        "local",
        "network.py",
        "            next_hop_ip_address=hub.next_hop,\n",
        "",
        "NextHopIpAddressRequired",
    ),
)

SUBNETS = (
    _row(
        "subnets",
        "local",
        "hub.py",
        "address_prefixes=[str(space)]",
        'address_prefixes=[str(space), "10.20.0.0/16"]',
        "VnetAddressSpacesOverlap",
    ),
    _row(
        "subnets",
        "local",
        "network_tables.py",
        'FIREWALL_SUBNET = Subnet("firewall", 26, 26,',
        'FIREWALL_SUBNET = Subnet("firewall", 27, 27,',
        "NetcfgSubnetTooSmallForReservedName",
    ),
    _row(
        "subnets",
        "prod",
        "network_tables.py",
        'fixed_name="AzureFirewallSubnet"',
        'fixed_name="FirewallSubnet"',
        "AzureFirewallInvalidSubnetName",
    ),
    _row("subnets", "dev", "network.py", "default_outbound_access=False,", _DELEGATED, "SubnetIsDelegated"),
    _row(
        "subnets",
        "dev",
        "network.py",
        'private_endpoint_network_policies="Enabled"',
        'private_endpoint_network_policies="On"',
        "InvalidParameter",
    ),
    _row(
        "subnets",
        "dev",
        "network_tables.py",
        '    _in(BASTION, 130, "AllowGatewayManager", ("GatewayManager",), ("*",), "443"),\n',
        "",
        "NetworkSecurityGroupNotCompliantForAzureBastionSubnet",
        Set("network.bastion", True),
    ),
    _row(
        "subnets",
        "dev",
        "network_tables.py",
        '_out(TRAINING, 130, "AllowMachineLearning"',
        '_out(TRAINING, 120, "AllowMachineLearning"',
        "SecurityRuleConflict",
    ),
    _row(
        "subnets",
        "dev",
        "network_tables.py",
        '_out(TRAINING, 120, "AllowEntra"',
        '_out(TRAINING, 99, "AllowEntra"',
        "SecurityRuleInvalidPriority",
    ),
    _row(
        "subnets",
        "dev",
        "network_tables.py",
        '"AzureMachineLearning", "443", "8787", "18881")',
        '"AzureMachineLearning", "443", "8787", "188811")',
        "SecurityRuleInvalidPortRange",
    ),
    _row(
        "subnets",
        "dev",
        "cluster.py",
        "outbound_type=outbound_type",
        'outbound_type="userDefinedRouting"',
        "ExistingRouteTableNotAssociatedWithSubnet",
    ),
)

PRIVATE_DNS = (
    _row(
        "private DNS",
        "dev",
        "private_endpoints.py",
        'private_zone_name=zone,\n            location="Global"',
        "private_zone_name=zone,\n            location=place.location",
        "LocationNotAvailableForResourceType",
    ),
    _row(
        "private DNS",
        "dev",
        "private_endpoints.py",
        "registration_enabled=False",
        "registration_enabled=True",
        "BadRequest",
    ),
    _row(
        "private DNS",
        "dev",
        "private_endpoints.py",
        "privatelink.vaultcore.azure.net",
        "privatelink.vault.azure.net",
        "PrivateDnsZoneDoesNotMatchGroup",
    ),
    _row(
        "private DNS",
        "prod",
        "private_endpoints.py",
        '("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net")',
        '("privatelink.api.azureml.ms",)',
        "PrivateDnsZoneMissing",
    ),
    _row(
        "private DNS",
        "prod",
        "private_endpoints.py",
        "for purpose, network_id in self._args.links.items()",
        "for purpose, network_id in self._args.links.items() if purpose",
        "PrivateDnsZoneNotLinked",
    ),
    _row(
        "private DNS",
        "prod",
        "private_endpoints.py",
        '"privatelink.{region}.azmk8s.io"',
        '"privatelink.azmk8s.io"',
        "InvalidParameter",
    ),
    _row(
        "private DNS",
        "prod",
        "__main__.py",
        'endpoints.connect("registry", registry.id)\n',
        "",
        "PrivateEndpointMissing",
    ),
    _row(
        "private DNS",
        "dev",
        "private_endpoints.py",
        "group_ids=[group]\n",
        'group_ids=[group, "dfs"]\n',
        "OnlyOneGroupIdPermitted",
    ),
)

REGIONS = (
    Mistake(
        "regions and zones",
        "local",
        Set("platform.location", "southindia"),
        "LocationNotAvailableForResourceType",
        Set("platform.location", "centralindia"),
    ),
    Mistake(
        "regions and zones",
        "dev",
        Text("vault.py", "location=place.location", 'location="westeurop"'),
        "LocationNotAvailableForResourceType",
        Text("vault.py", 'location="westeurop"', "location=place.location"),
    ),
    Mistake(
        "regions and zones",
        "local",
        Set("cluster.zones", ["1", "2"]),
        "AvailabilityZoneNotSupported",
        Set("cluster.zones", []),
        setup=(Set("platform.location", "westus"),),
    ),
    Mistake(
        "regions and zones",
        "local",
        Set("network.zones", ["1", "2", "3"]),
        "LocationNotSupportAvailabilityZones",
        Set("network.zones", []),
        setup=(Set("platform.location", "northcentralus"),),
    ),
    Mistake(
        "regions and zones",
        "local",
        Set("lake.redundancy", "Standard_GZRS"),
        "RedundancyConfigurationNotAvailableInRegion",
        Set("lake.redundancy", "Standard_ZRS"),
        setup=(Set("platform.location", "italynorth"),),
    ),
    Mistake(
        "regions and zones",
        "prod",
        Set("workspace.gpuCluster.vmSize", "Standard_NC6s_v3"),
        "VmSizeNotSupported",
        Set("workspace.gpuCluster.vmSize", "Standard_NC4as_T4_v3"),
        setup=(Set("quotas.machineLearning", {}),),
    ),
    Mistake(
        "regions and zones",
        "local",
        Set("workspace.gpuCluster.vmSize", "Standard_NC24ads_A100_v4"),
        "VmSizeNotSupported",
        Set("workspace.gpuCluster.vmSize", "Standard_NC4as_T4_v3"),
        setup=(Set("platform.location", "northcentralus"), Set("quotas.machineLearning", {})),
    ),
    Mistake(
        "regions and zones",
        "local",
        Set("cluster.workloadPool.vmSize", "Standard_NC24ads_A100_v4"),
        "BadRequest",
        Set("cluster.workloadPool.vmSize", "Standard_NC4as_T4_v3"),
        setup=(
            Set("platform.location", "northcentralus"),
            Set("quotas.compute", {}),
            Set("cluster.workloadPool.osDiskType", "Managed"),
        ),
    ),
    _row(
        "regions and zones",
        "dev",
        "cluster.py",
        "location=place.location,\n            kubernetes_version",
        'location="northeurope",\n            kubernetes_version',
        "InvalidResourceReference",
    ),
)

SKUS = (
    _row(
        "SKUs",
        "dev",
        "network.py",
        'public_ip_allocation_method="Static"',
        'public_ip_allocation_method="Dynamic"',
        "StandardSkuPublicIPAddressesMustBeStatic",
    ),
    _row(
        "SKUs",
        "dev",
        "registry.py",
        'containerregistry.SkuArgs(name="Premium")',
        'containerregistry.SkuArgs(name="Standard")',
        "ResourceSkuNotSupported",
    ),
    _row(
        "SKUs",
        "local",
        "hub.py",
        "network.FirewallPolicySkuArgs(tier=hub.firewall_tier)",
        'network.FirewallPolicySkuArgs(tier="Premium")',
        "AzureFirewallPolicySkuTierMismatch",
    ),
    _row(
        "SKUs",
        "dev",
        "storage_account.py",
        'kind="StorageV2"',
        'kind="BlobStorage"',
        "HnsNotSupportedForAccountKind",
    ),
    _row(
        "SKUs",
        "dev",
        "network.py",
        "idle_timeout_in_minutes=10",
        "idle_timeout_in_minutes=240",
        "NatGatewayIdleTimeoutOutOfRange",
    ),
    _row(
        "SKUs",
        "dev",
        "registry.py",
        "days=args.registry.untagged_retention_days",
        "days=400",
        "InvalidParameter",
    ),
    Mistake(
        "SKUs",
        "dev",
        Set("cluster.kubernetesVersion", "1.27"),
        "K8sVersionNotSupported",
        Set("cluster.kubernetesVersion", "1.33"),
    ),
)

_NEW_GATEWAY = """        pulumi.CustomResource(
            "azure-native:network/v20990101preview:NatGateway",
            "new",
            {
                "resourceGroupName": place.resource_group,
                "natGatewayName": "gateway-of-the-future",
                "location": place.location,
            },
        )
        self._vault = vault = keyvault.Vault("""

VERSIONS = (
    _row(
        "api-versions",
        "prod",
        "vault.py",
        "        self._vault = vault = keyvault.Vault(",
        _NEW_GATEWAY,
        "NoRegisteredProviderFound",
    ),
    _row(
        "api-versions",
        "dev",
        "registry.py",
        "        registry = self._registry(name, args)\n",
        _OLD_REGISTRY,
        "NoRegisteredProviderFound",
    ),
)

TYPES = (
    _row(
        "types",
        "dev",
        "serving.py",
        '"azure.workload.identity/use": "true"',
        '"azure.workload.identity/use": True',
        "HTTP500",
    ),
    _row(
        "types",
        "dev",
        "training.py",
        "enable_node_public_ip=False",
        'enable_node_public_ip="never"',
        "InvalidRequestContent",
    ),
    _row("types", "dev", "node_pools.py", "max_pods=110", 'max_pods="many"', "InvalidRequestContent"),
    _row("types", "dev", "cluster.py", "enable_rbac=True", 'enable_rbac="yes"', "InvalidRequestContent"),
    _row(
        "types",
        "dev",
        "storage_account.py",
        'minimum_tls_version="TLS1_2"',
        'minimum_tls_version="TLS12"',
        "InvalidParameter",
    ),
    _row(
        "types",
        "local",
        "network.py",
        'next_hop_type="VirtualAppliance"',
        'next_hop_type="Firewall"',
        "InvalidParameter",
    ),
    _row(
        "types",
        "dev",
        "node_pools.py",
        'os_sku="AzureLinux"',
        'os_sku="AlpineLinux"',
        "InvalidParameter",
    ),
)

ROLES = (
    _row(
        "roles",
        "dev",
        "role_tables.py",
        '"AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d"',
        '"AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538e"',
        "RoleDefinitionDoesNotExist",
    ),
    _row(
        "roles",
        "dev",
        "__main__.py",
        "roles.scope(roles_of.LOGS, observability.logs_id)",
        'roles.scope(roles_of.LOGS, observability.logs_id.apply(lambda known: known + "x"))',
        "ResourceNotFound",
    ),
    _row(
        "roles", "dev", "roles.py", "principal_type=principal_type,", 'principal_type="User",', "UnmatchedPrincipalType"
    ),
    _row(
        "roles",
        "dev",
        "roles.py",
        "lambda known: assignment_name(known[0], known[1], role)",
        "lambda known: role + known[1][:3]",
        "InvalidRoleAssignmentId",
    ),
    _row("roles", "dev", "role_tables.py", _ROLE_TWICE, _ROLE_TWICE * 2, "DuplicateName"),
    _row("roles", "dev", "role_tables.py", _KUBELET, "", "CustomKubeletIdentityMissingPermissionError"),
    _row("roles", "prod", "role_tables.py", _ZONE, "", "CustomPrivateDNSZoneMissingPermissionError"),
)

ORDER = (
    _row(
        "order",
        "dev",
        "workspace.py",
        "opts=self.child(depends_on=args.roles, ",
        "opts=self.child(",
        "AuthorizationFailed",
    ),
    _row(
        "order",
        "prod",
        "training.py",
        "depends_on=args.ready, ",
        "",
        "ComputeNodesUnreachable",
    ),
    _row(
        "order",
        "local",
        "hub.py",
        "opts=self.child(depends_on=[rules])",
        "opts=self.child()",
        "FirewallPolicyUpdateNotAllowedWhenUpdatingOrDeleting",
    ),
    _row(
        "order",
        "prod",
        "__main__.py",
        'roles=[*roles.granted("aks"), *network.ready, ',
        'roles=[*roles.granted("aks"), ',
        "OutboundConnFailVMExtensionError",
    ),
    _row(
        "order",
        "dev",
        "serving.py",
        "opts=self.child(depends_on=args.before)",
        "opts=self.child()",
        "ExtensionOperationFailed",
    ),
    _row(
        "order",
        "dev",
        "__main__.py",
        "ready=[cluster.trusted_access, ",
        "ready=[",
        "ExtensionNotInstalled",
    ),
    _row(
        "order",
        "dev",
        "registry.py",
        "resource_group_name=place.resource_group,",
        'resource_group_name=place.names.of("resource_group"),',
        "ResourceGroupNotFound",
    ),
)

TRAPS = (
    _row("traps", "dev", "diagnostic_tables.py", '"allLogs"', '"everyLog"', "BadRequest"),
    _row(
        "names",
        "dev",
        "serving.py",
        'metadata={"name": chosen.namespace}',
        'metadata={"name": chosen.namespace + "_"}',
        "Invalid",
    ),
    _row(
        "traps",
        "dev",
        "workspace.py",
        'system_datastores_auth_mode="AccessKey" if args.shared_keys else "Identity"',
        'system_datastores_auth_mode="AccessKey"',
        "KeyBasedAuthenticationNotPermitted",
    ),
    _row("traps", "dev", "workspace_storage.py", "hierarchical=False", "hierarchical=True", "ValidationError"),
    _row(
        "traps",
        "local",
        "vault.py",
        "enable_purge_protection=args.vault.purge_protection or None",
        "enable_purge_protection=args.vault.purge_protection",
        "BadRequest",
    ),
    _row(
        "traps",
        "dev",
        "training.py",
        'identity=ml.ManagedServiceIdentityArgs(type="UserAssigned"',
        'identity=ml.ManagedServiceIdentityArgs(type="SystemAssigned,UserAssigned"',
        "UserError",
    ),
    # architecture-values 4.1: what only the command line fills in.
    _row(
        "traps",
        "dev",
        "extension.py",
        '        "clusterId": cluster_id,\n',
        "",
        "ExtensionOperationFailed",
    ),
    _row(
        "traps",
        "prod",
        "extension.py",
        '        "cluster_name": cluster_id,\n',
        '        "cluster_name": cluster_name,\n',
        "ExtensionOperationFailed",
    ),
    _row(
        "traps",
        "dev",
        "extension.py",
        '"inferenceRouterServiceType": "LoadBalancer"',
        '"inferenceRouterServiceType": "NodePort"',
        "ExtensionConfigurationInvalid",
    ),
    _row("traps", "dev", "extension.py", '"sslCname": serving', '"sslName": serving', "ExtensionConfigurationInvalid"),
    _row(
        "traps",
        "dev",
        "cluster.py",
        '"Microsoft.MachineLearningServices/workspaces/mlworkload"',
        '"Microsoft.MachineLearningServices/workspaces/workload"',
        "InvalidParameter",
    ),
    _row(
        "traps",
        "prod",
        "registry.py",
        'if args.network.public_access == "Disabled"\n                else None',
        'if args.network.public_access == "Enabled"\n                else None',
        "InvalidParameter",
        Set("network.publicAccess", "Enabled"),
    ),
)

BLOCKS: tuple[Mistake, ...] = (
    *NAMES,
    *ADDRESSES,
    *SUBNETS,
    *PRIVATE_DNS,
    *REGIONS,
    *SKUS,
    *VERSIONS,
    *TYPES,
    *ROLES,
    *ORDER,
    *TRAPS,
)
