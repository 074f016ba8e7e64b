from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import product
from typing import Any

import pytest

from infra.machinelearning.outbound_rules import PRIVATE_TARGETS
from infra.network.private_endpoints import TARGETS, ZONES
from infra.network.tables import BASTION, SUBNETS
from infra.settings.reader import parse
from tests.infra import program
from tests.infra.program import Deployment, each

Values = dict[str, Any]
MODES = ("byo", "managed")
EXITS = ("natGateway", "firewall", "existingHub")
FOREIGN = "/subscriptions/33333333-0000-4000-8000-000000000001/resourceGroups/hub/providers/Microsoft.Network"
ANYWHERE = {"*", "Internet", "Any", "0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1"}


def network_of(environment: str, mode: str, egress: str, **more: Any) -> Deployment:
    """The program with another network: each environment can have each of them."""
    values = program.configuration(environment)
    plan = values["network"]
    plan |= {"mode": mode, "egress": egress, **more}
    plan.pop("hub", None)
    if egress == "firewall":
        plan["hub"] = {"addressSpace": "10.50.0.0/24"}
    if egress == "existingHub":
        plan["existingHub"] = {"virtualNetworkId": f"{FOREIGN}/virtualNetworks/hub", "nextHop": "10.0.0.4"}
    return program.run(environment, values)


@pytest.fixture(params=program.each_environment(MODES))
def variation(request: pytest.FixtureRequest) -> tuple[str, str, Deployment]:
    """Each environment in each mode, the three ways out spread over them, once with Bastion and once without."""
    return _varied(*request.param)


@cache
def _varied(environment: str, mode: str) -> tuple[str, str, Deployment]:
    egress = EXITS[(program.ENVIRONMENTS.index(environment) + MODES.index(mode)) % len(EXITS)]
    return mode, egress, network_of(environment, mode, egress, bastion=mode == "byo")


def spoke(deployment: Deployment) -> Values:
    return deployment.one("network:VirtualNetwork", "network-vnet").inputs


def rules_of(deployment: Deployment) -> dict[str, list[Values]]:
    return {
        made.name.removeprefix("network-nsg-"): made.inputs["securityRules"]
        for made in deployment.all("NetworkSecurityGroup")
    }


def values_of(rule: Values, field: str) -> list[str]:
    """A field of a rule, in whichever of its two spellings."""
    one = rule.get(field)
    return [one] if one else list(rule[f"{field}s" if field.endswith("Range") else f"{field}es"])


def test_each_subnet_has_its_group_and_no_default_way_out(variation: tuple[str, str, Deployment]) -> None:
    mode, egress, deployment = variation
    rows = [row for row in SUBNETS if mode in row.modes and (mode == "byo" or row.name != BASTION)]
    subnets = spoke(deployment)["subnets"]
    assert len(subnets) == len(rows)
    for subnet, row in each(zip(subnets, rows, strict=True)):
        assert (subnet["name"] == row.fixed_name) if row.fixed_name else (row.name.replace("_", "-") in subnet["name"])
        assert row.name.replace("_", "-") in subnet["networkSecurityGroup"]["id"]
        assert subnet["defaultOutboundAccess"] is False
        assert ("natGateway" in subnet) == (row.egress and egress == "natGateway")
        assert ("routeTable" in subnet) == (row.egress and egress != "natGateway")


def test_bastions_subnet_can_stand_without_its_host() -> None:
    made = network_of("dev", "byo", "natGateway", bastion="subnet")
    assert [subnet["name"] for subnet in spoke(made)["subnets"]][-1] == "AzureBastionSubnet"
    assert made.all("network:BastionHost") == []


def test_what_leaves_goes_one_way(variation: tuple[str, str, Deployment]) -> None:
    _, egress, deployment = variation
    cluster = deployment.one("ManagedCluster")
    outbound = cluster.inputs["networkProfile"]["outboundType"]
    assert outbound == ("userAssignedNATGateway" if egress == "natGateway" else "userDefinedRouting")
    assert len(deployment.all("network:NatGateway")) == (egress == "natGateway")
    assert len(deployment.all("network:AzureFirewall")) == (egress == "firewall")
    if egress == "natGateway":
        return
    route = deployment.one("network:Route").inputs
    assert (route["addressPrefix"], route["nextHopType"]) == ("0.0.0.0/0", "VirtualAppliance")
    assert route["nextHopIpAddress"] == ("10.50.0.4" if egress == "firewall" else "10.0.0.4")
    peerings = {made.inputs["virtualNetworkName"]: made.inputs for made in deployment.all("VirtualNetworkPeering")}
    assert len(peerings) == 2
    assert all(peering["allowForwardedTraffic"] for peering in peerings.values())
    waits = deployment.waits_for(cluster)
    assert {"network-default-route", "network-to-hub", "network-from-hub"} <= waits
    vnet = deployment.one("network:VirtualNetwork", "network-vnet")
    assert "hub-firewall" not in deployment.waits_for(vnet), "subnets need not wait ten minutes for a firewall"


