"""The architecture with a real cluster behind AKS: ``make test-kubernetes``, KUBECONFIG names the cluster."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from azlocal import lifecycle
from azlocal.state import StateFolder
from tests.e2e.conftest import Platform

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A local Azure whose AKS is the cluster of KUBECONFIG."""
    path = os.environ.get("KUBECONFIG")
    assert path, "KUBECONFIG must name the kubeconfig of a cluster that may be written to"
    folder = StateFolder(tmp_path_factory.mktemp("real"))
    running, _ = lifecycle.start(folder, 0, {"kubeconfig": path})
    yield Platform(folder, running)
    lifecycle.stop(folder)


def kubectl(*arguments: str) -> dict[str, Any]:
    """Ask the cluster itself, past the local Azure."""
    done = subprocess.run(["kubectl", *arguments, "-o", "json"], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def test_what_the_program_declares_is_applied_to_the_cluster(real: Platform) -> None:
    run = real.up()
    assert run.code == 0, run.output
    names = real.outputs
    namespace = kubectl("get", "namespace", names["kubernetes_namespace"], "--show-managed-fields")
    assert "Apply" in {field["operation"] for field in namespace["metadata"]["managedFields"]}
    account = kubectl("get", "serviceaccount", names["kubernetes_service_account"], "-n", names["kubernetes_namespace"])
    client_id = account["metadata"]["annotations"]["azure.workload.identity/client-id"]
    assert client_id == names["workload_identity_client_id"]


def test_again_changes_nothing(real: Platform) -> None:
    before = real.up()
    assert before.code == 0, before.output
    version = kubectl("get", "namespace", real.outputs["kubernetes_namespace"])["metadata"]["resourceVersion"]
    again = real.up()
    assert again.code == 0
    assert not set().union(*again.changes.values()), again.output
    assert kubectl("get", "namespace", real.outputs["kubernetes_namespace"])["metadata"]["resourceVersion"] == version
