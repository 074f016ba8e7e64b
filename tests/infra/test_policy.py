"""Every rule of the policy pack holds in prod or is exempt, and fails for the one field it names."""

from __future__ import annotations

import copy
import datetime
import json
import random
import subprocess
import sys
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlocal.engine.plan import plan
from infra.policy import evaluate
from infra.policy.catalogue import LEFT_OUT, NARROWED, RULES
from infra.policy.evaluation import EXPIRED, verdicts
from infra.policy.exemptions import EXEMPTIONS
from infra.policy.model import OURS, Resource, Rule
from infra.policy.prefixes import open_prefixes
from tests.infra import program
from tests.infra.planned import deployment_of, resources_of
from tests.infra.policy_mutations import MUTATIONS, NSG, REPAIRS, TOGETHER, Plan, rule_of
from tests.infra.program import ENVIRONMENTS, ROOT
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
    assert sorted(one.rule for one in EXEMPTIONS if one not in needed) == []


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


def test_an_expired_exemption_exempts_nothing_and_is_a_finding() -> None:
    found = list(resources("prod").values())
    late = max(one.expires for one in EXEMPTIONS) + datetime.timedelta(days=1)
    before = {one.rule.id for one in verdicts(found, today=TODAY) if one.exemption is None}
    after = {one.rule.id for one in verdicts(found, today=late) if one.exemption is None}
    assert before == set()
    assert after >= {EXPIRED.id, "Azure.ACR.Quarantine"}


def test_95_of_100_rows_of_psrule_hold_in_prod_and_each_other_is_exempt() -> None:
    found = list(resources("prod").values())
    types = {one.type.lower() for one in found}
    rows = {rule.id for rule in RULES if not rule.id.startswith(OURS) and {one.lower() for one in rule.types} & types}
    exempt = {one.rule.id for one in verdicts(found, today=TODAY)} & rows
    assert len(rows) > 80
    assert 1 - len(exempt) / len(rows) >= 0.95, sorted(exempt)


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


@given(st.integers(1, 5), st.randoms(use_true_random=False))
def test_any_split_of_the_whole_address_space_is_open(length: int, order: random.Random) -> None:
    parts = [f"{index << (8 - length)}.0.0.0/{length}" for index in range(2**length)]
    order.shuffle(parts)
    assert set(open_prefixes(parts)) == set(parts)


@given(st.integers(0, 255), st.integers(0, 255), st.integers(16, 32))
def test_a_private_range_is_not_open(second: int, third: int, length: int) -> None:
    assert open_prefixes([f"10.{second}.{third}.0/{length}", "VirtualNetwork", "AzureLoadBalancer"]) == []
