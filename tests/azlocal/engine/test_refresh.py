"""``up --refresh``: what was changed outside is noticed, said and put right."""

from __future__ import annotations

from typing import Any

import pytest

from azlocal.engine.diff import spell
from azlocal.engine.errors import EngineError
from azlocal.engine.events import Action
from azlocal.engine.ports import Reply
from azlocal.engine.refresh import drift
from azlocal.engine.values import Secret
from tests.azlocal.engine.conftest import GROUP, Stack, refuse

IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities".lower()
PROGRAM = "rg = group(); identity('a', rg.name, tags={'by': 'program'}); identity('b', rg.name)"


def test_what_is_as_it_was_stays_untouched(stack: Stack) -> None:
    stack.up(PROGRAM)
    result = stack.up(refresh=True)
    assert not result.summary.changed
    assert stack.azure.writes() == []
    assert stack.heard.notes == [("refresh", "3 unchanged")]


def test_what_was_deleted_outside_is_made_anew(stack: Stack) -> None:
    stack.up(PROGRAM)
    del stack.azure.resources[f"{IDENTITIES}/a"]
    assert not stack.up().summary.changed  # unseen without a refresh
    result = stack.up(refresh=True)
    assert result.exit_code == 0
    assert stack.heard.notes == [
        ("refresh", "- managedidentity:UserAssignedIdentity a deleted"),
        ("refresh", "1 deleted, 2 unchanged"),
    ]
    assert stack.azure.writes() == [("PUT", "a")]
    assert stack.heard.of(Action.CREATE) == ["a"]


def test_what_was_changed_outside_is_put_right(stack: Stack) -> None:
    stack.up(PROGRAM)
    stack.azure.resources[f"{IDENTITIES}/a"]["tags"] = {"by": "hand", "and": "more"}
    stack.azure.resources[f"{IDENTITIES}/b"]["tags"] = {"by": "hand"}
    stack.up(refresh=True)
    assert stack.heard.notes == [
        ("refresh", "~ managedidentity:UserAssignedIdentity a updated [diff: ~tags.by, ~tags.and]"),
        ("refresh", "~ managedidentity:UserAssignedIdentity b updated [diff: ~tags.by]"),
        ("refresh", "1 unchanged, 2 updated"),
    ]
    assert sorted(stack.heard.of(Action.UPDATE)) == ["a", "b"]
    assert stack.azure.resources[f"{IDENTITIES}/a"]["tags"] == {"by": "program"}
    assert not stack.azure.resources[f"{IDENTITIES}/b"].get("tags")


CLUSTER = """
from pulumi_azure_native import containerservice as aks
rg = group()
aks.ManagedCluster("aks", resource_group_name=rg.name, resource_name_="aks", location="westeurope",
    agent_pool_profiles=[{"name": "system", "mode": "System", "count": 1}])
"""


def test_a_pool_beside_those_of_the_cluster_s_own_body_is_no_drift(stack: Stack) -> None:
    stack.up(CLUSTER)
    held = stack.azure.resources[f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks".lower()]
    pools = held["properties"]["agentPoolProfiles"]
    held["properties"]["agentPoolProfiles"] = [{"name": "models", "count": 3}, *pools]
    assert not stack.up(refresh=True).summary.changed
    held["properties"]["agentPoolProfiles"] = [{"name": "models", "count": 5}, {**pools[0], "count": 2}]
    stack.up(refresh=True)
    assert stack.heard.notes[0][1].endswith("aks updated [diff: ~agentPoolProfiles[0].count]")


def test_what_can_t_be_read_stops_the_update(stack: Stack) -> None:
    stack.up(PROGRAM)
    stack.azure.refuse = refuse("GET", "a", 403, "AuthorizationFailed")
    result = stack.up("rg = group()", refresh=True)
    assert [(one.urn.rsplit("::", 1)[-1], one.code) for one in result.summary.failures] == [
        ("a", "AuthorizationFailed")
    ]
    assert stack.azure.writes() == []


def test_what_a_vanished_cluster_held_is_gone_with_it(stack: Stack) -> None:
    program = """
import pulumi_kubernetes as k8s
rg = group()
cluster = k8s.Provider("cluster", kubeconfig=rg.name.apply(lambda name: "one"), opts=Options(depends_on=[rg]))
k8s.core.v1.Namespace("space", metadata={"name": "space"}, opts=Options(provider=cluster))
"""
    stack.up(program)
    stack.azure.resources.clear()

    def nobody(*_: Any) -> Any:
        from azlocal.engine.errors import ResourceError

        raise ResourceError("Unreachable", "nobody is there")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack.cluster, "get", nobody)
        result = stack.up(refresh=True)
    assert result.exit_code == 0
    assert ("refresh", "2 deleted") in stack.heard.notes
    assert stack.heard.of(Action.CREATE) == ["rg", "space"]


