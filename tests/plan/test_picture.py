"""The README's picture is the one that prod's plan gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.minutes
def test_the_picture_is_fresh(tmp_path: Path) -> None:
    drawn = tmp_path / "architecture.svg"
    command = [
        sys.executable,
        "-m",
        "azlocal.cli",
        "plan",
        "prod",
        "--no-preview",
        "--no-policy",
        "--graph",
        str(drawn),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    kept = ROOT / "docs" / "images" / "architecture.svg"
    assert drawn.read_text() == kept.read_text(), "draw it anew: make picture"
