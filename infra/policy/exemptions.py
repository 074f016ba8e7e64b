"""Where a rule does not hold, why, and until when somebody must look again.

The resource is a pattern of logical names. Where a row holds is read off the plan, so that it holds for a copy of an
environment under any name. A row of your own goes at the end: rule, resource, ``EVERYWHERE`` or one of ``places``,
the reason, and the day on which it ends.
"""

from __future__ import annotations

import datetime

from .conditions import get
from .model import EVERYWHERE, Exemption, Resource
from .places import (
    ATTACHED,
    EXCEPTED,
    KEYED,
    LONE,
    PUBLIC,
    UNCERTIFIED,
    UNDEFENDED,
    UNLOCKED,
    UNZONED,
    UNZONED_POOLS,
)

YEAR = datetime.date(2027, 11, 30)
HALF_YEAR = datetime.date(2027, 5, 31)

OPEN = "the environment is public by its setting network.publicAccess: it holds no data of customers"
SMALL = "the environment is made anew when a zone or a region fails: it holds nothing that must outlive them"
CHEAP = "the environment runs at its smallest size"


def _accounts(cluster: Resource) -> tuple[str, datetime.date] | None:
    """Reason and day of cluster.localAccounts, which the program writes into the cluster's tags."""
    tags = get(cluster.body, "tags", {})
    reason, until = tags.get("local-accounts-reason"), tags.get("local-accounts-until")
    try:
        return (reason, datetime.date.fromisoformat(until)) if reason and until else None
    except ValueError:
        return None


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
    Exemption("Azure.PublicIP.AvailabilityZone", "*", UNZONED, SMALL, HALF_YEAR),
    Exemption("Azure.AKS.AvailabilityZone", "*", UNZONED_POOLS, SMALL, HALF_YEAR),
    Exemption("Azure.AKS.MinUserPoolNodes", "*", UNLOCKED, SMALL, HALF_YEAR),
    Exemption("Azure.AKS.DefenderProfile", "*", UNLOCKED, CHEAP, HALF_YEAR),
    Exemption("Azure.AKS.UptimeSLA", "*", UNLOCKED, CHEAP, HALF_YEAR),
    *(Exemption(f"Azure.Storage.DefenderCloud{rule}", "*", UNDEFENDED, CHEAP, HALF_YEAR) for rule in (
        "", ".MalwareScan", ".SensitiveData")),
    Exemption("Azure.KeyVault.PurgeProtect", "*", UNLOCKED, "a name must be free again at once", HALF_YEAR),
    Exemption("Azure.AKS.LocalAccounts", "*", EXCEPTED, "the reason in the cluster's tag local-accounts-reason, until"
              " the day in local-accounts-until", YEAR, _accounts),
    Exemption("Azure.Storage.UseReplication", "*", LONE,
              "Azure has no second region to copy to: three zones hold the data", YEAR),
    Exemption("MLP.Synapse.PublicAccess", "*", ATTACHED,
              "Azure ML reaches an attached pool over Synapse's public endpoint alone, which its firewall and Entra"
              " guard", HALF_YEAR),
    *(Exemption(rule, resource, KEYED, "Azure's model monitor reads its storage with keys alone", HALF_YEAR)
      for rule, resource in (
        ("Azure.Storage.LocalAuth", "storage-account"), ("MLP.Storage.OAuthDefault", "storage-account"),
        ("MLP.ML.DatastoreIdentity", "*"))),
    Exemption("MLP.AKS.RouterTls", "*", UNCERTIFIED,
              "a trial: the router's address is internal, and the network is all that hears it", HALF_YEAR),
)  # fmt: skip
