"""What actionlint and zizmor say of the workflows, and that they say something where something is wrong."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workflows.files import GITHUB, ROOT
from tools import golang
from tools.workflows import __main__ as linters


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The workflows in a repository of their own."""
    shutil.copytree(GITHUB, tmp_path / ".github")
    (tmp_path / ".git").mkdir()  # by which actionlint knows a repository, and finds its configuration
    return tmp_path


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / ".github" / "workflows" / "night.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run((*linters.ZIZMOR, ".github"), cwd=folder, check=False, capture_output=True, text=True)


def test_zizmor_finds_nothing() -> None:
    done = zizmor(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0 # v7.0.0", "v7", "unpinned-uses"),
        ("persist-credentials: false", "fetch-depth: 1", "artipacked"),
        ('night "$ACTION"', "night ${{ inputs.action }}", "template-injection"),
        ("permissions: {}", "permissions: write-all", "excessive-permissions"),
    ],
)
def test_zizmor_finds_what_is_unsafe(copy: Path, old: str, new: str, finding: str) -> None:
    edit(copy, old, new)
    done = zizmor(copy)
    assert done.returncode != 0
    assert finding in done.stdout


@pytest.mark.go
@pytest.mark.timeout(600)
def test_actionlint_and_zizmor_find_nothing() -> None:
    assert linters.findings(ROOT) == ""


@pytest.mark.go
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("runs-on: ${{ fromJSON(vars.RUNNER_DEV) }}", "runs-on: ubuntu-1.0", 'label "ubuntu-1.0" is unknown'),
        ("inputs.action ||", "inputs.nothing ||", 'property "nothing" is not defined'),
        ('cron: "0 19 * * *"', 'cron: "0 99 * * *"', "CRON"),
    ],
)
def test_actionlint_finds_what_is_wrong(copy: Path, old: str, new: str, finding: str) -> None:
    edit(copy, old, new)
    assert finding in linters.findings(copy)


def test_without_go_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(linters, "BINARIES", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert linters.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("error: actionlint is built from its Go module, and there is no go\nhint: install Go")


def test_a_build_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, script in (("nice", 'exec "$@"'), ("go", "echo no such module >&2; exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(linters, "BINARIES", tmp_path / "binaries")
    monkeypatch.setattr(golang, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(golang.ToolError, match="no such module"):
        linters.actionlint()
