"""The network as data: one row for a subnet, one for a rule of its security group.

Rules follow Azure's pages on the services' required traffic (machine-learning/how-to-access-azureml-behind-firewall,
aks/outbound-rules-control-egress, bastion/bastion-nsg). `{region}`, `{pods}` and subnets' names in braces are filled
in by `network.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infra.network.subnet_plan import Plan, compute
from infra.settings.network import Mode, Network

TRAINING, ENDPOINTS, AKS_USER, AKS_SYSTEM = "training", "endpoints", "aks_user", "aks_system"
INGRESS, SYNAPSE, RUNNERS, BASTION = "ingress", "synapse", "runners", "bastion"


@dataclass(frozen=True)
class Subnet:
    """A subnet of the plan. The table grows at its end only: see `subnet_plan.py`.

    Args:
        name: purpose, part of the subnet's name and, in camelCase, key of its range in the settings.
        prefix: size that is computed for it.
        smallest: longest prefix that still has room: Azure takes five addresses of each subnet.
        egress: whether it leaves through the NAT gateway or the firewall; none has Azure's default way out.
        modes: network modes that have it.
        fixed_name: where Azure knows the subnet by its name.
    """

    name: str
    prefix: int
    smallest: int
    egress: bool = False
    modes: tuple[Mode, ...] = ("byo", "managed")
    fixed_name: str = ""


SUBNETS: tuple[Subnet, ...] = (
    Subnet(TRAINING, 24, 27, egress=True, modes=("byo",)),
    Subnet(ENDPOINTS, 24, 27),
    Subnet(AKS_USER, 22, 24, egress=True),
    Subnet(AKS_SYSTEM, 24, 26, egress=True),
    # Front ends of the router's internal load balancer; nodes stand elsewhere.
    Subnet(INGRESS, 27, 28),
    Subnet(SYNAPSE, 27, 28),
    Subnet(RUNNERS, 26, 28, egress=True),
    Subnet(BASTION, 26, 26, fixed_name="AzureBastionSubnet"),
)
FIREWALL_SUBNET = Subnet("firewall", 26, 26, fixed_name="AzureFirewallSubnet")


def wanted(network: Network) -> tuple[Subnet, ...]:
    """The subnets that an environment has."""
    return tuple(row for row in SUBNETS if network.mode in row.modes and (network.bastion or row.name != BASTION))


def ranges(network: Network) -> Plan:
    """The range of every row, also of those that an environment does without: its mode may change."""
    return compute(network.address_space, SUBNETS, network.subnets.given())


@dataclass(frozen=True)
class Rule:
    """A rule of a subnet's network security group; lower priority numbers are read first (100 to 4096)."""

    subnet: str
    name: str
    priority: int
    direction: Literal["Inbound", "Outbound"]
    access: Literal["Allow", "Deny"]
    protocol: Literal["Tcp", "Udp", "*"]
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[str, ...]


_Protocol = Literal["Tcp", "Udp", "*"]
_VNET = "VirtualNetwork"


def _out(
    subnet: str,
    priority: int,
    name: str,
    destination: str,
    *ports: str,
    protocol: _Protocol = "Tcp",
    source: str = _VNET,
) -> Rule:
    return Rule(subnet, name, priority, "Outbound", "Allow", protocol, (source,), (destination,), ports)


def _in(subnet: str, priority: int, name: str, sources: tuple[str, ...], to: tuple[str, ...], *ports: str) -> Rule:
    return Rule(subnet, name, priority, "Inbound", "Allow", "Tcp" if ports != ("*",) else "*", sources, to, ports)


def _deny(subnet: str, priority: int, name: str, direction: Literal["Inbound", "Outbound"], to: str = "*") -> Rule:
    return Rule(subnet, name, priority, direction, "Deny", "*", ("*",), (to,), ("*",))


_NODES = ("{aks_user}", "{aks_system}", "{pods}")


def _aks(subnet: str) -> tuple[Rule, ...]:
    """Overlay pods keep their own addresses inside the subnets, and nodes and load balancer speak to them."""
    return (
        _in(subnet, 100, "AllowNodesAndPods", _NODES, ("*",), "*"),
        _in(subnet, 120, "AllowLoadBalancer", ("AzureLoadBalancer",), ("*",), "*"),
        _out(subnet, 110, "AllowPodsOut", "{pods}", "*", protocol="*", source="*"),
        _out(subnet, 120, "AllowInternet", "Internet", "80", "443"),
        _out(subnet, 130, "AllowTime", "Internet", "123", protocol="Udp"),
        # The API server's tunnel, where it has a public address.
        _out(subnet, 140, "AllowTunnel", "AzureCloud.{region}", "1194", protocol="Udp"),
        _out(subnet, 150, "AllowTunnelTcp", "AzureCloud.{region}", "9000"),
        _deny(subnet, 4000, "DenyInternet", "Outbound", "Internet"),
    )


