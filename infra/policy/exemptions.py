"""Where a rule does not hold, why, and until when somebody must look again.

The resource is a pattern of logical names. Where a row holds is read off the plan, so that it holds for a copy of an
environment under any name. A row of your own goes at the end: rule, resource, ``EVERYWHERE`` or one of the places
below, the reason, and the day on which it ends.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from .conditions import get, same
from .model import EVERYWHERE, Exemption, Resource, Where

YEAR = datetime.date(2027, 11, 30)
HALF_YEAR = datetime.date(2027, 5, 31)

OPEN = "the environment is public by its setting network.publicAccess: it holds no data of customers"
SMALL = "the environment is made anew when a zone or a region fails: it holds nothing that must outlive them"
CHEAP = "the environment runs at its smallest size"

LOCK = "microsoft.authorization/locks"
# What network.publicAccess opens and closes; Synapse and the API server have settings of their own.
DOORS = frozenset({
    "microsoft.storage/storageaccounts",
    "microsoft.keyvault/vaults",
    "microsoft.containerregistry/registries",
    "microsoft.machinelearningservices/workspaces",
})  # fmt: skip


def _unlocked(resources: Sequence[Resource]) -> bool:
    return not any(one.type.lower() == LOCK for one in resources)


def _public(resources: Sequence[Resource]) -> bool:
    """Every door is open: that is the setting, where a single open one is a mistake."""
    doors = [one for one in resources if one.type.lower() in DOORS]
    opened = (same(get(one.body, "properties.publicNetworkAccess", "Enabled"), "Enabled") for one in doors)
    return len(doors) > 1 and all(opened) and _unlocked(resources)


UNLOCKED = Where("without locks (governance.locks)", _unlocked)
PUBLIC = Where("public (network.publicAccess) and without locks (governance.locks)", _public)

EXEMPTIONS: tuple[Exemption, ...] = (
    Exemption("Azure.ACR.Quarantine", "*", EVERYWHERE, "quarantine is a preview without a published date", HALF_YEAR),
    Exemption("Azure.ACR.ContentTrust", "*", EVERYWHERE,
              "Azure retires Docker content trust, and images that Azure ML builds carry no such signature", YEAR),
    Exemption("Azure.AKS.AuthorizedIPs", "*", PUBLIC, OPEN, HALF_YEAR),
    Exemption("Azure.AppInsights.LocalAuth", "*", EVERYWHERE,
              "endpoints and jobs of Azure ML send telemetry with the connection string", HALF_YEAR),
    Exemption("Azure.Log.Replication", "*", EVERYWHERE,
              "logs serve operations in the region they come from; the provider's api-version has no such field", YEAR),
    Exemption("MLP.Synapse.DataExfiltration", "*", EVERYWHERE,
              "Azure ML can't attach Spark pools of a workspace with exfiltration protection", YEAR),
    Exemption("MLP.ML.IsolationMode", "*", UNLOCKED,
              "approved outbound alone is for prod: elsewhere packages are tried out", YEAR),
    *(Exemption(rule, "*", PUBLIC, OPEN, HALF_YEAR) for rule in (
        "Azure.ACR.ExportPolicy", "Azure.ACR.Firewall", "Azure.KeyVault.Firewall", "Azure.ML.PublicAccess",
        "Azure.Storage.Firewall", "MLP.ACR.PublicAccess", "MLP.AKS.PrivateCluster", "MLP.AKS.PublicName",
        "MLP.KeyVault.PublicAccess", "MLP.Log.PublicIngestion", "MLP.Log.PublicQuery", "MLP.Storage.PublicAccess",
        "MLP.Synapse.PublicAccess")),
    Exemption("MLP.ML.RegistryPublicAccess", "*", PUBLIC, OPEN, HALF_YEAR),
    *(Exemption(rule, "*", UNLOCKED, SMALL, HALF_YEAR) for rule in (
        "Azure.Storage.UseReplication", "MLP.ACR.ZoneRedundancy", "Azure.AKS.MinNodeCount")),
    Exemption("Azure.PublicIP.AvailabilityZone", "*", PUBLIC, SMALL, HALF_YEAR),
    *(Exemption(rule, "*", PUBLIC, SMALL, HALF_YEAR) for rule in (
        "Azure.AKS.AvailabilityZone", "Azure.AKS.MinUserPoolNodes")),
    Exemption("Azure.AKS.DefenderProfile", "*", PUBLIC, CHEAP, HALF_YEAR),
    Exemption("Azure.AKS.UptimeSLA", "*", PUBLIC, CHEAP, HALF_YEAR),
    *(Exemption(f"Azure.Storage.DefenderCloud{rule}", "*", PUBLIC, CHEAP, HALF_YEAR) for rule in (
        "", ".MalwareScan", ".SensitiveData")),
    Exemption("Azure.KeyVault.PurgeProtect", "*", PUBLIC, "a name must be free again at once", HALF_YEAR),
)  # fmt: skip
