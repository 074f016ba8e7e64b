"""Inputs are held against the SDK's own classes: types, names, enums."""

from __future__ import annotations

from typing import Any

import pytest

from azlocal.engine.errors import ResourceError
from azlocal.engine.plan.shapes import OPEN, refuse_misshapen
from azlocal.engine.tables import all_types
from azlocal.engine.values import Secret

POOL = {"name": "one", "mode": "System"}
CLUSTER: dict[str, Any] = {"resourceGroupName": "rg", "agentPoolProfiles": [POOL]}


def refusal(type_: str, inputs: dict[str, Any]) -> ResourceError:
    with pytest.raises(ResourceError) as caught:
        refuse_misshapen(f"azure-native:{type_}", inputs)
    return caught.value


@pytest.mark.parametrize(
    ("inputs", "code", "field", "words"),
    [
        ({"enableRBAC": "yes"}, "InvalidRequestContent", "enableRBAC", "must be a boolean, but is 'yes'"),
        ({"kubernetesVersion": 1.34}, "InvalidRequestContent", "kubernetesVersion", "must be a text, but is 1.34"),
        ({"tags": ["a"]}, "InvalidRequestContent", "tags", "must be a mapping, but is list"),
        ({"tags": {"a": 1}}, "InvalidRequestContent", "tags.a", "must be a text, but is 1"),
        ({"colour": "blue"}, "InvalidRequestContent", "colour", "is no property of ManagedCluster"),
        ({"sku": "Free"}, "InvalidRequestContent", "sku", "must be an object, but is 'Free'"),
        ({"sku": {"tier": "Gold"}}, "InvalidParameter", "sku.tier", "is 'Gold'; allowed are Premium, Standard, Free"),
        (
            {"agentPoolProfiles": [POOL, {"name": "two", "maxPods": True}]},
            "InvalidRequestContent",
            "agentPoolProfiles[1].maxPods",
            "must be an integer, but is True",
        ),
        ({"agentPoolProfiles": POOL}, "InvalidRequestContent", "agentPoolProfiles", "must be a list, but is dict"),
        ({"tags": Secret({"a": 1})}, "InvalidRequestContent", "tags.a", "must be a text"),
    ],
)
def test_what_azure_could_not_read_is_refused(inputs: dict[str, Any], code: str, field: str, words: str) -> None:
    error = refusal("containerservice:ManagedCluster", {**CLUSTER, **inputs})
    assert (error.code, error.target) == (code, field)
    assert words in error.message


def test_all_mistakes_of_a_resource_are_told_together() -> None:
    error = refusal("containerservice:ManagedCluster", {**CLUSTER, "enableRBAC": "yes", "dnsPrefix": 7})
    assert error.message == "enableRBAC must be a boolean, but is 'yes'; dnsPrefix must be a text, but is 7"


def test_of_several_kinds_the_one_that_fits_best_is_meant() -> None:
    compute = {"computeType": "AmlCompute", "properties": {"enableNodePublicIp": "never", "vmSize": "Standard_DS3_v2"}}
    error = refusal("machinelearningservices:Compute", {"resourceGroupName": "rg", "properties": compute})
    assert error.target == "properties.properties.enableNodePublicIp"


def test_the_case_of_an_enum_is_azures_to_ignore() -> None:
    refuse_misshapen("azure-native:containerservice:ManagedCluster", {**CLUSTER, "sku": {"tier": "standard"}})


def test_a_type_that_the_sdk_does_not_have_is_not_judged() -> None:
    refuse_misshapen("azure-native:containerservice:Nothing", {"a": 1})
    refuse_misshapen("azure-native:nothing:Nothing", {"a": 1})


def test_the_exceptions_are_types_of_the_engine() -> None:
    assert {token for token, _ in OPEN} <= all_types().keys()
