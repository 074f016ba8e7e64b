from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import config

from azlocal.arm.locations import KNOWN
from azlocal.arm.zones import WITHOUT_ZONES as LOCAL_WITHOUT_ZONES
from infra.rules.regions import REGIONS, WITHOUT_ZONES
from infra.rules.services import quantity
from infra.settings import Settings
from infra.settings.lines import Lines
from infra.settings.pages import OTHER, PAGES, page_of
from infra.settings.reader import ProblemsFoundError, SettingsError, load, parse
from infra.settings.words import WORDS
from tests.infra import program

Values = dict[str, Any]
DEV = program.configuration("dev")


def changed(path: str, value: Any) -> Values:
    """The settings of dev with one value replaced."""
    values = deepcopy(DEV)
    *parents, last = path.split(".")
    at = values
    for key in parents:
        at = at.setdefault(key, {})
    at[last] = value
    return values


def problems(values: Values) -> dict[str, str]:
    """What is wrong with the values: key and message with hint."""
    try:
        parse(values)
    except ProblemsFoundError as found:
        texts: defaultdict[str, str] = defaultdict(str)
        for problem in found.problems:
            texts[problem.key] += f"{problem.message}; {problem.hint}\n"
        return texts
    return {}


@pytest.mark.parametrize("environment", program.ENVIRONMENTS)
def test_the_environments_are_sound(environment: str) -> None:
    settings = parse(program.configuration(environment))
    assert settings.platform.name
    assert settings.model_fields_set == Settings.model_fields.keys()


GPU = {
    "name": "gpu-cluster",
    "vmSize": "Standard_DS3_v2",
    "priority": "Dedicated",
    "minNodes": 1,
    "maxNodes": 2,
    "idleMinutes": 5,
}
TLS = {"sslSecret": "scoring-tls", "sslCname": "scoring.dev.ml.internal"}
EXPIRED = {"reason": "a tool that knows certificates only", "until": "2020-01-01"}

