"""A command that leaves before its end, as the local Azure goes away or on Ctrl-C: what was made is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from azlocal import lifecycle
from azlocal.engine.errors import EngineError
from azlocal.engine.leaving import while_it_runs
from azlocal.errors import StoppedError
from azlocal.state import StateFolder
from tests.azlocal.engine.conftest import PRELUDE

pytestmark = pytest.mark.minutes

CHAIN = """
rg = group("rg-lost")
last = rg
for number in range(60):
    last = identity(f"one{number}", rg.name, depends_on=[last])
"""

# A provider of the program's own that asks as Azure's clients do, again and again: nobody can end its thread.
STUBBORN = """
import os, threading
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Asks(ResourceProvider):
    def create(self, props):
        if os.environ["WAIT"] == "yes":
            print("+ asking", flush=True)
            threading.Event().wait()
        return CreateResult("one", props)

class Asked(Resource):
    pass

rg = group("rg-lost")
Asked(Asks(), "asks", {"group": rg.id})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StateFolder]:
    """The state folder of a server of the test's own."""
    one = StateFolder(tmp_path / "state")
    yield one
    lifecycle.stop(one)


def call(folder: StateFolder, where: Path, *arguments: str, wait: str = "no") -> subprocess.Popen[str]:
    """A command of azlocal's, its two outputs apart."""
    return subprocess.Popen(
        [sys.executable, "-m", "azlocal.cli", *arguments, "--project", str(where), "--state", str(folder.path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "WAIT": wait},
    )  # fmt: skip


def project(folder: Path, program: str) -> Path:
    where = folder / "program"
    where.mkdir()
    (where / "Pulumi.yaml").write_text("name: lost\nruntime: python\n")
    (where / "Pulumi.dev.yaml").touch()
    (where / "__main__.py").write_text(PRELUDE + program)
    return where


def hear(process: subprocess.Popen[str], event: str) -> None:
    """Read what a command says until a line begins so."""
    assert process.stdout is not None
    seen = [""]
    while not seen[-1].startswith(event):
        seen.append(process.stdout.readline())
        assert seen[-1], seen


@pytest.mark.parametrize(("program", "event"), [(CHAIN, "+ managedidentity:"), (STUBBORN, "+ asking")])
def test_up_ends_at_once_and_goes_on_later(folder: StateFolder, tmp_path: Path, program: str, event: str) -> None:
    where = project(tmp_path, program)
    found, _ = lifecycle.start(folder, 0)
    with call(folder, where, "up", "dev", wait="yes") as process:
        hear(process, event)
        assert process.stdout is not None
        assert process.stderr is not None
        victim = psutil.Process(found.pid)
        os.kill(found.pid, signal.SIGKILL)
        psutil.wait_procs([victim], timeout=30)
        assert process.wait(timeout=30) == 1
        assert process.stderr.read().splitlines() == [
            f"error: the local Azure on port {found.port} went away; what was made is kept",
            f"hint: `azlocal start`, then `azlocal up dev` goes on from there; its log is {folder.log}",
        ]
        assert "failed" not in process.stdout.read()
    lifecycle.start(folder, 0)
    with call(folder, where, "up", "dev") as process:
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert " unchanged" in told


def test_ctrl_c_does_not_wait_for_what_never_ends(folder: StateFolder, tmp_path: Path) -> None:
    lifecycle.start(folder, 0)
    where = project(tmp_path, STUBBORN)
    with call(folder, where, "up", "dev", wait="yes") as process:
        hear(process, "+ asking")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == StoppedError.exit_code
        assert process.stderr is not None
        assert process.stderr.read().splitlines()[0] == "error: interrupted"
    with call(folder, where, "up", "dev") as process:
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 0, told


def test_an_error_is_its_own_while_the_server_runs(folder: StateFolder) -> None:
    lifecycle.start(folder, 0)
    with pytest.raises(EngineError, match="something else"), while_it_runs(folder, "again"):
        raise EngineError("something else")
