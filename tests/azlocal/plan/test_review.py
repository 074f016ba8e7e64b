"""What no single request tells: order that is missing, names that nobody would find."""

from __future__ import annotations

import pytest

from azlocal.engine.plan import plan
from tests.azlocal.plan.conftest import Write

CREDENTIALS = """
rg = group()
one = identity("aaa", rg.name)

def credential(name, **options):
    return managedidentity.FederatedIdentityCredential(
        name, resource_group_name=rg.name, resource_name_=one.name, federated_identity_credential_resource_name=name,
        issuer="https://issuer.example.org", subject=name, audiences=["api://AzureADTokenExchange"],
        opts=Options(**options))

first = credential("first")
"""
SUBNETS = """
from pulumi_azure_native import network
rg = group()
vnet = network.VirtualNetwork("vnet", resource_group_name=rg.name, virtual_network_name="vnet", location="westeurope",
    address_space={"addressPrefixes": ["10.0.0.0/16"]})

def subnet(number, **options):
    return network.Subnet(f"snet{number}", resource_group_name=rg.name, virtual_network_name=vnet.name,
        subnet_name=f"snet{number}", address_prefix=f"10.0.{number}.0/24", opts=Options(**options))

one = subnet(1)
"""
ENDPOINT = """
from pulumi_azure_native import network, privatedns, storage
rg = group()
vnet = network.VirtualNetwork("vnet", resource_group_name=rg.name, virtual_network_name="vnet", location="westeurope",
    address_space={"addressPrefixes": ["10.0.0.0/16"]}, subnets=[{"name": "ends", "addressPrefix": "10.0.0.0/24"}])
lake = storage.StorageAccount("lake", resource_group_name=rg.name, account_name="lakeofreview", location="westeurope",
    kind="StorageV2", sku={"name": "Standard_LRS"}, public_network_access="Disabled")
end = network.PrivateEndpoint("end", resource_group_name=rg.name, private_endpoint_name="end", location="westeurope",
    subnet={"id": pulumi.Output.concat(vnet.id, "/subnets/ends")},
    private_link_service_connections=[{"name": "c", "privateLinkServiceId": lake.id, "groupIds": ["blob"]}])
"""
ZONE = """
zone = privatedns.PrivateZone("zone", resource_group_name=rg.name, location="Global",
    private_zone_name="privatelink.blob.core.windows.net")
network.PrivateDnsZoneGroup("names", resource_group_name=rg.name, private_endpoint_name=end.name,
    private_dns_zone_group_name="default", private_dns_zone_configs=[{"name": "a", "privateDnsZoneId": zone.id}])
"""
LINK = """
privatedns.VirtualNetworkLink("link", resource_group_name=rg.name, private_zone_name=zone.name, location="Global",
    virtual_network_link_name="link", registration_enabled=False, virtual_network={"id": vnet.id})
"""


def codes(project: Write, program: str) -> list[str]:
    return [problem["code"] for problem in plan(project(program), "dev", preview=False).problems]


@pytest.mark.parametrize(
    ("program", "second", "code"),
    [
        (
            CREDENTIALS,
            'credential("second"{})',
            "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
        ),
        (SUBNETS, "subnet(2{})", "AnotherOperationInProgress"),
    ],
)
def test_what_azure_changes_one_by_one_is_ordered(project: Write, program: str, second: str, code: str) -> None:
    waited = "first" if "first" in program else "one"
    assert codes(project, program + second.format("")) == [code]
    assert codes(project, program + second.format(f", depends_on=[{waited}]")) == []


def test_a_name_that_is_typed_makes_nothing_wait(project: Write) -> None:
    program = 'group(); identity("aaa", "rg")'
    (problem,) = plan(project(program), "dev", preview=False).problems
    assert problem["code"] == "ResourceGroupNotFound"
    assert problem["resource"] == "aaa"
    assert problem["field"] == "dependsOn"
    assert "does not wait for rg (Microsoft.Resources/resourceGroups)" in problem["message"]
    assert "`name` output" in problem["fix"]
    assert codes(project, 'one = group(); identity("aaa", "rg", depends_on=[one])') == []
    assert codes(project, 'one = group(); identity("aaa", one.name)') == []


def test_an_id_that_is_put_together_makes_nothing_wait(project: Write) -> None:
    typed = SUBNETS.replace("one = subnet(1)", "") + (
        'scope = pulumi.Output.concat(rg.id, "/providers/Microsoft.Network/virtualNetworks/vnet")\n'
        'network.VirtualNetworkPeering("p", resource_group_name=rg.name, virtual_network_name="other",\n'
        '    virtual_network_peering_name="p", remote_virtual_network={"id": scope},\n'
        "    opts=Options(depends_on=[other]))\n"
    )
    other = (
        'other = network.VirtualNetwork("other", resource_group_name=rg.name, virtual_network_name="other",\n'
        '    location="westeurope", address_space={"addressPrefixes": ["10.1.0.0/16"]})\n'
    )
    program = typed.replace("scope =", f"{other}scope =")
    assert codes(project, program) == ["InvalidResourceReference"]
    assert codes(project, program.replace("depends_on=[other]", "depends_on=[other, vnet]")) == []


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (ENDPOINT, ["PrivateDnsZoneGroupMissing"]),
        (ENDPOINT + ZONE, ["PrivateDnsZoneNotLinked"]),
        (ENDPOINT + ZONE + LINK, []),
        (ENDPOINT.partition("end = ")[0], ["PrivateEndpointMissing"]),
        (ENDPOINT.partition("end = ")[0].replace("Disabled", "Enabled"), []),
    ],
)
def test_a_private_endpoint_is_found_by_name(project: Write, program: str, code: list[str]) -> None:
    assert codes(project, program) == code


def test_what_failed_is_not_judged_once_more(project: Write) -> None:
    assert codes(project, ENDPOINT.replace("Standard_LRS", "Standard_XYZ")) == ["InvalidParameter"]
