# mypy: disable-error-code="operator, union-attr, call-overload, untyped-decorator"
"""The server killed while jobs run: they are found failed, their processes are gone, what waited goes on."""

from __future__ import annotations

import functools
import os
import random
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from azlocal import lifecycle
from azlocal.entra.principals import SUBSCRIPTION_ID
from azlocal.state import StateFolder
from tests.azlocal.conftest import Server, acting
from tests.azlocal.machinelearning.support import CPU, Arm, credential_of, make_workspace, marked, unique, wait

if TYPE_CHECKING:
    from azure.ai.ml import MLClient


class Restartable:
    """A server of its own that a test may kill."""

    def __init__(self, folder: StateFolder) -> None:
        self.folder = folder
        self.running, _ = lifecycle.start(folder, 0)

    @property
    def server(self) -> Server:
        return Server(self.folder, self.running)

    def kill_and_start(self) -> None:
        process = psutil.Process(self.running.pid)
        os.kill(self.running.pid, signal.SIGKILL)
        psutil.wait_procs([process], timeout=10)
        self.running, _ = lifecycle.start(self.folder, self.running.port)


@pytest.fixture
def restartable(tmp_path: Path) -> Any:
    made = Restartable(StateFolder(tmp_path / "own"))
    with acting(made.server.variables("owner")):
        yield made
    lifecycle.stop(made.folder)


@pytest.mark.timeout(180)
def test_running_jobs_are_found_failed_and_waiting_ones_go_on(restartable: Restartable) -> None:
    from azure.ai.ml import MLClient, command, dsl
    from azure.ai.ml.entities import AmlCompute, Environment

    server = restartable.server
    made = make_workspace(server, Arm(credential_of(server, "owner")))
    ml: MLClient = MLClient(credential_of(server, "owner"), SUBSCRIPTION_ID, made.group, made.name)
    ml.environments.create_or_update(Environment(name="bare", version="1", image="python:3.11"))
    one = unique("one")
    ml.compute.begin_create_or_update(AmlCompute(name=one, size="Standard_DS3_v2", max_instances=1)).result()
    mark, inner = unique("mark"), unique("mark")
    line = f"echo before the end; exec -a {mark} sleep 600"
    running = ml.jobs.create_or_update(command(command=line, environment="bare:1", compute=one))
    waiting = ml.jobs.create_or_update(command(command="echo late", environment="bare:1", compute=one))
    step = command(name="long", command=f"exec -a {inner} sleep 600", environment="bare:1").component

    @dsl.pipeline(default_compute=CPU)
    def long() -> None:
        step()

    pipeline = ml.jobs.create_or_update(long())
    wait(lambda: (marked(mark) and marked(inner)) or None)
    wait(lambda: ml.jobs.get(waiting.name).status == "Queued" or None)

    restartable.kill_and_start()

    wait(lambda: not (marked(mark) or marked(inner)) or None)
    found = ml.jobs._runs_operations.get_run_details(running.name)
    assert found.status == "Failed"
    assert "azlocal stopped while the job was running" in found.error.error.message
    assert ml.jobs.get(pipeline.name).status == "Failed"
    assert [child.status for child in ml.jobs.list(parent_job_name=pipeline.name)] == ["Failed"]
    wait(lambda: ml.jobs.get(waiting.name).status == "Completed" or None)
    log = wait(lambda: ml.jobs._runs_operations.get_run_details(running.name).log_files)
    assert "user_logs/std_log.txt" in log
    assert ml.environments.get("bare", version="1").image == "python:3.11"


@pytest.mark.timeout(180)
def test_a_stopped_server_leaves_no_process(restartable: Restartable) -> None:
    from azure.ai.ml import MLClient, command
    from azure.ai.ml.entities import Environment

    server = restartable.server
    made = make_workspace(server, Arm(credential_of(server, "owner")))
    ml = MLClient(credential_of(server, "owner"), SUBSCRIPTION_ID, made.group, made.name)
    ml.environments.create_or_update(Environment(name="bare", version="1", image="python:3.11"))
    mark = unique("mark")
    job = ml.jobs.create_or_update(command(command=f"exec -a {mark} sleep 600", environment="bare:1", compute=CPU))
    wait(lambda: marked(mark) or None)
    lifecycle.stop(restartable.folder)
    assert not marked(mark)
    restartable.running, _ = lifecycle.start(restartable.folder, restartable.running.port)
    wait(lambda: ml.jobs.get(job.name).status == "Failed" or None)


@pytest.mark.minutes
@pytest.mark.timeout(400)
def test_jobs_survive_twenty_kills(restartable: Restartable) -> None:
    """Killed after a chosen number of looks at the job: it has completed with all it made, or failed by that reason."""
    from azure.ai.ml import MLClient, command
    from azure.ai.ml.entities import Environment

    chosen = random.Random(random.random())  # noqa: S311 (pytest-randomly seeds it)
    server = restartable.server
    made = make_workspace(server, Arm(credential_of(server, "owner")))
    ml = MLClient(credential_of(server, "owner"), SUBSCRIPTION_ID, made.group, made.name)
    ml.environments.create_or_update(Environment(name="bare", version="1", image="python:3.11"))
    ended: dict[str, int] = {}
    for _ in range(20):
        mark = unique("mark")
        line = f"echo {mark} > ${{{{outputs.o}}}}/f; (exec -a {mark} sleep 600) & exec -a {mark} sleep 0.3"
        output = {"o": {"type": "uri_folder"}}
        job = ml.jobs.create_or_update(command(command=line, environment="bare:1", compute=CPU, outputs=output))
        for _ in range(chosen.randrange(40)):
            ml.jobs.get(job.name)
        restartable.kill_and_start()
        status = wait(functools.partial(_over, ml, job.name))
        wait(functools.partial(_gone, mark))
        ended[status] = ended.get(status, 0) + 1
        details = ml.jobs._runs_operations.get_run_details(job.name)
        if status == "Failed":
            assert details.error.error.code == "ServiceStopped"
        else:
            assert ml.data.get(f"azureml_{job.name}_output_data_o", version="1").path.endswith(f"{job.name}/o")
            assert "user_logs/std_log.txt" in details.log_files
    assert set(ended) <= {"Completed", "Failed"}


def _gone(mark: str) -> bool | None:
    return not marked(mark) or None


def _over(ml: MLClient, name: str) -> str | None:
    status = ml.jobs.get(name).status
    return next((one for one in ("Completed", "Failed", "Canceled") if status == one), None)