@pytest.mark.parametrize(
    ("inputs", "before", "now", "found", "paths"),
    [
        # Azure writes it in its own way: only what changed since counts.
        ({"location": "West Europe"}, {"location": "westeurope"}, {"location": "westeurope"}, None, []),
        ({"sku": {"name": "a"}}, {"sku": {"name": "a", "tier": "A"}}, {"sku": {"name": "b", "tier": "B"}},
         {"sku": {"name": "b"}}, ["sku.name"]),
        ({"rules": [{"port": 1}]}, {"rules": [{"port": 1, "id": "x"}]}, {"rules": [{"port": 2, "id": "x"}]},
         {"rules": [{"port": 2}]}, ["rules[0].port"]),
        ({"rules": [1]}, {"rules": [1]}, {"rules": [1, 2]}, {"rules": [1, 2]}, ["rules[1]"]),
        ({"on": True}, {"on": True}, {}, {}, ["on"]),
        # What an answer never tells, and what others add to it, is no drift.
        ({"password": "p"}, {}, {"connections": [1]}, None, []),
        ({"tags": {}}, {}, {}, None, []),
    ],
)  # fmt: skip
def test_drift(inputs: Any, before: Any, now: Any, found: Any, paths: list[str]) -> None:
    kept, changed = drift(inputs, before, now)
    assert kept == (inputs if found is None else found)
    assert [spell(path) for path in changed] == paths


def test_a_secret_that_drifted_stays_secret() -> None:
    kept, _ = drift({"key": Secret("hunter2"), "plain": 1}, {"key": Secret("hunter2"), "plain": 1}, {"key": "other"})
    assert kept == {"key": Secret("other")}
    assert "other" not in repr(kept)


KEYS = """
from pulumi_azure_native import storage
rg = group()
lake = storage.StorageAccount("lake", resource_group_name=rg.name, account_name="lake1", location="westeurope",
    kind="StorageV2", sku={"name": "Standard_LRS"})
keys = storage.list_storage_account_keys_output(resource_group_name=rg.name, account_name=lake.name)
identity("after", rg.name, tags={"keys": keys.keys.apply(str)})
"""


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (404, "ResourceNotFound", "lake was deleted outside of the program: `azlocal up dev --refresh` makes it anew"),
        (403, "AuthorizationFailed", "give whoever acts a role with the action that the message names"),
    ],
)
def test_a_function_that_is_refused_names_its_resource_and_the_way_out(
    stack: Stack, status: int, code: str, hint: str
) -> None:
    stack.azure.refuse = lambda method, path, _: (
        Reply(200, {"keys": []}) if method == "POST" and path.endswith("/listKeys") else None
    )
    stack.up(KEYS)
    stack.azure.refuse = refuse("POST", "listKeys", status, code)
    with pytest.raises(EngineError) as raised:
        stack.up(KEYS)
    assert raised.value.message == (
        f"azure-native:storage:listStorageAccountKeys of lake failed: {code}: listKeys is refused"
    )
    assert str(raised.value.hint).startswith(hint)
