"""Every way from the internet into a resource, by its type: the field, what keeps it shut, and what Azure makes of a
field that is absent. A type that stands in no table is a gap, not a closed door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.policy.conditions import get
from infra.policy.model import Resource
from infra.policy.prefixes import open_prefixes

NETWORKS = "Microsoft.Network/"
ANYWHERE = "*"  # in a path: each element of a list, or each value of a mapping


@dataclass(frozen=True)
class Door:
    """A field: ``shut`` are the values that close it, ``absent`` is Azure's default, ``of`` narrows by another."""

    path: str
    shut: tuple[Any, ...]
    absent: Any
    of: tuple[str, str] | None = None


@dataclass(frozen=True)
class Addresses:
    """A list of addresses that are let in, ``key`` is where each entry has its address."""

    path: str
    key: str = ""


_ACCESS = Door("properties.publicNetworkAccess", ("Disabled",), "Enabled")
_MONITOR = tuple(
    Door(f"properties.publicNetworkAccessFor{what}", ("Disabled", "SecuredByPerimeter"), "Enabled")
    for what in ("Ingestion", "Query")
)
_INNER = "properties.properties"
_CLUSTER, _INSTANCE = ("properties.computeType", "AmlCompute"), ("properties.computeType", "ComputeInstance")

DOORS: dict[str, tuple[Door | Addresses, ...]] = {
    "Microsoft.Storage/storageAccounts": (
        _ACCESS,
        Door("properties.networkAcls.defaultAction", ("Deny",), "Allow"),
        Door("properties.allowBlobPublicAccess", (False,), True),
        Door("properties.isSftpEnabled", (False,), False),
        Door("properties.isLocalUserEnabled", (False,), True),
        Addresses("properties.networkAcls.ipRules", "value"),
    ),
    "Microsoft.Storage/storageAccounts/blobServices/containers": (Door("properties.publicAccess", ("None",), "None"),),
    "Microsoft.KeyVault/vaults": (
        _ACCESS,
        Door("properties.networkAcls.defaultAction", ("Deny",), "Allow"),
        Addresses("properties.networkAcls.ipRules", "value"),
    ),
    "Microsoft.ContainerRegistry/registries": (
        _ACCESS,
        Door("properties.anonymousPullEnabled", (False,), False),
        Door("properties.adminUserEnabled", (False,), False),
        Addresses("properties.networkRuleSet.ipRules", "value"),
    ),
    "Microsoft.ContainerService/managedClusters": (
        Door("properties.apiServerAccessProfile.enablePrivateCluster", (True,), False),
        Door("properties.apiServerAccessProfile.enablePrivateClusterPublicFQDN", (False,), True),
        Door("properties.agentPoolProfiles.*.enableNodePublicIP", (False,), False),
        Door("properties.addonProfiles.httpApplicationRouting.enabled", (False,), False),
    ),
    "Microsoft.ContainerService/managedClusters/agentPools": (Door("properties.enableNodePublicIP", (False,), False),),
    "Microsoft.KubernetesConfiguration/extensions": (
        Door("properties.configurationSettings.internalLoadBalancerProvider", ("azure",), None),
    ),
    "Microsoft.MachineLearningServices/workspaces": (
        _ACCESS,
        Door("properties.allowPublicAccessWhenBehindVnet", (False,), False),
        Addresses("properties.ipAllowlist"),
    ),
    "Microsoft.MachineLearningServices/workspaces/computes": (
        Door(f"{_INNER}.enableNodePublicIp", (False,), True, _CLUSTER),
        Door(f"{_INNER}.remoteLoginPortPublicAccess", ("Disabled",), "NotSpecified", _CLUSTER),
        Door(f"{_INNER}.enableNodePublicIp", (False,), True, _INSTANCE),
        Door(f"{_INNER}.sshSettings.sshPublicAccess", ("Disabled",), "Disabled", _INSTANCE),
    ),
    "Microsoft.MachineLearningServices/registries": (
        _ACCESS,
        Door(
            "properties.regionDetails.*.storageAccountDetails.*.systemCreatedStorageAccount.allowBlobPublicAccess",
            (False,),
            True,
        ),
    ),
    "Microsoft.Synapse/workspaces": (_ACCESS,),
    "Microsoft.Synapse/workspaces/firewallRules": (Door("properties.startIpAddress", (), None),),  # none at all
    "Microsoft.OperationalInsights/workspaces": _MONITOR,
    "Microsoft.Insights/components": _MONITOR,
    "Microsoft.Insights/dataCollectionEndpoints": (
        Door("properties.networkAcls.publicNetworkAccess", ("Disabled", "SecuredByPerimeter"), "Enabled"),
    ),
    "Microsoft.Network/firewallPolicies/ruleCollectionGroups": (
        Door("properties.ruleCollections.*.ruleCollectionType", ("FirewallPolicyFilterRuleCollection",), None),
    ),
    "Microsoft.Network/azureFirewalls": (Door("properties.natRuleCollections.*.name", (), None),),
}