def test_a_firewall_is_built_as_azure_asks() -> None:
    made = network_of("prod", "byo", "firewall")
    hub = made.one("network:VirtualNetwork", "hub-vnet").inputs
    assert [(one["name"], one["addressPrefix"]) for one in hub["subnets"]] == [("AzureFirewallSubnet", "10.50.0.0/26")]
    firewall = made.one("network:AzureFirewall")
    assert "hub-rules" in made.waits_for(firewall), "a policy takes no rules while its firewall is being made"
    address = made.one("network:PublicIPAddress", "hub-ip").inputs
    assert (address["sku"]["name"], address["publicIPAllocationMethod"]) == ("Standard", "Static")
    assert address["zones"] == firewall.inputs["zones"] == ["1", "2", "3"]
    for collection in each(made.one("FirewallPolicyRuleCollectionGroup").inputs["ruleCollections"]):
        for rule in each(collection["rules"]):
            assert not ANYWHERE & set(rule["sourceAddresses"] + rule.get("destinationAddresses", []))
            assert not re.search(r"\{\w", str(rule)), "a fact was not filled in"


@pytest.mark.xdist_group("prod")
def test_the_firewall_lets_package_indexes_through_only_where_named() -> None:
    values = program.configuration("prod")
    assert "allowed-hosts" not in str(program.deployed("prod").one("FirewallPolicyRuleCollectionGroup").inputs)
    values["network"]["hub"]["allowedHosts"] = ["packages.example.com"]
    rules = program.run("prod", values).one("FirewallPolicyRuleCollectionGroup").inputs["ruleCollections"][1]["rules"]
    (rule,) = (rule for rule in rules if rule["name"] == "allowed-hosts")
    assert rule["targetFqdns"] == ["packages.example.com"]
    assert rule["sourceAddresses"], "from the subnets that leave"


def test_a_network_that_exists_is_read_and_not_made() -> None:
    values = program.configuration("dev")
    roles = ("training", "endpoints", "aksUser", "aksSystem", "ingress", "synapse", "runners")
    network_id = f"{FOREIGN}/virtualNetworks/vnet"
    values["network"]["existingNetwork"] = {"virtualNetworkId": network_id, "subnets": {role: role for role in roles}}
    values["serving"]["routerAddress"] = "10.99.0.4"
    made = program.run("dev", values)
    for kind in each(("network:VirtualNetwork", "NetworkSecurityGroup", "NatGateway", "PublicIPAddress")):
        assert made.all(kind) == []
    for endpoint in each(made.all("network:PrivateEndpoint")):
        assert endpoint.inputs["subnet"]["id"].startswith(f"{network_id}/subnets/")
    pools = [*made.one("ManagedCluster").inputs["agentPoolProfiles"], made.one("AgentPool").inputs]
    assert [pool["vnetSubnetID"].rsplit("/", 1)[-1] for pool in pools] == ["aksSystem", "aksUser"]


def test_rules_are_complete_and_apart(variation: tuple[str, str, Deployment]) -> None:
    for name, rules in each(rules_of(variation[2]).items()):
        slots = Counter((rule["direction"], rule["priority"]) for rule in rules)
        assert max(slots.values()) == 1, f"{name}: Azure takes one rule for a direction and priority"
        assert max(Counter(rule["name"] for rule in rules).values()) == 1, name
        for rule in each(rules):
            for field in ("destinationPortRange", "sourceAddressPrefix", "destinationAddressPrefix"):
                several = f"{field}s" if field.endswith("Range") else f"{field}es"
                assert (field in rule) != (several in rule), (name, rule["name"], field)
            assert not re.search(r"\{\w", str(rule)), "a fact was not filled in"
        inbound = sorted((rule for rule in rules if rule["direction"] == "Inbound"), key=lambda rule: rule["priority"])
        assert (inbound[-1]["access"], inbound[-1]["sourceAddressPrefix"]) == ("Deny", "*")
        assert inbound[0]["access"] == "Allow" or name == "runners"


