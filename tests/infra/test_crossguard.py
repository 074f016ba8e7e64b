"""The policy pack under Pulumi: the real pulumi_policy in its own environment, asked as the CLI asks it."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from azlocal.engine import azure
from azlocal.engine.tables import find_type
from azlocal.engine.values import reveal
from infra.policy.bodies import resource_of
from infra.policy.catalogue import RULES
from infra.policy.evaluation import verdicts
from infra.policy.unknown import Unknown, UnknownError
from tests.infra.crossguard import UNKNOWN, Given, Pack, running
from tests.infra.planned import deployment_of, resources_of
from tests.infra.program import ENVIRONMENTS, ROOT, each
from tools import policy_pack
from tools.environments import interpreter

VAULT, ENDPOINT = "vault-vault", "endpoints-vault-vault"


@cache
def deployed(environment: str) -> list[Given]:
    """What the program gives azure-native."""
    deployment = deployment_of(environment)
    return [
        Given(one.urn, one.urn.rsplit("::", 1)[-1], one.type, copy.deepcopy(reveal(one.inputs)))
        for one in deployment.state.records.values()
        if one.type.startswith("azure-native:") and deployment.checked.get(one.urn)
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_pack_sees_the_bodies_that_go_to_azure(environment: str) -> None:
    types = {name: one.type for name, one in resources_of(deployment_of(environment)).items()}
    for one in each(deployed(environment)):
        row = find_type(one.type)
        assert row is not None
        seen = resource_of(one.urn, one.name, one.type, one.inputs)
        assert seen is not None, f"{one.type} has no shape: make policy-pack"
        assert seen.body == azure._body(row, dict(one.inputs))
        assert seen.type == types[one.name]


def test_the_shapes_are_those_of_the_tables() -> None:
    assert policy_pack.SHAPES.read_text() == policy_pack.shapes(), "write them anew: make policy-pack"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_rules_say_the_same_of_what_the_pack_sees(environment: str) -> None:
    seen = [found for one in deployed(environment) if (found := resource_of(one.urn, one.name, one.type, one.inputs))]
    assert len(seen) > 100
    assert [one.rule.id for one in verdicts(seen) if one.exemption is None] == []


def test_an_unknown_value_can_be_carried_and_not_asked() -> None:
    body: dict[str, Any] = {"a": [Unknown("here")], "b": Unknown("there")}
    assert [isinstance(value, Unknown) for value in (body["a"][0], body["b"])] == [True, True]
    for ask in (str, bool, len, iter, hash, lambda one: one == 1, lambda one: one.lower(), lambda one: "x" in one):
        with pytest.raises(UnknownError, match="there is not known before the update"):
            ask(body["b"])


def test_an_id_is_unknown_while_a_part_of_it_is() -> None:
    inputs = {"vaultName": "kv", "resourceGroupName": Unknown("group"), "properties": {}}
    seen = resource_of("urn", "vault", "azure-native:keyvault/v20230701:Vault", inputs)
    assert seen is not None
    assert seen.type == "Microsoft.KeyVault/vaults"
    with pytest.raises(UnknownError, match="resourceGroupName"):
        _ = seen.name
    assert resource_of("urn", "one", "kubernetes:core/v1:Namespace", {}) is None


@pytest.fixture(scope="module")
def served() -> Iterator[Pack]:
    with running(interpreter("policy"), ROOT / "infra" / "policy", "prod") as pack:
        yield pack


def vault_with(given: list[Given], **properties: Any) -> list[Given]:
    """What the program gives, with other properties of its vault."""
    changed = [
        dataclasses.replace(one, inputs={**one.inputs, "properties": {**one.inputs["properties"], **properties}})
        if one.name == VAULT
        else one
        for one in given
    ]
    assert changed != given
    return changed


@pytest.mark.minutes
@pytest.mark.xdist_group("crossguard")
class TestServed:
    """Each test deploys prod once: the pack keeps what it has seen by URN, and sees it anew each time."""

    def test_every_rule_is_a_policy(self, served: Pack) -> None:
        info = served.info()
        assert info.name == "azure-ml-platform"
        policies = {one.name: one for one in info.policies}
        assert policies.keys() == {rule.id for rule in RULES}
        mandatory = {one.name for one in info.policies if one.enforcementLevel == 1}
        assert mandatory == {rule.id for rule in RULES if rule.mandatory}
        assert policies["Azure.KeyVault.Firewall"].framework.reference == "NS-2"
        assert policies["Azure.KeyVault.Firewall"].url.endswith("/rules/Azure.KeyVault.Firewall/")

    def test_nothing_is_said_of_prod(self, served: Pack) -> None:
        assert served.deploy(deployed("prod")) == []

    def test_an_open_vault_stops_the_deployment(self, served: Pack) -> None:
        (told,) = served.deploy(vault_with(deployed("prod"), publicNetworkAccess="Enabled"))
        assert (told.policy, told.mandatory) == ("MLP.KeyVault.PublicAccess", True)
        assert told.urn.endswith(f"::{VAULT}")
        assert "properties.publicNetworkAccess is 'Enabled' and must be 'Disabled'" in told.message

    def test_a_rule_that_looks_at_all_misses_what_is_not_there(self, served: Pack) -> None:
        (told,) = served.deploy([one for one in deployed("prod") if one.name != ENDPOINT])
        assert (told.policy, told.mandatory) == ("MLP.KeyVault.PrivateEndpoint", False)

    def test_what_a_preview_does_not_know_is_not_judged(self, served: Pack) -> None:
        served.not_applicable.clear()
        assert served.deploy(vault_with(deployed("prod"), enableSoftDelete=UNKNOWN, publicNetworkAccess=UNKNOWN)) == []
        assert served.not_applicable == {"Azure.KeyVault.SoftDelete"}  # the other one waits for all resources
