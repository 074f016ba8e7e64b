"""Every rule of the policy pack holds in prod or is exempt, and fails for the one field it names."""

from __future__ import annotations

import copy
import datetime
import ipaddress
import json
import random
import subprocess
import sys
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlocal.arm import zones
from azlocal.engine.plan import plan
from infra.policy import evaluate, places
from infra.policy.catalogue import LEFT_OUT, NARROWED, RULES
from infra.policy.evaluation import ENDED_BY_LOCKS, EXPIRED, looks, verdicts
from infra.policy.exemptions import EXEMPTIONS
from infra.policy.model import OURS, Resource, Rule
from infra.policy.prefixes import open_prefixes, open_ranges
from tests.infra import program
from tests.infra.planned import deployment_of, resources_of
from tests.infra.policy_mutations import MUTATIONS, NSG, REPAIRS, TOGETHER, Plan, add, put, rule_of
from tests.infra.program import ENVIRONMENTS, ROOT
from tests.plan.variations import EXEMPT
from tools.policy_page import PAGE, page

TODAY = datetime.date(2026, 12, 1)
BY_ID = {rule.id: rule for rule in RULES}


@cache
def planned(environment: str) -> list[dict[str, Any]]:
    return plan(ROOT, environment).resources


def resources(environment: str) -> Plan:
    return {
        one["name"]: Resource(one["urn"], one["name"], one["armType"], one["id"] or "", copy.deepcopy(one["body"]))
        for one in planned(environment)
        if one["armType"] and one["body"] is not None
    }


@cache
def _compliant() -> Plan:
    repaired = resources("prod")
    REPAIRS(repaired)
    return repaired


def compliant() -> Plan:
    return copy.deepcopy(_compliant())


def failing(found: Plan) -> set[str]:
    """The rules that fail when nothing is exempt."""
    return {verdict.rule.id for verdict in verdicts(list(found.values()), exemptions=())}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_has_no_finding_that_is_not_exempt(environment: str) -> None:
    assert planned(environment)
    found = list(verdicts(list(resources(environment).values()), today=TODAY))
    assert [(one.rule.id, one.resource.label, one.finding) for one in found if one.exemption is None] == []


def test_the_repaired_plan_of_prod_holds_every_rule_without_an_exemption() -> None:
    assert failing(compliant()) == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_one_broken_field_fails_its_rule_and_no_other(rule: Rule) -> None:
    broken = compliant()
    MUTATIONS[rule.id](broken)
    assert failing(broken) == {rule.id} | TOGETHER.get(rule.id, set())


def test_every_rule_has_a_name_of_its_own_and_every_exemption_a_rule() -> None:
    assert len(BY_ID) == len(RULES) == len(MUTATIONS)
    assert {one.rule for one in EXEMPTIONS} <= set(BY_ID)
    assert not set(LEFT_OUT) & set(BY_ID)
    assert set(NARROWED) <= set(BY_ID)
    assert [one.rule for one in EXEMPTIONS if not one.reason] == []


def test_every_exemption_is_needed() -> None:
    needed = {
        one.exemption
        for environment in ENVIRONMENTS
        for one in verdicts(list(resources(environment).values()), today=TODAY)
        if one.exemption
    }
    # What only a variation needs is proven there.
    assert {one.rule for one in EXEMPTIONS if one not in needed} <= frozenset[str]().union(*EXEMPT.values())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_copy_of_an_environment_is_judged_as_that_is_whatever_its_name(environment: str) -> None:
    judged = evaluate("acme", planned(environment))
    assert [(one["rule"], one["resource"]) for one in judged if one["exemption"] is None] == []


def test_a_door_is_exempt_only_where_all_are_open_and_nothing_is_locked() -> None:
    doors = ("vault-vault", "registry-registry", "lake-account", "storage-account", "workspace-workspace")
    found = resources("prod")
    for label in doors:
        found[label].body["properties"]["publicNetworkAccess"] = "Enabled"
    opened = {one.resource.label for one in verdicts(list(found.values()), today=TODAY) if one.exemption is None}
    assert opened == set(doors)
    unlocked = [one for one in found.values() if not one.type.endswith("/locks")]
    assert not [one for one in verdicts(unlocked, today=TODAY) if one.exemption is None and one.resource.label in doors]
    found["lake-account"].body["properties"]["publicNetworkAccess"] = "Disabled"
    kept = {one.resource.label for one in verdicts(unlocked, today=TODAY) if one.exemption is None}
    assert kept == set(doors) - {"lake-account"}


