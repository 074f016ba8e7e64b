"""Private endpoints, their targets' side, and the DNS records that lead to them."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.privatedns import PrivateDnsManagementClient
from azure.mgmt.storage import StorageManagementClient

from azlocal.arm.privatelink import GROUPS, names
from azlocal.entra.principals import DATA_SCIENTIST
from azlocal.state import Resource

from .conftest import GROUP, LOCATION, World, refused

BLOB_ZONE = "privatelink.blob.core.windows.net"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"


@pytest.fixture
def network(world: World) -> Any:
    return world.client(NetworkManagementClient)


@pytest.fixture
def dns(world: World) -> Any:
    return world.client(PrivateDnsManagementClient)


def endpoint(subnet: str, target: str, *groups: str) -> dict[str, Any]:
    connection = {"name": "connection", "properties": {"privateLinkServiceId": target, "groupIds": list(groups)}}
    return {
        "location": LOCATION,
        "properties": {"subnet": {"id": subnet}, "privateLinkServiceConnections": [connection]},
    }


@pytest.fixture
def subnet(world: World) -> str:
    return world.network("10.0.0.0/24", "10.0.1.0/24") + "/subnets/snet0"


def test_endpoint_has_an_address_an_interface_and_an_approved_connection(
    network: Any, world: World, subnet: str
) -> None:
    body = endpoint(subnet, world.account(), "blob")
    made = network.private_endpoints.begin_create_or_update("rg", "pep", body).result()
    config = made.custom_dns_configs[0]
    assert (config.fqdn, config.ip_addresses) == ("account1.blob.core.windows.net", ["10.0.0.4"])
    state = made.private_link_service_connections[0].private_link_service_connection_state
    assert state.status == "Approved"
    interface = network.network_interfaces.get("rg", made.network_interfaces[0].id.rsplit("/", 1)[-1])
    assert interface.ip_configurations[0].private_ip_address == "10.0.0.4"
    storage = world.client(StorageManagementClient)
    shown = storage.storage_accounts.get_properties("rg", "account1").private_endpoint_connections[0]
    assert shown.private_endpoint.id == made.id
    again = network.private_endpoints.begin_create_or_update("rg", "pep", body).result()
    assert again.network_interfaces[0].id == made.network_interfaces[0].id


def test_the_target_may_reject_and_remove(network: Any, world: World, subnet: str) -> None:
    network.private_endpoints.begin_create_or_update("rg", "pep", endpoint(subnet, world.account(), "blob")).result()
    storage = world.client(StorageManagementClient)
    connection = next(iter(storage.private_endpoint_connections.list("rg", "account1")))
    storage.private_endpoint_connections.put(
        "rg", "account1", connection.name, {"properties": {"privateLinkServiceConnectionState": {"status": "Rejected"}}}
    )

    def status() -> str:
        shown = network.private_endpoints.get("rg", "pep").private_link_service_connections[0]
        return str(shown.private_link_service_connection_state.status)

    assert status() == "Rejected"
    storage.private_endpoint_connections.delete("rg", "account1", connection.name)
    assert status() == "Disconnected"


@pytest.mark.parametrize(
    ("groups", "code"),
    [
        (["table2"], "InvalidValuesForRequestParameters"),
        (["BLOB"], "InvalidValuesForRequestParameters"),  # storage minds the case
        (["blob", "file"], "OnlyOneGroupIdPermitted"),
    ],
)
def test_wrong_groups(network: Any, world: World, subnet: str, groups: list[str], code: str) -> None:
    with refused(code, 400):
        network.private_endpoints.begin_create_or_update(
            "rg", "pep", endpoint(subnet, world.account(), *groups)
        ).result()
    assert list(network.private_endpoints.list("rg")) == []


def test_another_region_is_another_world(network: Any, world: World, subnet: str) -> None:
    body = {**endpoint(subnet, world.account(), "blob"), "location": "northeurope"}
    with refused("InvalidResourceReference", 400):
        network.private_endpoints.begin_create_or_update("rg", "pep", body).result()


def test_whoever_may_not_approve_on_the_target_is_refused(world: World, subnet: str) -> None:
    target = world.account()
    world.assign(NETWORK_CONTRIBUTOR, DATA_SCIENTIST.object_id, GROUP, "00000000-0000-4000-8000-000000000001")
    network = world.client(NetworkManagementClient, DATA_SCIENTIST)
    with refused("LinkedAuthorizationFailed", 403) as caught:
        network.private_endpoints.begin_create_or_update("rg", "pep", endpoint(subnet, target, "blob")).result()
    assert target in str(caught.value.message)


def test_addresses_are_given_once_and_given_back(network: Any, world: World) -> None:
    subnet = world.network("10.0.0.0/29") + "/subnets/snet0"  # eight addresses, five of them Azure's
    target = world.account()
    given = []
    for index in range(3):
        made = network.private_endpoints.begin_create_or_update("rg", f"pep{index}", endpoint(subnet, target, "blob"))
        given.append(made.result().custom_dns_configs[0].ip_addresses[0])
    assert given == ["10.0.0.4", "10.0.0.5", "10.0.0.6"]
    with refused("SubnetIsFull", 400):
        network.private_endpoints.begin_create_or_update("rg", "pep3", endpoint(subnet, target, "blob")).result()
    network.private_endpoints.begin_delete("rg", "pep1").result()
    again = network.private_endpoints.begin_create_or_update("rg", "pep3", endpoint(subnet, target, "blob")).result()
    assert again.custom_dns_configs[0].ip_addresses == ["10.0.0.5"]


def test_zone_group_writes_and_removes_the_records(network: Any, dns: Any, world: World, subnet: str) -> None:
    zone = dns.private_zones.begin_create_or_update("rg", BLOB_ZONE, {"location": "global"}).result()
    network.private_endpoints.begin_create_or_update("rg", "pep", endpoint(subnet, world.account(), "blob")).result()
    config = {"name": "blob", "properties": {"privateDnsZoneId": zone.id}}
    body = {"properties": {"privateDnsZoneConfigs": [config]}}
    made = network.private_dns_zone_groups.begin_create_or_update("rg", "pep", "default", body).result()
    assert made.private_dns_zone_configs[0].record_sets[0].ip_addresses == ["10.0.0.4"]
    record = dns.record_sets.get("rg", BLOB_ZONE, "A", "account1")
    assert record.a_records[0].ipv4_address == "10.0.0.4"
    assert dns.private_zones.get("rg", BLOB_ZONE).number_of_record_sets == 2
    with refused("MoreThanOnePrivateDnsZoneGroupPerPrivateEndpointNotAllowed", 400):
        network.private_dns_zone_groups.begin_create_or_update("rg", "pep", "second", body).result()
    network.private_endpoints.begin_delete("rg", "pep").result()
    with pytest.raises(ResourceNotFoundError):
        dns.record_sets.get("rg", BLOB_ZONE, "A", "account1")
    assert list(network.network_interfaces.list("rg")) == []


def test_one_zone_of_a_name_for_a_network(dns: Any, world: World) -> None:
    world.group("other")
    vnet = world.network("10.0.0.0/24")
    link = {"location": "global", "properties": {"virtualNetwork": {"id": vnet}, "registrationEnabled": False}}
    for group in ("rg", "other"):
        dns.private_zones.begin_create_or_update(group, BLOB_ZONE, {"location": "global"}).result()
    made = dns.virtual_network_links.begin_create_or_update("rg", BLOB_ZONE, "link", link).result()
    assert made.virtual_network_link_state == "Completed"
    for group, name in (("other", "link"), ("rg", "second")):
        with refused("BadRequest", 400):
            dns.virtual_network_links.begin_create_or_update(group, BLOB_ZONE, name, link).result()
    with refused("CannotDeleteResource", 409):
        dns.private_zones.begin_delete("rg", BLOB_ZONE).result()
    dns.virtual_network_links.begin_delete("rg", BLOB_ZONE, "link").result()
    dns.private_zones.begin_delete("rg", BLOB_ZONE).result()


def test_records_of_ones_own(dns: Any) -> None:
    dns.private_zones.begin_create_or_update("rg", "example.internal", {"location": "global"}).result()
    record = {"properties": {"ttl": 60, "aRecords": [{"ipv4Address": "10.0.0.9"}]}}
    made = dns.record_sets.create_or_update("rg", "example.internal", "A", "api", record)
    assert made.fqdn == "api.example.internal."
    with refused("BadRequest", 400):
        dns.record_sets.create_or_update(
            "rg", "example.internal", "CNAME", "api", {"properties": {"cnameRecord": {"cname": "x.y"}}}
        )
    found = {(one.name, one.type.rsplit("/", 1)[-1]) for one in dns.record_sets.list("rg", "example.internal")}
    assert found == {("@", "SOA"), ("api", "A")}
    with refused("LocationNotAvailableForResourceType", 400):
        dns.private_zones.begin_create_or_update("rg", "other.internal", {"location": LOCATION}).result()


@pytest.mark.parametrize(("target", "group"), [(target, group) for target in GROUPS for group in GROUPS[target]])
def test_every_name_of_the_table_belongs_to_its_zone(target: str, group: str) -> None:
    """A record and its zone, put together, are the name a client is led to."""
    found = names(Resource(f"{GROUP}/providers/{target}/One", target, {"location": LOCATION}), group)
    assert found
    for one in found:
        assert one.zone.startswith("privatelink.")
        assert "{" not in f"{one.member}{one.host}{one.zone}"
        assert one.host.startswith(one.record)
        assert one.record != one.host


def test_a_zone_group_names_the_zones_of_its_group(network: Any, dns: Any, world: World, subnet: str) -> None:
    """Azure writes no record into a wrong zone, and the name goes on resolving to the public address."""
    network.private_endpoints.begin_create_or_update("rg", "pep", endpoint(subnet, world.account(), "blob")).result()
    zone = dns.private_zones.begin_create_or_update(
        "rg", "privatelink.file.core.windows.net", {"location": "global"}
    ).result()
    body = {"properties": {"privateDnsZoneConfigs": [{"name": "one", "properties": {"privateDnsZoneId": zone.id}}]}}
    with refused("PrivateDnsZoneDoesNotMatchGroup", 400):
        network.private_dns_zone_groups.begin_create_or_update("rg", "pep", "default", body).result()
