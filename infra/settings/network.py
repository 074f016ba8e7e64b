"""The network's settings: whose network, which ranges, which way out, and what exists already."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from pydantic import Field

from infra.settings.base import Access, Block, GroupId, Host, NetworkId, Zone

Mode = Literal["byo", "managed"]
Egress = Literal["natGateway", "firewall", "existingHub"]


class Subnets(Block):
    """Ranges that are wanted as they are; what is left out is computed from the address space (`subnet_plan.py`)."""

    training: IPv4Network | None = None
    endpoints: IPv4Network | None = None
    aks_user: IPv4Network | None = None
    aks_system: IPv4Network | None = None
    ingress: IPv4Network | None = None
    synapse: IPv4Network | None = None
    runners: IPv4Network | None = None
    bastion: IPv4Network | None = None

    def given(self) -> dict[str, IPv4Network]:
        """Those that are wanted as they are."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: one for name, one in found.items() if one is not None}


class Hub(Block):
    """A hub of the environment's own, with Azure Firewall."""

    address_space: IPv4Network = Field(description="the hub's range, apart from the network's")
    firewall_tier: Literal["Standard", "Premium"] = Field(default="Standard", description="Premium inspects intrusions")
    allowed_hosts: tuple[Host, ...] = Field(
        default=(), description="further host names that leave, such as package indexes'; *.name is allowed"
    )


class ExistingHub(Block):
    """A hub that another team runs."""

    virtual_network_id: NetworkId
    next_hop: IPv4Address = Field(description="private address of its firewall, where everything is sent")
    egress_address: IPv4Address | None = Field(default=None, description="public address that traffic leaves from")
    peer_back: bool = Field(default=True, description="false: the hub's team makes its side of the peering")


class SubnetNames(Block):
    """The subnets of a network that exists, by role; bastion and training only where they are used."""

    training: str | None = None
    endpoints: str
    aks_user: str
    aks_system: str
    ingress: str
    synapse: str
    runners: str
    bastion: str | None = None


class ExistingNetwork(Block):
    """A virtual network that another team runs, with its security groups and its way out."""

    virtual_network_id: NetworkId
    subnets: SubnetNames = Field(description="name of the subnet for each role")


class Network(Block):
    """The virtual network and how far the services can be reached from outside it."""

    mode: Mode = Field(
        description="byo: computes in this network's subnets; managed: in the network that the workspace manages"
    )
    address_space: IPv4Network = Field(description="the virtual network's range")
    subnets: Subnets = Field(default=Subnets(), description="ranges that are not to be computed")
    bastion: Literal[True, False, "subnet"] = Field(
        default=False,
        description="Azure Bastion, the way to a shell for people; subnet: its subnet alone, the step between true "
        "and false, for a subnet goes only once nothing stands in it",
    )
    egress: Egress = Field(description="natGateway, firewall (in a hub of its own: network.hub) or existingHub")
    zones: tuple[Zone, ...] = Field(default=(), description="of public addresses and the firewall")
    hub: Hub | None = Field(default=None, description="addressSpace, firewallTier, allowedHosts")
    existing_hub: ExistingHub | None = Field(default=None, description="virtualNetworkId, nextHop")
    existing_network: ExistingNetwork | None = Field(default=None, description="virtualNetworkId, subnets")
    dns_zones_group_id: GroupId | None = Field(
        default=None, description="resource group that holds the private DNS zones already, linked by its owner"
    )
    monitor_access: Literal["Open", "PrivateOnly"] = Field(
        default="Open", description="PrivateOnly: this network reaches no Azure Monitor resource outside its scope"
    )
    public_access: Access = Field(
        description="whether the services' public end points answer at all; identity is required either way"
    )
    allowed_ip_ranges: tuple[IPv4Network, ...] = Field(
        default=(), description="public ranges that may reach them; none means no filter by address"
    )

    @property
    def routes(self) -> bool:
        """Whether the environment has a route table of its own."""
        return self.egress != "natGateway" and self.existing_network is None
