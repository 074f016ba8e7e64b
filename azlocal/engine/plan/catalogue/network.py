"""Codes of Microsoft.Network, and of private links wherever they lead."""

from __future__ import annotations

from azlocal.engine.plan.catalogue.base import table

ROWS = {
    **table(
        "virtual-network/virtual-networks-faq",
        {
            "InUsePrefixCannotBeDeleted": "keep the prefix while something has an address in it",
            "InvalidAddressPrefixFormat": "write the prefix in CIDR notation: 10.0.0.0/24",
            "InvalidCIDRNotation": "use the first address of the range: the message names it",
            "InvalidIPAddressFormat": "write the address as four numbers: 10.0.0.4",
            "NetcfgInvalidSubnet": "choose a prefix inside the network's address space, /29 or larger",
            "NetcfgSubnetRangesOverlap": "choose a prefix that no other subnet of the network covers",
            "OverlappingAddressPrefixes": "leave one of the overlapping prefixes out of the address space",
            "PrivateIPAddressInReservedRange": "use the fifth address of the subnet or a later one: Azure keeps the"
            " first four and the last",
            "PrivateIPAddressInUse": "use another address of the subnet",
            "PrivateIPAddressNotInSubnet": "use an address of the subnet's own prefix",
            "SubnetIsFull": "give the subnet a larger prefix: each endpoint, node and pod takes an address",
            "SubnetMustHaveAddressPrefix": "set `addressPrefix` or `addressPrefixes`",
            "SubnetRequired": "name the subnet by its `id` output",
        },
    ),
    **table(
        "virtual-network/subnet-delegation-overview",
        {
            "NetcfgSubnetTooSmallForReservedName": "give the subnet the size that the message names",
            "SubnetAlreadyInUse": "give each of the two a subnet of its own",
            "SubnetDelegationNotAllowedInUse": "move what is in the subnet to another one, or drop the delegation",
            "SubnetHasMoreThanOneDelegation": "keep one delegation and make another subnet for the other",
            "SubnetIsDelegated": "use a subnet without a delegation",
            "SubnetNameIsReserved": "use another subnet: this name is kept for the service that the message names",
        },
    ),
    **table(
        "virtual-network/virtual-network-peering-overview",
        {
            "VnetAddressSpacesOverlap": "give the two networks address spaces that do not overlap",
            "VnetCannotBePeeredWithItself": "name the other network as the remote one",
        },
    ),
    **table(
        "virtual-network/network-security-groups-overview",
        {
            "SecurityRuleConflict": "give the rules of one direction different priorities",
            "SecurityRuleInvalidAddressPrefix": "use a CIDR prefix, * or a service tag that exists",
            "SecurityRuleInvalidPortRange": "use a port of 0 to 65535, a range a-b, or *",
            "SecurityRuleInvalidPriority": "use a priority of 100 to 4096",
            "SecurityRuleParameterContainsUnsupportedValue": "write a single * in the singular property",
        },
    ),
    **table(
        "virtual-network/virtual-networks-udr-overview",
        {
            "InvalidNextHopIpAddress": "write the next hop as an IP address",
            "NextHopIpAddressNotAllowed": "leave `nextHopIpAddress` out: only VirtualAppliance has one",
            "NextHopIpAddressRequired": "set `nextHopIpAddress` to the appliance's private address",
            "RouteConflict": "keep one route for the prefix",
        },
    ),
    **table(
        "virtual-network/ip-services/public-ip-addresses",
        {
            "PublicIPAddressInUse": "make a public IP address for each that needs one",
            "StandardSkuPublicIPAddressesMustBeStatic": "set `publicIPAllocationMethod` to Static",
        },
    ),
    **table(
        "nat-gateway/nat-gateway-resource",
        {"NatGatewayIdleTimeoutOutOfRange": "set `idleTimeoutInMinutes` to 4 to 120"},
    ),
    **table(
        "firewall/firewall-faq",
        {
            "AzureFirewallInvalidSubnetName": "name the subnet AzureFirewallSubnet",
            "AzureFirewallIpConfigurationNotFound": "give the firewall an IP configuration",
            "AzureFirewallPolicySkuTierMismatch": "give firewall and policy the same tier",
            "AzureFirewallPublicIPAddressInvalidSku": "use a public IP address of SKU Standard",
            "AzureFirewallRuleCollectionsNotAllowedWithPolicy": "move the rule collections into the policy",
        },
    ),
    **table(
        "firewall-manager/rule-processing",
        {
            "FirewallPolicyFeatureNotSupportedInSkuTier": "use tier Premium, or leave the feature out",
            "FirewallPolicyRuleCollectionDuplicatePriority": "give each collection a priority of its own",
            "FirewallPolicyRuleCollectionGroupInvalidPriority": "use a priority of the range in the message",
            "FirewallPolicyRuleCollectionMixedRuleTypes": "split the collection by kind of rule",
            "FirewallPolicyRuleInvalidPort": "give the rule ports and protocols",
            "FirewallPolicyRuleInvalidSource": "give the rule source addresses or IP groups",
            "FirewallPolicyUpdateNotAllowedWhenUpdatingOrDeleting": "let one of the two depend on the other"
            " (`depends_on`): a policy takes one change at a time",
            "FirewallPolicyRuleInvalidTarget": "give the rule exactly one kind of destination",
        },
    ),
    **table(
        "bastion/configuration-settings",
        {
            "BastionHostFeatureNotSupportedInSku": "use SKU Standard, or leave the feature out",
            "BastionHostPublicIPAddressInvalidSku": "use a public IP address of SKU Standard",
            "BastionHostSubnetNameInvalid": "name the subnet AzureBastionSubnet",
        },
    ),
    **table(
        "bastion/bastion-nsg",
        {
            "NetworkSecurityGroupNotCompliantForAzureBastionSubnet": "give the group the rules that the message names,"
            " or leave it off the subnet",
        },
    ),
    **table(
        "private-link/private-endpoint-overview",
        {
            "InvalidResourceReference Microsoft.Network": "take the id from the other resource's `id` output, so that"
            " it is made first",
            "InvalidResourceReference": "take the id from the other resource's `id` output, so that it is made first",
            "InvalidValuesForRequestParameters": "use one of the group ids or values that the message allows",
            "OnlyOneGroupIdPermitted": "make a private endpoint for each group id",
            "PrivateEndpointConnectionNotFound": "make the private endpoint; its connection comes with it",
            "PrivateEndpointMustHaveConnection": "give the endpoint exactly one private link service connection",
            "PrivateEndpointNotSupported": "leave the endpoint out: this type has none",
            "PrivateLinkServiceIdNotFound": "take `privateLinkServiceId` from the target's `id` output",
        },
    ),
    **table(
        "dns/private-dns-autoregistration",
        {
            "BadRequest Microsoft.Network/privateDnsZones/virtualNetworkLinks": "set `registrationEnabled` to true in"
            " one zone of a network at most",
        },
    ),
    **table(
        "private-link/private-endpoint-dns",
        {
            "DuplicatePrivateDnsZonesNotAllowed": "name each zone once in the group",
            "MoreThanOnePrivateDnsZoneGroupPerPrivateEndpointNotAllowed": "put all zones of an endpoint in one group",
            "PrivateDnsZoneGroupMissing": "give the endpoint a zone group with the zones that the message names",
            "PrivateDnsZoneMissing": "add the zones that the message names to the zone group",
            "PrivateDnsZoneNotLinked": "link the zone to the network that the message names",
            "PrivateEndpointMissing": "make a private endpoint for it, or set `publicNetworkAccess` to Enabled",
            "PrivateDnsZoneDoesNotMatchGroup": "use the zone that the message names for this group id",
        },
    ),
}
