"""Every body the engine sends is one that Azure's own SDKs read without loss."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from azlocal.engine.plan import Plan, plan
from azlocal.engine.tables import all_types, find_type
from azlocal.engine.wire import to_wire
from tests.azlocal.engine.models import MODELS, unknown_paths

ROOT = Path(__file__).parents[3]
ENVIRONMENTS = sorted(path.name.split(".")[1] for path in (ROOT / "environments").glob("Pulumi.*.yaml"))

# What a model has no place for though the service takes it: newer than the model, or removed from it since.
NEWER = {
    "Microsoft.Synapse/workspaces": {
        ".properties.azureADOnlyAuthentication",
        ".properties.cspWorkspaceAdminProperties",
        ".properties.defaultDataLakeStorage.resourceId",
        ".identity.userAssignedIdentities",  # with a key of the customer's
        ".properties.encryption.cmk.kekIdentity",
        ".properties.trustedServiceBypassEnabled",
    },
    "Microsoft.Synapse/workspaces/bigDataPools": {
        ".properties.dynamicExecutorAllocation.maxExecutors",
        ".properties.dynamicExecutorAllocation.minExecutors",
    },
    "Microsoft.ContainerRegistry/registries": {".properties.policies.softDeletePolicy"},
}

# Diagnostic settings and private link scopes have left azure-mgmt-monitor; the packages of the others are not among the
# tests' own.
WITHOUT_MODEL = {
    "Microsoft.Authorization/policyAssignments",
    "Microsoft.Consumption/budgets",
    "Microsoft.Insights/diagnosticSettings",
    "Microsoft.Insights/privateLinkScopes",
    "Microsoft.Insights/privateLinkScopes/scopedResources",
}


@cache
def _plan(env: str) -> Plan:
    return plan(ROOT, env)


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_a_whole_program_is_read_without_loss(env: str) -> None:
    lost: dict[str, set[str]] = {}
    for resource in _plan(env).resources:
        arm_type = resource["armType"]
        if arm_type in MODELS and resource["body"]:
            unknown = set(unknown_paths(arm_type, resource["body"])) - NEWER.get(arm_type, set())
            if unknown:
                lost.setdefault(arm_type, set()).update(unknown)
    assert lost == {}


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_azure_would_take_the_whole_program(env: str) -> None:
    assert _plan(env).problems == []


def test_almost_every_type_of_the_program_is_compared() -> None:
    azure = {
        resource["armType"]
        for resource in _plan("dev").resources
        if resource["type"].startswith("azure-native:") and resource["armType"]
    }
    assert azure - MODELS.keys() == WITHOUT_MODEL


BODIES: list[tuple[str, dict[str, Any]]] = [
    (
        "network:VirtualNetwork",
        {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"], "ipamPoolPrefixAllocations": [{"id": "/pool"}]},
            "virtualNetworkPeerings": [
                {"name": "p", "allowForwardedTraffic": True, "remoteVirtualNetwork": {"id": "/v"}}
            ],
            "subnets": [
                {
                    "name": "s",
                    "addressPrefix": "10.0.0.0/24",
                    "delegations": [{"name": "d", "serviceName": "Microsoft.Web/serverFarms"}],
                    "networkSecurityGroup": {
                        "id": "/n",
                        "securityRules": [{"name": "r", "priority": 100, "access": "Allow", "direction": "Inbound"}],
                    },
                    "routeTable": {"id": "/t", "routes": [{"name": "r", "addressPrefix": "0.0.0.0/0"}]},
                    "serviceEndpoints": [{"service": "Microsoft.Storage", "locations": ["*"]}],
                }
            ],
        },
    ),
    (
        "network:PrivateEndpoint",
        {
            "subnet": {"id": "/s"},
            "ipConfigurations": [
                {"name": "i", "groupId": "blob", "memberName": "blob", "privateIPAddress": "10.0.0.4"}
            ],
            "manualPrivateLinkServiceConnections": [
                {"name": "m", "privateLinkServiceId": "/x", "groupIds": ["blob"], "requestMessage": "please"}
            ],
            "applicationSecurityGroups": [{"id": "/a"}],
        },
    ),
    (
        "storage:StorageAccount",
        {
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/i"]},
            "enableHttpsTrafficOnly": True,
            "enableNfsV3": False,
            "encryption": {
                "keySource": "Microsoft.Keyvault",
                "encryptionIdentity": {"encryptionUserAssignedIdentity": "/i"},
                "keyVaultProperties": {"keyName": "k", "keyVaultUri": "https://v", "keyVersion": "1"},
                "services": {"blob": {"enabled": True, "keyType": "Account"}},
            },
            "networkRuleSet": {
                "defaultAction": "Deny",
                "ipRules": [{"iPAddressOrRange": "1.2.3.4", "action": "Allow"}],
                "virtualNetworkRules": [{"virtualNetworkResourceId": "/s", "action": "Allow"}],
                "resourceAccessRules": [{"resourceId": "/r", "tenantId": "t"}],
            },
        },
    ),
    (
        "containerservice:ManagedCluster",
        {
            "autoScalerProfile": {"balanceSimilarNodeGroups": "true", "scanInterval": "10s"},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/i"]},
            "agentPoolProfiles": [{"name": "p", "count": 1, "vmSize": "Standard_D4s_v5", "nodeLabels": {"a": "b"}}],
            "addonProfiles": {"omsagent": {"enabled": True, "config": {"a": "b"}}},
        },
    ),
    (
        "containerservice:AgentPool",
        {"resourceName": "c", "agentPoolName": "p", "tags": {"a": "b"}, "type": "VirtualMachineScaleSets", "count": 1},
    ),
    (
        "machinelearningservices:Workspace",
        {
            "identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": ["/i"]},
            "sharedPrivateLinkResources": [{"name": "l", "groupId": "blob", "privateLinkResourceId": "/x"}],
        },
    ),
    (
        "operationalinsights:Workspace",
        {"sku": {"name": "PerGB2018"}, "retentionInDays": 30, "features": {"disableLocalAuth": True}},
    ),
    (
        "applicationinsights:Component",
        {"kind": "web", "applicationType": "web", "ingestionMode": "LogAnalytics", "workspaceResourceId": "/w"},
    ),
    ("containerregistry:Registry", {"networkRuleSet": {"ipRules": [{"iPAddressOrRange": "1.2.3.4"}]}}),
]


@pytest.mark.parametrize(("token", "inputs"), BODIES, ids=[token for token, _ in BODIES])
def test_what_is_lifted_and_renamed_is_put_back(token: str, inputs: dict[str, Any]) -> None:
    row = find_type(f"azure-native:{token}")
    assert row is not None
    body = to_wire({name: value for name, value in inputs.items() if name not in row.path_inputs}, row.shape)
    arm_type = _arm_type(row.path)
    assert unknown_paths(arm_type, body) == []


def test_the_check_itself_sees_what_is_lost() -> None:
    assert unknown_paths("Microsoft.Network/virtualNetworks", {"subnets": []}) == [".subnets"]
    assert unknown_paths("Microsoft.Storage/storageAccounts", {"properties": {"networkRuleSet": {"a": 1}}}) == [
        ".properties.networkRuleSet"
    ]
    assert unknown_paths("Microsoft.ManagedIdentity/userAssignedIdentities", {"nope": {"a": 1}}) == [".nope"]


def test_every_row_is_a_type_of_its_own() -> None:
    paths = [row.path for row in all_types().values()]
    assert len(set(paths)) == len(paths)


def _arm_type(path: str) -> str:
    namespace, *segments = path.rsplit("/providers/", 1)[1].split("/")
    return "/".join((namespace, *segments[0::2]))
