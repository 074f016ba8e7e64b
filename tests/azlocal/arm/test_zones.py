"""What a region has and what it lacks: zones, copies of storage; and service tags that exist."""

from __future__ import annotations

from typing import Any

import pytest
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.mgmt.synapse import SynapseManagementClient  # type: ignore[import-untyped]

from azlocal.arm.locations import KNOWN, LACKING
from azlocal.arm.providers.network.servicetags import is_tag
from azlocal.arm.zones import GZRS, WITHOUT_PAIR, WITHOUT_ZONES, zoned

from .conftest import World, refused
from .test_clusters import POOL, cluster


def test_the_tables_name_regions_that_exist() -> None:
    assert WITHOUT_ZONES | WITHOUT_PAIR | GZRS <= KNOWN
    assert not GZRS & (WITHOUT_ZONES | WITHOUT_PAIR)
    assert zoned("West Europe")
    assert not zoned("westus")
    assert not zoned("atlantis")


def test_a_region_that_lacks_a_service_is_refused(world: World) -> None:
    hubs = world.client(SynapseManagementClient).private_link_hubs
    with refused("LocationNotAvailableForResourceType", 400):
        hubs.create_or_update("rg", "hub1", {"location": "South India"})
    assert hubs.create_or_update("rg", "hub1", {"location": "centralindia"}).name == "hub1"
    assert all(regions <= KNOWN for regions in LACKING.values())


def test_a_public_address_in_zones_needs_a_region_with_zones(world: World) -> None:
    addresses = world.client(NetworkManagementClient).public_ip_addresses
    body: dict[str, Any] = {"location": "westus", "sku": {"name": "Standard"}, "zones": ["1", "2", "3"]}
    with refused("LocationNotSupportAvailabilityZones", 400):
        addresses.begin_create_or_update("rg", "pip", body).result()
    addresses.begin_create_or_update("rg", "pip", {**body, "zones": []}).result()
    addresses.begin_create_or_update("rg", "pip2", {**body, "location": "westus2"}).result()


@pytest.mark.parametrize(
    ("sku", "refused_in", "taken_in"),
    [
        ("Standard_ZRS", "westus", "italynorth"),
        ("Standard_GZRS", "italynorth", "westeurope"),
        ("Standard_RAGZRS", "ukwest", "uksouth"),
        ("Standard_GRS", "polandcentral", "westus"),
        ("Standard_RAGRS", "spaincentral", "northeurope"),
    ],
)
def test_redundancy_is_what_the_region_has(world: World, sku: str, refused_in: str, taken_in: str) -> None:
    accounts = world.client(StorageManagementClient).storage_accounts
    body: dict[str, Any] = {"kind": "StorageV2", "sku": {"name": sku}}
    with refused("RedundancyConfigurationNotAvailableInRegion", 400):
        accounts.begin_create("rg", "account1", {**body, "location": refused_in}).result()
    accounts.begin_create("rg", "account1", {**body, "location": taken_in}).result()


def test_a_pool_in_zones_needs_a_region_with_zones(world: World) -> None:
    clusters = world.client(ContainerServiceClient).managed_clusters
    pools = [{**POOL, "availabilityZones": ["1", "2"]}]
    with refused("AvailabilityZoneNotSupported", 400):
        body = {**cluster(agentPoolProfiles=pools), "location": "northcentralus"}
        clusters.begin_create_or_update("rg", "aks-one", body).result()
    clusters.begin_create_or_update("rg", "aks-one", cluster(agentPoolProfiles=pools)).result()


def test_a_pool_stands_in_a_network_of_its_region(world: World) -> None:
    clusters = world.client(ContainerServiceClient).managed_clusters
    pools = [{**POOL, "vnetSubnetID": f"{world.network('10.7.0.0/24', space='10.7.0.0/16')}/subnets/snet0"}]
    with refused("InvalidResourceReference", 400):
        body = {**cluster(agentPoolProfiles=pools), "location": "northeurope"}
        clusters.begin_create_or_update("rg", "aks-one", body).result()
    clusters.begin_create_or_update("rg", "aks-one", cluster(agentPoolProfiles=pools)).result()


def test_service_tags_are_known_by_their_first_part() -> None:
    assert is_tag("Storage.WestEurope")
    assert is_tag("AzureFrontDoor.FirstParty")
    assert not is_tag("AzureMachinelearningService")
