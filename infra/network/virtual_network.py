"""The virtual network: subnets, their security groups, and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import network

from infra import settings
from infra.block import Block, Placement
from infra.network.hub import WayOut
from infra.network.tables import RULES, Rule, Subnet, ranges, wanted
from infra.settings.network import ExistingNetwork

OutboundType = Literal["userAssignedNATGateway", "userDefinedRouting"]


@dataclass(frozen=True)
class NetworkArgs:
    """What the network is made from.

    Args:
        placement: where it goes.
        plan: its settings.
        pod_cidr: the cluster's overlay range, for the rules.
        hub: where everything leaves through a firewall.
    """

    placement: Placement
    plan: settings.Network
    pod_cidr: str
    hub: WayOut | None


class Network(Block):
    """VNet with the subnets of the table and a security group for each, and a NAT gateway or a hub as the way out.

    Subnets are part of the VNet's own request: Azure changes one subnet at a time, and as resources of their own
    they would wait for each other. Their ids follow from the VNet's.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args, self._place = name, args, args.placement
        rows = wanted(args.plan)
        self.outbound_type: OutboundType = (
            "userAssignedNATGateway" if args.plan.egress == "natGateway" else "userDefinedRouting"
        )
        """How a cluster in these subnets leaves (aks/egress-outboundtype)."""
        self.security_groups: dict[str, pulumi.Output[str]] = {}
        self.egress_address: pulumi.Output[str] = args.hub.address if args.hub else pulumi.Output.from_input("")
        self.route_table_id: pulumi.Output[str] | None = None
        self.ready: list[pulumi.Resource] = []
        """What a compute needs to be there before it can get out."""
        self.id: pulumi.Output[str]
        if args.plan.existing_network is not None:
            names = self._adopt(args.plan.existing_network, rows)
        else:
            names = {row.name: _subnet_name(args.placement, row) for row in rows}
            self._make(rows, names)
        self.subnets: dict[str, pulumi.Output[str]] = {
            row: pulumi.Output.concat(self.id, "/subnets/", subnet) for row, subnet in names.items()
        }
        self.register_outputs({"id": self.id, "subnets": self.subnets})

    def _adopt(self, given: ExistingNetwork, rows: tuple[Subnet, ...]) -> dict[str, str]:
        """A network that is there: read, so that a wrong id is found here and not in the first user."""
        found = network.VirtualNetwork.get(
            f"{self._name}-vnet", given.virtual_network_id, opts=pulumi.ResourceOptions(parent=self)
        )
        self.id = found.id
        return {row.name: str(getattr(given.subnets, row.name)) for row in rows}

    def _make(self, rows: tuple[Subnet, ...], names: dict[str, str]) -> None:
        place, plan = self._place, self._args.plan
        facts = {
            "region": place.location,
            "pods": self._args.pod_cidr,
            **{row: str(found) for row, found in ranges(plan).ranges.items()},
        }
        groups = {row.name: self._group(row, facts) for row in rows}
        gateway = self._nat_gateway() if plan.egress == "natGateway" else None
        table = self._route_table() if self._args.hub else None
        vnet = network.VirtualNetwork(
            f"{self._name}-vnet",
            resource_group_name=place.resource_group,
            virtual_network_name=place.names.of("virtual_network"),
            location=place.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[str(plan.address_space)]),
            subnets=[
                network.SubnetArgs(
                    name=names[row.name],
                    address_prefix=facts[row.name],
                    network_security_group=network.NetworkSecurityGroupArgs(id=groups[row.name].id),
                    nat_gateway=network.SubResourceArgs(id=gateway.id) if gateway and row.egress else None,
                    route_table=network.RouteTableArgs(id=table.id) if table and row.egress else None,
                    default_outbound_access=False,
                    # Else security groups would not apply to private endpoints.
                    private_endpoint_network_policies="Enabled",
                )
                for row in rows
            ],
            tags=place.tags,
            opts=self.child(),
        )
        self.id = vnet.id
        self.security_groups = {key: group.id for key, group in groups.items()}
        if self._args.hub and table:
            self.route_table_id = table.id
            self.ready += self._join(self._args.hub, vnet, table)

    def _group(self, row: Subnet, facts: dict[str, str]) -> network.NetworkSecurityGroup:
        purpose = row.name.replace("_", "-")
        return network.NetworkSecurityGroup(
            f"{self._name}-nsg-{purpose}",
            resource_group_name=self._place.resource_group,
            network_security_group_name=self._place.names.of("network_security_group", purpose),
            location=self._place.location,
            security_rules=[_security_rule(rule, facts) for rule in RULES if rule.subnet == row.name],
            tags=self._place.tags,
            opts=self.child(),
        )

    def _nat_gateway(self) -> network.NatGateway:
        place, zones = self._place, list(self._args.plan.zones)
        address = network.PublicIPAddress(
            f"{self._name}-egress-ip",
            resource_group_name=place.resource_group,
            public_ip_address_name=place.names.of("public_ip", "egress"),
            location=place.location,
            sku=network.PublicIPAddressSkuArgs(name="Standard"),
            public_ip_allocation_method="Static",
            public_ip_address_version="IPv4",
            zones=zones or None,
            tags=place.tags,
            opts=self.child(),
        )
        self.egress_address = address.ip_address.apply(lambda known: known or "")
        return network.NatGateway(
            f"{self._name}-egress",
            resource_group_name=place.resource_group,
            nat_gateway_name=place.names.of("nat_gateway"),
            location=place.location,
            sku=network.NatGatewaySkuArgs(name="Standard"),
            public_ip_addresses=[network.SubResourceArgs(id=address.id)],
            idle_timeout_in_minutes=10,
            # A gateway stands in one zone or in none; its address may stand in all of them.
            zones=zones if len(zones) == 1 else None,
            tags=place.tags,
            opts=self.child(),
        )

    def _route_table(self) -> network.RouteTable:
        """Without its route: that waits for the firewall, and the subnets need not."""
        return network.RouteTable(
            f"{self._name}-routes",
            resource_group_name=self._place.resource_group,
            route_table_name=self._place.names.of("route_table"),
            location=self._place.location,
            disable_bgp_route_propagation=True,
            tags=self._place.tags,
            opts=self.child(),
        )

    def _join(self, hub: WayOut, vnet: network.VirtualNetwork, table: network.RouteTable) -> list[pulumi.Resource]:
        route = network.Route(
            f"{self._name}-default-route",
            resource_group_name=self._place.resource_group,
            route_table_name=table.name,
            route_name="to-firewall",
            address_prefix="0.0.0.0/0",
            next_hop_type="VirtualAppliance",
            next_hop_ip_address=hub.next_hop,
            opts=self.child(),
        )
        there = self._peering("to-hub", self._place.resource_group, vnet.name, hub.network_id)
        if not hub.peer_back:
            return [route, there, *hub.ready]
        back_name = self._place.names.of("peering")
        other = self._args.plan.existing_hub
        theirs = self.within(self._name, self._place, other.virtual_network_id) if other else None
        back = self._peering(
            "from-hub", hub.resource_group, hub.network_name, vnet.id, peering_name=back_name, provider=theirs
        )
        return [route, there, back, *hub.ready]

    def _peering(
        self,
        purpose: str,
        group: pulumi.Input[str],
        network_name: pulumi.Input[str],
        remote: pulumi.Input[str],
        *,
        peering_name: str = "",
        provider: pulumi.ProviderResource | None = None,
    ) -> network.VirtualNetworkPeering:
        return network.VirtualNetworkPeering(
            f"{self._name}-{purpose}",
            resource_group_name=group,
            virtual_network_name=network_name,
            virtual_network_peering_name=peering_name or purpose,
            remote_virtual_network=network.SubResourceArgs(id=remote),
            allow_virtual_network_access=True,
            # What the firewall sends back comes from elsewhere than the hub's own range.
            allow_forwarded_traffic=True,
            allow_gateway_transit=False,
            use_remote_gateways=False,
            opts=self.child(provider=provider),
        )


def _subnet_name(place: Placement, row: Subnet) -> str:
    return row.fixed_name or place.names.of("subnet", row.name.replace("_", "-"))


def _security_rule(rule: Rule, facts: dict[str, str]) -> network.SecurityRuleArgs:
    sources = [source.format(**facts) for source in rule.sources]
    destinations = [destination.format(**facts) for destination in rule.destinations]
    # Azure keeps one value in the singular field and several in the plural one.
    return network.SecurityRuleArgs(
        name=rule.name,
        priority=rule.priority,
        direction=rule.direction,
        access=rule.access,
        protocol=rule.protocol,
        source_port_range="*",
        source_address_prefix=_one(sources),
        source_address_prefixes=_several(sources),
        destination_address_prefix=_one(destinations),
        destination_address_prefixes=_several(destinations),
        destination_port_range=_one(rule.ports),
        destination_port_ranges=_several(rule.ports),
    )


def _one(values: list[str] | tuple[str, ...]) -> str | None:
    return values[0] if len(values) == 1 else None


def _several(values: list[str] | tuple[str, ...]) -> list[str] | None:
    return list(values) if len(values) > 1 else None