# What computes without a public address have to reach (machine-learning/how-to-access-azureml-behind-firewall and the
# rules of Azure's own templates), and beyond that the package indexes, which have no tag.
REACHED = {
    ("AzureActiveDirectory", "Tcp", "80,443"),
    ("AzureMachineLearning", "Tcp", "443,8787,18881"),
    ("AzureMachineLearning", "Udp", "5831"),
    ("BatchNodeManagement.westeurope", "Tcp", "443"),
    ("AzureResourceManager", "Tcp", "443"),
    ("Storage.westeurope", "Tcp", "443,445"),
    ("AzureFrontDoor.FrontEnd", "Tcp", "443"),
    ("AzureFrontDoor.FirstParty", "Tcp", "443"),
    ("MicrosoftContainerRegistry", "Tcp", "443"),
    ("AzureMonitor", "Tcp", "443"),
    ("AzureKeyVault.westeurope", "Tcp", "443"),
    ("VirtualNetwork", "Tcp", "443,445"),
    ("Internet", "Tcp", "443"),
}


def test_computes_reach_what_azure_lists_and_nothing_else(local: Deployment) -> None:
    rules = rules_of(local)["training"]
    let_out = [rule for rule in rules if (rule["direction"], rule["access"]) == ("Outbound", "Allow")]
    found = [
        (address, rule["protocol"], ",".join(values_of(rule, "destinationPortRange")))
        for rule in let_out
        for address in values_of(rule, "destinationAddressPrefix")
    ]
    assert set(found) == REACHED
    assert len(found) == len(REACHED)


def test_nothing_is_let_in_from_the_internet_but_to_bastion(variation: tuple[str, str, Deployment]) -> None:
    open_rules = {
        (name, rule["name"])
        for name, rules in rules_of(variation[2]).items()
        for rule in rules
        if rule["direction"] == "Inbound"
        and rule["access"] == "Allow"
        and ANYWHERE & set(values_of(rule, "sourceAddressPrefix"))
    }
    assert open_rules <= {("bastion", "AllowHttpsFromInternet")}


def test_no_machine_gets_a_shell_on_the_next_one(variation: tuple[str, str, Deployment]) -> None:
    for name, rules in each(rules_of(variation[2]).items()):
        outbound = [rule for rule in rules if rule["direction"] == "Outbound"]
        first = min(outbound, key=lambda rule: int(rule["priority"]))
        shells = set(values_of(first, "destinationPortRange")) >= {"22", "3389"}
        assert shells
        assert first["destinationAddressPrefix"] == "VirtualNetwork"
        assert first["access"] == ("Allow" if name == "bastion" else "Deny")


def test_each_endpoint_resolves_privately(deployment: Deployment) -> None:
    zones = {made.inputs["privateZoneName"] for made in deployment.all("privatedns:PrivateZone")}
    wanted_zones = {zone for row in TARGETS.values() for group in row.groups for zone in ZONES[group]}
    kubernetes = {zone for zone in zones if zone.endswith("azmk8s.io")}
    private = deployment.one("ManagedCluster").inputs["apiServerAccessProfile"]["enablePrivateCluster"]
    scoring = str(deployment.outputs["scoring_host"]).partition(".")[2]
    assert zones == wanted_zones | kubernetes | {scoring}
    assert kubernetes == ({"privatelink.westeurope.azmk8s.io"} if private else set())
    endpoints = {made.name: made for made in deployment.all("network:PrivateEndpoint")}
    records = {made.name.removesuffix("-dns"): made for made in deployment.all("PrivateDnsZoneGroup")}
    assert endpoints.keys() == records.keys()
    for name, endpoint in each(endpoints.items()):
        (connection,) = endpoint.inputs["privateLinkServiceConnections"]
        (group,) = connection["groupIds"]
        if not deployment.awaits(records[name].inputs["privateEndpointName"]):
            assert records[name].inputs["privateEndpointName"] == endpoint.inputs["privateEndpointName"]
        configs = records[name].inputs["privateDnsZoneConfigs"]
        assert len(configs) == len(ZONES[group])
        if not deployment.awaits([config["privateDnsZoneId"] for config in configs]):
            assert {config["privateDnsZoneId"].split("/")[-1] for config in configs} == set(ZONES[group])