THEIR_LOGS = (
    "/subscriptions/33333333-0000-4000-8000-000000000001/resourceGroups/logs"
    "/providers/Microsoft.OperationalInsights/workspaces/theirs"
)
TRAPS: list[tuple[str, Any, str, str]] = [
    # set, to, what is reported, with which words
    ("platform.location", "westeurop", "platform.location", "did you mean westeurope, "),
    ("platform.location", "West Europe", "platform.location", "did you mean westeurope, "),
    ("platform.location", "moon", "platform.location", "list-locations"),
    (
        "platform.name",
        "Not",
        "platform.name",
        "must be 2 to 7 lower-case letters and digits, a letter first (part",
    ),
    ("cluster.kubernetesVersion", 1.34, "cluster.kubernetesVersion", 'put it in quotes: "1.34"'),
    ("cluster.zones", [1], "cluster.zones[0]", 'put it in quotes: "1"'),
    ("cluster.zones", ["4"], "cluster.zones[0]", "choose '1', '2' or '3'"),
    ("cluster.maintenance.nodes.start", 600, "cluster.maintenance.nodes.start", 'put it in quotes: "10:00"'),
    ("vault.softDeleteDays", "30", "vault.softDeleteDays", "write it without quotes"),
    ("vault.softDeleteDays", 5, "vault.softDeleteDays", "give at least 7"),
    ("network.addressSpace", "10.21.0.1/16", "network.addressSpace", "give the network's address: 10.21.0.0/16"),
    ("network.addressSpace", "all", "network.addressSpace", "such as 10.20.0.0/16"),
    ("network.addressSpace", "10.21.0.0/22", "network.addressSpace", "make it a /21 or wider, such as 10.21.0.0/21"),
    ("serving.tls.sslCname", "scoring", "serving.tls.sslCname", '"scoring" given; must be a host name'),
    ("platform.tags", {"owner": "me"}, "platform.tags.owner", "set by the program itself"),
    ("platform.tags", {"a/b": "c"}, "platform.tags.a/b", "no tag's name"),
    ("platform.tags", {"long": "x" * 257}, "platform.tags.long", "257 characters; 256"),
    ("platform.tags", {f"t{number}": "x" for number in range(46)}, "platform.tags", "51 tags; 50"),
    ("governance.requiredTags", ["data-class"], "governance.requiredTags", "'data-class' has no value"),
    ("quotas.compute", {"standardDDSv5Family": 20}, "quotas.compute.standardDDSv5Family", "has 20"),
    ("quotas.compute", {"cores": 20}, "quotas.compute.cores", "has 20"),
    ("quotas.machineLearning", {"standardDSv2Family": 8}, "quotas.machineLearning.standardDSv2Family", "has 8"),
    ("quotas.compute", {"standardDDSv5Famly": 150}, "quotas.compute.standardDDSv5Famly", "mean standardDDSv5Family?"),
    ("quotas.compute", {"coresX": 200}, "quotas.compute.coresX", "did you mean cores?"),
    ("quotas.machineLearning", {"cores": 8}, "quotas.machineLearning.cores", "it limits nothing"),
    ("cluster.systemPool.vmSize", "Standard_X1_v9", "cluster.systemPool.vmSize", "not known here"),
    ("cluster.systemPool.vmSize", "Standard_DS3_v3", "cluster.systemPool.vmSize", "did you mean Standard_DS3_v2?"),
    ("observability.dailyCapGb", float("nan"), "observability.dailyCapGb", "finite number (ingestion"),
    ("observability.dailyCapGb", 0, "observability.dailyCapGb", "0.023 or more, or -1"),
    ("budget.amount", float("inf"), "budget.amount", "give a number"),
    ("workspace.instances.stop", "0 25 * * *", "workspace.instances.stop", "'25' is no hour, which goes from 0 to 23"),
    ("workspace.instances.stop", "0 9 * * 1-7", "workspace.instances.stop", "'1-7' is no day of the week"),
    ("workspace.instances.stop", "*/0 9 * * *", "workspace.instances.stop", "'*/0' is no minute"),
    ("workspace.instances.timeZone", "Europe/Berlin", "workspace.instances.timeZone", "W. Europe Standard Time"),
    ("alerts.emails", ["nobody"], "alerts.emails[0]", "must be an e-mail address; for instance"),
    ("github.repository", "owner/name", "github.repository", "without the owner"),
    ("network.subnets.training", "10.99.0.0/24", "network.subnets.training", "outside network.addressSpace"),
    ("network.subnets.aksUser", "10.21.4.0/26", "network.subnets.aksUser", "too small"),
    ("network.bastion", "host", "network.bastion", "choose true, false or 'subnet'"),
    ("network.subnets.bastion", "10.21.4.0/27", "network.subnets.bastion", "too small"),
    ("network.addressSpace", "10.21.0.0/24", "network.addressSpace", "no room for endpoints, aksUser"),
    ("network.egress", "firewall", "network.hub", "missing, but network.egress is firewall"),
    ("network.egress", "existingHub", "network.existingHub", "missing, but network.egress is existingHub"),
    ("network.hub", {"addressSpace": "10.40.0.0/24"}, "network.hub", "remove the block"),
    ("network.addressSpace", "10.0.0.0/8", "cluster.podCidr", "overlaps network.addressSpace"),
    ("cluster.podCidr", "172.17.0.0/16", "cluster.podCidr", "Docker"),
    ("cluster.serviceCidr", "172.31.0.0/20", "cluster.serviceCidr", "AKS uses"),
    ("cluster.dnsServiceIp", "10.96.0.1", "cluster.dnsServiceIp", "for instance 10.96.0.10"),
    ("cluster.dnsServiceIp", "10.97.0.10", "cluster.dnsServiceIp", "must lie in cluster.serviceCidr"),
    ("network.allowedIpRanges", ["10.1.2.3/32"], "network.allowedIpRanges[0]", "private range"),
    ("network.allowedIpRanges", ["20.1.2.2/31"], "network.allowedIpRanges[0]", "/31"),
    ("cluster.workloadPool.minNodes", 9, "cluster.workloadPool.minNodes", "more than maxNodes 6"),
    ("workspace.imageBuildCompute", "other", "workspace.imageBuildCompute", "use cpu-cluster or build-cluster"),
    ("workspace.builderCluster.name", "cpu-cluster", "workspace", "2 computes are called 'cpu-cluster'"),
    ("workspace.builderCluster.minNodes", 9, "workspace.builderCluster.minNodes", "more than maxNodes 1"),
    ("workspace.gpuCluster", GPU, "workspace.gpuCluster.vmSize", "Standard_DS3_v2 has no GPU"),
    ("workspace.gpuCluster", GPU, "workspace.gpuCluster.minNodes", "paid for without a job"),
    ("workspace.managedNetwork", {"includeSpark": True}, "workspace.managedNetwork.includeSpark", "to managed"),
    ("workspace.features", ["modelMonitor"], "workspace.features", "serverless Spark"),
    ("workspace.isolationMode", "Disabled", "workspace.isolationMode", "network.mode is managed"),
    ("spark.sparkVersion", "3.3", "spark.sparkVersion", "allowed: 3.4, 3.5"),
    ("spark.maxExecutors", 100, "spark.maxExecutors", "one is the driver's"),
    ("lake.versioning", True, "lake.versioning", "has no blob versions"),
    (
        "observability.existingWorkspaceId",
        THEIR_LOGS.replace("workspaces", "workspace"),
        "observability.existingWorkspaceId",
        "a Log Analytics workspace (one that another team runs, read instead of made); for instance /subscriptions/",
    ),
    ("lake.existingId", THEIR_LOGS, "lake.existingId", "must be the id of a storage account"),
    ("registry.existingId", THEIR_LOGS.lower(), "registry.existingId", "must be the id of a container registry"),
    ("observability.existingWorkspaceId", THEIR_LOGS, "observability.basicTables", "another team runs"),
    (
        "lake",
        {"redundancy": "Standard_LRS", "softDeleteDays": 7, "trackLastAccess": True},
        "lake.trackLastAccess",
        "no zone has coolAfterDays",
    ),
    (
        "lake.zones",
        {"raw": {"coolAfterDays": 30, "deleteAfterDays": 40}},
        "lake.zones.raw.deleteAfterDays",
        "use at least 60",
    ),
    ("cluster.workloadPool.minNodes", 2, "serving.highAvailability", "needs 3 nodes"),
    ("cluster.workloadPool.minNodes", 2, "cluster.workloadPool.minNodes", "fewer than the 3 zones"),
    ("cluster.workloadPool.vmSize", "Standard_D4s_v5", "cluster.workloadPool.osDiskType", "has room for 0 GB"),
    ("cluster.systemPool.osDiskGb", 256, "cluster.systemPool.osDiskType", "has room for 150 GB"),
    ("cluster.localAccounts", EXPIRED, "cluster.localAccounts.until", "the exception has ended"),
    ("serving.tls", None, "serving.tls", "the router would not start"),
    ("serving.allowInsecureConnections", True, "serving.allowInsecureConnections", "beside serving.tls"),
    ("serving.tls.certificate", "PEM", "serving.tls", "go together"),
    ("serving.tls", {**TLS, "certificate": "PEM", "privateKey": "PEM"}, "serving.tls.expires", "warns of"),
    ("serving.tls.sslCname", "scoring.internal", "serving.tls.sslCname", "one label"),
    ("serving.routerAddress", "10.21.255.4", "serving.routerAddress", "none of"),
    ("serving.defaultInstanceType", "gpu", "serving.defaultInstanceType", "is none of"),
    (
        "serving.instanceTypes.defaultinstancetype.limits.memory",
        "2Gi",
        "serving.instanceTypes.defaultinstancetype.limits",
        "MLflow",
    ),
]


