"""Variations of the environments with which nothing is wrong."""

from __future__ import annotations

from azlocal.entra.principals import SUBSCRIPTION_ID
from tests.plan.workbench import REMOVED, Set

THEIRS = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/theirs"
ELSEWHERE = THEIRS.replace(SUBSCRIPTION_ID, "33333333-0000-4000-8000-000000000001")
NETWORKS = f"{THEIRS}/providers/Microsoft.Network"
ROLES = ("training", "endpoints", "aksUser", "aksSystem", "ingress", "synapse", "runners")
GPU = {
    "name": "gpu-cluster",
    "vmSize": "Standard_NC4as_T4_v3",
    "priority": "LowPriority",
    "minNodes": 0,
    "maxNodes": 4,
    "idleMinutes": 5,
}
TEAM = {"objectId": "11111111-0000-4000-8000-000000000002", "principalType": "Group"}
FOREVER = {"reason": "a tool that signs in with certificates alone", "until": "2999-12-31"}
LARGE = {"requests": {"cpu": "3", "memory": "8Gi"}, "limits": {"cpu": "3500m", "memory": "12Gi"}}

VARIATIONS: dict[str, tuple[str, tuple[Set, ...]]] = {
    "managed network": ("dev", (Set("network.mode", "managed"),)),
    "own network": ("staging", (Set("network.mode", "byo"),)),
    "managed network, approved outbound only": ("prod", (Set("network.mode", "managed"),)),
    "hosts that leave the managed network": (
        "staging",
        (
            Set("workspace.isolationMode", "AllowOnlyApprovedOutbound"),
            Set("workspace.managedNetwork", {"hosts": {"index": "packages.example.org"}, "firewallSku": "Basic"}),
        ),
    ),
    "another region": ("prod", (Set("platform.location", "northeurope"),)),
    "a region overseas": ("dev", (Set("platform.location", "westus3"),)),
    "a region without zones": ("local", (Set("platform.location", "westus"),)),
    "a region without a pair": (
        "prod",
        (
            Set("platform.location", "italynorth"),
            Set("lake.redundancy", "Standard_ZRS"),
            Set("workspaceStorage.redundancy", "Standard_ZRS"),
        ),
    ),
    "hub on": ("dev", (Set("network.egress", "firewall"), Set("network.hub", {"addressSpace": "10.31.0.0/24"}))),
    "hub off": ("prod", (Set("network.egress", "natGateway"), Set("network.hub", REMOVED))),
    "hub with a Premium firewall": ("prod", (Set("network.hub.firewallTier", "Premium"),)),
    "Bastion": ("prod", (Set("network.bastion", True),)),
    "one group for all people": (
        "dev",
        tuple(Set(f"personas.{one}", TEAM) for one in ("platformEngineer", "dataScientist", "mlEngineer", "reader")),
    ),
    "another address space": ("staging", (Set("network.addressSpace", "192.168.0.0/17"),)),
    "ranges of one's own": (
        "dev",
        (Set("network.subnets", {"training": "10.21.128.0/23", "aksUser": "10.21.160.0/20"}),),
    ),
    "public ranges": ("dev", (Set("network.allowedIpRanges", ["20.50.7.0/24", "20.60.0.1/32"]),)),
    "private from end to end": (
        "dev",
        (
            Set("network.publicAccess", "Disabled"),
            Set("cluster.private", True),
            Set("spark.publicAccess", "Disabled"),
        ),
    ),
    "private from end to end, at its smallest": (
        "local",
        (
            Set("network.publicAccess", "Disabled"),
            Set("cluster.private", True),
            Set("spark.publicAccess", "Disabled"),
        ),
    ),
    "private monitoring only": ("prod", (Set("network.monitorAccess", "PrivateOnly"),)),
    "customer-managed key": ("prod", (Set("workspace.customerKey", {}),)),
    "customer-managed key, data in the subscription": (
        "staging",
        (Set("workspace.customerKey", {"serviceSide": False}),),
    ),
    "high business impact": ("prod", (Set("workspace.highBusinessImpact", True),)),
    "bigger pools": (
        "prod",
        (
            Set("cluster.workloadPool", {"vmSize": "Standard_D16ds_v5", "minNodes": 3, "maxNodes": 30}),
            Set("quotas.compute", {"standardDDSv5Family": 800, "cores": 1000}),
        ),
    ),
    "a GPU cluster and a promotion registry": (
        "dev",
        (Set("workspace.gpuCluster", GPU), Set("workspace.promotionRegistry", True)),
    ),
    "Spark attached": ("dev", (Set("spark.attachToWorkspace", True), Set("spark.sparkVersion", "3.5"))),
    "Spark attached in production": (
        "prod",
        (
            Set("spark.attachToWorkspace", True),
            Set("spark.sparkVersion", "3.5"),
            Set("spark.publicAccess", "Enabled"),
        ),
    ),
    "cilium": ("prod", (Set("cluster.networkPolicy", "cilium"),)),
    "authorized ranges": ("dev", (Set("cluster.authorizedIpRanges", ["20.50.7.0/24"]),)),
    "local accounts for a while": ("dev", (Set("cluster.localAccounts", FOREVER),)),
    "another instance type": ("dev", (Set("serving.instanceTypes.large", LARGE),)),
    "scoring without a certificate": (
        "local",
        (Set("serving.tls", REMOVED), Set("serving.allowInsecureConnections", True)),
    ),
    "a group that is there": ("prod", (Set("platform.group", "existing"),)),
    "cooling by access": ("prod", (Set("lake.trackLastAccess", True),)),
    "no policies": ("prod", (Set("governance.policies", "None"), Set("governance.locks", False))),
    "the monitor's way out": (
        "staging",
        (Set("workspaceStorage.sharedKeys", True), Set("workspace.features", ["modelMonitor"])),
    ),
    # What another team runs, by its id.
    "their hub": (
        "prod",
        (
            Set("network.egress", "existingHub"),
            Set("network.hub", REMOVED),
            Set("network.existingHub", {"virtualNetworkId": f"{NETWORKS}/virtualNetworks/hub", "nextHop": "10.0.0.4"}),
        ),
    ),
    "their network": (
        "dev",
        (
            Set(
                "network.existingNetwork",
                {"virtualNetworkId": f"{NETWORKS}/virtualNetworks/vnet", "subnets": {role: role for role in ROLES}},
            ),
            Set("serving.routerAddress", "10.21.7.10"),
        ),
    ),
    "their zones": ("prod", (Set("network.dnsZonesGroupId", THEIRS),)),
    "their hub, zones and lake in another subscription": (
        "prod",
        (
            Set("network.egress", "existingHub"),
            Set("network.hub", REMOVED),
            Set(
                "network.existingHub",
                {
                    "virtualNetworkId": f"{ELSEWHERE}/providers/Microsoft.Network/virtualNetworks/hub",
                    "nextHop": "10.0.0.4",
                },
            ),
            Set("network.dnsZonesGroupId", ELSEWHERE),
            Set("lake.existingId", f"{ELSEWHERE}/providers/Microsoft.Storage/storageAccounts/theirs"),
        ),
    ),
    "their logs, registry and lake": (
        "prod",
        (
            Set(
                "observability.existingWorkspaceId",
                f"{THEIRS}/providers/Microsoft.OperationalInsights/workspaces/logs",
            ),
            Set("registry.existingId", f"{THEIRS}/providers/Microsoft.ContainerRegistry/registries/theirs"),
            Set("lake.existingId", f"{THEIRS}/providers/Microsoft.Storage/storageAccounts/theirs"),
        ),
    ),
}
"""By name: an environment, and the changes to its settings."""

EXEMPT: dict[str, frozenset[str]] = {
    "a region without a pair": frozenset({"Azure.Storage.UseReplication"}),
    "managed network": frozenset({"MLP.ML.IsolationMode"}),
    "a GPU cluster and a promotion registry": frozenset({"MLP.ML.RegistryPublicAccess"}),
    "local accounts for a while": frozenset({"Azure.AKS.LocalAccounts"}),
    "scoring without a certificate": frozenset({"MLP.AKS.RouterTls"}),
    "Spark attached in production": frozenset({"MLP.Synapse.PublicAccess"}),
    "the monitor's way out": frozenset(
        {"Azure.Storage.LocalAuth", "MLP.ML.DatastoreIdentity", "MLP.Storage.OAuthDefault"}
    ),
}
"""Rules of the policy that a variation is exempt from, with reason and day, and its environment is not."""

ASSUMED: dict[str, frozenset[str]] = {
    "their hub": frozenset({"hub"}),
    "their network": frozenset({"vnet", *ROLES} - {"ingress", "runners", "synapse", "training"}),
    "their hub, zones and lake in another subscription": frozenset({"hub", "theirs"}),
    "their logs, registry and lake": frozenset({"logs", "theirs"}),
}
"""Names of what a plan takes for granted."""