def test_zones_are_linked_once_to_each_network(deployment: Deployment) -> None:
    networks = {made.inputs["virtualNetworkName"] for made in deployment.all("network:VirtualNetwork")}
    made = deployment.all("privatedns:VirtualNetworkLink")
    assert len(made) == len(deployment.all("privatedns:PrivateZone")) * len(networks)
    if deployment.awaits([link.inputs["virtualNetwork"]["id"] for link in made]):
        return
    links = Counter(
        (link.inputs["privateZoneName"], link.inputs["virtualNetwork"]["id"].rsplit("/", 1)[-1]) for link in made
    )
    zones = {made.inputs["privateZoneName"] for made in deployment.all("privatedns:PrivateZone")}
    assert set(links) == set(product(zones, networks))
    assert set(links.values()) == {1}


def test_endpoints_cover_the_table(deployment: Deployment) -> None:
    made = Counter(
        endpoint.inputs["privateLinkServiceConnections"][0]["groupIds"][0]
        for endpoint in deployment.all("network:PrivateEndpoint")
    )
    promotes = parse(program.configuration(deployment.environment)).workspace.promotion_registry
    optional = set() if promotes else {"promotion"}
    assert made == Counter(group for name, row in TARGETS.items() if name not in optional for group in row.groups)


def test_synapse_has_a_subnet_of_its_own(deployment: Deployment) -> None:
    for endpoint in each(deployment.all("network:PrivateEndpoint")):
        group = endpoint.inputs["privateLinkServiceConnections"][0]["groupIds"][0]
        synapse = group in {"Dev", "Sql", "SqlOnDemand", "Web"}
        if not deployment.awaits(endpoint.inputs["subnet"]["id"]):
            assert ("snet-mlp-synapse" in endpoint.inputs["subnet"]["id"]) == synapse


def test_no_endpoint_waits_for_another(deployment: Deployment) -> None:
    """Azure has all but one of a subnet's endpoints try again; that is no order the program must keep."""
    names = {made.name for made in deployment.all("network:PrivateEndpoint")}
    waits = {"endpoints-lake-dfs", "endpoints-vault-vault", "endpoints-registry-registry", "endpoints-storage-blob"}
    for made in each(made for made in deployment.all("network:PrivateEndpoint") if made.name in waits):
        assert not deployment.waits_for(made) & names


def test_zones_of_a_hub_are_used_and_not_made() -> None:
    values = program.configuration("dev")
    group = FOREIGN.removesuffix("/providers/Microsoft.Network")
    values["network"]["dnsZonesGroupId"] = group
    made = program.run("dev", values)
    assert made.all("privatedns:PrivateZone") == made.all("privatedns:VirtualNetworkLink") == []
    for records in each(made.all("PrivateDnsZoneGroup")):
        for config in each(records.inputs["privateDnsZoneConfigs"]):
            assert config["privateDnsZoneId"].startswith(f"{group}/providers/Microsoft.Network/privateDnsZones/")


def test_azure_monitor_is_reached_through_one_scope(deployment: Deployment) -> None:
    scope = deployment.one("monitor:PrivateLinkScope").inputs
    modes = scope["accessModeSettings"]
    assert modes["ingestionAccessMode"] == modes["queryAccessMode"]
    scoped = [made.inputs["linkedResourceId"] for made in deployment.all("monitor:PrivateLinkScopedResource")]
    assert len(scoped) == 3
    if not deployment.awaits(scoped):
        assert {one.split("/")[-2] for one in scoped} == {"Workspace", "Component", "DataCollectionEndpoint"}
    access = {made.inputs["publicNetworkAccess"] for made in deployment.all("machinelearningservices:Workspace")}
    for made in each(
        (*deployment.all("operationalinsights:Workspace"), *deployment.all("applicationinsights:Component"))
    ):
        assert {made.inputs["publicNetworkAccessForIngestion"], made.inputs["publicNetworkAccessForQuery"]} == access
    collector = deployment.one("monitor:DataCollectionEndpoint").inputs["networkAcls"]
    assert {collector["publicNetworkAccess"]} == access


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


