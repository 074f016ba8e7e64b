"""Codes of Azure ML, AKS and its extensions."""

from __future__ import annotations

from azlocal.engine.plan.catalogue.base import table

ROWS = {
    **table(
        "machine-learning/how-to-troubleshoot-online-endpoints",
        {
            "EndpointNameNotAvailable": "use another name: endpoint names are unique in a region",
            "OutOfQuota Microsoft.MachineLearningServices": "stay within the limit that the message names, or ask"
            " Azure for more",
            "UserError Microsoft.MachineLearningServices": "give the property one of the values that the message"
            " allows",
        },
    ),
    **table(
        "machine-learning/how-to-manage-workspace",
        {
            "BadRequest Microsoft.MachineLearningServices": "give the property one of the values that the message"
            " allows",
            "Conflict Microsoft.MachineLearningServices": "keep one of the two: the message names the other",
            "KeyBasedAuthenticationNotPermitted": "set `systemDatastoresAuthMode` to Identity, or allow shared keys",
            "StorageAccountKeysUnavailable": "set `systemDatastoresAuthMode` to identity, or allow shared keys",
            "ValidationError Microsoft.MachineLearningServices": "give what the message names: a storage account, a"
            " vault, an Application Insights, or a key with its vault",
            "VmSizeNotSupported": "use a VM size that the region offers to Azure ML",
        },
    ),
    **table(
        "machine-learning/how-to-deploy-kubernetes-extension",
        {
            "ExtensionConfigurationInvalid": "set the configuration keys as the message says",
            "ExtensionNotInstalled": "install the extension and let the workspace in first: let the attach depend on"
            " the extension, on Trusted Access and on the workspace's roles on the cluster",
            "ExtensionOperationFailed": "set the configuration keys that the command line would compute, as the"
            " message says, and let the extension depend on a pool whose nodes take its pods",
            "ExtensionTypeAlreadyExists": "keep one extension of a type on a cluster",
            "InvalidExtensionScope": "set either `scope.cluster` or `scope.namespace`",
        },
    ),
    **table(
        "aks/configure-azure-cni",
        {
            "PodCidrOverlapExistingSubnetsCidr": "choose a pod CIDR outside of the network's subnets",
            "ServiceCidrOverlapExistingSubnetsCidr": "choose a service CIDR outside of the network's subnets",
            "VnetSubnetIDNotFound": "take the subnet's id from its `id` output, so that it is made first",
        },
    ),
    **table(
        "aks/use-managed-identity",
        {
            "CustomKubeletIdentityMissingPermissionError": "give the cluster's identity the role Managed Identity"
            " Operator on the kubelet identity first",
            "CustomKubeletIdentityNotFound": "create the kubelet identity first and name it by its `id` output",
            "CustomKubeletIdentityOnlySupportedOnUserAssignedMSICluster": "give the cluster a user-assigned identity",
        },
    ),
    **table(
        "aks/private-clusters",
        {
            "CustomPrivateDNSZoneMissingPermissionError": "give the cluster's identity the role Private DNS Zone"
            " Contributor on the zone first: let the cluster depend on the assignment",
        },
    ),
    **table(
        "aks/supported-kubernetes-versions",
        {
            "K8sVersionNotSupported": "use a version that the message lists",
            "OperationNotAllowed Microsoft.ContainerService": "upgrade one minor version at a time, and keep a system"
            " pool",
        },
    ),
    **table(
        "aks/availability-zones-overview",
        {"AvailabilityZoneNotSupported": "leave `availabilityZones` out, or use a region that has zones"},
    ),
    **table(
        "aks/quotas-skus-regions",
        {"BadRequest Microsoft.ContainerService": "use a VM size that the region offers: the message says where it is"},
    ),
    **table(
        "machine-learning/how-to-secure-training-vnet",
        {
            "ComputeNodesUnreachable": "let the compute depend on the private endpoint and its zone group: nodes"
            " without a public address start through them",
        },
    ),
    **table(
        "aks/egress-udr",
        {
            "ExistingRouteTableNotAssociatedWithSubnet": "associate a route table with the subnet, or set"
            " `outboundType` to loadBalancer, managedNATGateway or, with a NAT gateway, userAssignedNATGateway",
            "OutboundConnFailVMExtensionError": "let the cluster depend on the routes and peerings that its nodes"
            " leave by",
        },
    ),
    **table(
        "aks/use-oidc-issuer",
        {"OIDCIssuerFeatureCannotBeDisabled": "leave the OIDC issuer on, or replace the cluster"},
    ),
    **table(
        "aks/faq",
        {"NodeResourceGroupAlreadyExists": "use a name for `nodeResourceGroup` that no resource group has"},
    ),
    **table(
        "aks/trusted-access-feature",
        {"TrustedAccessRoleBindingConflict": "keep one role binding for each source resource"},
    ),
}
