"""A disk that is full: whoever waits for something hears of its end, and what comes later goes on."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from azlocal.machinelearning.endpoints import log
from azlocal.machinelearning.endpoints.process import Launch, Process, StartError
from azlocal.machinelearning.jobs.command import PROCESS, Commands
from azlocal.machinelearning.jobs.pools import Pools
from azlocal.machinelearning.runs import Runs
from azlocal.state import State

WORKSPACE = "/subscriptions/s/resourcegroups/rg/providers/microsoft.machinelearningservices/workspaces/w"


@contextmanager
def full(state: State) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "put_document", Mock(side_effect=sqlite3.OperationalError("database or disk is full")))
        yield


def test_a_run_ends_for_whoever_asks_and_in_the_state_once_there_is_room() -> None:
    state = State(None)
    runs = Runs(state)
    run = runs.create(WORKSPACE, "job", "experiment")
    state.put_document(PROCESS, f"{WORKSPACE}|job", {"pgid": 1})
    commands: Any = SimpleNamespace(azure=SimpleNamespace(state=state), runs=runs)
    with full(state):
        Commands.end(commands, run, "Failed", {"code": "ServiceError", "message": "no room"})
        found = runs.get(WORKSPACE, "JOB")
        assert found is not None
        assert (found.status, found.error) == ("Failed", {"code": "ServiceError", "message": "no room"})
        assert [one.id for one in Runs(state).unfinished()] == ["job"]
    assert runs.get(WORKSPACE, "job") == found
    assert Runs(state).get(WORKSPACE, "job") == found
    assert not Runs(state).unfinished()


def test_a_node_is_given_and_given_back() -> None:
    state = State(None)
    pools = Pools(state)

    async def use() -> None:
        for _ in range(3):
            async with asyncio.timeout(5), pools.nodes(f"{WORKSPACE}/serverless", 1):
                pass

    with full(state):
        asyncio.run(use())


def test_a_log_without_room_keeps_nothing_from_going_on(tmp_path: Path) -> None:
    log.write(tmp_path, "a folder is no file")
    launch = Launch(Path(sys.executable), {}, tmp_path, tmp_path)
    with pytest.raises(StartError, match="cannot be written: Is a directory"):
        asyncio.run(Process.start(launch, 5))