def test_one_setting_says_whose_network_computes_are_in(variation: tuple[str, str, Deployment]) -> None:
    mode, _, made = variation
    chosen = program.configuration(made.environment)["workspace"]["isolationMode"]
    managed = made.one("machinelearningservices:Workspace").inputs["managedNetwork"]
    assert managed["isolationMode"] == (chosen if mode == "managed" else "Disabled")
    rules = managed.get("outboundRules", {})
    assert set(rules) == ({row.name for row in PRIVATE_TARGETS} if mode == "managed" else set())
    nodes = made.one("machinelearningservices:Compute", "training-cpu").inputs["properties"]["properties"]
    assert ("subnet" in nodes) == (mode == "byo")
    assert nodes["enableNodePublicIp"] is False
    for compute in each(made.all("machinelearningservices:Compute")):
        assert "subnet" not in compute.inputs["properties"].get("properties", {}) or mode == "byo"


RG = FOREIGN.rsplit("/providers/", 1)[0]
THEIRS = [
    ("observability", "existingWorkspaceId", f"{RG}/providers/Microsoft.OperationalInsights/workspaces/theirs"),
    ("registry", "existingId", f"{RG}/providers/Microsoft.ContainerRegistry/registries/theirs"),
    ("lake", "existingId", f"{RG}/providers/Microsoft.Storage/storageAccounts/theirs"),
]


def test_what_is_made_within_another_subscription_has_its_provider() -> None:
    """azure-native takes the subscription from the provider, and from no id."""
    values = program.configuration("prod")
    plan = values["network"]
    plan["existingHub"] = {"virtualNetworkId": f"{FOREIGN}/virtualNetworks/hub", "nextHop": "10.0.0.4"}
    plan |= {"egress": "existingHub", "dnsZonesGroupId": RG}
    del plan["hub"]
    values["lake"]["existingId"] = THEIRS[2][2]
    made = program.run("prod", values)
    providers = {provider.urn: provider.inputs["subscriptionId"] for provider in made.all("providers:azure-native")}
    assert set(providers.values()) == {FOREIGN.split("/")[2]}
    there = {one.name for one in made.azure() if one.provider.rpartition("::")[0] in providers}
    filesystems = {f"lake-{zone}" for zone in ("raw", "curated", "features", "scores", "synapse")}
    assert there == {"network-from-hub", "ingress-record", *filesystems}
    group = FOREIGN.partition("/providers")[0]
    for one in each(one for one in made.azure() if one.inputs.get("resourceGroupName") == group.rsplit("/", 1)[-1]):
        assert one.name in there
    for role in each(role for role in made.all("RoleAssignment") if role.inputs["scope"].startswith(group)):
        assert role.inputs["roleDefinitionId"].startswith("/".join(group.split("/")[:3]))


def test_what_is_made_within_ones_own_subscription_has_the_usual_provider() -> None:
    values = program.configuration("dev")
    values["lake"]["existingId"] = THEIRS[2][2].replace(FOREIGN.split("/")[2], program.SUBSCRIPTION)
    assert program.run("dev", values).all("providers:azure-native") == []


def test_what_another_team_runs_is_read_and_used() -> None:
    values = program.configuration("dev")
    values["observability"]["basicTables"] = []
    for block, key, resource_id in each(THEIRS):
        values[block][key] = resource_id
    values["observability"]["basicTables"] = []
    made = program.run("dev", values)
    assert made.all("operationalinsights:Workspace") == made.all("containerregistry:Registry") == []
    assert [account.name for account in made.all("storage:StorageAccount")] == ["storage-account"]
    for _, _, resource_id in each(THEIRS):
        scopes = [entry for entry in made.all("RoleAssignment") if entry.inputs["scope"].startswith(resource_id)]
        assert scopes, "the roles are on theirs"
    for store in each(made.all("machinelearningservices:Datastore")):
        place = RG.split("/")
        assert [store.inputs["properties"][key] for key in ("subscriptionId", "resourceGroup")] == [place[2], place[4]]
    targets = {
        endpoint.inputs["privateLinkServiceConnections"][0]["privateLinkServiceId"]
        for endpoint in made.all("network:PrivateEndpoint")
    }
    assert {resource_id for _, _, resource_id in THEIRS[1:]} <= targets
    zones = [container for container in made.all("BlobContainer") if container.name.startswith("lake-")]
    assert {container.inputs["resourceGroupName"] for container in each(zones)} == {"hub"}
    assert made.one("machinelearningservices:Workspace").inputs["containerRegistry"] == THEIRS[1][2]