# Types that cannot let anybody in, and why.
WITHOUT = {
    "Microsoft.Authorization/locks": "guards what is there",
    "Microsoft.Authorization/policyAssignments": "refuses or reports",
    "Microsoft.Authorization/roleAssignments": "says who, not from where",
    "Microsoft.Consumption/budgets": "counts",
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations": "hours",
    "Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings": "lets one workspace in by its identity",
    "Microsoft.Insights/actionGroups": "sends",
    "Microsoft.Insights/dataCollectionRuleAssociations": "says what is collected",
    "Microsoft.Insights/dataCollectionRules": "says what is collected",
    "Microsoft.Insights/diagnosticSettings": "sends",
    "Microsoft.Insights/metricAlerts": "watches",
    "Microsoft.Insights/privateLinkScopes": "is reached by its private endpoint; its modes are about the way out",
    "Microsoft.Insights/privateLinkScopes/scopedResources": "a member of the scope",
    "Microsoft.Insights/scheduledQueryRules": "watches",
    "Microsoft.Insights/workbooks": "a page of Azure's portal",
    "Microsoft.MachineLearningServices/workspaces/datastores": "names a place",
    "Microsoft.MachineLearningServices/workspaces/outboundRules": "a way out",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "says who, not from where",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": "says who, not from where",
    "Microsoft.Network/firewallPolicies": "its rules are resources of their own",
    "Microsoft.Network/natGateways": "a way out: nothing can be opened from outside",
    "Microsoft.Network/privateDnsZones": "names inside the network",
    "Microsoft.Network/privateDnsZones/A": "a name inside the network",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "who sees the names",
    "Microsoft.Network/privateEndpoints": "a way from the network to the service",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "names inside the network",
    "Microsoft.Network/routeTables": "ways out",
    "Microsoft.Network/routeTables/routes": "a way out",
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings": "between networks of the environment",
    "Microsoft.Resources/resourceGroups": "a folder",
    "Microsoft.Security/defenderForStorageSettings": "watches",
    "Microsoft.Storage/storageAccounts/blobServices": "the account's door is its own",
    "Microsoft.Storage/storageAccounts/fileServices": "the account's door is its own",
    "Microsoft.Storage/storageAccounts/managementPolicies": "ages data",
    "Microsoft.Synapse/privateLinkHubs": "is reached by its private endpoint alone",
    "Microsoft.Synapse/workspaces/bigDataPools": "runs in the workspace's managed network",
}

GROUP, VNET = "Microsoft.Network/networkSecurityGroups", "Microsoft.Network/virtualNetworks"
PUBLIC = "Microsoft.Network/publicIPAddresses"
# What may hold a public address, because it lets nothing in that was not asked for from inside, or asks who it is.
HOLDERS = ("Microsoft.Network/azureFirewalls", "Microsoft.Network/natGateways")
UNGUARDED = {"AzureFirewallSubnet"}  # Azure refuses a group there (firewall/firewall-faq)


def open_doors(resources: Sequence[Resource]) -> list[str]:
    """Every open door as ``resource: field``; a type that no table knows is one too."""
    return [f"{one.label}: {path}" for one in resources for path in _open(one, resources)]


def _open(one: Resource, resources: Sequence[Resource]) -> Iterator[str]:
    special: dict[str, Callable[[], Iterable[str]]] = {
        GROUP: lambda: _inbound(one),
        VNET: lambda: _unguarded(one),
        PUBLIC: lambda: _held(one, resources),
    }
    if one.type in special:
        yield from special[one.type]()
    elif one.type in DOORS:
        for door in DOORS[one.type]:
            yield from _through(one, door)
    elif one.type not in WITHOUT:
        yield f"nothing is known of {one.type}"


def _through(one: Resource, door: Door | Addresses) -> Iterator[str]:
    if isinstance(door, Addresses):
        entries = get(one.body, door.path, ())
        for prefix in open_prefixes([get(entry, door.key, "") if door.key else entry for entry in entries]):
            yield f"{door.path} {prefix}"
    elif door.of is None or get(one.body, door.of[0]) == door.of[1]:
        for value in _values(one.body, door.path):
            if (door.absent if value is None else value) not in door.shut:
                yield door.path


def _values(body: Any, path: str) -> Iterator[Any]:
    head, star, tail = path.partition(f".{ANYWHERE}.")
    found = get(body, head)
    if not star:
        yield found
        return
    for item in found.values() if isinstance(found, dict) else found or ():
        yield from _values(item, tail)


def _inbound(one: Resource) -> Iterator[str]:
    """What the rules let in, all sources together: halves of the internet are the internet."""
    allowed = [
        rule["properties"]
        for rule in get(one.body, "properties.securityRules", ())
        if (rule["properties"]["direction"], rule["properties"]["access"]) == ("Inbound", "Allow")
    ]
    sources = [
        source
        for rule in allowed
        for source in (rule.get("sourceAddressPrefix"), *rule.get("sourceAddressPrefixes", ()))
        if source
    ]
    for source in open_prefixes(sources):
        yield f"properties.securityRules {source}"


def _unguarded(one: Resource) -> Iterator[str]:
    for subnet in get(one.body, "properties.subnets", ()):
        if subnet["name"] not in UNGUARDED and not get(subnet, "properties.networkSecurityGroup.id"):
            yield f"properties.subnets {subnet['name']} has no security group"


def _held(one: Resource, resources: Sequence[Resource]) -> Iterator[str]:
    own = one.id.lower().partition("/resourcegroups/")[2]
    holders = [other for other in resources if own in str(other.body).lower() and other.type.startswith(NETWORKS)]
    if not holders or any(other.type not in HOLDERS for other in holders):
        yield "a public address that no way out holds"
