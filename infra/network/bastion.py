"""Azure Bastion: the one way for people to a shell, over TLS and with their own identity."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from infra import settings
from infra.block import Block, Placement


@dataclass(frozen=True)
class BastionArgs:
    """Args: placement; subnet_id: its own subnet, AzureBastionSubnet; zones: of host and address."""

    placement: Placement
    subnet_id: pulumi.Input[str]
    zones: tuple[settings.Zone, ...]


class Bastion(Block):
    """A Standard host: native clients, but neither shareable links nor connections by address."""

    def __init__(self, name: str, args: BastionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place, zones = args.placement, list(args.zones) or None
        address = network.PublicIPAddress(
            f"{name}-ip",
            resource_group_name=place.resource_group,
            public_ip_address_name=place.names.of("public_ip", "bastion"),
            location=place.location,
            sku=network.PublicIPAddressSkuArgs(name="Standard"),
            public_ip_allocation_method="Static",
            public_ip_address_version="IPv4",
            zones=zones,
            tags=place.tags,
            opts=self.child(),
        )
        host = network.BastionHost(
            f"{name}-host",
            resource_group_name=place.resource_group,
            bastion_host_name=place.names.of("bastion"),
            location=place.location,
            sku=network.SkuArgs(name="Standard"),
            scale_units=2,
            enable_tunneling=True,
            enable_ip_connect=False,
            enable_shareable_link=False,
            enable_kerberos=False,
            ip_configurations=[
                network.BastionHostIPConfigurationArgs(
                    name="bastion",
                    subnet=network.SubResourceArgs(id=args.subnet_id),
                    public_ip_address=network.SubResourceArgs(id=address.id),
                    private_ip_allocation_method="Dynamic",
                )
            ],
            zones=zones,
            tags=place.tags,
            opts=self.child(),
        )
        self.id: pulumi.Output[str] = host.id
        self.register_outputs({"id": self.id})
