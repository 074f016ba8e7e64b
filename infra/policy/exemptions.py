"""Where a rule does not hold, why, and until when somebody must look again.

The resource is a pattern of logical names, the environment one or more patterns of names.
"""

from __future__ import annotations

import datetime

from .model import Exemption

YEAR = datetime.date(2027, 11, 30)
HALF_YEAR = datetime.date(2027, 5, 31)

DEFENDER = "Defender for Storage is a plan of the subscription, which its security team switches on for all accounts"
OPEN = "the environment is public by its setting network.publicAccess: it holds no data of customers"
SMALL = "the environment is made anew when a zone or a region fails: it holds nothing that must outlive them"
CHEAP = "the environment runs at its smallest size"
SCOPE = "telemetry goes by the public endpoints until a private link scope stands in every region in use"

EXEMPTIONS: tuple[Exemption, ...] = (
    Exemption("Azure.ML.ComputeVnet", "serving-compute", "*",
              "an attached cluster has no subnet of its own: its nodes stand in those of AKS", YEAR),
    Exemption("Azure.ML.ComputeVnet", "training-*", "staging dev local",
              "the workspace's managed network holds the cluster, as the Well-Architected guide recommends", YEAR),
    Exemption("Azure.ML.DisableLocalAuth", "serving-compute", "*",
              "an attached cluster has no local accounts in Azure ML: AKS's own are off (AZR-000031)", YEAR),
    Exemption("Azure.ACR.Quarantine", "*", "*", "quarantine is a preview without a published date", HALF_YEAR),
    Exemption("Azure.ACR.ContentTrust", "*", "*",
              "Azure retires Docker content trust, and images that Azure ML builds carry no such signature", YEAR),
    Exemption("Azure.AKS.AuthorizedIPs", "*", "staging prod",
              "the API server is private: there is no public address whose callers could be named", YEAR),
    Exemption("Azure.AKS.AuthorizedIPs", "*", "dev local", OPEN, HALF_YEAR),
    Exemption("Azure.AppInsights.LocalAuth", "*", "*",
              "endpoints and jobs of Azure ML send telemetry with the connection string", HALF_YEAR),
    Exemption("Azure.Log.Replication", "*", "*",
              "logs serve operations in the region they come from; nothing legal hangs on them", YEAR),
    Exemption("Azure.NSG.DenyAllInbound", "network-nsg-runners", "*",
              "nothing may reach a runner, probes neither: no load balancer stands before it", YEAR),
    Exemption("Azure.Storage.DefenderCloud", "*", "*", DEFENDER, HALF_YEAR),
    Exemption("Azure.Storage.DefenderCloud.MalwareScan", "*", "*", DEFENDER, HALF_YEAR),
    Exemption("Azure.Storage.DefenderCloud.SensitiveData", "*", "*", DEFENDER, HALF_YEAR),
    Exemption("MLP.Log.PublicIngestion", "*", "*", SCOPE, HALF_YEAR),
    Exemption("MLP.Log.PublicQuery", "*", "*", SCOPE, HALF_YEAR),
    Exemption("MLP.Synapse.DataExfiltration", "*", "*",
              "Azure ML can't attach Spark pools of a workspace with exfiltration protection", YEAR),
    Exemption("MLP.ML.IsolationMode", "*", "staging dev local",
              "approved outbound alone is for prod: elsewhere packages are tried out", YEAR),
    *(Exemption(rule, "*", "dev local", OPEN, HALF_YEAR) for rule in (
        "Azure.ACR.ExportPolicy", "Azure.ACR.Firewall", "Azure.KeyVault.Firewall", "Azure.ML.PublicAccess",
        "Azure.Storage.Firewall", "MLP.ACR.PublicAccess", "MLP.AKS.PrivateCluster", "MLP.AKS.PublicName",
        "MLP.KeyVault.PublicAccess", "MLP.ML.RegistryPublicAccess", "MLP.Storage.PublicAccess",
        "MLP.Synapse.PublicAccess")),
    *(Exemption(rule, "*", "staging dev local", SMALL, HALF_YEAR) for rule in (
        "Azure.Storage.UseReplication", "MLP.ACR.ZoneRedundancy", "Azure.AKS.MinNodeCount",
        "Azure.PublicIP.AvailabilityZone", "Azure.AKS.AvailabilityZone", "Azure.AKS.MinUserPoolNodes")),
    *(Exemption(rule, "*", "dev local", CHEAP, HALF_YEAR) for rule in (
        "Azure.AKS.DefenderProfile", "Azure.AKS.UptimeSLA")),
    Exemption("Azure.KeyVault.PurgeProtect", "*", "local", "a name must be free again at once", HALF_YEAR),
)  # fmt: skip
