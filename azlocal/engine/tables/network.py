"""Microsoft.Network: virtual networks, what stands in them, and private DNS."""

from __future__ import annotations

from azlocal.engine.tables.base import GROUP, AzureType, lifted, resource_shape
from azlocal.engine.wire import Shape

NETWORK = f"{GROUP}/providers/Microsoft.Network"

# An address space may take its range from an IPAM pool, which Azure nests one level deeper.
_POOL = Shape(rename={"id": "pool.id"})
_ADDRESS_SPACE = Shape(inside={"ipamPoolPrefixAllocations": _POOL})

_RULE = lifted()
_ROUTE = lifted()
_SECURITY_GROUP = lifted("location", "tags", inside={"securityRules": _RULE, "defaultSecurityRules": _RULE})
_ROUTE_TABLE = lifted("location", "tags", inside={"routes": _ROUTE})
_ENDPOINT_POLICY = lifted("location", "tags", "kind", inside={"serviceEndpointPolicyDefinitions": lifted()})
_GATEWAY_CONFIGURATION = lifted()
_SUBNET_PARTS = {
    "applicationGatewayIPConfigurations": _GATEWAY_CONFIGURATION,
    "delegations": lifted(),
    "ipamPoolPrefixAllocations": _POOL,
    "networkSecurityGroup": _SECURITY_GROUP,
    "resourceNavigationLinks": lifted(),
    "routeTable": _ROUTE_TABLE,
    "serviceAssociationLinks": lifted(),
    "serviceEndpointPolicies": _ENDPOINT_POLICY,
}
_SUBNET = lifted(inside={**_SUBNET_PARTS})
_SPACES = dict.fromkeys(
    ("localAddressSpace", "localVirtualNetworkAddressSpace", "remoteAddressSpace", "remoteVirtualNetworkAddressSpace"),
    _ADDRESS_SPACE,
)
_PEERING = lifted(inside={**_SPACES})
_LINK_CONNECTION = lifted()
_PREFIX = lifted("location", "tags", "sku", "zones", "extendedLocation")
_ADDRESS = lifted("location", "tags", "sku", "zones", "extendedLocation", inside={"publicIPPrefix": Shape()})
_IP_CONFIGURATION = lifted("zones")

