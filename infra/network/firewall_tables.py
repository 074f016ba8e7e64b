"""What the firewall lets out, as data: by service tag where Azure has one, by host name where not.

Sources: machine-learning/how-to-access-azureml-behind-firewall, aks/outbound-rules-control-egress and
machine-learning/how-to-secure-kubernetes-inferencing-environment. What a private endpoint serves is not here: it
never comes by. Package indexes are the environment's own setting (`network.hub.allowedHosts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infra.network.tables import AKS_SYSTEM, AKS_USER, RUNNERS, TRAINING

_AKS = (AKS_SYSTEM, AKS_USER)
_ALL = (TRAINING, *_AKS, RUNNERS)


@dataclass(frozen=True)
class TagRule:
    """Lets subnets reach what a service tag stands for; `{region}` is filled in."""

    name: str
    sources: tuple[str, ...]
    tags: tuple[str, ...]
    ports: tuple[str, ...]
    protocol: Literal["TCP", "UDP"] = "TCP"


@dataclass(frozen=True)
class HostRule:
    """Lets subnets reach host names over HTTPS, or what an FQDN tag of Azure's stands for."""

    name: str
    sources: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    tag: str = ""


TAG_RULES: tuple[TagRule, ...] = (
    TagRule("entra", _ALL, ("AzureActiveDirectory",), ("80", "443")),
    TagRule("resource-manager", _ALL, ("AzureResourceManager",), ("443",)),
    TagRule("monitor", (TRAINING, *_AKS), ("AzureMonitor",), ("443",)),
    TagRule("machine-learning", (TRAINING, *_AKS), ("AzureMachineLearning",), ("443", "8787", "18881")),
    TagRule("machine-learning-udp", (TRAINING,), ("AzureMachineLearning",), ("5831",), "UDP"),
    TagRule("batch", (TRAINING,), ("BatchNodeManagement.{region}",), ("443",)),
    TagRule("storage", (TRAINING,), ("Storage.{region}",), ("443", "445")),
    TagRule("key-vault", (TRAINING,), ("AzureKeyVault.{region}",), ("443",)),
    TagRule(
        "microsoft-images",
        (TRAINING, *_AKS),
        ("MicrosoftContainerRegistry", "AzureFrontDoor.FirstParty", "AzureFrontDoor.FrontEnd"),
        ("443",),
    ),
    # The API server's tunnel, where it has a public address.
    TagRule("tunnel", _AKS, ("AzureCloud.{region}",), ("1194",), "UDP"),
    TagRule("tunnel-tcp", _AKS, ("AzureCloud.{region}",), ("9000",)),
)
HOST_RULES: tuple[HostRule, ...] = (
    HostRule("kubernetes", _AKS, tag="AzureKubernetesService"),
    HostRule(
        "extension",
        _AKS,
        (
            "{region}.dp.kubernetesconfiguration.azure.com",
            "arcmktplaceprod.azurecr.io",
            "*.ingestion.msftcloudes.com",
            "*.microsoftmetrics.com",
            "marketplaceapi.microsoft.com",
        ),
    ),
    HostRule(
        "machine-learning-on-kubernetes",
        _AKS,
        ("*.kusto.windows.net", "{region}.experiments.azureml.net", "{region}.api.azureml.ms"),
    ),
    HostRule(
        "runners",
        (RUNNERS,),
        ("github.com", "*.github.com", "*.githubusercontent.com", "*.actions.githubusercontent.com"),
    ),
)
