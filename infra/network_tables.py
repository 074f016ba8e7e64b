"""The network as data: one row for a subnet, one for a rule.

Rules follow Azure's pages on the services' required traffic (machine-learning/how-to-access-azureml-behind-firewall,
aks/outbound-rules-control-egress). `{region}` and the ranges' names in braces are filled in by `network.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ENDPOINTS, TRAINING, CLUSTER = "endpoints", "training", "cluster"


@dataclass(frozen=True)
class Subnet:
    """A subnet of the plan; its range is the setting of the same name.

    Args:
        name: purpose, part of the subnet's name and key of its range in the settings.
        egress: whether it leaves through the NAT gateway. No subnet has Azure's default outbound access.
    """

    name: str
    egress: bool


SUBNETS: tuple[Subnet, ...] = (
    Subnet(TRAINING, egress=True),
    Subnet(ENDPOINTS, egress=False),
    Subnet(CLUSTER, egress=True),
)


@dataclass(frozen=True)
class Rule:
    """A rule of a subnet's network security group; lower priority numbers are read first (100 to 4096)."""

    subnet: str
    name: str
    priority: int
    direction: Literal["Inbound", "Outbound"]
    access: Literal["Allow", "Deny"]
    protocol: Literal["Tcp", "Udp", "*"]
    source: str
    destination: str
    ports: tuple[str, ...]


def _out(subnet: str, priority: int, name: str, destination: str, *ports: str, protocol: str = "Tcp") -> Rule:
    kind: Literal["Tcp", "Udp"] = "Udp" if protocol == "Udp" else "Tcp"
    return Rule(subnet, name, priority, "Outbound", "Allow", kind, "VirtualNetwork", destination, ports)


RULES: tuple[Rule, ...] = (
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
    Rule(TRAINING, "DenyRemoteShells", 220, "Outbound", "Deny", "Tcp", "*", "VirtualNetwork", ("22", "3389")),
    _out(TRAINING, 230, "AllowVirtualNetwork", "VirtualNetwork", "443", "445"),
    # Package indexes have no service tag; a firewall that knows host names would take this row's place.
    _out(TRAINING, 300, "AllowPackageIndexes", "Internet", "443"),
    Rule(TRAINING, "DenyInternet", 4000, "Outbound", "Deny", "*", "*", "Internet", ("*",)),
    Rule(
        ENDPOINTS,
        "AllowServices",
        100,
        "Inbound",
        "Allow",
        "Tcp",
        "VirtualNetwork",
        "{endpoints}",
        ("443", "445"),
    ),
    Rule(
        ENDPOINTS,
        "AllowSynapseSql",
        110,
        "Inbound",
        "Allow",
        "Tcp",
        "VirtualNetwork",
        "{endpoints}",
        ("1433",),
    ),
    Rule(ENDPOINTS, "DenyInbound", 4000, "Inbound", "Deny", "*", "*", "*", ("*",)),
    Rule(ENDPOINTS, "DenyOutbound", 4000, "Outbound", "Deny", "*", "*", "*", ("*",)),
    # Overlay pods keep their own addresses inside the subnet, and nodes and load balancer speak to them.
    Rule(CLUSTER, "AllowNodes", 100, "Inbound", "Allow", "*", "{cluster}", "*", ("*",)),
    Rule(CLUSTER, "AllowPods", 110, "Inbound", "Allow", "*", "{pods}", "*", ("*",)),
    Rule(CLUSTER, "AllowLoadBalancer", 120, "Inbound", "Allow", "*", "AzureLoadBalancer", "*", ("*",)),
    Rule(CLUSTER, "AllowScoring", 130, "Inbound", "Allow", "Tcp", "VirtualNetwork", "{cluster}", ("443",)),
    Rule(CLUSTER, "DenyInbound", 4000, "Inbound", "Deny", "*", "*", "*", ("*",)),
    Rule(CLUSTER, "AllowPodsOut", 100, "Outbound", "Allow", "*", "*", "{pods}", ("*",)),
    _out(CLUSTER, 110, "AllowInternet", "Internet", "80", "443"),
    Rule(CLUSTER, "AllowTime", 120, "Outbound", "Allow", "Udp", "{cluster}", "Internet", ("123",)),
    Rule(CLUSTER, "DenyInternet", 4000, "Outbound", "Deny", "*", "*", "Internet", ("*",)),
)