def test_tables_of_another_teams_workspace_are_told_once() -> None:
    told = problems(changed("observability.existingWorkspaceId", THEIR_LOGS))["observability.basicTables"]
    assert told.count("\n") == 1


def test_a_cluster_is_offered_once_though_two_have_its_name() -> None:
    values = changed("workspace.cpuCluster.name", "build-cluster")
    values["workspace"]["imageBuildCompute"] = "other"
    assert "use build-cluster\n" in problems(values)["workspace.imageBuildCompute"]


@pytest.mark.parametrize(("stop", "zone"), [("*/15 0,12 1-31 * 0-6", "UTC"), ("0 18 * * 1-5", "UTC-11")])
def test_what_azure_takes_for_an_instances_end_passes(stop: str, zone: str) -> None:
    values = changed("workspace.instances.stop", stop)
    values["workspace"]["instances"]["timeZone"] = zone
    assert problems(values) == {}


@pytest.mark.parametrize(("path", "value", "key", "words"), TRAPS)
def test_a_trap_is_reported_with_its_way_out(path: str, value: Any, key: str, words: str) -> None:
    found = problems(changed(path, value))
    assert words in found[key]


def with_private_network(values: Values) -> None:
    values["network"]["publicAccess"] = "Disabled"


def with_given_training_range(values: Values) -> None:
    values["network"]["subnets"] = {"training": "10.21.9.0/24"}