RULES: tuple[Rule, ...] = (
    # Jobs on several nodes speak with each other; nobody else starts a conversation.
    _in(TRAINING, 100, "AllowNodes", ("{training}",), ("{training}",), "*"),
    _out(TRAINING, 120, "AllowEntra", "AzureActiveDirectory", "80", "443"),
    _out(TRAINING, 130, "AllowMachineLearning", "AzureMachineLearning", "443", "8787", "18881"),
    _out(TRAINING, 135, "AllowMachineLearningUdp", "AzureMachineLearning", "5831", protocol="Udp"),
    _out(TRAINING, 140, "AllowBatch", "BatchNodeManagement.{region}", "443"),
    _out(TRAINING, 150, "AllowResourceManager", "AzureResourceManager", "443"),
    _out(TRAINING, 160, "AllowStorage", "Storage.{region}", "443", "445"),
    _out(TRAINING, 170, "AllowFrontDoor", "AzureFrontDoor.FrontEnd", "443"),
    _out(TRAINING, 180, "AllowMicrosoftRegistry", "MicrosoftContainerRegistry", "443"),
    _out(TRAINING, 190, "AllowFrontDoorFirstParty", "AzureFrontDoor.FirstParty", "443"),
    _out(TRAINING, 200, "AllowMonitor", "AzureMonitor", "443"),
    _out(TRAINING, 210, "AllowKeyVault", "AzureKeyVault.{region}", "443"),
    _out(TRAINING, 230, "AllowVirtualNetwork", _VNET, "443", "445"),
    # Package indexes have no service tag; where a firewall is, it knows their host names.
    _out(TRAINING, 300, "AllowPackageIndexes", "Internet", "443"),
    _deny(TRAINING, 4000, "DenyInternet", "Outbound", "Internet"),
    _in(ENDPOINTS, 100, "AllowServices", (_VNET,), ("{endpoints}",), "443", "445"),
    _deny(ENDPOINTS, 4000, "DenyOutbound", "Outbound"),
    # Azure SQL's and Synapse's own ports (synapse-analytics/security/synapse-workspace-ip-firewall).
    _in(SYNAPSE, 100, "AllowSynapse", (_VNET,), ("{synapse}",), "443", "1433", "1443"),
    _deny(SYNAPSE, 4000, "DenyOutbound", "Outbound"),
    *_aks(AKS_SYSTEM),
    *_aks(AKS_USER),
    # A load balancer's front end stays the destination on its way to the nodes.
    _in(AKS_USER, 130, "AllowScoring", (_VNET,), ("{ingress}", "{aks_user}"), "443"),
    _in(INGRESS, 100, "AllowScoring", (_VNET,), ("{ingress}",), "443"),
    _in(INGRESS, 110, "AllowLoadBalancer", ("AzureLoadBalancer",), ("*",), "*"),
    _deny(INGRESS, 4000, "DenyInternet", "Outbound", "Internet"),
    _in(RUNNERS, 110, "AllowLoadBalancer", ("AzureLoadBalancer",), ("*",), "*"),
    _out(RUNNERS, 120, "AllowEntra", "AzureActiveDirectory", "443"),
    _out(RUNNERS, 130, "AllowResourceManager", "AzureResourceManager", "443"),
    _out(RUNNERS, 140, "AllowVirtualNetwork", _VNET, "443", "445"),
    # GitHub has no service tag; where a firewall is, it knows the host names.
    _out(RUNNERS, 150, "AllowGitHub", "Internet", "443"),
    _deny(RUNNERS, 4000, "DenyInternet", "Outbound", "Internet"),
    # Bastion refuses a group that lacks any of these (bastion/bastion-nsg).
    _in(BASTION, 120, "AllowHttpsFromInternet", ("Internet",), ("*",), "443"),
    _in(BASTION, 130, "AllowGatewayManager", ("GatewayManager",), ("*",), "443"),
    _in(BASTION, 140, "AllowLoadBalancer", ("AzureLoadBalancer",), ("*",), "443"),
    _in(BASTION, 150, "AllowBastionHosts", (_VNET,), (_VNET,), "8080", "5701"),
    _out(BASTION, 100, "AllowRemoteShells", _VNET, "22", "3389", source="*"),
    _out(BASTION, 110, "AllowAzure", "AzureCloud", "443", source="*"),
    _out(BASTION, 120, "AllowBastionHostsOut", _VNET, "8080", "5701"),
    _out(BASTION, 130, "AllowSessions", "Internet", "80", source="*"),
    # Whoever is in one machine must not get a shell on the next one.
    *(
        Rule(row.name, "DenyRemoteShells", 100, "Outbound", "Deny", "Tcp", ("*",), (_VNET,), ("22", "3389"))
        for row in SUBNETS
        if row.name != BASTION
    ),
    *(_deny(row.name, 4096, "DenyInbound", "Inbound") for row in SUBNETS),
)
