"""The monthly cost: list prices with their source, and a plain word where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from azlocal.engine.views.cost import cost, report, table
from tests.azlocal.engine.views.conftest import GROUP, Json, resource

HOURS = 730


def cluster(**pool: object) -> Json:
    """A cluster with one pool."""
    body = {"location": "eastus", "sku": {"tier": "Standard"}, "properties": {"agentPoolProfiles": [pool]}}
    kind = "Microsoft.ContainerService/managedClusters"
    return resource("aks", f"{GROUP}/providers/{kind}/aks", kind, "2025-09-01", body)


def lines(*resources: Json) -> list[tuple[str, Any, Any]]:
    """Meter, count and monthly cost of each line."""
    return [(line.meter, line.count, line.monthly) for line in cost(list(resources)).lines]


def test_a_private_endpoint_costs_the_same_everywhere_and_other_things_nothing_by_the_hour(plan: Json) -> None:
    found = cost(plan["resources"])
    (line,) = found.lines
    assert line.name == "door"
    assert line.monthly == pytest.approx(7.30)
    assert found.monthly == pytest.approx(7.30)
    assert found.unpriced == []


def test_a_pool_counts_its_least_nodes() -> None:
    fixed = cluster(vmSize="Standard_DS2_v2", count=3)
    scaled = cluster(vmSize="Standard_DS2_v2", count=3, minCount=2, maxCount=9, enableAutoScaling=True)
    for one, nodes in ((fixed, 3), (scaled, 2)):
        machines = ("machine Standard_DS2_v2", nodes, pytest.approx(nodes * 0.146 * HOURS))
        assert lines(one) == [machines, ("cluster Standard", 1, pytest.approx(73.0))]


def test_a_cluster_from_zero_nodes_costs_nothing_though_its_size_has_no_price() -> None:
    given = {"vmSize": "Standard_Unknown", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4}}
    body = {"location": "westeurope", "properties": {"computeType": "AmlCompute", "properties": given}}
    kind = "Microsoft.MachineLearningServices/workspaces/computes"
    assert lines(resource("cpu", f"{GROUP}/providers/x/y", kind, "1", body)) == [("machine Standard_Unknown", 0, 0.0)]


def test_a_price_of_another_region_is_not_taken_but_told() -> None:
    one = cluster(vmSize="Standard_DS2_v2", count=1)
    one["body"]["location"] = "North Europe"
    found = cost([one])
    assert found.monthly == 0
    assert [(line.region, line.elsewhere) for line in found.unpriced] == [("northeurope", "eastus")] * 2
    told = "\n".join(report(found))
    assert "without 2 that have no price here" in told
    assert "1 × machine Standard_DS2_v2 in northeurope (only for eastus): " in told


def test_what_has_no_price_is_told_once_for_each_meter_with_all_who_use_it() -> None:
    pools = [cluster(vmSize="Standard_Unknown", count=count) for count in (1, 2)]
    told = [line for line in report(cost(pools)) if "Standard_Unknown" in line]
    assert told == [f"  no price: 3 × machine Standard_Unknown in eastus: {pools[0]['name']}, {pools[1]['name']}"]


def test_a_size_that_the_table_lacks_is_said() -> None:
    found = cost([cluster(vmSize="Standard_Unknown", count=2)])
    (missing,) = found.unpriced
    assert (missing.meter, missing.count, missing.elsewhere) == ("machine Standard_Unknown", 2, "")


def test_what_azure_makes_beside_costs_too() -> None:
    regions = [{"acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}]}] * 2
    kind = "Microsoft.MachineLearningServices/registries"
    body = {"location": "westeurope", "properties": {"regionDetails": regions}}
    assert [line[:2] for line in lines(resource("mlr", f"{GROUP}/providers/{kind}/mlr", kind, "1", body))] == [
        ("registry Premium", 1),
        ("registry Premium", 1),
    ]


@pytest.mark.parametrize(
    ("mode", "types", "expected"),
    [
        ("Disabled", [], {("private endpoint", 0)}),
        ("AllowInternetOutbound", ["PrivateEndpoint"] * 2, {("private endpoint", 2)}),
        ("AllowOnlyApprovedOutbound", ["PrivateEndpoint", "ServiceTag"], {("private endpoint", 1)}),
        ("AllowOnlyApprovedOutbound", ["FQDN"], {("private endpoint", 0), ("firewall Basic", 1)}),
    ],
)
def test_a_managed_network_costs_what_is_in_it(mode: str, types: list[str], expected: set[tuple[str, int]]) -> None:
    rules = {f"r{index}": {"type": one} for index, one in enumerate(types)}
    network = {"isolationMode": mode, "firewallSku": "Basic", "outboundRules": rules}
    kind = "Microsoft.MachineLearningServices/workspaces"
    body = {"location": "westeurope", "properties": {"managedNetwork": network}}
    assert {line[:2] for line in lines(resource("mlw", f"{GROUP}/providers/{kind}/mlw", kind, "1", body))} == expected


def test_what_is_left_out_and_assumed_is_said(plan: Json) -> None:
    told = list(report(cost(plan["resources"])))
    assert told[0] == "cost: 7.30 USD a month at list prices"
    assert any(line.startswith("  left out: traffic, stored volume, requests") for line in told)
    assert any(line.startswith("  assumed: every hour of the month") for line in told)


def test_each_row_has_region_unit_and_a_source_with_its_date() -> None:
    prices = table()
    assert prices["currency"] == "USD"
    rows = prices["rows"]
    assert rows
    assert len({(row["meter"], row["region"]) for row in rows}) == len(rows)
    for row in rows:
        assert row["price"] > 0
        assert row["unit"] in {"hour", "month"}
        source = prices["sources"][row["source"]]
        assert source["page"]
        assert len(source["read"].split("-")) == 3
    assert {row["source"] for row in rows} == set(prices["sources"])


def test_it_is_data_too(plan: Json) -> None:
    told = cost(plan["resources"]).as_json()
    assert told["monthly"] == 7.3
    assert told["lines"] == [
        {
            "type": "Microsoft.Network/privateEndpoints",
            "name": "door",
            "meter": "private endpoint",
            "count": 1,
            "region": "westeurope",
            "monthly": 7.3,
        }
    ]