def with_a_hub(values: Values) -> None:
    values["network"] |= {"egress": "firewall", "hub": {"addressSpace": "10.40.0.0/24"}}


def with_an_existing_hub(values: Values) -> None:
    hub = {"virtualNetworkId": f"{FOREIGN}/virtualNetworks/hub", "nextHop": "10.0.0.4"}
    values["network"] |= {"egress": "existingHub", "existingHub": hub}


def with_an_existing_network(values: Values) -> None:
    roles = ("training", "endpoints", "aksUser", "aksSystem", "ingress", "synapse", "runners")
    existing = {"virtualNetworkId": f"{FOREIGN}/virtualNetworks/vnet", "subnets": {role: role for role in roles}}
    values["network"] |= {"existingNetwork": existing}


FOREIGN = "/subscriptions/33333333-0000-4000-8000-000000000001/resourceGroups/hub/providers/Microsoft.Network"


def with_model_monitor(values: Values) -> None:
    values["workspace"]["features"] = ["modelMonitor"]
    values["network"]["mode"] = "managed"


def with_managed_network(values: Values) -> None:
    values["network"]["mode"] = "managed"
    values["workspace"]["isolationMode"] = "AllowInternetOutbound"


def with_customer_key(values: Values) -> None:
    values["workspace"]["customerKey"] = {}


def with_private_cluster(values: Values) -> None:
    values["cluster"]["private"] = True


def with_attached_spark(values: Values) -> None:
    values["spark"]["attachToWorkspace"] = True


COMBINATIONS: list[tuple[Callable[[Values], None], str, Any, str, str]] = [
    (with_private_network, "workspace.imageBuildCompute", None, "workspace.imageBuildCompute", "cpu-cluster"),
    (with_private_network, "network.allowedIpRanges", ["20.0.0.0/24"], "network.allowedIpRanges", "is Disabled"),
    (with_private_network, "workspace.features", ["registrySharing"], "workspace.features", "registrySharing"),
    (with_model_monitor, "workspaceStorage.sharedKeys", False, "workspace.features", "sharedKeys to true"),
    (
        with_managed_network,
        "workspace.managedNetwork",
        {"hosts": {"a": "b.example"}},
        "workspace.managedNetwork",
        "alone",
    ),
    (with_customer_key, "vault.purgeProtection", False, "vault.purgeProtection", "set it to true"),
    (with_private_cluster, "cluster.authorizedIpRanges", ["20.0.0.0/24"], "cluster.authorizedIpRanges", "remove them"),
    (
        with_given_training_range,
        "network.subnets.runners",
        "10.21.9.0/26",
        "network.subnets.runners",
        "overlaps network.subnets.training",
    ),
    (with_a_hub, "network.hub.addressSpace", "10.21.0.0/24", "network.hub.addressSpace", "overlaps"),
    (with_a_hub, "network.hub.addressSpace", "10.40.0.0/27", "network.hub.addressSpace", "AzureFirewallSubnet"),
    (with_a_hub, "network.hub.allowedHosts", ["http://x.y/z"], "network.hub.allowedHosts[0]", "must be a host name"),
    (with_a_hub, "network.hub.allowedHosts", ["a.example", "*"], "network.hub.allowedHosts[1]", "must be a host name"),
    (with_a_hub, "network.hub.allowedHosts", ["{foo}.a.example"], "network.hub.allowedHosts[0]", "must be a host name"),
    (with_an_existing_hub, "cluster.authorizedIpRanges", ["20.0.0.0/24"], "cluster.authorizedIpRanges", "not known"),
    (with_an_existing_network, "network.bastion", True, "network.existingNetwork.subnets.bastion", "name the subnet"),
    (with_an_existing_network, "network.subnets", {"runners": "10.21.9.0/26"}, "network.subnets", "remove it"),
    (with_attached_spark, "spark.preventDataExfiltration", True, "spark.preventDataExfiltration", "not support"),
    (with_attached_spark, "spark.publicAccess", "Disabled", "spark.publicAccess", "set it to Enabled"),
]


