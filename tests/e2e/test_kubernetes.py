"""The architecture with a real cluster behind AKS: ``make test-kubernetes``, KUBECONFIG names the cluster."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest

from azlocal import lifecycle
from azlocal.state import StateFolder
from tests.azlocal.kubernetes.clients import APPLY, SERVER_APPLICATION, Client
from tests.e2e.cluster import RealCluster, connect, kubeconfig
from tests.e2e.conftest import Platform

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(300)]

NAMESPACES = "/api/v1/namespaces"
AKS = "Microsoft.ContainerService/managedClusters"


@pytest.fixture(scope="module")
def cluster() -> Iterator[RealCluster]:
    with connect() as made:
        yield made


@pytest.fixture(scope="module")
def before(cluster: RealCluster) -> set[str]:
    """What the cluster held before anything was applied."""
    return cluster.objects()


@pytest.fixture(scope="module")
def real(before: set[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A local Azure whose AKS is the cluster of KUBECONFIG; the architecture is up."""
    folder = StateFolder(tmp_path_factory.mktemp("real"))
    running, _ = lifecycle.start(folder, 0, {"kubeconfig": str(kubeconfig())})
    made = Platform(folder, running)
    try:
        run = made.up()
        assert run.code == 0, run.output
        yield made
    finally:
        made.command("destroy", "local", "--yes")
        lifecycle.stop(folder)


def test_what_the_program_declares_is_applied_to_the_cluster(real: Platform, cluster: RealCluster) -> None:
    names = real.outputs
    account = cluster.get(
        f"{NAMESPACES}/{names['kubernetes_namespace']}/serviceaccounts/{names['kubernetes_service_account']}"
    )
    applied = {(one["manager"], one["operation"]) for one in account["metadata"]["managedFields"]}
    assert applied == {("pulumi-kubernetes", "Apply")}
    client_id = account["metadata"]["annotations"]["azure.workload.identity/client-id"]
    assert client_id == names["workload_identity_client_id"]


def test_again_changes_nothing(real: Platform, cluster: RealCluster) -> None:
    path = f"{NAMESPACES}/{real.outputs['kubernetes_namespace']}"
    version = cluster.get(path)["metadata"]["resourceVersion"]
    again = real.up()
    assert again.code == 0, again.output
    assert not set().union(*again.changes.values()), again.output
    assert cluster.get(path)["metadata"]["resourceVersion"] == version


def test_a_client_of_the_aks_cluster_works_in_it(real: Platform, cluster: RealCluster) -> None:
    name = f"client-{uuid.uuid4().hex[:8]}"
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    owner = Client(real.variables("owner"))
    with closing(owner.http):
        group = f"{real.subscription}/resourceGroups/{real.outputs['resource_group']}"
        path = f"{group}/providers/{AKS}/{real.outputs['kubernetes_cluster']}"
        server = f"https://{owner.arm('GET', path, '2025-09-01')['properties']['fqdn']}"
        url = f"{server}{NAMESPACES}/{name}"
        headers = {"authorization": f"Bearer {owner.token(SERVER_APPLICATION)}"}
        query = {"watch": "true", "fieldSelector": f"metadata.name={name}", "timeoutSeconds": "60"}
        with owner.http.stream("GET", f"{server}{NAMESPACES}", params=query, headers=headers) as stream:
            events = stream.iter_lines()
            made = owner.send("PATCH", f"{url}?fieldManager=test", content=json.dumps(manifest), headers=APPLY)
            assert made.status_code == 201, made.text
            assert cluster.get(f"{NAMESPACES}/{name}")["metadata"]["uid"] == made.json()["metadata"]["uid"]
            first = json.loads(next(events))
            assert first["type"] == "ADDED", first
            assert owner.send("DELETE", url).status_code == 200
            assert "DELETED" in (json.loads(event)["type"] for event in events)
        assert "standin" not in owner.send("GET", f"{server}/version").json()["gitVersion"]


def test_destroy_leaves_nothing_in_the_cluster(real: Platform, cluster: RealCluster, before: set[str]) -> None:
    assert f"v1/Namespace /{real.outputs['kubernetes_namespace']}" in cluster.objects() - before
    destroyed = real.command("destroy", "local", "--yes")
    try:
        assert destroyed.code == 0, destroyed.output
        left = cluster.objects() - before
        assert left == set()
    finally:
        again = real.up()  # for the other tests
    assert again.code == 0, again.output
