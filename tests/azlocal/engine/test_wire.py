"""Lifting and renaming, there and back."""

from __future__ import annotations

from typing import Any

import pytest

from azlocal.engine.tables import all_types
from azlocal.engine.wire import Shape, from_wire, to_wire

CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "network:VirtualNetwork",
        {
            "location": "westeurope",
            "tags": {"a": "b"},
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "s", "addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": "/n"}}],
        },
        {
            "location": "westeurope",
            "tags": {"a": "b"},
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [
                    {
                        "name": "s",
                        "properties": {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": "/n"}},
                    }
                ],
            },
        },
    ),
    (
        "storage:StorageAccount",
        {
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "enableHttpsTrafficOnly": True,
            "networkRuleSet": {"ipRules": [{"iPAddressOrRange": "1.2.3.4"}]},
        },
        {
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "properties": {"supportsHttpsTrafficOnly": True, "networkAcls": {"ipRules": [{"value": "1.2.3.4"}]}},
        },
    ),
    (
        "operationalinsights:Workspace",
        {"location": "x", "sku": {"name": "PerGB2018"}},
        {"location": "x", "properties": {"sku": {"name": "PerGB2018"}}},
    ),
    (
        "authorization:RoleDefinition",
        {"roleName": "r", "roleType": "CustomRole"},
        {"properties": {"roleName": "r", "type": "CustomRole"}},
    ),
    (
        "machinelearningservices:Compute",
        {"location": "x", "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "v"}}},
        {"location": "x", "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "v"}}},
    ),
]


@pytest.mark.parametrize(("token", "sdk", "wire"), CASES, ids=[case[0] for case in CASES])
def test_there_and_back(token: str, sdk: dict[str, Any], wire: dict[str, Any]) -> None:
    shape = all_types()[token].shape
    assert to_wire(sdk, shape) == wire
    assert from_wire(wire, shape) == sdk


def test_identities_are_a_list_going_and_a_map_coming() -> None:
    shape = all_types()["machinelearningservices:Workspace"].shape
    sent = to_wire({"identity": {"type": "UserAssigned", "userAssignedIdentities": ["/a", "/b"]}}, shape)
    assert sent == {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/a": {}, "/b": {}}}}
    answer = {"identity": {"userAssignedIdentities": {"/a": {"principalId": "p"}}}}
    assert from_wire(answer, shape) == answer


def test_a_name_of_the_resource_is_not_hidden_by_one_of_its_properties() -> None:
    shape = all_types()["network:PrivateEndpoint"].shape
    assert from_wire({"id": "/r", "type": "T", "properties": {"type": "t", "subnet": {"id": "/s"}}}, shape) == {
        "id": "/r",
        "type": "T",
        "subnet": {"id": "/s"},
    }


def test_what_azure_nests_deeper() -> None:
    shape = Shape(rename={"id": "pool.id"})
    assert to_wire({"id": "/p", "n": 1}, shape) == {"pool": {"id": "/p"}, "n": 1}
    assert from_wire({"pool": {"id": "/p"}, "n": 1}, shape) == {"id": "/p", "n": 1}


def test_a_map_of_objects() -> None:
    shape = Shape(inside={"*": Shape(rename={"a": "b"})})
    assert to_wire({"one": {"a": 1}, "two": {"a": 2}}, shape) == {"one": {"b": 1}, "two": {"b": 2}}