@pytest.mark.parametrize(("setup", "path", "value", "key", "words"), COMBINATIONS)
def test_settings_that_exclude_each_other(
    setup: Callable[[Values], None], path: str, value: Any, key: str, words: str
) -> None:
    sound = deepcopy(DEV)
    setup(sound)
    values = changed(path, value)
    setup(values)
    *parents, last = path.split(".")
    at = values
    for part in parents:
        at = at.setdefault(part, {})
    at[last] = value
    assert words in problems(values)[key]


def test_a_subnet_that_the_environment_does_without_needs_no_room() -> None:
    values = changed("network.addressSpace", "10.21.0.0/22")
    values["network"]["subnets"] = {
        "aksUser": "10.21.0.0/24",
        "training": "10.21.1.0/25",
        "endpoints": "10.21.1.128/25",
    }
    values["network"]["subnets"] |= {
        "aksSystem": "10.21.2.0/24",
        "ingress": "10.21.3.0/25",
        "synapse": "10.21.3.128/26",
    }
    assert "network.addressSpace" not in problems(values)
    values["network"]["bastion"] = True
    assert "no room for bastion" in problems(values)["network.addressSpace"]


def test_all_names_that_azure_would_refuse_are_told_at_once() -> None:
    with pytest.raises(ProblemsFoundError) as caught:
        parse(DEV, environment="production-westeurope-2")
    assert {one.key for one in caught.value.problems} == {"platform.name"}
    lake = next(one for one in caught.value.problems if "data lake" in one.message)
    assert "allowed are 3 to 24 lower-case letters and digits" in lake.message
    assert "'production-westeurope-2'" in lake.hint
    told = " ".join(one.message for one in caught.value.problems)
    assert [kind for kind in ("key vault", "storage account", "container registry") if kind not in told] == []
    assert "machine learning registry" not in told, "dev has none"


def patterns(model: Any) -> Iterator[str]:
    """The patterns in a type's schema."""
    if isinstance(model, dict):
        yield from ([model["pattern"]] if isinstance(model.get("pattern"), str) else [])
        model = list(model.values())
    for inner in model if isinstance(model, list) else ():
        yield from patterns(inner)


def test_every_pattern_is_said_in_words_with_an_example_that_has_it() -> None:
    found = set(patterns(Settings.model_json_schema()))
    assert {one for one in found if one not in WORDS} == set()
    for pattern in WORDS:
        example = WORDS[pattern][1].strip('"').split(" or ")[0]
        assert re.search(pattern, example), example


def test_the_regions_are_those_that_the_local_azure_has() -> None:
    assert {*REGIONS, "global"} == KNOWN
    assert set(WITHOUT_ZONES) == LOCAL_WITHOUT_ZONES


def test_the_way_out_of_the_monitor_trap_works() -> None:
    values = changed("workspaceStorage.sharedKeys", True)
    with_model_monitor(values)
    assert problems(values) == {}


def test_all_problems_come_at_once() -> None:
    values = deepcopy(DEV)
    values["netwrok"] = values.pop("network")
    values["platform"]["name"] = "Not Allowed"
    values["lake"]["colour"] = "blue"
    del values["vault"]["sku"]
    values["cluster"]["tier"] = 3
    values["spark"]["sparkVersion"] = "3.3"
    found = problems(values)
    assert "did you mean network?" in found["netwrok"]
    assert "network" not in found, "it is misspelt, not missing"
    assert '"Not Allowed" given' in found["platform.name"]
    assert "allowed: redundancy, softDeleteDays" in found["lake.colour"]
    assert found["vault.sku"].startswith("missing")
    assert "3 given" in found["cluster.tier"]
    assert "3.3" in found["spark.sparkVersion"], "rules still run over the sound blocks"
    del values["netwrok"]
    assert problems(values)["network"].startswith("missing; add the block: mode, addressSpace")


