"""A problem names the resource, the field, the fix and its source."""

from __future__ import annotations

from azlocal.engine.plan import plan
from tests.azlocal.plan.conftest import Write

NETWORK = """
from pulumi_azure_native import network
rg = group()
network.VirtualNetwork(
    "vnet", resource_group_name=rg.name, virtual_network_name="vnet-shop", location="westeurope",
    address_space={"addressPrefixes": ["10.0.0.0/24"]},
    subnets=[{"name": "apps", "addressPrefix": "10.0.1.0/24"}])
"""


def test_a_problem_says_what_where_and_how_to_mend_it(project: Write) -> None:
    (problem,) = plan(project(NETWORK), "dev").problems
    assert problem["code"] == "NetcfgInvalidSubnet"
    assert problem["resource"] == "vnet-shop"
    assert problem["armType"] == "Microsoft.Network/virtualNetworks"
    assert problem["urn"].endswith("::vnet")
    assert "outside" in problem["message"]
    assert "address space" in problem["fix"]
    assert problem["source"] == "https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq"


def test_the_fix_works_when_it_is_applied(project: Write) -> None:
    mended = NETWORK.replace("10.0.1.0/24", "10.0.0.0/25")
    assert plan(project(mended), "dev").problems == []


def test_the_field_is_told_where_azure_tells_it(project: Write) -> None:
    program = """
from pulumi_azure_native import storage
storage.StorageAccount("lake", resource_group_name=group().name, account_name="lake1", location="westeurope",
    kind="StorageV3", sku={"name": "Standard_LRS"})
"""
    (problem,) = plan(project(program), "dev").problems
    assert problem["field"] == "kind"
    assert problem["resource"] == "lake1"
