"""The whole architecture on a local Azure of this test run, made by the very command a user types."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from azlocal import lifecycle
from azlocal.state import StateFolder
from tests.azlocal.conftest import Server, acting

REPOSITORY = Path(__file__).parents[2]
_LINE = re.compile(r"^([+~±-]) (\S+) (\S+) (?:created|updated|replaced|deleted)")
_KINDS = {"+": "created", "~": "updated", "±": "replaced", "-": "deleted"}

__all__ = ["acting"]


@dataclass(frozen=True)
class Run:
    """What a command did: exit code, all it printed, and the resources it changed by kind of change."""

    code: int
    output: str
    changes: dict[str, set[str]]


class Platform(Server):
    """A local Azure, and the project's folder that ``azlocal up`` applies to it."""

    def command(self, *arguments: str, project: Path = REPOSITORY) -> Run:
        """Run ``azlocal`` on this state folder."""
        where = ("--project", str(project), "--state", str(self.folder.path))
        done = subprocess.run(
            [sys.executable, "-m", "azlocal.cli", *arguments, *where],
            check=False, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        changes: dict[str, set[str]] = {kind: set() for kind in _KINDS.values()}
        for line in done.stdout.splitlines():
            if match := _LINE.match(line):
                changes[_KINDS[match[1]]].add(match[3])
        return Run(done.returncode, done.stdout + done.stderr, changes)

    def up(self, project: Path = REPOSITORY) -> Run:
        """``azlocal up local``."""
        return self.command("up", "local", "--outputs", str(self.outputs_file), project=project)

    @property
    def outputs_file(self) -> Path:
        """Where ``up`` writes the stack's outputs."""
        return self.folder.path / "outputs.json"

    @property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        return dict(json.loads(self.outputs_file.read_text()))

    def variables(self, principal: str = "owner") -> dict[str, str]:
        """What ``exec`` adds, and where the outputs are."""
        return {**super().variables(principal), "STACK_OUTPUTS": str(self.outputs_file)}

    def run_as(self, principal: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of the project's programs as a principal."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
        return subprocess.run(
            command,
            check=False, capture_output=True, text=True, timeout=540, stdin=subprocess.DEVNULL,
            env={**kept, **self.variables(principal)}, cwd=self.folder.path,
        )  # fmt: skip


def start(folder: StateFolder) -> Platform:
    """A platform on a state folder."""
    running, _ = lifecycle.start(folder, 0)
    return Platform(folder, running)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The architecture, up; tests that use it leave it as they found it."""
    one = start(StateFolder(tmp_path_factory.mktemp("platform")))
    run = one.up()
    assert run.code == 0, run.output
    yield one
    lifecycle.stop(one.folder)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's program and settings, to be edited."""
    target = tmp_path / "project"
    target.mkdir()
    for name in ("infra", "environments"):
        shutil.copytree(REPOSITORY / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "Pulumi.yaml", target)
    return target
