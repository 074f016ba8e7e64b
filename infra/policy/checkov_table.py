"""Checks of checkov that are wrong about ARM templates, and why: what it finds beside these is a finding.

Read from the checks' own code (checkov 3.3); ids are those of its ARM framework.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """Of which resource a check is wrong (a pattern of type and name), and why. Of any other it may be right."""

    of: str
    why: str


CLUSTER, FIREWALL = "Microsoft.ContainerService/managedClusters.aks-*", "Microsoft.Network/azureFirewalls.afw-*"
REGISTRY = "Microsoft.ContainerRegistry/registries.cr*"
WORKSPACE = "Microsoft.MachineLearningServices/workspaces.mlw-*"
SYNAPSE, POOL = "Microsoft.Synapse/workspaces.synw-*", "Microsoft.Synapse/workspaces/bigDataPools.synw-*/sp*"

WRONG: dict[str, Wrong] = {
    "CKV_AZURE_6": Wrong(
        CLUSTER,
        "asks a private cluster for authorised ranges too, which Azure refuses there",
    ),
    "CKV_AZURE_8": Wrong(
        CLUSTER, "fails where the dashboard add-on is absent: it is retired, and cannot be named any more"
    ),
    "CKV_AZURE_58": Wrong(
        SYNAPSE, "is the wrong way round: it fails `default`, the one value that turns the managed network on"
    ),
    "CKV_AZURE_157": Wrong(
        SYNAPSE,
        "reads a field that does not exist; the real one is managedVirtualNetworkSettings"
        ".preventDataExfiltration, whose exemption is in the table above",
    ),
    "CKV_AZURE_166": Wrong(
        REGISTRY,
        "demands the quarantine policy, a preview, whose exemption is in the table above",
    ),
    "CKV_AZURE_172": Wrong(
        CLUSTER, "wants the boolean true; AKS's add-on configuration holds strings, and 'true' is there"
    ),
    "CKV_AZURE_216": Wrong(
        FIREWALL, "reads the firewall; one with a policy has its mode there, and the policy's is Deny"
    ),
    "CKV_AZURE_240": Wrong(
        SYNAPSE, "wants a key of one's own beside Azure's encryption, of everyone: spark.customerKey is a setting"
    ),
    "CKV_AZURE_242": Wrong(
        POOL, "wants isolated compute, an option for the largest node size alone, of every Spark pool"
    ),
    "CKV_AZURE_243": Wrong(
        WORKSPACE, "wants an outbound rule of a managed network; the way in is a private endpoint, which it ignores"
    ),
    "CKV2_AZURE_53": Wrong(
        SYNAPSE, "looks for Microsoft.Synapse/workspaces/extendedAuditingPolicies, a type that Azure does not have"
    ),
}