def test_rules_still_run_over_what_is_sound_in_a_block_with_mistakes() -> None:
    values = changed("cluster.zones", ["4"])
    values["cluster"] |= {"tire": "Free", "podCidr": "10.21.0.0/16"}
    values["cluster"]["workloadPool"] |= {"vmSize": "D4", "minNodes": 9}
    values["workspace"]["cpuCluster"]["minNodes"] = "none"
    values["workspace"]["builderCluster"]["minNodes"] = 9
    values["workspace"]["imageBuildCompute"] = "other"
    values["network"]["egress"] = "nat"
    found = problems(values)
    wrong = {
        "cluster.zones[0]", "cluster.tire", "cluster.workloadPool.vmSize", "workspace.cpuCluster.minNodes",
        "network.egress",
    }  # fmt: skip
    assert wrong <= found.keys()
    assert "overlaps network.addressSpace" in found["cluster.podCidr"]
    assert "more than maxNodes" in found["cluster.workloadPool.minNodes"]
    assert "use cpu-cluster or build-cluster" in found["workspace.imageBuildCompute"]


@pytest.mark.parametrize(
    ("wrong", "value", "also", "key"),
    [
        ("platform.name", "Not", {"governance": {"requiredTags": ["team"]}}, "governance.requiredTags"),
        ("platform.costCenter", None, {"governance": {"requiredTags": ["team"]}}, "governance.requiredTags"),
        ("platform.costCenter", None, {"platform": {"tags": {"a/b": "c"}}}, "platform.tags.a/b"),
        ("cluster.podCidr", "10.245.0.1/16", {"cluster": {"dnsServiceIp": "10.96.0.1"}}, "cluster.dnsServiceIp"),
        ("cluster.podCidr", "10.245.0.1/16", {"cluster": {"serviceCidr": "10.21.0.0/20"}}, "cluster.serviceCidr"),
        ("cluster.podCidr", "10.245.0.1/16", {"cluster": {"serviceCidr": "172.17.0.0/20"}}, "cluster.serviceCidr"),
        ("network.addressSpace", "all", {"cluster": {"podCidr": "10.245.0.0/24"}}, "cluster.podCidr"),
    ],
)
def test_a_mistake_hides_no_other(wrong: str, value: Any, also: dict[str, Values], key: str) -> None:
    values = changed(wrong, value)
    for block, more in also.items():
        values[block] |= more
    assert {wrong, key} <= problems(values).keys()


Place = tuple[str, ...]


def places(values: Any, at: Place = ()) -> Iterator[Place]:
    """Every setting, blocks too."""
    for key, value in values.items() if isinstance(values, dict) else ():
        yield (*at, key)
        yield from places(value, (*at, key))


def block_at(values: Values, place: Place) -> Values:
    for key in place[:-1]:
        values = values[key]
    return values


@pytest.mark.parametrize("environment", program.ENVIRONMENTS)
def test_one_typo_is_one_problem(environment: str) -> None:
    sound = program.configuration(environment)
    followed: list[tuple[str, Values]] = []
    free = {("platform", "tags"), ("quotas", "compute"), ("quotas", "machineLearning"), ("serving", "instanceTypes")}
    for place in places(sound):
        if any(place[:-1][: len(one)] == one for one in free):
            continue  # keys that may be anything
        path = ".".join(place)
        values = deepcopy(sound)
        block_at(values, place)[place[-1]] = {"of": "another kind"} if place not in free else 1
        found = problems(values)
        if {
            key for key in found if key.partition("[")[0] not in (path, f"{path}.of") and not key.startswith(f"{path}.")
        }:
            followed.append((path, dict(found)))
        values = deepcopy(sound)
        block = block_at(values, place)
        misspelt = place[-1][:-1] + place[-1][-1] * 2
        block[misspelt] = block.pop(place[-1])
        found = problems(values)
        if found.keys() != {".".join((*place[:-1], misspelt))}:
            followed.append((f"{path}, misspelt", dict(found)))
    assert followed == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("vault.purgeProtection", "yes"),
        ("vault.softDeleteDays", "30"),
        ("vault.softDeleteDays", 5),
        ("personas.reader.objectId", "me"),
        ("personas.reader.principalType", "Robot"),
        ("network.addressSpace", "10.0.0.0/33"),
        ("network.addressSpace", "10.0.0.1/16"),
        ("serving.computeName", "a-name-that-is-too-long"),
        ("serving.instanceTypes", {}),
        ("cluster.zones", ["4"]),
        ("cluster.maintenance.cluster.hours", 3),
        ("cluster.maintenance.nodes.start", "25:00"),
    ],
)
def test_wrong_shapes_name_the_key_and_the_value(path: str, value: Any) -> None:
    found = problems(changed(path, value))
    message = next(text for key, text in found.items() if key.startswith(path))
    assert json.dumps(value).strip('["]') in message


