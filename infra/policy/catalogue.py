"""All rules, and the rows of PSRule that no plan can answer."""

from __future__ import annotations

from . import (
    containerregistry,
    containerservice,
    general,
    keyvault,
    machinelearning,
    monitor,
    network,
    storage,
    synapse,
)
from .model import Rule

RULES: tuple[Rule, ...] = (
    *machinelearning.RULES, *keyvault.RULES, *storage.RULES, *containerregistry.RULES, *containerservice.RULES,
    *network.RULES, *monitor.RULES, *synapse.RULES, *general.RULES,
)  # fmt: skip
# id → what it lets pass that PSRule's own condition does not, and why
NARROWED = {
    "Azure.ML.DisableLocalAuth": "attached clusters and Spark pools: Azure ML has no accounts on them",
    "Azure.ML.ComputeVnet": "attached clusters and Spark pools, which have no subnet in Azure ML; and computes in the"
    " workspace's managed network, which the Well-Architected guide recommends",
    "Azure.AKS.NetworkPolicy": "cilium, newer than the rule",
    "Azure.Storage.MinTLS": "TLS 1.3, newer than the rule",
}
# id → why it is no rule here
LEFT_OUT = {
    "Azure.ACR.Usage": "needs data exported from a running registry",
    "Azure.ACR.ContainerScan": "needs data exported from a running registry",
    "Azure.ACR.ImageHealth": "needs data exported from a running registry",
    "Azure.ACR.GeoReplica": "needs data exported from a running registry",
    "Azure.AKS.CNISubnetSize": "needs data exported from a running cluster",
    "Azure.AKS.PodIdentity": "the feature is retired",
    "Azure.NSG.Associated": "needs data exported from a running network",
    "Azure.NSG.AKSRules": "is about the group that AKS makes itself",
    "Azure.Log.ReplicaLocation": "without replication there is no place of it",
    "Azure.PublicIP.IsAttached": "needs data exported from a running network; MLP.Network.PublicAddress asks more",
    "Azure.RBAC": "needs data exported from a subscription: who has what there, beside this environment",
    "Azure.LB": "no load balancer is a resource of its own here: AKS makes it",
    "Naming": "holds only for a configured format; names come from infra/naming.py and are tested there",
}
