"""The chain that decides how long Azure takes, and the waiting that Azure never asked for."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib.resources import files

import pytest

from azlocal.engine.views.path import durations, report, sources, times
from tests.azlocal.engine.views.conftest import ACCOUNT, GROUP, NETWORK, Json, resource, urn

IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-shop"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-shop"


def named(plan: Json) -> list[str]:
    """The names along the critical path."""
    return [link.name for link in times(plan["resources"]).path]


def needless(plan: Json) -> list[tuple[str, str]]:
    """Which resource waits for which without a reason."""
    return [(one.waiting, one.needed) for one in times(plan["resources"]).needless]


def of(plan: Json, name: str) -> Json:
    """The resource of a name."""
    found: Json = next(one for one in plan["resources"] if one["name"] == name)
    return found


def test_the_longest_chain_counts_seconds_not_steps(plan: Json) -> None:
    assert named(plan) == ["rg", "account", "door"]
    known = durations()
    seconds = sum(
        known[kind]
        for kind in (
            "microsoft.resources/resourcegroups",
            "microsoft.storage/storageaccounts",
            "microsoft.network/privateendpoints",
        )
    )
    assert times(plan["resources"]).minutes == pytest.approx(seconds / 60)


def test_a_parent_is_waited_for_though_nobody_says_so(plan: Json) -> None:
    of(plan, "account")["dependsOn"] = []
    assert named(plan) == ["rg", "account", "door"]


def test_a_needless_dependency_is_named_and_left_out_of_what_azure_forces(plan: Json) -> None:
    assert needless(plan) == []
    of(plan, "net")["dependsOn"].append(urn("account"))
    assert needless(plan) == [("net", "account")]
    found = times(plan["resources"])
    assert [link.name for link in found.path] == ["rg", "account", "net", "door"]
    assert [link.name for link in found.forced] == ["rg", "account", "door"]
    assert found.minutes > found.forced_minutes
    assert "  needless: net waits for account, and nothing says that it must" in list(report(found))


def test_a_lock_may_wait_for_what_lies_on_its_resource_and_for_nothing_else(plan: Json) -> None:
    lock = f"{ACCOUNT}/providers/Microsoft.Authorization/locks/keep"
    kind = "Microsoft.Authorization/locks"
    plan["resources"].append(resource("lock", lock, kind, "2020-05-01", {}, "account", "role", "net"))
    assert needless(plan) == [("lock", "net")]


@pytest.mark.parametrize("name", ["net", "account"])
def test_nothing_is_called_needless_where_one_of_both_was_not_planned(plan: Json, name: str) -> None:
    of(plan, "net")["dependsOn"].append(urn("account"))
    of(plan, name)["unplanned"] = True
    assert needless(plan) == []


def test_a_cluster_may_wait_for_the_roles_of_its_identity_and_of_nobody_else(plan: Json) -> None:
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}}
    kind = "Microsoft.ContainerService/managedClusters"
    plan["resources"].append(resource("aks", CLUSTER, kind, "2025-09-01", body, "rg", "id", "role"))
    assert needless(plan) == []
    of(plan, "aks")["body"] = {}
    assert needless(plan) == [("aks", "id"), ("aks", "role")]


WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw-shop"
NODES_SUBNET = {"properties": {"properties": {"subnet": {"id": f"{NETWORK}/subnets/work"}}}}


def with_nodes(plan: Json, *needs: str, body: Json = NODES_SUBNET) -> None:
    """Add a workspace on the account, and nodes of its in the subnet `work` that wait for these."""
    kind = "Microsoft.MachineLearningServices/workspaces"
    named = {"properties": {"storageAccount": ACCOUNT}}
    plan["resources"] += [
        resource("mlw", WORKSPACE, kind, "2024-10-01", named, "account"),
        resource("nodes", f"{WORKSPACE}/computes/nodes", f"{kind}/computes", "2024-10-01", body, "net", *needs),
    ]


def network(name: str, kind: str, below: str, body: Json | None = None) -> Json:
    """Something of the network."""
    id_ = f"{GROUP}/providers/Microsoft.Network/{below}"
    return resource(name, id_, f"Microsoft.Network/{kind}", "2024-05-01", {"properties": body or {}})


def test_nodes_may_wait_for_the_way_out_of_their_own_subnet(plan: Json) -> None:
    ways = [network(name, "natGateways", f"natGateways/{name}") for name in ("out", "other")]
    of(plan, "net")["body"]["properties"]["subnets"][0]["properties"]["natGateway"] = {"id": ways[0]["id"]}
    plan["resources"] += ways
    of(plan, "account")["dependsOn"].append(urn("out"))
    with_nodes(plan, "out", "other")
    assert needless(plan) == [("account", "out"), ("nodes", "other")]


@pytest.mark.parametrize("ranges", [["20.0.0.0/24"], []])
def test_a_cluster_may_wait_for_the_address_that_its_api_server_lets_in(plan: Json, ranges: list[str]) -> None:
    address = network("address", "publicIPAddresses", "publicIPAddresses/out")
    out = network("out", "natGateways", "natGateways/out", {"publicIpAddresses": [{"id": address["id"]}]})
    of(plan, "net")["body"]["properties"]["subnets"][0]["properties"]["natGateway"] = {"id": out["id"]}
    pools = [{"vnetSubnetID": f"{NETWORK}/subnets/work"}]
    body = {"properties": {"agentPoolProfiles": pools, "apiServerAccessProfile": {"authorizedIPRanges": ranges}}}
    kind = "Microsoft.ContainerService/managedClusters"
    plan["resources"] += [address, out, resource("aks", CLUSTER, kind, "2025-09-01", body, "net", "out", "address")]
    assert needless(plan) == ([] if ranges else [("aks", "address")])


def test_nodes_may_wait_for_the_firewall_that_their_network_is_joined_to(plan: Json) -> None:
    hub = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-hub"
    for name, where in (("wall", hub), ("elsewhere", f"{hub}2")):
        ip = [{"properties": {"subnet": {"id": f"{where}/subnets/AzureFirewallSubnet"}}}]
        policy = {"id": f"{GROUP}/providers/Microsoft.Network/firewallPolicies/{name}"}
        body = {"ipConfigurations": ip, "firewallPolicy": policy}
        plan["resources"].append(network(name, "azureFirewalls", f"azureFirewalls/{name}", body))
        rules = f"firewallPolicies/{name}/ruleCollectionGroups/rules"
        plan["resources"].append(network(f"{name}-rules", "firewallPolicies/ruleCollectionGroups", rules))
    joined = {"remoteVirtualNetwork": {"id": hub}}
    peering = "virtualNetworks/vnet-shop/virtualNetworkPeerings/hub"
    plan["resources"].append(network("peering", "virtualNetworks/virtualNetworkPeerings", peering, joined))
    with_nodes(plan, "peering", "wall", "wall-rules", "elsewhere", "elsewhere-rules")
    assert needless(plan) == [("nodes", "elsewhere"), ("nodes", "elsewhere-rules")]


@pytest.mark.parametrize(("group", "needed"), [("blob", True), ("file", True), ("queue", False)])
def test_nodes_may_wait_for_the_names_that_they_start_with(plan: Json, group: str, needed: bool) -> None:  # noqa: FBT001  # a parameter
    of(plan, "door")["body"]["properties"]["privateLinkServiceConnections"][0]["properties"]["groupIds"] = [group]
    with_nodes(plan, "door")
    assert needless(plan) == ([] if needed else [("nodes", "door")])


def test_nodes_may_wait_for_links_of_their_own_network_to_zones_of_what_they_call(plan: Json) -> None:
    zones = f"{GROUP}/providers/Microsoft.Network/privateDnsZones"
    names = {"privateDnsZoneConfigs": [{"properties": {"privateDnsZoneId": f"{zones}/blob"}}]}
    below = "privateEndpoints/pep-shop/privateDnsZoneGroups/default"
    plan["resources"].append(network("names", "privateEndpoints/privateDnsZoneGroups", below, names))
    for name, zone, where in (
        ("link", "blob", NETWORK),
        ("hub", "blob", f"{NETWORK}-hub"),
        ("other", "vault", NETWORK),
    ):
        body = {"virtualNetwork": {"id": where}}
        id_ = f"privateDnsZones/{zone}/virtualNetworkLinks/{name}"
        plan["resources"].append(network(name, "privateDnsZones/virtualNetworkLinks", id_, body))
    with_nodes(plan, "names", "link", "hub", "other")
    assert needless(plan) == [("nodes", "hub"), ("nodes", "other")]


def test_nodes_in_the_workspaces_own_network_wait_for_nothing_of_ours(plan: Json) -> None:
    out = network("out", "natGateways", "natGateways/out")
    plan["resources"].append(out)
    of(plan, "net")["body"]["properties"]["subnets"][0]["properties"]["natGateway"] = {"id": out["id"]}
    with_nodes(plan, "out", "door", body={"properties": {"properties": {}}})
    assert needless(plan) == [("nodes", "net"), ("nodes", "out"), ("nodes", "door")]


def test_a_subnet_in_a_body_is_a_reference_to_its_network(plan: Json) -> None:
    of(plan, "account")["body"]["subnet"] = f"{NETWORK}/subnets/work"
    of(plan, "account")["dependsOn"].append(urn("net"))
    assert needless(plan) == []


def test_a_short_name_within_a_word_is_no_reference(plan: Json) -> None:
    container = f"{ACCOUNT}/blobServices/default/containers/raw"
    kind = "Microsoft.Storage/storageAccounts/blobServices/containers"
    plan["resources"].append(resource("raw", container, kind, "2024-01-01", {}, "account"))
    of(plan, "net")["dependsOn"].append(urn("raw"))
    of(plan, "net")["body"]["note"] = "drawn"
    assert needless(plan) == [("net", "raw")]
    of(plan, "net")["body"]["note"] = "raw"
    assert needless(plan) == []


def test_what_nobody_documents_is_said(plan: Json) -> None:
    plan["resources"].append(resource("odd", f"{GROUP}/providers/My.Own/odds/o", "My.Own/odds", "1", {}, "rg"))
    found = times(plan["resources"])
    assert found.unknown == ["My.Own/odds"]
    assert found.as_json()["withoutDuration"] == ["My.Own/odds"]


def test_the_report_gives_each_step_its_minutes(plan: Json) -> None:
    lines = list(report(times(plan["resources"])))
    assert lines[0].startswith("critical path: ")
    assert len(lines) == 4
    assert lines[-1].endswith("Microsoft.Network/privateEndpoints door (assumed)")
    assert lines[0].endswith("; 1.0 min of it assumed)")
    assert lines[1].endswith("Microsoft.Resources/resourceGroups rg")


def test_a_duration_has_its_source_and_the_day_or_is_an_assumption(plan: Json) -> None:
    steps = {step["name"]: step for step in times(plan["resources"]).as_json()["steps"]}
    assert steps["door"]["source"] is None
    assert re.search(r"steampipe-plugin-azure.* \(read \d{4}-\d\d-\d\d\)$", steps["rg"]["source"])
    assert times(plan["resources"]).as_json()["assumedMinutes"] == 1


def test_a_source_is_that_of_the_declared_seconds() -> None:
    """Whoever declares other seconds has to say where they are from."""
    table = json.loads(files("azlocal.engine.views").joinpath("durations.json").read_bytes())
    assert sources().keys() == {row["type"].lower() for row in table["rows"]}
    assert {row["source"] for row in table["rows"]} == table["sources"].keys()
    assert all(one["page"] and date.fromisoformat(one["read"]) for one in table["sources"].values())


def test_an_empty_plan_takes_no_time() -> None:
    assert list(report(times([]))) == []
