"""Every body the engine sends is one that Azure's own SDKs read without loss."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from azlocal.engine.plan import Plan, plan
from azlocal.engine.tables import all_types, find_type
from azlocal.engine.wire import to_wire
from tests.azlocal.engine.models import MODELS, installed_versions, nearest_model, unknown_paths

ROOT = Path(__file__).parents[3]
ENVIRONMENTS = sorted(path.name.split(".")[1] for path in (ROOT / "environments").glob("Pulumi.*.yaml"))

# What a model has no place for though the service takes it, and why that is right.
_SYNAPSE = "the package is of 2021-03-01, the provider's api-version of 2021-06-01"
NEWER = {
    "Microsoft.Synapse/workspaces": {
        ".properties.azureADOnlyAuthentication": f"{_SYNAPSE}, which has it",
        ".properties.cspWorkspaceAdminProperties": f"{_SYNAPSE}, which has it",
        ".properties.defaultDataLakeStorage.resourceId": f"{_SYNAPSE}, which has it",
        ".properties.encryption.cmk.kekIdentity": f"{_SYNAPSE}, which has it",
        ".properties.trustedServiceBypassEnabled": f"{_SYNAPSE}, which has it",
        ".identity.userAssignedIdentities": f"{_SYNAPSE}, which has user-assigned identities",
    },
    "Microsoft.Synapse/workspaces/bigDataPools": {
        ".properties.dynamicExecutorAllocation.maxExecutors": f"{_SYNAPSE}, which has it",
        ".properties.dynamicExecutorAllocation.minExecutors": f"{_SYNAPSE}, which has it",
    },
    "Microsoft.ContainerRegistry/registries": {
        ".properties.policies.softDeletePolicy": "a preview: of 2023-01-01-preview, which is sent, and not of the"
        " package's 2025-11-01",
    },
}

_MONITOR = "has left azure-mgmt-monitor with version 7, and is in no other of Microsoft's packages for Python"
WITHOUT_MODEL = {
    "Microsoft.Insights/diagnosticSettings": _MONITOR,
    "Microsoft.Insights/privateLinkScopes": _MONITOR,
    "Microsoft.Insights/privateLinkScopes/scopedResources": _MONITOR,
}


@cache
def _plan(env: str) -> Plan:
    return plan(ROOT, env)


def _sent(env: str) -> list[dict[str, Any]]:
    return [one for one in _plan(env).resources if one["type"].startswith("azure-native:") and one["body"]]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_a_whole_program_is_read_without_loss(env: str) -> None:
    lost: dict[str, set[str]] = {}
    for resource in _sent(env):
        arm_type = resource["armType"]
        if arm_type not in WITHOUT_MODEL:
            unknown = set(unknown_paths(arm_type, resource["body"], resource["apiVersion"]))
            if unknown := unknown - NEWER.get(arm_type, {}).keys():
                lost.setdefault(arm_type, set()).update(unknown)
    assert lost == {}


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_azure_would_take_the_whole_program(env: str) -> None:
    assert _plan(env).problems == []


def test_every_type_of_every_environment_is_compared_or_said() -> None:
    types = {one["armType"] for env in ENVIRONMENTS for one in _sent(env)}
    assert types - MODELS.keys() == WITHOUT_MODEL.keys()


def test_a_model_is_that_of_the_api_version_that_is_sent_or_the_nearest_that_is_installed() -> None:
    sent = {(one["armType"], one["apiVersion"]) for env in ENVIRONMENTS for one in _sent(env)}
    apart = {}
    for arm_type, version in sorted(sent):
        there = installed_versions(arm_type) if arm_type in MODELS else {}
        if there and version not in there:
            apart[arm_type] = (version, nearest_model(arm_type, version)[0])
    assert apart == APART


# Packages with models of several api-versions, none of them the one that is sent: that, and the nearest.
_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
APART = {
    _IDENTITY: ("2023-01-31", "2022-01-31-preview"),
    f"{_IDENTITY}/federatedIdentityCredentials": ("2023-01-31", "2022-01-31-preview"),
    "Microsoft.Security/defenderForStorageSettings": ("2024-10-01-preview", "2022-12-01-preview"),
}


@pytest.mark.parametrize("value", [True, {"x": 1}], ids=str)
def test_what_a_model_is_said_to_lack_it_lacks(value: Any) -> None:
    for arm_type, fields in NEWER.items():
        for field, why in fields.items():
            body = value
            for step in reversed(field.strip(".").split(".")):
                body = {step: body}
            (lost,) = unknown_paths(arm_type, body)
            assert f"{field}.".startswith(f"{lost}."), why


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
