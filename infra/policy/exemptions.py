"""Where a rule does not hold, why, and until when somebody must look again.

The resource is a pattern of logical names, the environment one or more patterns of names.
"""

from __future__ import annotations

import datetime

from .model import Exemption

YEAR = datetime.date(2027, 11, 30)
HALF_YEAR = datetime.date(2027, 5, 31)

OPEN = "the environment is public by its setting network.publicAccess: it holds no data of customers"
SMALL = "the environment is made anew when a zone or a region fails: it holds nothing that must outlive them"
CHEAP = "the environment runs at its smallest size"

EXEMPTIONS: tuple[Exemption, ...] = (
    Exemption("Azure.ACR.Quarantine", "*", "*", "quarantine is a preview without a published date", HALF_YEAR),
    Exemption("Azure.ACR.ContentTrust", "*", "*",
              "Azure retires Docker content trust, and images that Azure ML builds carry no such signature", YEAR),
    Exemption("Azure.AKS.AuthorizedIPs", "*", "dev local", OPEN, HALF_YEAR),
    Exemption("Azure.AppInsights.LocalAuth", "*", "*",
              "endpoints and jobs of Azure ML send telemetry with the connection string", HALF_YEAR),
    Exemption("Azure.Log.Replication", "*", "*",
              "logs serve operations in the region they come from; the provider's api-version has no such field", YEAR),
    Exemption("MLP.Synapse.DataExfiltration", "*", "*",
              "Azure ML can't attach Spark pools of a workspace with exfiltration protection", YEAR),
    Exemption("MLP.ML.IsolationMode", "*", "staging",
              "approved outbound alone is for prod: elsewhere packages are tried out", YEAR),
    *(Exemption(rule, "*", "dev local", OPEN, HALF_YEAR) for rule in (
        "Azure.ACR.ExportPolicy", "Azure.ACR.Firewall", "Azure.KeyVault.Firewall", "Azure.ML.PublicAccess",
        "Azure.Storage.Firewall", "MLP.ACR.PublicAccess", "MLP.AKS.PrivateCluster", "MLP.AKS.PublicName",
        "MLP.KeyVault.PublicAccess", "MLP.Log.PublicIngestion", "MLP.Log.PublicQuery", "MLP.Storage.PublicAccess",
        "MLP.Synapse.PublicAccess")),
    Exemption("MLP.ML.RegistryPublicAccess", "*", "local", OPEN, HALF_YEAR),
    *(Exemption(rule, "*", "staging dev local", SMALL, HALF_YEAR) for rule in (
        "Azure.Storage.UseReplication", "MLP.ACR.ZoneRedundancy", "Azure.AKS.MinNodeCount")),
    Exemption("Azure.PublicIP.AvailabilityZone", "*", "dev local", SMALL, HALF_YEAR),
    *(Exemption(rule, "*", "local", SMALL, HALF_YEAR) for rule in (
        "Azure.AKS.AvailabilityZone", "Azure.AKS.MinUserPoolNodes")),
    Exemption("Azure.AKS.DefenderProfile", "*", "dev local", CHEAP, HALF_YEAR),
    Exemption("Azure.AKS.UptimeSLA", "*", "local", CHEAP, HALF_YEAR),
    *(Exemption(f"Azure.Storage.DefenderCloud{rule}", "*", "dev", CHEAP, HALF_YEAR) for rule in (
        "", ".MalwareScan", ".SensitiveData")),
    Exemption("Azure.KeyVault.PurgeProtect", "*", "local", "a name must be free again at once", HALF_YEAR),
)  # fmt: skip
