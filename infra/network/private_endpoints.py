"""Private endpoints and the DNS zones that make the services' public names resolve to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import network, privatedns

from infra.block import Block, Placement
from infra.network.tables import ENDPOINTS, SYNAPSE

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
    "Web": ("privatelink.azuresynapse.net",),
    # The agents' solution packs come from a storage account of Azure Monitor's: hence the blob zone.
    "azuremonitor": (
        "privatelink.monitor.azure.com",
        "privatelink.oms.opinsights.azure.com",
        "privatelink.ods.opinsights.azure.com",
        "privatelink.agentsvc.azure-automation.net",
        "privatelink.blob.core.windows.net",
    ),
}
"""Zones for each group id (private-link/private-endpoint-dns)."""

NODES_NEED = ("blob", "file")
"""Groups of the workspace's storage account without which no node starts; the others serve batch jobs alone."""

KUBERNETES_ZONE = "privatelink.{region}.azmk8s.io"
"""Where a private API server has its name; AKS makes the endpoint itself (aks/private-clusters)."""


@dataclass(frozen=True)
class Target:
    """Group ids of a target, of which Azure takes one for an endpoint, and the subnet they are in."""

    groups: tuple[str, ...]
    subnet: str = ENDPOINTS


TARGETS: dict[str, Target] = {
    "lake": Target(("dfs", "blob")),
    # Queue and table carry batch and parallel jobs (machine-learning/how-to-secure-workspace-vnet).
    "storage": Target(("blob", "file", "queue", "table")),
    "vault": Target(("vault",)),
    "registry": Target(("registry",)),
    "workspace": Target(("amlworkspace",)),
    "promotion": Target(("amlregistry",)),
    # The development end point is required beside the SQL ones.
    "spark": Target(("Dev", "Sql", "SqlOnDemand"), SYNAPSE),
    "studio": Target(("Web",), SYNAPSE),
    "monitor": Target(("azuremonitor",)),
}


@dataclass(frozen=True)
class PrivateEndpointsArgs:
    """What endpoints and zones need.

    Args:
        placement: where they go.
        subnets: id of each subnet that the targets name.
        links: virtual networks in which the names resolve, by purpose.
        zones_group_id: resource group that has the zones already, linked by its owner; else they are made.
    """

    placement: Placement
    subnets: Mapping[str, pulumi.Input[str]]
    links: Mapping[str, pulumi.Input[str]]
    zones_group_id: str | None = None


@dataclass(frozen=True)
class Zone:
    """A zone, what must be there before names in it resolve here, and the provider for its records if not the usual."""

    id: pulumi.Input[str]
    links: list[pulumi.Resource] = field(default_factory=list)
    provider: pulumi.ProviderResource | None = None


class PrivateEndpoints(Block):
    """One endpoint for each group of a target, one zone for each name in `ZONES` that one of them needs.

    Azure changes a subnet for one endpoint at a time and has the others try again; they do not wait here.
    """

    def __init__(self, name: str, args: PrivateEndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        self._zones: dict[str, Zone] = {}
        theirs = args.zones_group_id
        self._theirs = self.within(name, args.placement, theirs) if theirs else None
        self.ids: dict[str, dict[str, pulumi.Output[str]]] = {target: {} for target in TARGETS}

    def connect(
        self, target: str, resource_id: pulumi.Input[str], needed: Collection[str] = ()
    ) -> list[pulumi.Resource]:
        """Give a target its endpoints; what needs its private names waits for the resources returned.

        Args:
            target: a row of the table.
            resource_id: what it is.
            needed: the groups whose names are waited for; nothing said, all.
        """
        made = {group: self._connect(target, group, resource_id) for group in TARGETS[target].groups}
        return [one for group in needed or made for one in made[group]]

    def zone(self, zone: str) -> Zone:
        """A zone by its name, made the first time that anyone asks for it."""
        if zone not in self._zones:
            group = self._args.zones_group_id
            self._zones[zone] = (
                Zone(f"{group}/providers/Microsoft.Network/privateDnsZones/{zone}", provider=self._theirs)
                if group
                else self._make(zone)
            )
        return self._zones[zone]

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
            subnet=network.SubnetArgs(id=self._args.subnets[TARGETS[target].subnet]),
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name=purpose, private_link_service_id=resource_id, group_ids=[group]
                )
            ],
            tags=place.tags,
            opts=self.child(),
        )
        self.ids[target][group] = endpoint.id
        zones = {zone: self.zone(zone) for zone in ZONES[group]}
        records = network.PrivateDnsZoneGroup(
            f"{self._name}-{purpose}-dns",
            resource_group_name=place.resource_group,
            private_endpoint_name=endpoint.name,
            private_dns_zone_group_name="default",
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(name=name.replace(".", "-"), private_dns_zone_id=zone.id)
                for name, zone in zones.items()
            ],
            opts=self.child(),
        )
        return [records, *(link for zone in zones.values() for link in zone.links)]

    def _make(self, zone: str) -> Zone:
        place, short = self._args.placement, zone.removeprefix("privatelink.").replace(".", "-")
        made = privatedns.PrivateZone(
            f"{self._name}-zone-{short}",
            resource_group_name=place.resource_group,
            private_zone_name=zone,
            location="Global",
            tags=place.tags,
            opts=self.child(),
        )
        links: list[pulumi.Resource] = [
            privatedns.VirtualNetworkLink(
                f"{self._name}-link-{short}" + (f"-{purpose}" if purpose else ""),
                resource_group_name=place.resource_group,
                private_zone_name=made.name,
                virtual_network_link_name=place.names.of("virtual_network", purpose),
                location="Global",
                registration_enabled=False,
                virtual_network=privatedns.SubResourceArgs(id=network_id),
                tags=place.tags,
                opts=self.child(),
            )
            for purpose, network_id in self._args.links.items()
        ]
        return Zone(made.id, links[:1])  # a name resolves here once the first is there: the network's own
