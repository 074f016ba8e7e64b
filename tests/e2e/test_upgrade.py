"""What an earlier version of this repository made is taken over by this one: nothing that keeps data is replaced."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from azlocal import lifecycle
from azlocal.engine.events import Action
from azlocal.engine.ports import call
from azlocal.engine.run import Target, run_destroy, run_up
from azlocal.engine.stack_state import Record
from azlocal.engine.tables import find_type
from azlocal.engine.target import local_target
from azlocal.state import StateFolder
from tests.azlocal.engine.conftest import Heard
from tests.e2e import recording
from tests.e2e.applying import Environment, copied
from tests.e2e.changes import SUBSCRIPTION, Change
from tests.e2e.conftest import REPOSITORY

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(300)]

# By the version that made it: 1f82900 is the first with a subnet for each role, f2a63c2 made all
# blocks of the architecture. What is replaced, and why.
VERSIONS: dict[str, frozenset[str]] = {
    "1f82900": frozenset(
        {
            # A private endpoint can't leave its subnet, and Synapse's have one of their own since.
            "endpoints-spark-dev",
            "endpoints-spark-sql",
            "endpoints-spark-sqlondemand",
        }
    ),
    "f2a63c2": frozenset(),
}

CLUSTER = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-mlp-local"
    "/providers/Microsoft.ContainerService/managedClusters/aks-mlp-local"
)


@pytest.fixture(params=sorted(VERSIONS))
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def earlier(version: str, tmp_path: Path) -> Iterator[Target]:
    """A running azlocal with what the earlier version made."""
    folder = StateFolder(tmp_path / "state")
    recording.restore(REPOSITORY / "tests/e2e/recorded" / f"{version}.json.gz", folder)
    lifecycle.start(folder, 0)
    with local_target(folder) as target:
        _make_containers(target, folder)
        yield target
    lifecycle.stop(folder)


def _make_containers(target: Target, folder: StateFolder) -> None:
    """Blobs are no part of a recording: what held them is there again, empty."""
    for record in recording.records(folder).records.values():
        if record.type.endswith("storage:BlobContainer"):
            call(target.port, "PUT", record.id, record.api_version, {"properties": {}})


def _pools(target: Target) -> set[str]:
    """Names of the cluster's pools."""
    cluster = call(target.port, "GET", CLUSTER, "2025-09-01").body
    return {pool["name"] for pool in cluster["properties"]["agentPoolProfiles"]}


def _holds_data(record: Record) -> bool:
    row = find_type(record.type)
    return bool(record.is_real and row and row.holds)


def test_comes_up_without_replacing_what_keeps_data(version: str, earlier: Target) -> None:
    before = recording.records(StateFolder(earlier.folder)).records
    heard = Heard()
    result = run_up(REPOSITORY, "local", earlier, heard)
    assert result.summary.failures == []
    assert set(heard.of(Action.REPLACE)) == VERSIONS[version]
    assert set(heard.of(Action.DELETE)) <= VERSIONS[version] | {f"{name}-dns" for name in VERSIONS[version]}
    if "cluster-workload" in heard.of(Action.CREATE):  # pools were part of the cluster's own body
        assert _pools(earlier) >= {"system", "workload"}, "none is lost: the old one goes when people have moved"
    after = recording.records(StateFolder(earlier.folder)).records
    kept = {urn: record.id for urn, record in before.items() if _holds_data(record)}
    assert len(kept) > 10, "accounts, containers, vault, logs, registry, workspaces, cluster and their group"
    assert {urn: after[urn].id for urn in kept} == kept
    assert not run_up(REPOSITORY, "local", earlier).summary.changed
    assert run_destroy(REPOSITORY, "local", earlier).summary.failures == []


def test_a_pool_of_the_cluster_s_own_body_is_taken_over_and_followed(
    earlier: Target, tmp_path: Path, version: str
) -> None:
    environment = Environment(copied(tmp_path / "project"), earlier)
    with environment.changed(Change("as it is", {"cluster.workloadPool.takeOver": "workload"})):
        assert environment.up().summary.failures == []
        assert environment.done(Action.IMPORT) == {"cluster-workload"}
        assert _pools(earlier) == {"system", "workload"}
        assert not environment.up().summary.changed
    assert environment.up().summary.failures == []
    assert environment.done(Action.REPLACE) == {"cluster-workload"}
    (new,) = _pools(earlier) - {"system"}
    assert new.startswith("workload")
    assert new != "workload"


def test_a_recording_holds_no_secret(version: str) -> None:
    text = gzip.decompress((REPOSITORY / "tests/e2e/recorded" / f"{version}.json.gz").read_bytes()).decode()
    for word in ("PRIVATE KEY", "AccountKey=", "client-key-data", "azlocal:secret", "clusterAdmin"):
        assert word not in text
