"""``kill -9`` of the whole server: no scoring process stays behind, and the endpoint is there again afterwards."""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from azlocal import lifecycle
from azlocal.entra.principals import SUBSCRIPTION_ID
from azlocal.state import StateFolder
from tests.azlocal.conftest import Server, acting
from tests.azlocal.machinelearning.endpoints.making import Endpoints
from tests.azlocal.machinelearning.support import Arm, credential_of, make_workspace

pytestmark = pytest.mark.minutes


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server that nobody else uses."""
    folder = StateFolder(tmp_path / "state")
    running, _ = lifecycle.start(folder, 0)
    yield Server(folder, running)
    lifecycle.stop(folder)


def test_kill_minus_nine(own: Server, tmp_path: Path) -> None:
    with acting(own.variables()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from azure.ai.ml import MLClient
        from azure.ai.ml.entities import Environment

        workspace = make_workspace(own, Arm(credential_of(own, "owner")))
        ml = MLClient(credential_of(own, "owner"), SUBSCRIPTION_ID, workspace.group, workspace.name)
        ml.environments.create_or_update(Environment(name="bare", version="1", image="python:3.11"))
        endpoints = Endpoints(ml, "bare:1", tmp_path)
        name = endpoints.endpoint()
        endpoints.deploy(name, "blue", 2)
        endpoints.traffic(name, blue=100)
        call = endpoints.caller(name)
        scoring = psutil.Process(call().json()["pid"])
        killed = psutil.Process(own.running.pid)
        os.kill(own.running.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs([killed, scoring], timeout=10)
        assert not alive
        running, _ = lifecycle.start(own.folder, 0)
    again = Server(own.folder, running)
    with acting(again.variables()):
        until = time.monotonic() + 20
        while (answer := call()).status_code == 503 and time.monotonic() < until:
            continue  # it comes back behind the server's start
    assert answer.json()["values"] == [2]
