"""What the program does in Synapse's own plane and in the lake's lists, on a running local Azure."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.filedatalake import DataLakeServiceClient

from azlocal.entra.principals import BY_NAME, DATA_SCIENTISTS, READERS
from infra.lake_access import ZoneAccessProvider
from infra.patience import patiently
from infra.synapse_plane import EndpointProvider, RoleProvider
from tests.azlocal.conftest import Server
from tests.azlocal.synapse.test_data_plane import ADMINISTRATOR, COMPUTE_OPERATOR, World

Json = dict[str, Any]


@pytest.fixture
def world(as_owner: Server) -> Iterator[World]:
    with ExitStack() as stack:
        made = World(as_owner, stack)
        yield made
        made.resources.resource_groups.begin_delete(made.group)


def workspace(world: World) -> Json:
    return {
        "workspace": world.workspace,
        "workspace_id": f"{world.id}/providers/Microsoft.Synapse/workspaces/{world.workspace}",
    }


def endpoint(world: World, target: str, group: str) -> Json:
    return {**workspace(world), "name": f"to-{group}", "target_id": target, "group_id": group, "why": "a test"}


def test_an_endpoint_is_made_and_approved_and_made_again(world: World) -> None:
    provider = EndpointProvider()
    for target, group in ((world.lake_id, "dfs"), (world.vault_id, "vault")):
        props = endpoint(world, target, group)
        made = provider.create(props)
        assert made.outs is not None
        assert made.outs["status"] == "Approved"
        assert provider.create(props).outs == made.outs, "after a break it goes on"
        read = provider.read(made.id, made.outs)
        assert read.outs == made.outs
    found = world.endpoints().get("to-dfs").properties.connection_state
    assert (found.status, found.description) == ("Approved", "a test")


def test_an_endpoint_goes_with_its_connection(world: World) -> None:
    provider = EndpointProvider()
    props = endpoint(world, world.lake_id, "dfs")
    made = provider.create(props)
    assert made.outs is not None
    provider.delete(made.id, made.outs)
    provider.delete(made.id, made.outs)
    assert provider.read(made.id, made.outs).id is None
    account = world.storage.storage_accounts.get_properties(world.group, world.lake)
    assert not account.private_endpoint_connections


def test_anothers_endpoint_of_the_name_is_left_alone(world: World) -> None:
    world.endpoints().create("to-dfs", properties={"privateLinkResourceId": world.vault_id, "groupId": "vault"})
    with pytest.raises(RuntimeError, match=f"leads to {world.vault_id}: delete it first"):
        EndpointProvider().create(endpoint(world, world.lake_id, "dfs"))


def test_only_what_it_is_replaces_an_endpoint(world: World) -> None:
    before = endpoint(world, world.lake_id, "dfs")
    assert EndpointProvider().diff("x", before, {**before, "target_id": world.lake_id.upper()}).changes is False
    changed = EndpointProvider().diff("x", before, {**before, "group_id": "blob"})
    assert (changed.replaces, changed.delete_before_replace) == (["group_id"], True)


def test_a_role_is_assigned_and_what_was_there_stays(world: World) -> None:
    provider, owner = RoleProvider(), BY_NAME["owner"].object_id
    given = {**workspace(world), "below": "", "role_id": ADMINISTRATOR, "principal_type": "ServicePrincipal"}
    found = provider.create({**given, "principal_id": owner})
    assert found.outs is not None
    assert found.outs["found"] is True
    provider.delete(found.id, found.outs)
    assert [one.principal_id for one in world.access().role_assignments.list_role_assignments().value] == [owner]
    pool = world.pool("pool1").removeprefix(f"workspaces/{world.workspace}")
    props = {**given, "below": pool, "role_id": COMPUTE_OPERATOR, "principal_id": READERS.object_id}
    made = provider.create(props)
    assert made.outs is not None
    assert made.outs["found"] is False
    assert provider.create(props).id == made.id
    assert provider.read(made.id, made.outs).id == made.id
    provider.delete(made.id, made.outs)
    assert provider.read(made.id, made.outs).id is None


def test_a_zones_list_holds_the_groups_and_loses_them(world: World) -> None:
    role = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"  # Storage Blob Data Owner
    definition = f"{world.id.partition('/resourceGroups')[0]}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    world.resources.resources.begin_create_or_update_by_id(
        f"{world.lake_id}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}",
        {"properties": {"roleDefinitionId": definition, "principalId": BY_NAME["owner"].object_id}},
        api_version="2022-04-01",
    ).result()
    url = f"https://{world.lake}.dfs.core.windows.net/"
    with DataLakeServiceClient(url, world.credential("owner")) as lake:
        lake.create_file_system("raw").get_file_client("old/file").upload_data(b"1", overwrite=True)
        root = lake.get_directory_client("raw", "/")
        provider, one, two = ZoneAccessProvider(), DATA_SCIENTISTS.object_id, READERS.object_id
        props: Json = {"account": world.lake, "endpoint": url, "zone": "raw", "groups": {one: "rwx", two: "r-x"}}
        made = provider.create(props)
        assert f"group:{one}:rwx" in root.get_access_control()["acl"]
        assert f"group:{two}:r-x" in lake.get_file_client("raw", "old/file").get_access_control()["acl"]
        news = {**props, "groups": {two: "r-x"}}
        assert provider.diff(made.id, props, news).replaces == []
        assert provider.update(made.id, props, news).outs == news
        assert one not in root.get_access_control()["acl"]
        assert provider.read(made.id, news).outs == news
        provider.delete(made.id, news)
        assert two not in root.get_access_control()["acl"]
        lake.delete_file_system("raw")
    provider.delete(made.id, news)
    assert provider.read(made.id, news).id is None


def test_who_has_no_role_on_the_lake_is_told_so_and_does_not_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("infra.patience.time", clock(now))
    url = f"https://{world.lake}.dfs.core.windows.net/"
    groups = {READERS.object_id: "r-x"}
    props: Json = {"account": world.lake, "account_id": world.lake_id, "endpoint": url, "zone": "raw", "groups": groups}
    with pytest.raises(PermissionError, match=r"personas\.platformEngineer") as caught:
        ZoneAccessProvider().create(props)
    assert "Storage Blob Data Owner" in str(caught.value)
    assert world.lake in str(caught.value)
    assert now[0] <= 5.0


def clock(now: list[float]) -> SimpleNamespace:
    """``time``, on which nobody waits."""
    return SimpleNamespace(monotonic=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))


class Answer:
    """A response of some status."""

    def __init__(self, status: int) -> None:
        self.status_code, self.reason = status, "x"
        self.headers: dict[str, str] = {}

    def body(self) -> bytes:
        return b""

    def text(self, encoding: str | None = None) -> str:
        return ""


def refusal(status: int) -> HttpResponseError:
    """What a client raises for an answer of some status."""
    answer: Any = Answer(status)
    return HttpResponseError(response=answer)


def test_patience_asks_again_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("infra.patience.time", clock(now))
    answers = iter([403, 404, 0])

    def call() -> str:
        if status := next(answers):
            raise refusal(status)
        return "there"

    assert patiently(call, what="it") == "there"
    assert now[0] == 3.0
    with pytest.raises(TimeoutError, match="it was not ready after 60 s"):
        patiently(lambda: 1, lambda _: False, what="it", seconds=60)
    assert now[0] <= 63.0
    answers = iter([403] * 9 + [0])
    assert patiently(call, what="it", hopeless=lambda: "") == "there", "a role on its way is waited for"
    tries = []

    def refuse() -> None:
        tries.append(1)
        raise refusal(400)

    with pytest.raises(HttpResponseError):
        patiently(refuse, what="it")
    assert len(tries) == 1
