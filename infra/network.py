"""The virtual network: subnets, their security groups, and one way out."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from infra import settings
from infra.block import Block, Placement
from infra.network_tables import RULES, SUBNETS, Rule, Subnet


@dataclass(frozen=True)
class NetworkArgs:
    """Args: placement; plan: ranges and access; pod_cidr: the cluster's overlay range, for the rules."""

    placement: Placement
    plan: settings.Network
    pod_cidr: str


class Network(Block):
    """VNet with the subnets of the table, a security group for each, and a NAT gateway as the way out.

    Subnets are part of the VNet's own request: Azure changes one subnet at a time, and as resources of their own
    they would wait for each other. Their ids follow from the VNet's.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place, names = args.placement, args.placement.names
        facts = {
            "region": place.location,
            "pods": args.pod_cidr,
            **{row.name: str(getattr(args.plan.subnets, row.name)) for row in SUBNETS},
        }
        groups = {row.name: self._group(name, place, row, facts) for row in SUBNETS}
        address, gateway = self._way_out(name, place)
        vnet = network.VirtualNetwork(
            f"{name}-vnet",
            resource_group_name=place.resource_group,
            virtual_network_name=names.of("virtual_network"),
            location=place.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[str(args.plan.address_space)]),
            subnets=[
                network.SubnetArgs(
                    name=names.of("subnet", row.name),
                    address_prefix=facts[row.name],
                    network_security_group=network.NetworkSecurityGroupArgs(id=groups[row.name].id),
                    nat_gateway=network.SubResourceArgs(id=gateway.id) if row.egress else None,
                    default_outbound_access=False,
                    # Else security groups would not apply to private endpoints.
                    private_endpoint_network_policies="Enabled",
                )
                for row in SUBNETS
            ],
            tags=place.tags,
            opts=self.child(),
        )
        self.id: pulumi.Output[str] = vnet.id
        self.subnets: dict[str, pulumi.Output[str]] = {
            row.name: pulumi.Output.concat(vnet.id, "/subnets/", names.of("subnet", row.name)) for row in SUBNETS
        }
        self.egress_address: pulumi.Output[str] = address.ip_address.apply(lambda known: known or "")
        self.security_groups: dict[str, pulumi.Output[str]] = {key: group.id for key, group in groups.items()}
        self.register_outputs({"id": self.id, "subnets": self.subnets})

    def _group(self, name: str, place: Placement, row: Subnet, facts: dict[str, str]) -> network.NetworkSecurityGroup:
        return network.NetworkSecurityGroup(
            f"{name}-nsg-{row.name}",
            resource_group_name=place.resource_group,
            network_security_group_name=place.names.of("network_security_group", row.name),
            location=place.location,
            security_rules=[_security_rule(rule, facts) for rule in RULES if rule.subnet == row.name],
            tags=place.tags,
            opts=self.child(),
        )

    def _way_out(self, name: str, place: Placement) -> tuple[network.PublicIPAddress, network.NatGateway]:
        address = network.PublicIPAddress(
            f"{name}-egress-ip",
            resource_group_name=place.resource_group,
            public_ip_address_name=place.names.of("public_ip", "egress"),
            location=place.location,
            sku=network.PublicIPAddressSkuArgs(name="Standard"),
            public_ip_allocation_method="Static",
            public_ip_address_version="IPv4",
            tags=place.tags,
            opts=self.child(),
        )
        gateway = network.NatGateway(
            f"{name}-egress",
            resource_group_name=place.resource_group,
            nat_gateway_name=place.names.of("nat_gateway"),
            location=place.location,
            sku=network.NatGatewaySkuArgs(name="Standard"),
            public_ip_addresses=[network.SubResourceArgs(id=address.id)],
            idle_timeout_in_minutes=10,
            tags=place.tags,
            opts=self.child(),
        )
        return address, gateway


def _security_rule(rule: Rule, facts: dict[str, str]) -> network.SecurityRuleArgs:
    one = rule.ports[0] if len(rule.ports) == 1 else None
    return network.SecurityRuleArgs(
        name=rule.name,
        priority=rule.priority,
        direction=rule.direction,
        access=rule.access,
        protocol=rule.protocol,
        source_address_prefix=rule.source.format(**facts),
        source_port_range="*",
        destination_address_prefix=rule.destination.format(**facts),
        # Azure keeps one port in the singular field and several in the plural one.
        destination_port_range=one,
        destination_port_ranges=None if one else list(rule.ports),
    )
