"""What every resource type shares: operations, paging, etags, locks, cascades, versions, and their cost."""

from __future__ import annotations

import sqlite3
from typing import Any, Self
from unittest.mock import Mock

import pytest
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient

from azlocal.arm import ArmRequest, ArmResponse
from azlocal.arm.operations import Operations
from azlocal.arm.providers import NAMESPACES
from azlocal.arm.types import ResourceType
from azlocal.state import State

from .conftest import GROUP, LOCATION, SUBSCRIPTION, World, refused

IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
ACCOUNT = {"location": LOCATION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


def request(world: World, method: str, path: str, body: Any = None) -> ArmResponse:
    """One exchange without a poller, which would go on by itself."""
    return world.control.internal(method, path, body)


def test_a_faithful_operation_takes_azures_own_time(faithful: World) -> None:
    started = faithful.now
    poller = faithful.client(StorageManagementClient).storage_accounts.begin_create("rg", "account1", ACCOUNT)
    assert poller.result().provisioning_state == "Succeeded"
    assert 20 <= faithful.now - started <= 60
    assert set(faithful.slept) == {10.0}  # Retry-After, in whole seconds


def test_one_operation_at_a_time(faithful: World) -> None:
    path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/account1"
    started = request(faithful, "PUT", path, ACCOUNT)
    assert (started.status, started.body["properties"]["provisioningState"]) == (202, "Creating")
    assert started.headers["Retry-After"] == "10"
    for method in ("PUT", "DELETE"):
        answer = request(faithful, method, path, ACCOUNT)
        assert (answer.status, answer.body["error"]["code"]) == (409, "AnotherOperationInProgress")
    faithful.sleep(30)
    assert request(faithful, "GET", path).body["properties"]["provisioningState"] == "Succeeded"
    assert request(faithful, "PUT", path, ACCOUNT).status == 200


def test_a_faithful_delete_is_over_when_its_operation_says_so(faithful: World) -> None:
    path = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"
    body = {"location": LOCATION, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    request(faithful, "PUT", path, body)
    faithful.sleep(30)
    started = request(faithful, "DELETE", path)
    assert started.status == 202
    assert request(faithful, "GET", path).body["properties"]["provisioningState"] == "Deleting"
    operation = started.headers["Azure-AsyncOperation"].removeprefix("https://management.azure.com").partition("?")[0]
    assert request(faithful, "GET", operation).body["status"] == "InProgress"
    faithful.sleep(30)
    assert request(faithful, "GET", operation).body["status"] == "Succeeded"
    assert request(faithful, "GET", path).status == 404


def test_a_fast_operation_needs_no_waiting(world: World) -> None:
    world.client(StorageManagementClient).storage_accounts.begin_create("rg", "account1", ACCOUNT).result()
    assert world.slept == []


def test_paging_gives_every_resource_once(world: World) -> None:
    names = [f"identity{index:03}" for index in range(25)]
    for name in names:
        world.identity(name)
    found: list[str] = []
    asked = ArmRequest("GET", IDENTITIES, {"api-version": "2023-01-31", "$top": "10"})
    pages = 0
    while True:
        answer = world.control.handle(asked)
        assert answer.status == 200
        found += [one["name"] for one in answer.body["value"]]
        pages += 1
        if "nextLink" not in answer.body:
            break
        link = answer.body["nextLink"]
        query = dict(part.split("=", 1) for part in link.split("?")[1].split("&"))
        asked = ArmRequest("GET", IDENTITIES, query)
    assert (found, pages) == (names, 3)
    client = world.client(ManagedServiceIdentityClient)
    assert len(list(client.user_assigned_identities.list_by_subscription())) == 25


def put(world: World, name: str, **headers: str) -> int:
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    asked = ArmRequest("PUT", f"{IDENTITIES}/{name}", {"api-version": "2023-01-31"}, {"location": LOCATION}, given)
    return world.control.handle(asked).status


@pytest.mark.parametrize(
    ("exists", "headers", "status"),
    [
        (False, {}, 201),
        (True, {}, 200),
        (False, {"if_match": "*"}, 412),
        (True, {"if_match": "*"}, 200),
        (False, {"if_match": '"stale"'}, 412),
        (True, {"if_match": '"stale"'}, 412),
        (False, {"if_none_match": "*"}, 201),
        (True, {"if_none_match": "*"}, 412),
    ],
)
def test_etag_table(world: World, exists: bool, headers: dict[str, str], status: int) -> None:  # noqa: FBT001
    if exists:
        world.identity("one1")
    assert put(world, "one1", **headers) == status


def test_the_current_etag_is_taken_strong_or_weak(world: World) -> None:
    world.identity("one1")
    for form in ('"{}"', 'W/"{}"'):
        stored = world.state.get(f"{IDENTITIES}/one1".lower())
        assert stored is not None
        assert put(world, "one1", if_match=form.format(stored.etag)) == 200


def lock(world: World, scope: str, level: str) -> None:
    world.put(f"{scope}/providers/Microsoft.Authorization/locks/held", {"properties": {"level": level}})


def test_locks_are_inherited(world: World) -> None:
    world.identity()
    identities = world.client(ManagedServiceIdentityClient).user_assigned_identities
    lock(world, GROUP, "CanNotDelete")
    identities.create_or_update("rg", "identity1", {"location": LOCATION, "tags": {"a": "b"}})
    with refused("ScopeLocked", 409):
        identities.delete("rg", "identity1")
    lock(world, GROUP, "ReadOnly")
    with refused("ScopeLocked", 409):
        identities.create_or_update("rg", "identity1", {"location": LOCATION})
    world.control.internal("DELETE", f"{GROUP}/providers/Microsoft.Authorization/locks/held")
    identities.delete("rg", "identity1")


def test_a_read_only_lock_hides_keys(world: World) -> None:
    account = world.account()
    lock(world, account, "ReadOnly")
    with refused("ScopeLocked", 409):
        world.client(StorageManagementClient).storage_accounts.list_keys("rg", "account1")


def test_a_locked_child_holds_its_group(world: World) -> None:
    lock(world, world.account(), "CanNotDelete")
    with refused("ScopeLocked", 409):
        world.client(ResourceManagementClient).resource_groups.begin_delete("rg").result()


def test_a_resource_group_takes_everything_along(world: World) -> None:
    account = world.account()
    world.put(f"{account}/blobServices/default/containers/raw", {})
    principal = world.identity()["properties"]["principalId"]
    world.client(ResourceManagementClient).resource_groups.begin_delete("rg").result()
    assert world.state.below(GROUP.lower()) == []
    assert world.control.directory.kind_of(principal) is None
    assert world.state.documents("storageAccountKeys") == []


def test_a_group_whose_subnet_is_used_from_outside_stays(world: World) -> None:
    subnet = world.network("10.0.0.0/24") + "/subnets/snet0"
    world.group("other")
    network = world.client(NetworkManagementClient)
    nic = {
        "location": LOCATION,
        "properties": {"ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet}}}]},
    }
    network.network_interfaces.begin_create_or_update("other", "nic", nic).result()
    groups = world.client(ResourceManagementClient).resource_groups
    with refused("InUseSubnetCannotBeDeleted", 400):
        groups.begin_delete("rg").result()
    groups.begin_delete("other").result()
    groups.begin_delete("rg").result()


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("", "MissingApiVersionParameter"),
        ("latest", "InvalidApiVersionParameter"),
        ("1999-01-01", "NoRegisteredProviderFound"),
    ],
)
def test_api_versions(world: World, version: str, code: str) -> None:
    answer = world.control.handle(ArmRequest("GET", IDENTITIES, {"api-version": version}))
    assert (answer.status, answer.body["error"]["code"]) == (400, code)


def test_ids_compare_without_case(world: World) -> None:
    world.identity("Identity1")
    answer = world.control.internal(
        "GET", f"{IDENTITIES}/iDENTITY1".upper().replace("/SUBSCRIPTIONS", "/subscriptions")
    )
    assert answer.body["name"] == "Identity1"


def test_what_is_not_served_says_so_by_name(world: World) -> None:
    answer = world.control.internal("GET", f"{GROUP}/providers/Microsoft.Network/virtualNetworkTaps/one")
    assert answer.status == 501
    assert "Microsoft.Network/virtualNetworkTaps" in answer.body["error"]["message"]
    answer = world.control.internal("POST", f"{world.account()}/failover")
    assert answer.status == 501


def test_provider_lists_its_types_and_versions(world: World) -> None:
    provider = world.client(ResourceManagementClient).providers.get("Microsoft.Storage")
    assert provider.registration_state == "Registered"
    assert "storageAccounts" in {one.resource_type for one in provider.resource_types}


DECLARED = [(namespace, declared) for namespace in NAMESPACES for declared in namespace.types]


@pytest.mark.parametrize("declared", [one for _, one in DECLARED], ids=[one.name for _, one in DECLARED])
def test_declaration_holds_together(declared: ResourceType) -> None:
    """Names, versions and singletons that fit; a name rule that its own words allow."""
    namespace = next(one for one, other in DECLARED if other is declared)
    types = {one.name for one in namespace.types}
    assert declared.name.startswith(namespace.name + "/")
    assert (declared.versions or namespace.versions) == tuple(sorted(declared.versions or namespace.versions))
    assert all(f"{declared.name}/{child}" in types for child in declared.singletons)
    assert not set(declared.write_only) & set(declared.read_only)
    assert declared.duration >= 0
    assert declared.create_status in {200, 201}


class Steps:
    """Counts what SQLite does, which no machine's speed changes."""

    def __init__(self, world: World) -> None:
        self._database: sqlite3.Connection = world.state._db
        self.taken = 0

    def __enter__(self) -> Self:
        self._database.set_progress_handler(self._step, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._database.set_progress_handler(None, 1)

    def _step(self) -> int:
        self.taken += 1
        return 0


def cost(world: World, name: str) -> tuple[int, int]:
    """SQLite's steps for a PUT and a GET of a storage account with a global name."""
    path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}"
    body: dict[str, Any] = {**ACCOUNT, "properties": {}}
    with Steps(world) as put_steps:
        assert world.control.internal("PUT", path, body).status == 200
    with Steps(world) as get_steps:
        assert world.control.internal("GET", path).status == 200
    return put_steps.taken, get_steps.taken


def test_lookups_cost_the_same_among_many(world: World) -> None:
    world.account("warm")
    few = cost(world, "first")
    for index in range(400):
        world.account(f"account{index}")
    many = cost(world, "last")
    assert many[0] <= few[0] * 1.1
    assert many[1] <= few[1] * 1.1


def test_groups_are_listed_with_their_resources(world: World) -> None:
    world.account()
    world.identity()
    resources = world.client(ResourceManagementClient)
    assert [one.name for one in resources.resource_groups.list()] == ["rg"]
    assert {one.name for one in resources.resources.list_by_resource_group("rg")} == {"account1", "identity1"}
    assert SUBSCRIPTION in next(iter(resources.resources.list())).id


def test_what_a_full_disk_keeps_from_being_noted_holds_nothing_up() -> None:
    state = State(None)
    operations = Operations(state)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "put_document", Mock(side_effect=sqlite3.OperationalError("database or disk is full")))
        with pytest.raises(sqlite3.OperationalError):
            operations.start("/key", "PUT", "s", 0.0, effect=True)
    assert operations.active("/key") is None
    operation = operations.start("/key", "PUT", "s", 0.0, effect=True)
    assert operations.active("/key") is operation
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "put_document", Mock(side_effect=sqlite3.OperationalError("database or disk is full")))
        operations.finish(operation)
        assert operations.active("/key") is None
        found = operations.get(operation.id)
        assert found is not None
        assert (found.status, (found.error or {})["code"]) == ("Failed", "InsufficientStorage")
    assert not Operations(state).get(operation.id).done  # type: ignore[union-attr]
    assert operations.active("/key") is None, "somebody looks again, and there is room"
    assert Operations(state).get(operation.id).status == "Failed"  # type: ignore[union-attr]


def test_a_resource_whose_end_was_not_noted_says_so_once_there_is_room() -> None:
    state, ended = State(None), []
    operations = Operations(state)
    operation = operations.start("/key", "PUT", "s", 0.0, effect=True, on_done=lambda one: ended.append(one.status))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "put_document", Mock(side_effect=sqlite3.OperationalError("database or disk is full")))
        operations.finish(operation)
    assert not ended
    operations.active("/key")
    operations.active("/key")
    assert ended == ["Failed"]