def test_locks_end_what_is_exempt_without_them_and_each_finding_says_so() -> None:
    found = list(resources("local").values())
    exempt = {(one.rule.id, one.resource.label) for one in verdicts(found, today=TODAY) if one.exemption}
    lock = next(one for one in resources("prod").values() if one.type.endswith("/locks"))
    locked = list(verdicts([*found, lock], today=TODAY))
    back = [one for one in locked if one.exemption is None]
    assert {(one.rule.id, one.resource.label) for one in back} <= exempt
    assert {one.rule.id for one in back} >= {"MLP.KeyVault.PublicAccess", "Azure.KeyVault.PurgeProtect"}
    assert {one.ended for one in back} == {ENDED_BY_LOCKS}
    assert {one.ended for one in locked if one.exemption} == {""}
    late = max(one.expires for one in EXEMPTIONS) + datetime.timedelta(days=1)
    assert {one.ended for one in verdicts([*found, lock], today=late)} == {""}, "past its day it ended anyhow"


def test_local_accounts_are_exempt_for_the_reason_and_until_the_day_that_the_cluster_says() -> None:
    found = compliant()
    put("cluster-aks", "properties.disableLocalAccounts", value=False)(found)
    assert _open(found) == {"Azure.AKS.LocalAccounts"}, "no reason"
    put("cluster-aks", "tags.local-accounts-reason", "a tool that signs in with certificates alone")(found)
    put("cluster-aks", "tags.local-accounts-until", "some day")(found)
    assert _open(found) == {"Azure.AKS.LocalAccounts"}, "no day"
    put("cluster-aks", "tags.local-accounts-until", f"{TODAY}")(found)
    assert _open(found) == set()
    assert _open(found, TODAY + datetime.timedelta(days=1)) >= {"Azure.AKS.LocalAccounts", EXPIRED.id}
    put("cluster-aks", "tags.local-accounts-until", "2999-12-31")(found)
    (exemption,) = [one.exemption for one in verdicts(list(found.values()), today=TODAY) if one.exemption]
    assert exemption.reason == "a tool that signs in with certificates alone"
    assert exemption.expires == max(one.expires for one in EXEMPTIONS), "no longer than any other"


def test_an_exemption_for_a_setting_is_none_for_a_slip() -> None:
    found = compliant()
    put("spark-workspace", "properties.publicNetworkAccess", "Enabled")(found)
    pool = found["spark-pool"].id
    attached = {"properties": {"computeType": "SynapseSpark", "resourceId": pool}}
    add("attached", "Microsoft.MachineLearningServices/workspaces/computes", "x", attached)(found)
    assert _open(found) == set()
    put("attached", "properties.resourceId", pool.replace("/workspaces/", "/workspaces/another-"))(found)
    assert _open(found) == {"MLP.Synapse.PublicAccess"}, "the pool of another workspace"

    found = compliant()
    put("storage-account", "properties.allowSharedKeyAccess", value=True)(found)
    assert _open(found) == {"Azure.Storage.LocalAuth"}, "the workspace asks with its identity"
    put("workspace-workspace", "properties.systemDatastoresAuthMode", "AccessKey")(found)
    assert _open(found) == {"Azure.Storage.LocalAuth", "MLP.ML.DatastoreIdentity"}, "no managed network"
    put("workspace-workspace", "properties.managedNetwork.isolationMode", "AllowOnlyApprovedOutbound")(found)
    assert _open(found) == set()
    put("lake-account", "properties.allowSharedKeyAccess", value=True)(found)
    assert _open(found) == {"Azure.Storage.LocalAuth"}, "the lake is not the workspace's storage"

    found = compliant()
    for account in ("lake-account", "storage-account"):
        put(account, "location", "italynorth")(found)
        put(account, "sku.name", "Standard_ZRS")(found)
    assert "Azure.Storage.UseReplication" not in _open(found)
    put("lake-account", "sku.name", "Standard_LRS")(found)
    assert "Azure.Storage.UseReplication" in _open(found), "one zone"

    found = {name: one for name, one in compliant().items() if not one.type.endswith("/locks")}
    put("serving-extension", "properties.configurationSettings.allowInsecureConnections", "True")(found)
    assert _open(found) == {"MLP.AKS.RouterTls"}, "beside a certificate"
    for key in ("sslCname", "scoringFe.sslSecret", "sslSecret"):
        found["serving-extension"].body["properties"]["configurationSettings"].pop(key, None)
    assert _open(found) == set()


