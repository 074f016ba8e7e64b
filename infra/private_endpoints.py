"""Private endpoints and the DNS zones that make the services' public names resolve to them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network, privatedns

from infra.block import Block, Placement

ZONES: dict[str, tuple[str, ...]] = {
    "blob": ("privatelink.blob.core.windows.net",),
    "dfs": ("privatelink.dfs.core.windows.net",),
    "file": ("privatelink.file.core.windows.net",),
    "queue": ("privatelink.queue.core.windows.net",),
    "table": ("privatelink.table.core.windows.net",),
    "vault": ("privatelink.vaultcore.azure.net",),
    "registry": ("privatelink.azurecr.io",),
    "amlworkspace": ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"),
    "amlregistry": ("privatelink.api.azureml.ms",),
    "Dev": ("privatelink.dev.azuresynapse.net",),
    "Sql": ("privatelink.sql.azuresynapse.net",),
    "SqlOnDemand": ("privatelink.sql.azuresynapse.net",),
}
"""Zones for each group id (private-link/private-endpoint-dns)."""

GROUPS: dict[str, tuple[str, ...]] = {
    "lake": ("dfs", "blob"),
    # Queue and table carry batch and parallel jobs (machine-learning/how-to-secure-workspace-vnet).
    "storage": ("blob", "file", "queue", "table"),
    "vault": ("vault",),
    "registry": ("registry",),
    "workspace": ("amlworkspace",),
    "promotion": ("amlregistry",),
    # The development end point is required beside the SQL ones.
    "spark": ("Dev", "Sql", "SqlOnDemand"),
}
"""Group ids of each target; Azure takes one group for an endpoint."""


@dataclass(frozen=True)
class PrivateEndpointsArgs:
    """Args: placement; network_id: where names resolve; subnet_id: where the endpoints are."""

    placement: Placement
    network_id: pulumi.Input[str]
    subnet_id: pulumi.Input[str]


class PrivateEndpoints(Block):
    """One endpoint for each row of `GROUPS`, one zone for each name in `ZONES` that a row needs."""

    def __init__(self, name: str, args: PrivateEndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        self._zones: dict[str, tuple[privatedns.PrivateZone, privatedns.VirtualNetworkLink]] = {}

    def connect(self, target: str, resource_id: pulumi.Input[str]) -> list[pulumi.Resource]:
        """Give a target its endpoints; what needs its private name waits for the resources returned."""
        return [made for group in GROUPS[target] for made in self._connect(target, group, resource_id)]

    def close(self) -> None:
        """State that every target has been connected."""
        self.register_outputs({"zones": sorted(self._zones)})

    def _connect(self, target: str, group: str, resource_id: pulumi.Input[str]) -> list[pulumi.Resource]:
        place, purpose = self._args.placement, f"{target}-{group.lower()}"
        endpoint = network.PrivateEndpoint(
            f"{self._name}-{purpose}",
            resource_group_name=place.resource_group,
            private_endpoint_name=place.names.of("private_endpoint", purpose),
            custom_network_interface_name=f"{place.names.of('private_endpoint', purpose)}-nic",
            location=place.location,
            subnet=network.SubnetArgs(id=self._args.subnet_id),
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name=purpose, private_link_service_id=resource_id, group_ids=[group]
                )
            ],
            tags=place.tags,
            opts=self.child(),
        )
        zones = {zone: self._zone(zone) for zone in ZONES[group]}
        records = network.PrivateDnsZoneGroup(
            f"{self._name}-{purpose}-dns",
            resource_group_name=place.resource_group,
            private_endpoint_name=endpoint.name,
            private_dns_zone_group_name="default",
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(name=zone.replace(".", "-"), private_dns_zone_id=made.id)
                for zone, (made, _) in zones.items()
            ],
            opts=self.child(),
        )
        return [records, *(link for _, link in zones.values())]

    def _zone(self, zone: str) -> tuple[privatedns.PrivateZone, privatedns.VirtualNetworkLink]:
        if zone not in self._zones:
            place, short = self._args.placement, zone.removeprefix("privatelink.").replace(".", "-")
            made = privatedns.PrivateZone(
                f"{self._name}-zone-{short}",
                resource_group_name=place.resource_group,
                private_zone_name=zone,
                location="Global",
                tags=place.tags,
                opts=self.child(),
            )
            link = privatedns.VirtualNetworkLink(
                f"{self._name}-link-{short}",
                resource_group_name=place.resource_group,
                private_zone_name=made.name,
                virtual_network_link_name=place.names.of("virtual_network"),
                location="Global",
                registration_enabled=False,
                virtual_network=privatedns.SubResourceArgs(id=self._args.network_id),
                tags=place.tags,
                opts=self.child(),
            )
            self._zones[zone] = (made, link)
        return self._zones[zone]
