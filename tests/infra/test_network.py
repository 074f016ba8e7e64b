from __future__ import annotations

from collections import Counter

import pytest

from infra import private_endpoints
from infra.network_tables import RULES, SUBNETS
from tests.infra import program
from tests.infra.program import Deployment, each


def test_each_subnet_has_its_group_and_no_default_way_out(deployment: Deployment) -> None:
    subnets = deployment.one("network:VirtualNetwork").inputs["subnets"]
    assert [subnet["name"].split("-")[2] for subnet in subnets] == [row.name for row in SUBNETS]
    for subnet, row in zip(subnets, SUBNETS, strict=True):
        assert row.name in subnet["networkSecurityGroup"]["id"]
        assert subnet["defaultOutboundAccess"] is False
        assert ("natGateway" in subnet) == row.egress


def test_rules_are_complete_and_apart(deployment: Deployment) -> None:
    for group in each(deployment.all("NetworkSecurityGroup")):
        rules = group.inputs["securityRules"]
        slots = Counter((rule["direction"], rule["priority"]) for rule in rules)
        assert max(slots.values()) == 1, f"{group.name}: Azure takes one rule for a direction and priority"
        for rule in each(rules):
            assert ("destinationPortRange" in rule) != ("destinationPortRanges" in rule)
            assert "{" not in rule["sourceAddressPrefix"] + rule["destinationAddressPrefix"]


def test_nothing_is_let_in_from_the_internet() -> None:
    for rule in each(rule for rule in RULES if rule.direction == "Inbound" and rule.access == "Allow"):
        assert rule.source not in {"*", "Internet", "Any", "0.0.0.0/0"}


def test_each_endpoint_resolves_privately(deployment: Deployment) -> None:
    zones = {made.inputs["privateZoneName"] for made in deployment.all("privatedns:PrivateZone")}
    links = {made.inputs["privateZoneName"] for made in deployment.all("privatedns:VirtualNetworkLink")}
    assert zones == links == {zone for row in private_endpoints.ZONES.values() for zone in row}
    endpoints = {made.inputs["privateEndpointName"]: made for made in deployment.all("network:PrivateEndpoint")}
    records = {made.inputs["privateEndpointName"]: made for made in deployment.all("PrivateDnsZoneGroup")}
    assert endpoints.keys() == records.keys()
    for name, endpoint in each(endpoints.items()):
        (connection,) = endpoint.inputs["privateLinkServiceConnections"]
        (group,) = connection["groupIds"]
        found = {config["privateDnsZoneId"].split("/")[-1] for config in records[name].inputs["privateDnsZoneConfigs"]}
        assert found == set(private_endpoints.ZONES[group])


def test_endpoints_cover_the_table(deployment: Deployment) -> None:
    rows = sum(len(groups) for groups in private_endpoints.GROUPS.values())
    assert len(deployment.all("network:PrivateEndpoint")) == rows


def test_closing_the_public_end_points_closes_all_of_them() -> None:
    values = program.configuration("dev")
    values["network"]["publicAccess"] = "Disabled"
    closed = program.run("dev", values)
    kinds = ("storage:StorageAccount", "containerregistry:Registry", "machinelearningservices:Workspace")
    for made in each(made for kind in kinds for made in closed.all(kind)):
        assert made.inputs["publicNetworkAccess"] == "Disabled"
    vault = closed.one("keyvault:Vault").inputs["properties"]
    assert (vault["publicNetworkAccess"], vault["networkAcls"]["defaultAction"]) == ("Disabled", "Deny")


def test_address_filters_reach_every_firewall() -> None:
    values = program.configuration("dev")
    values["network"]["allowedIpRanges"] = ["20.10.5.7/32", "20.11.0.0/24"]
    values["cluster"]["authorizedIpRanges"] = ["20.11.0.0/24"]
    made = program.run("dev", values)
    for account in each(made.all("storage:StorageAccount")):
        rules = account.inputs["networkRuleSet"]
        assert rules["defaultAction"] == "Deny"
        assert [rule["iPAddressOrRange"] for rule in rules["ipRules"]] == ["20.10.5.7", "20.11.0.0/24"]
    synapse = made.one("synapse:IpFirewallRule", "spark-allow-1").inputs
    assert (synapse["startIpAddress"], synapse["endIpAddress"]) == ("20.11.0.0", "20.11.0.255")
    ranges = made.one("ManagedCluster").inputs["apiServerAccessProfile"]["authorizedIPRanges"]
    assert ranges == ["20.11.0.0/24", "20.50.0.1/32"], "the nodes' own way out has to be let in too"


@pytest.mark.parametrize("environment", program.ENVIRONMENTS)
@pytest.mark.parametrize("mode", ["byo", "managed"])
def test_one_setting_says_whose_network_computes_are_in(environment: str, mode: str) -> None:
    values = program.configuration(environment)
    values["network"]["mode"] = mode
    made = program.run(environment, values)
    outbound = values["workspace"]["isolationMode"] if mode == "managed" else "Disabled"
    workspace = made.one("machinelearningservices:Workspace").inputs
    assert workspace["managedNetwork"]["isolationMode"] == outbound
    nodes = made.one("machinelearningservices:Compute", "training-cpu").inputs["properties"]["properties"]
    assert ("subnet" in nodes) == (mode == "byo")
    assert nodes["enableNodePublicIp"] is False