def test_regions_without_a_pair_are_those_of_azure() -> None:
    assert places.WITHOUT_PAIR == zones.WITHOUT_PAIR


def _open(found: Plan, day: datetime.date = TODAY) -> set[str]:
    return {one.rule.id for one in verdicts(list(found.values()), today=day) if one.exemption is None}


def test_an_expired_exemption_exempts_nothing_and_is_a_finding() -> None:
    found = list(resources("prod").values())
    late = max(one.expires for one in EXEMPTIONS) + datetime.timedelta(days=1)
    before = {one.rule.id for one in verdicts(found, today=TODAY) if one.exemption is None}
    after = {one.rule.id for one in verdicts(found, today=late) if one.exemption is None}
    assert before == set()
    assert after >= {EXPIRED.id, "Azure.ACR.Quarantine"}


def test_95_of_100_rows_of_psrule_hold_in_prod_and_each_other_is_exempt() -> None:
    found = list(resources("prod").values())
    rows = {rule.id for rule in RULES if not rule.id.startswith(OURS) and looks(rule, found)}
    exempt = {one.rule.id for one in verdicts(found, today=TODAY)} & rows
    assert len(rows) > 80
    assert 1 - len(exempt) / len(rows) >= 0.95, sorted(exempt)


def test_a_rule_that_looks_at_nothing_in_prod_is_no_row_that_applies() -> None:
    """Nothing of prod can be broken so that it fails: what breaks it is another resource, or another kind of it."""
    prod = list(resources("prod").values())
    idle = {rule.id for rule in RULES if not looks(rule, prod)}
    assert idle >= {"Azure.Storage.FileShareSoftDelete", "MLP.ML.IsolationMode", "Azure.KeyVault.KeyName"}
    assert "Azure.AKS.AuthorizedIPs" in idle, "it asks public clusters, and prod's is private"
    assert idle & {one.rule.id for one in verdicts(prod)} == set()
    for rule in RULES:
        broken = compliant()
        MUTATIONS[rule.id](broken)
        assert looks(rule, list(broken.values()))


def test_findings_are_told_as_the_protocol_says() -> None:
    bodies = copy.deepcopy(planned("prod"))
    vault = next(one for one in bodies if one["name"] == "vault-vault")
    vault["body"]["properties"]["publicNetworkAccess"] = "Enabled"
    judged = evaluate("prod", bodies)
    assert {one["rule"] for one in judged if one["exemption"]} >= {"Azure.ACR.Quarantine"}
    (found,) = [one for one in judged if one["exemption"] is None]
    assert found["rule"] == "MLP.KeyVault.PublicAccess"
    assert found["mandatory"] is True
    assert found["urn"] == vault["urn"]
    assert found["field"] == "properties.publicNetworkAccess"
    assert "'Enabled'" in found["reason"]
    assert found["fix"] == "set properties.publicNetworkAccess to 'Disabled'"
    assert found["exempting"].startswith("infra/policy/exemptions.py: ")
    assert (found["armType"], found["source"]) == ("Microsoft.KeyVault/vaults", "CKV_AZURE_189")


VARIATIONS: dict[str, dict[str, Any]] = {
    "the other network mode": {"mode": "managed"},
    "a door for people": {"bastion": True},
    "a NAT gateway and no hub": {"egress": "natGateway", "hub": None},
}


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_setting_of_the_network_does_not_stop_production(name: str) -> None:
    values = program.configuration("prod")
    varied = {**values, "network": {**values["network"], **VARIATIONS[name]}}
    found = list(resources_of(deployment_of("prod", varied)).values())
    stopping = [one for one in verdicts(found, today=TODAY) if one.exemption is None and one.rule.mandatory]
    assert [(one.rule.id, one.resource.label, one.finding) for one in stopping] == []


