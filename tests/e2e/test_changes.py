"""Everyday changes, each applied to the running local Azure and taken back: what happens is what the table says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from azlocal.engine.errors import EngineError
from azlocal.engine.events import Action
from azlocal.engine.ports import call
from azlocal.engine.run import Result
from azlocal.engine.softdelete import Held
from azlocal.engine.target import local_target
from tests.e2e.applying import Environment, copied
from tests.e2e.changes import (
    CHANGES,
    LOSS,
    OTHER_GROUP,
    OTHER_LOGS,
    PAGE,
    TAGGED,
    Change,
    render,
)
from tests.e2e.conftest import Platform

architecture = [pytest.mark.minutes, pytest.mark.timeout(300), pytest.mark.xdist_group("architecture")]


@pytest.fixture(scope="module")
def environment(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The architecture, up, and a copy of the project to be changed."""
    project = copied(tmp_path_factory.mktemp("changes"))
    with local_target(platform.folder) as target:
        yield Environment(project, target)


def up(environment: Environment) -> dict[str, str]:
    """One ``up``; what stopped it, by resource."""
    try:
        return stopped(environment.up())
    except EngineError as error:  # a look-up that fails stops the program
        return dict.fromkeys(re.findall(r"--accept-data-loss (\S+)", error.message), LOSS)


def stopped(result: Result) -> dict[str, str]:
    """Codes of what failed, by resource; each refusal of the engine names its word."""
    for failure in result.summary.failures:
        name = failure.urn.rsplit("::", 1)[-1]
        assert failure.code != LOSS or f"add --accept-data-loss {name}" in failure.message
    return {failure.urn.rsplit("::", 1)[-1]: failure.code for failure in result.summary.failures}


def done(environment: Environment) -> dict[str, set[str]]:
    """What the last ``up`` did; the end of what was replaced is part of its replacement."""
    replaced = environment.done(Action.REPLACE)
    return {
        "updates": environment.done(Action.UPDATE),
        "replaces": replaced,
        "creates": environment.done(Action.CREATE),
        "deletes": environment.done(Action.DELETE) - replaced,
    }


def expected(change: Change, environment: Environment) -> dict[str, set[str]]:
    """What the table says."""
    updates = environment.tagged() if change.updates == (TAGGED,) else set(change.updates)
    creates = {*change.creates, *change.away}
    return {"updates": updates, "replaces": set(change.replaces), "creates": creates, "deletes": set(change.deletes)}


def reversed_(change: Change, environment: Environment) -> dict[str, set[str]]:
    """What taking it back does: the same the other way round, and what Azure refused is sent once more."""
    there = expected(change, environment)
    again = {name for name, code in change.refused.items() if code != LOSS}
    anew = {*change.deletes, *(change.away if change.through else ())}
    return {**there, "updates": there["updates"] | again, "creates": anew, "deletes": set(change.creates)}


class TestEach:
    """Each on an environment that is up, which it leaves as it found it."""

    pytestmark = architecture

    @pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.what)
    def test_does_what_the_table_says_and_can_be_taken_back(self, environment: Environment, change: Change) -> None:
        call(environment.target.port, "PUT", OTHER_GROUP, "2024-03-01", {"location": "westeurope"})
        logs = {"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}}}
        call(environment.target.port, "PUT", OTHER_LOGS, "2023-09-01", logs)
        if change.through:
            with environment.changed(change):
                assert environment.in_the_way() == {"InUseSubnetCannotBeDeleted", "ValidationError"}
            self._step(environment, change, change.through)
        with environment.changed(change):
            assert up(environment) == change.refused
            assert done(environment) == expected(change, environment)
        if change.back_through:
            assert environment.in_the_way() == {"InUseSubnetCannotBeDeleted"}
            self._step(environment, change, change.back_through)
        assert up(environment) == change.back
        if change.back:
            assert environment.up(accepted=change.back, held=Held.PURGE).exit_code == 0
        else:
            stays = {"vault-key-workspace"}  # Azure deletes keys at the vault's own address alone
            wanted = reversed_(change, environment)
            assert done(environment) == {**wanted, "deletes": wanted["deletes"] - stays}
        if change.refused or change.back:  # half of it was done
            assert not environment.up().summary.changed

    def _step(self, environment: Environment, change: Change, settings: Mapping[str, Any]) -> None:
        """The ``up`` between, which takes away what stands in the way and nothing else."""
        with environment.changed(Change("a step", settings)):
            assert up(environment) == {}
            assert done(environment)["deletes"] == set(change.away)

    def test_goes_through_with_the_word(self, environment: Environment) -> None:
        [change] = [one for one in CHANGES if one.what == "no registry for promotion"]
        with environment.changed(change):
            assert environment.up(accepted=["promotion-registry"]).exit_code == 0
            assert "promotion-registry" in done(environment)["deletes"]
        assert environment.up().exit_code == 0
        assert "promotion-registry" in done(environment)["creates"]

    def test_a_cluster_made_anew_has_its_pool(self, environment: Environment) -> None:
        [change] = [one for one in CHANGES if one.what == "a private API server"]
        with environment.changed(change):
            assert environment.up(accepted=["cluster-aks"]).exit_code == 0
            assert done(environment)["replaces"] >= {"cluster-aks"}
            assert done(environment)["creates"] >= {"cluster-workload", "cluster-trusted-access"}
            assert not environment.up().summary.changed
        assert environment.up(accepted=["cluster-aks"]).exit_code == 0
        assert not environment.up().summary.changed
        # What was in the old cluster went with it, and only a refresh tells.
        assert environment.up(refresh=True).exit_code == 0


def test_there_are_twenty_and_each_is_told_once() -> None:
    assert len(CHANGES) >= 20
    assert len({change.what for change in CHANGES}) == len(CHANGES)


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "write it anew: python -m tests.e2e.changes"


def test_every_resource_that_holds_data_is_among_those_that_need_a_word() -> None:
    asked = {name for change in CHANGES for name, code in {**change.refused, **change.back}.items() if code == LOSS}
    held = {"lake-account", "storage-account", "vault-vault", "observability-logs", "registry-registry"}
    assert asked >= held | {"workspace-workspace", "cluster-aks", "promotion-registry", "group"}