def test_a_certificate_never_shows_in_an_error() -> None:
    found = problems(changed("serving.tls.privateKey", ["-----BEGIN"]))
    assert "BEGIN" not in str(found["serving.tls.privateKey"])


def read(values: Values, **more: str) -> Settings:
    texts = {f"{program.PROJECT}:{key}": json.dumps(value) for key, value in values.items()}

    def loaded() -> Settings:
        config.set_all_config({**texts, **more}, [])
        return load()

    return program.within("dev", loaded)


def test_errors_name_file_key_and_documentation() -> None:
    with pytest.raises(SettingsError) as caught:
        read(changed("spark.sparkVersion", "3.3"), **{f"{program.PROJECT}:lake": "not json"})
    lines = str(caught.value).splitlines()
    assert lines[0] == "environments/Pulumi.dev.yaml: 2 problems in the settings"
    lake, spark = (
        f"environments/Pulumi.dev.yaml:{line_of(key)}" for key in ("azure-ml-platform:lake:", "sparkVersion:")
    )
    assert lines[1].startswith(f"  {lake}: azure-ml-platform:lake: 'not json' is no mapping; ")
    assert lines[2].startswith(f"  {spark}: azure-ml-platform:spark.sparkVersion: '3.3' ")
    assert lines[2].endswith("(https://learn.microsoft.com/azure/synapse-analytics/spark/apache-spark-version-support)")
    assert isinstance(caught.value, pulumi.RunError), "else Pulumi prints a traceback"


def line_of(text: str) -> int:
    lines = (program.ROOT / "environments/Pulumi.dev.yaml").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("network.addressSpace", "addressSpace:"),
        ("alerts.emails[0]", "emails:"),
        ("quotas.compute.cores", "compute:"),
        ("workspace.builderCluster.maxNodes", "maxNodes: 1"),
        ("network.subnets.training", "azure-ml-platform:network:"),  # it is not there: the block that lacks it
        ("nothing", "config:"),
    ],
)
def test_a_setting_is_found_in_its_file(key: str, text: str) -> None:
    where = Lines("dev", program.PROJECT).where(key)
    assert where == f"environments/Pulumi.dev.yaml:{line_of(text)}"


def test_a_file_that_is_not_there_has_no_lines() -> None:
    assert Lines("none", program.PROJECT).where("network.mode") == "environments/Pulumi.none.yaml"


def test_every_problem_has_a_page() -> None:
    blocks = {field.alias or name for name, field in Settings.model_fields.items()}
    assert blocks <= PAGES.keys()
    assert page_of("cluster.zones[0]") == PAGES["cluster.zones"]
    assert page_of("cluster.private") == PAGES["cluster"]
    assert page_of("netwrok") == OTHER


def test_a_misspelt_project_is_named_and_its_blocks_are_not_missing() -> None:
    values = deepcopy(DEV)
    stray = {f"azure-ml-platfrom:{key}": json.dumps(values.pop(key)) for key in ("lake", "vault")}
    with pytest.raises(SettingsError) as caught:
        read(values, **stray, **{"azure-native:spark": "eastus"})
    (problem,) = caught.value.problems
    assert (problem.key, problem.hint) == ("azure-ml-platfrom:lake", "write azure-ml-platform: in front")
    assert "nothing reads what stands under azure-ml-platfrom, which is lake, vault" in problem.message


def test_other_programs_keys_are_none_of_ours() -> None:
    assert read(DEV, **{"azure-native:location": "westeurope"}).platform.location == "westeurope"


@given(st.integers(1, 1000))
def test_quantities(number: int) -> None:
    assert quantity(f"{number}m") == pytest.approx(number / 1000)
    assert quantity(f"{number}Gi") == number * 2**30
    assert quantity(f"{number}Mi") * 1024 == quantity(f"{number}Gi")
    assert quantity(str(number)) == number
