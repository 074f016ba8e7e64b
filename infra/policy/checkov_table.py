"""Checks of checkov that are wrong about ARM templates, and why: what it finds beside these is a finding.

Read from the checks' own code (checkov 3.3); ids are those of its ARM framework.
"""

from __future__ import annotations

WRONG: dict[str, str] = {
    "CKV_AZURE_6": "asks a private cluster for authorised ranges too, which Azure refuses there",
    "CKV_AZURE_8": "fails where the dashboard add-on is absent: it is retired, and cannot be named any more",
    "CKV_AZURE_58": "is the wrong way round: it fails `default`, the one value that turns the managed network on",
    "CKV_AZURE_157": "reads a field that does not exist; the real one is managedVirtualNetworkSettings"
    ".preventDataExfiltration, whose exemption is in the table above",
    "CKV_AZURE_166": "demands the quarantine policy, a preview, whose exemption is in the table above",
    "CKV_AZURE_172": "wants the boolean true; AKS's add-on configuration holds strings, and 'true' is there",
    "CKV_AZURE_216": "reads the firewall; one with a policy has its mode there, and the policy's is Deny",
    "CKV_AZURE_240": "wants a key of one's own beside Azure's encryption, of everyone: spark.customerKey is a setting",
    "CKV_AZURE_242": "wants isolated compute, an option for the largest node size alone, of every Spark pool",
    "CKV_AZURE_243": "wants an outbound rule of a managed network; the way in is a private endpoint, which it ignores",
    "CKV2_AZURE_53": "looks for Microsoft.Synapse/workspaces/extendedAuditingPolicies, a type that Azure does not have",
}