def test_bastion_lets_in_what_it_needs_and_no_more() -> None:
    values = program.configuration("prod")
    plan = resources_of(deployment_of("prod", {**values, "network": {**values["network"], "bastion": True}}))
    rule_of("network-nsg-bastion", sourceAddressPrefix="Internet", destinationPortRange="22")(plan)
    found = [one.rule.id for one in verdicts(list(plan.values()), today=TODAY) if one.exemption is None]
    assert found == ["MLP.Network.OpenInbound"]


def test_the_page_in_docs_is_what_the_tables_say() -> None:
    written = page({env: list(resources(env).values()) for env in ENVIRONMENTS})
    assert PAGE.read_text() == written, "write it anew: make policy-page"
    assert "**fails**" not in written


QUICK = """
import json, sys, time
resources = json.load(sys.stdin)
begun = time.process_time()
from azlocal.engine.plan.policy import judge
judge(".", "prod", resources)
print(time.process_time() - begun)
"""


def test_the_pack_costs_a_plan_less_than_half_a_second() -> None:
    told = subprocess.run(
        [sys.executable, "-c", QUICK],
        cwd=ROOT,
        input=json.dumps(planned("prod")),
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(told.stdout) < 0.5


HALVES = [["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/1"], ["::/0"], ["0.0.0.0/0"]]


@pytest.mark.parametrize("prefixes", [["Internet"], ["any"], ["*"], *HALVES])
@pytest.mark.parametrize("plural", [False, True])
def test_the_internet_is_open_however_it_is_written(prefixes: list[str], plural: bool) -> None:  # noqa: FBT001
    broken = compliant()
    if plural:
        rule_of(NSG, sourceAddressPrefixes=prefixes)(broken)
    else:
        for place, prefix in enumerate(prefixes):
            rule_of(NSG, sourceAddressPrefix=prefix, priority=200 + place)(broken)
    wanted = "Azure.NSG.AnyInboundSource" if prefixes == ["*"] and not plural else "MLP.Network.OpenInbound"
    assert failing(broken) == {wanted}


ZERO = str(ipaddress.IPv4Address(0))
RANGES = {
    (ZERO, ZERO): True,  # every service of Azure
    (ZERO, "255.255.255.255"): True,
    ("20.0.0.1", "60.0.0.7"): True,
    ("21.0.0.0", "22.255.255.255"): True,  # more than any organisation has
    ("20.50.7.255", "20.50.7.0"): True,  # none
    ("20.50.7.0", "20.50.7.255"): False,
    ("20.60.0.1", "20.60.0.1"): False,
    ("10.0.0.0", "10.255.255.255"): False,
}


@pytest.mark.parametrize(("ends", "is_open"), RANGES.items(), ids=str)
def test_a_range_of_an_organisation_is_not_the_internet(ends: tuple[str, str], *, is_open: bool) -> None:
    assert bool(open_ranges([ends])) is is_open


def test_ranges_that_are_the_internet_together_are_open() -> None:
    parts = [(f"{first}.0.0.0", f"{first}.255.255.255") for first in range(16, 32)]
    assert open_ranges(parts) == parts
    assert open_ranges(parts[:1]) == []


@given(st.integers(1, 5), st.randoms(use_true_random=False))
def test_any_split_of_the_whole_address_space_is_open(length: int, order: random.Random) -> None:
    parts = [f"{index << (8 - length)}.0.0.0/{length}" for index in range(2**length)]
    order.shuffle(parts)
    assert set(open_prefixes(parts)) == set(parts)


@given(st.integers(0, 255), st.integers(0, 255), st.integers(16, 32))
def test_a_private_range_is_not_open(second: int, third: int, length: int) -> None:
    assert open_prefixes([f"10.{second}.{third}.0/{length}", "VirtualNetwork", "AzureLoadBalancer"]) == []