TYPES = (
    AzureType(
        "network:VirtualNetwork",
        f"{NETWORK}/virtualNetworks/{{virtualNetworkName}}",
        resource_shape({"addressSpace": _ADDRESS_SPACE, "subnets": _SUBNET, "virtualNetworkPeerings": _PEERING}),
        create_only=("location",),
        tracked=True,
        maintain=("subnets", "virtualNetworkPeerings"),
    ),
    AzureType(
        "network:Subnet",
        f"{NETWORK}/virtualNetworks/{{virtualNetworkName}}/subnets/{{subnetName}}",
        resource_shape({**_SUBNET_PARTS}),
    ),
    AzureType(
        "network:VirtualNetworkPeering",
        f"{NETWORK}/virtualNetworks/{{virtualNetworkName}}/virtualNetworkPeerings/{{virtualNetworkPeeringName}}",
        resource_shape({**_SPACES}),
    ),
    AzureType(
        "network:NetworkSecurityGroup",
        f"{NETWORK}/networkSecurityGroups/{{networkSecurityGroupName}}",
        resource_shape({"securityRules": _RULE, "defaultSecurityRules": _RULE}),
        tracked=True,
        maintain=("securityRules",),
    ),
    AzureType(
        "network:SecurityRule",
        f"{NETWORK}/networkSecurityGroups/{{networkSecurityGroupName}}/securityRules/{{securityRuleName}}",
    ),
    AzureType(
        "network:RouteTable",
        f"{NETWORK}/routeTables/{{routeTableName}}",
        resource_shape({"routes": _ROUTE}),
        tracked=True,
        maintain=("routes",),
    ),
    AzureType("network:Route", f"{NETWORK}/routeTables/{{routeTableName}}/routes/{{routeName}}"),
    AzureType(
        "network:PublicIPAddress",
        f"{NETWORK}/publicIPAddresses/{{publicIpAddressName}}",
        resource_shape({"linkedPublicIPAddress": _ADDRESS, "servicePublicIPAddress": _ADDRESS}),
        create_only=("location", "publicIPAddressVersion", "publicIPPrefix", "sku"),
        tracked=True,
    ),
    AzureType("network:PublicIPPrefix", f"{NETWORK}/publicIPPrefixes/{{publicIpPrefixName}}", tracked=True),
    AzureType("network:NatGateway", f"{NETWORK}/natGateways/{{natGatewayName}}", tracked=True),
    AzureType(
        "network:PrivateEndpoint",
        f"{NETWORK}/privateEndpoints/{{privateEndpointName}}",
        resource_shape(
            {
                "ipConfigurations": lifted(),
                "manualPrivateLinkServiceConnections": _LINK_CONNECTION,
                "privateLinkServiceConnections": _LINK_CONNECTION,
                "subnet": _SUBNET,
            }
        ),
        create_only=("subnet",),
        tracked=True,
    ),
    AzureType(
        "network:PrivateDnsZoneGroup",
        f"{NETWORK}/privateEndpoints/{{privateEndpointName}}/privateDnsZoneGroups/{{privateDnsZoneGroupName}}",
        resource_shape({"privateDnsZoneConfigs": lifted()}),
    ),
    AzureType(
        "network:LoadBalancer",
        f"{NETWORK}/loadBalancers/{{loadBalancerName}}",
        resource_shape(
            {
                "backendAddressPools": lifted(inside={"loadBalancerBackendAddresses": lifted()}),
                "frontendIPConfigurations": lifted(
                    "zones", inside={"publicIPAddress": _ADDRESS, "publicIPPrefix": _PREFIX, "subnet": _SUBNET}
                ),
                "inboundNatPools": lifted(),
                "inboundNatRules": lifted(),
                "loadBalancingRules": lifted(),
                "outboundRules": lifted(),
                "probes": lifted(),
            }
        ),
        tracked=True,
    ),
    AzureType(
        "network:AzureFirewall",
        f"{NETWORK}/azureFirewalls/{{azureFirewallName}}",
        resource_shape(
            {
                "applicationRuleCollections": lifted(),
                "ipConfigurations": lifted(),
                "managementIpConfiguration": lifted(),
                "natRuleCollections": lifted(),
                "networkRuleCollections": lifted(),
            },
            beside=frozenset({"id", "name", "type", "location", "tags", "zones", "etag"}),
        ),
        tracked=True,
    ),
    AzureType(
        "network:FirewallPolicy",
        f"{NETWORK}/firewallPolicies/{{firewallPolicyName}}",
        resource_shape(beside=frozenset({"id", "name", "type", "location", "tags", "identity", "etag"})),
        tracked=True,
    ),
    AzureType(
        "network:FirewallPolicyRuleCollectionGroup",
        f"{NETWORK}/firewallPolicies/{{firewallPolicyName}}/ruleCollectionGroups/{{ruleCollectionGroupName}}",
    ),
    AzureType(
        "network:BastionHost",
        f"{NETWORK}/bastionHosts/{{bastionHostName}}",
        resource_shape({"ipConfigurations": lifted()}),
        tracked=True,
    ),
    AzureType(
        "network:FlowLog",
        f"{NETWORK}/networkWatchers/{{networkWatcherName}}/flowLogs/{{flowLogName}}",
        tracked=True,
    ),
    AzureType("network:NetworkWatcher", f"{NETWORK}/networkWatchers/{{networkWatcherName}}", tracked=True),
    AzureType(
        "privatedns:PrivateZone",
        f"{NETWORK}/privateDnsZones/{{privateZoneName}}",
        create_only=("location",),
    ),
    AzureType(
        "privatedns:VirtualNetworkLink",
        f"{NETWORK}/privateDnsZones/{{privateZoneName}}/virtualNetworkLinks/{{virtualNetworkLinkName}}",
    ),
    AzureType(
        "privatedns:PrivateRecordSet",
        f"{NETWORK}/privateDnsZones/{{privateZoneName}}/{{recordType}}/{{relativeRecordSetName}}",
    ),
)
