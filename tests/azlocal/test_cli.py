"""The command line as a person uses it: what it prints, its exit codes, and what bad input gets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from azlocal import lifecycle
from azlocal.state import StateFolder
from tests.azlocal.conftest import Server


def azlocal(*arguments: str, folder: Path | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"AZLOCAL_STATE": str(folder)} if folder else {})}
    return subprocess.run(
        [sys.executable, "-m", "azlocal.cli", *arguments],
        check=False, capture_output=True, text=True, env=environment, cwd=cwd, timeout=90, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def refused(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    """A refusal is one sentence with what was given and a way out, and nothing else."""
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr + done.stdout
    assert "hint: " in done.stderr
    for part in parts:
        assert part in done.stderr


@pytest.fixture
def own(tmp_path: Path) -> Iterator[StateFolder]:
    """A state folder of this test alone, stopped at the end."""
    folder = StateFolder(tmp_path / "state")
    yield folder
    lifecycle.stop(folder)


def test_help_teaches_every_command() -> None:
    done = azlocal("--help")
    assert done.returncode == 0
    for command in ("start", "stop", "status", "reset", "up", "destroy", "plan", "exec"):
        assert command in done.stdout
        assert azlocal(command, "--help").returncode == 0


def test_life_start_twice_status_stop_reset(own: StateFolder) -> None:
    first = azlocal("start", "--port", "0", folder=own.path)
    assert first.returncode == 0, first.stderr
    assert "is ready" in first.stdout
    again = azlocal("start", "--port", "0", folder=own.path)
    assert "runs already" in again.stdout
    assert not again.stderr
    assert "azlocal stop" in azlocal("start", "--faithful", folder=own.path).stderr
    status = azlocal("status", folder=own.path)
    assert "azlocal runs" in status.stdout
    assert "not Azure" in status.stdout
    assert "stopped" in azlocal("stop", folder=own.path).stdout
    assert "no azlocal runs" in azlocal("stop", folder=own.path).stdout
    assert "does not run" in azlocal("status", folder=own.path).stdout
    assert azlocal("reset", "--yes", folder=own.path).returncode == 0
    assert not own.database.exists()


@pytest.mark.parametrize("command", [("reset",), ("destroy", "local")])
def test_nothing_is_forgotten_unasked(own: StateFolder, command: tuple[str, ...]) -> None:
    refused(azlocal(*command, folder=own.path), 2, "--yes")


def test_the_usual_port_gives_way_to_who_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert lifecycle.usual_port(port) == 0
    assert lifecycle.usual_port(port) == port


def test_port_in_use(own: StateFolder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(azlocal("start", "--port", str(port), folder=own.path), 1, str(port), "--port 0")
    assert not own.runtime.exists()


def test_second_server_on_the_same_folder(own: StateFolder) -> None:
    own.lock()
    refused(azlocal("start", "--port", "0", folder=own.path), 1, "in use by another azlocal", "AZLOCAL_STATE")
    own.unlock()


def test_state_of_a_newer_version(own: StateFolder) -> None:
    import sqlite3

    own.create()
    with sqlite3.connect(own.database) as connection:
        connection.execute("PRAGMA user_version = 99")
    refused(azlocal("start", "--port", "0", folder=own.path), 1, "version 99", "reset")


def test_full_disk_is_said_and_nothing_is_lost(own: StateFolder) -> None:
    """A file system that refuses to grow: SQLite's own page limit stands in for a full disk."""
    from azlocal.arm import ArmRequest, ControlPlane
    from azlocal.arm.errors import storage_failure
    from azlocal.entra.principals import OWNER, SUBSCRIPTION_ID
    from azlocal.state import State

    own.create()
    state = State(own.database)
    control = ControlPlane(state)
    pages = state._db.execute("PRAGMA page_count").fetchone()[0]
    state._db.execute(f"PRAGMA max_page_count = {pages}")
    import sqlite3

    path = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-big"
    body = {"location": "westeurope", "tags": {f"t{i}": "x" * 250 for i in range(50)}}
    with pytest.raises(sqlite3.OperationalError) as raised:
        control.handle(ArmRequest("PUT", path, {"api-version": "2021-04-01"}, body, {}, OWNER))
    error = storage_failure(raised.value)
    assert (error.status, error.code) == (507, "InsufficientStorage")
    assert state.get(path.lower()) is None
    state._db.execute("PRAGMA max_page_count = 1000000")
    assert control.handle(ArmRequest("PUT", path, {"api-version": "2021-04-01"}, body, {}, OWNER)).status == 201
    state.close()


def test_unwritable_state_folder(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    refused(azlocal("start", "--port", "0", folder=blocked / "state"), 1, str(blocked))


@pytest.mark.parametrize(
    "arguments", [("frobnicate",), ("start", "--port", "x"), ("start", "--port", "70000"), ("up",), ("exec",)]
)
def test_wrong_usage_exits_2(arguments: tuple[str, ...]) -> None:
    refused(azlocal(*arguments), 2)


def test_missing_kubeconfig(own: StateFolder) -> None:
    refused(azlocal("start", "--kubeconfig", "/nowhere/config", folder=own.path), 2, "/nowhere/config")


def test_exec_without_a_server(own: StateFolder) -> None:
    refused(azlocal("exec", "--", "true", folder=own.path), 1, "azlocal start")


def test_exec_as_nobody_and_of_nothing(server: Server) -> None:
    refused(azlocal("exec", "--as", "nobody", "--", "true", folder=server.folder.path), 2, "nobody", "data-scientist")
    refused(azlocal("exec", "--", "no-such-program", folder=server.folder.path), 2, "no-such-program")
    refused(azlocal("exec", "--", str(server.folder.path), folder=server.folder.path), 2, str(server.folder.path))


def test_exec_adds_the_way_in_and_nothing_else(server: Server) -> None:
    program = "import os, json; print(json.dumps(dict(os.environ)))"
    done = azlocal("exec", "--as", "reader", "--", sys.executable, "-c", program, folder=server.folder.path)
    inside = json.loads(done.stdout)
    expected = server.variables("reader")
    assert {name: inside[name] for name in expected} == expected
    added = set(inside) - set(os.environ) - {"AZLOCAL_STATE"}
    assert added <= set(expected)


def test_exec_passes_the_exit_code_on(server: Server) -> None:
    done = azlocal("exec", "--", sys.executable, "-c", "raise SystemExit(7)", folder=server.folder.path)
    assert done.returncode == 7


def test_no_secret_in_the_log(server: Server) -> None:
    secrets = [path.read_text() for path in (server.folder.path / "secrets").iterdir()]
    log = server.folder.log.read_text()
    assert secrets
    assert not [secret for secret in secrets if secret in log]


def test_an_interrupt_is_said_and_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: interrupted\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").touch()
    # Whoever runs the tests in the background has Ctrl-C ignored, and so have their children.
    heard = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    (tmp_path / "__main__.py").write_text(f"import os, signal\n{heard}\nos.kill(os.getpid(), signal.SIGINT)\n")
    refused(azlocal("plan", "dev", cwd=tmp_path), 130, "interrupted")
