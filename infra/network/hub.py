"""The hub: one firewall through which everything leaves, in a virtual network of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
from pulumi_azure_native import network

from infra import settings
from infra.block import Block, Placement
from infra.network.firewall_tables import HOST_RULES, TAG_RULES, HostRule, TagRule
from infra.network.subnet_plan import compute
from infra.network.tables import FIREWALL_SUBNET
from infra.resource_ids import group_of, name_of
from infra.settings.network import ExistingHub
from infra.settings.network import Hub as HubSettings


@dataclass(frozen=True)
class WayOut:
    """A hub as the network sees it.

    Args:
        network_id, network_name, resource_group: its virtual network.
        next_hop: private address of the firewall.
        address: public address that traffic leaves from; empty where nobody said.
        peer_back: whether the hub's side of the peering is made here.
        ready: what must be there before anything gets out.
    """

    network_id: pulumi.Input[str]
    network_name: pulumi.Input[str]
    resource_group: pulumi.Input[str]
    next_hop: pulumi.Input[str]
    address: pulumi.Output[str]
    peer_back: bool
    ready: tuple[pulumi.Resource, ...] = ()


def existing(hub: ExistingHub) -> WayOut:
    """A hub that another team runs."""
    return WayOut(
        network_id=hub.virtual_network_id,
        network_name=name_of(hub.virtual_network_id),
        resource_group=group_of(hub.virtual_network_id),
        next_hop=str(hub.next_hop),
        address=pulumi.Output.from_input(str(hub.egress_address or "")),
        peer_back=hub.peer_back,
    )


@dataclass(frozen=True)
class HubArgs:
    """Args: placement; hub: its settings; zones: of firewall and address; sources: range of each subnet it serves."""

    placement: Placement
    hub: HubSettings
    zones: tuple[settings.Zone, ...]
    sources: Mapping[str, IPv4Network]


class Hub(Block):
    """Virtual network with Azure Firewall, and the policy that says what leaves."""

    def __init__(self, name: str, args: HubArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        place = args.placement
        vnet = self._network()
        address = network.PublicIPAddress(
            f"{name}-ip",
            resource_group_name=place.resource_group,
            public_ip_address_name=place.names.of("public_ip", "firewall"),
            location=place.location,
            sku=network.PublicIPAddressSkuArgs(name="Standard", tier="Regional"),
            public_ip_allocation_method="Static",
            public_ip_address_version="IPv4",
            zones=list(args.zones) or None,
            tags=place.tags,
            opts=self.child(),
        )
        policy, rules = self._policy()
        firewall = self._firewall(vnet, address, policy, rules)
        self.id: pulumi.Output[str] = vnet.id
        self.firewall_id: pulumi.Output[str] = firewall.id
        self.way_out = WayOut(
            network_id=vnet.id,
            network_name=vnet.name,
            resource_group=place.resource_group,
            next_hop=firewall.ip_configurations.apply(
                lambda found: (found[0].private_ip_address if found else None) or ""
            ),
            address=address.ip_address.apply(lambda known: known or ""),
            peer_back=True,
            ready=(firewall,),
        )
        self.register_outputs({"id": self.id, "firewall": self.firewall_id})

    def _network(self) -> network.VirtualNetwork:
        place, space = self._args.placement, self._args.hub.address_space
        return network.VirtualNetwork(
            f"{self._name}-vnet",
            resource_group_name=place.resource_group,
            virtual_network_name=place.names.of("virtual_network", "hub"),
            location=place.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[str(space)]),
            subnets=[
                network.SubnetArgs(
                    name=FIREWALL_SUBNET.fixed_name,
                    address_prefix=str(compute(space, (FIREWALL_SUBNET,), {}).ranges[FIREWALL_SUBNET.name]),
                    default_outbound_access=False,
                )
            ],
            tags=place.tags,
            opts=self.child(),
        )

    def _policy(self) -> tuple[network.FirewallPolicy, network.FirewallPolicyRuleCollectionGroup]:
        place, hub = self._args.placement, self._args.hub
        premium = hub.firewall_tier == "Premium"
        policy = network.FirewallPolicy(
            f"{self._name}-policy",
            resource_group_name=place.resource_group,
            firewall_policy_name=place.names.of("firewall_policy"),
            location=place.location,
            sku=network.FirewallPolicySkuArgs(tier=hub.firewall_tier),
            threat_intel_mode="Deny",
            intrusion_detection=network.FirewallPolicyIntrusionDetectionArgs(mode="Deny") if premium else None,
            tags=place.tags,
            opts=self.child(),
        )
        rules = network.FirewallPolicyRuleCollectionGroup(
            f"{self._name}-rules",
            resource_group_name=place.resource_group,
            firewall_policy_name=policy.name,
            rule_collection_group_name="platform",
            priority=200,
            rule_collections=[
                _collection("service-tags", 200, [self._tag_rule(rule) for rule in self._tags()]),
                _collection("host-names", 300, [self._host_rule(rule) for rule in self._hosts()]),
            ],
            opts=self.child(),
        )
        return policy, rules

    def _tags(self) -> list[TagRule]:
        return [rule for rule in TAG_RULES if self._addresses(rule.sources)]

    def _hosts(self) -> list[HostRule]:
        allowed = self._args.hub.allowed_hosts
        own = (HostRule("allowed-hosts", tuple(self._args.sources), allowed),) if allowed else ()
        return [rule for rule in (*HOST_RULES, *own) if self._addresses(rule.sources)]

    def _addresses(self, subnets: tuple[str, ...]) -> list[str]:
        return [str(self._args.sources[subnet]) for subnet in subnets if subnet in self._args.sources]

    def _tag_rule(self, rule: TagRule) -> network.NetworkRuleArgs:
        return network.NetworkRuleArgs(
            name=rule.name,
            rule_type="NetworkRule",
            ip_protocols=[rule.protocol],
            source_addresses=self._addresses(rule.sources),
            destination_addresses=[tag.format(region=self._args.placement.location) for tag in rule.tags],
            destination_ports=list(rule.ports),
        )

    def _host_rule(self, rule: HostRule) -> network.ApplicationRuleArgs:
        hosts = [host.format(region=self._args.placement.location) for host in rule.hosts]
        return network.ApplicationRuleArgs(
            name=rule.name,
            rule_type="ApplicationRule",
            source_addresses=self._addresses(rule.sources),
            protocols=[network.FirewallPolicyRuleApplicationProtocolArgs(protocol_type="Https", port=443)],
            target_fqdns=hosts or None,
            fqdn_tags=[rule.tag] if rule.tag else None,
        )

    def _firewall(
        self,
        vnet: network.VirtualNetwork,
        address: network.PublicIPAddress,
        policy: network.FirewallPolicy,
        rules: network.FirewallPolicyRuleCollectionGroup,
    ) -> network.AzureFirewall:
        place = self._args.placement
        subnet = pulumi.Output.concat(vnet.id, "/subnets/", FIREWALL_SUBNET.fixed_name)
        return network.AzureFirewall(
            f"{self._name}-firewall",
            resource_group_name=place.resource_group,
            azure_firewall_name=place.names.of("firewall"),
            location=place.location,
            sku=network.AzureFirewallSkuArgs(name="AZFW_VNet", tier=self._args.hub.firewall_tier),
            firewall_policy=network.SubResourceArgs(id=policy.id),
            ip_configurations=[
                network.AzureFirewallIPConfigurationArgs(
                    name="egress",
                    subnet=network.SubResourceArgs(id=subnet),
                    public_ip_address=network.SubResourceArgs(id=address.id),
                )
            ],
            zones=list(self._args.zones) or None,
            tags=place.tags,
            # A policy takes no rules while a firewall is being made with it.
            opts=self.child(depends_on=[rules]),
        )


def _collection(
    name: str, priority: int, rules: list[network.NetworkRuleArgs] | list[network.ApplicationRuleArgs]
) -> network.FirewallPolicyFilterRuleCollectionArgs:
    return network.FirewallPolicyFilterRuleCollectionArgs(
        name=name,
        rule_collection_type="FirewallPolicyFilterRuleCollection",
        priority=priority,
        action=network.FirewallPolicyFilterRuleCollectionActionArgs(type="Allow"),
        rules=[*rules],
    )
