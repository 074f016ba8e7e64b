"""What `make cluster` and `make test-kubernetes` do where they cannot build a control plane, or need not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.cluster import binary, control_plane

ROOT = Path(__file__).parents[2]


def cluster(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    return subprocess.run(
        [sys.executable, "-m", "tools.cluster", *arguments],
        check=False, capture_output=True, text=True, timeout=60, cwd=ROOT, env={**kept, **environment},
    )  # fmt: skip


def test_what_is_missing_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "BINARIES", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(binary.ClusterError, match="go and etcd must be there") as caught:
        binary.binary()
    assert "install Go" in caught.value.hint
    assert "KUBECONFIG" in caught.value.hint


def test_go_is_needed_only_to_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "BINARIES", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    binary.place().touch()
    with pytest.raises(binary.ClusterError, match="to make one here etcd must be there"):
        binary.binary()
    (tmp_path / "etcd").touch(mode=0o755)
    assert binary.binary() == binary.place()


def test_a_build_that_fails_leaves_nothing_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, script in (("etcd", "true"), ("nice", 'exec "$@"'), ("go", "echo no such module >&2; exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(binary, "BINARIES", tmp_path / "binaries")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(binary.ClusterError, match="no such module"):
        binary.binary()
    assert not list((tmp_path / "binaries").iterdir())


def test_the_users_own_cluster_wins() -> None:
    asks = "import os; print(os.environ['KUBECONFIG'])"
    done = cluster("run", sys.executable, "-c", asks, KUBECONFIG="mine")
    assert (done.returncode, done.stdout) == (0, "mine\n"), done.stderr


def test_the_commands_status_is_passed_on() -> None:
    assert cluster("run", sys.executable, "-c", "raise SystemExit(3)", KUBECONFIG="mine").returncode == 3


def test_a_process_of_another_program_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_plane, "FOLDER", tmp_path / "cluster")
    monkeypatch.setattr(control_plane, "PROCESSES", tmp_path / "processes.json")
    (tmp_path / "processes.json").write_text(json.dumps([os.getpid()]))
    assert control_plane.alive() == []


def test_every_part_of_kubernetes_has_the_version_that_is_built() -> None:
    text = (binary.SOURCE / "go.mod").read_text()
    replaced = [line.split() for line in text.splitlines() if " => " in line]
    assert len(replaced) > 25
    wanted = binary.version().replace("v1.", "v0.", 1)
    assert {(old, old, wanted) for old, _, _, _ in replaced} == {(old, new, given) for old, _, new, given in replaced}
