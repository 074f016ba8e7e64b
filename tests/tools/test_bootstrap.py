"""What `make setup` says when a machine cannot give it what it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from tools import bootstrap

ROOT = Path(__file__).parents[2]


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    version = namedtuple("version", "major minor micro releaselevel serial")  # noqa: PYI024
    monkeypatch.setattr(sys, "version_info", version(3, 9, 0, "final", 0))
    assert bootstrap.main() == 1
    said = capsys.readouterr().err
    assert "3.11 or newer is needed" in said
    assert "PYTHON=" in said


@pytest.mark.parametrize(
    ("problem", "way_out"),
    [
        ("Could not resolve host: index", "network"),
        ("npm error code ENOTFOUND", "network"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("hash mismatch", "make setup"),
    ],
)
def test_the_hint_fits_the_failure(problem: str, way_out: str) -> None:
    assert way_out in " ".join(bootstrap.diagnosis(problem))


@pytest.mark.minutes
def test_no_network_is_said_and_nothing_is_half_done(tmp_path: Path) -> None:
    for name in ("tools", "locks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_NO_INDEX": "",
        "PIP_FIND_LINKS": "",
    }
    done = subprocess.run(
        [sys.executable, str(tmp_path / "tools" / "bootstrap.py")],
        check=False, capture_output=True, text=True, timeout=120, env={**os.environ, **nowhere},
    )  # fmt: skip
    assert done.returncode == 1
    assert (
        "error: uv could not be installed: the package index cannot be reached\nhint: check the network" in done.stderr
    )
    assert "Retrying" not in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv" / ".ready").exists()
