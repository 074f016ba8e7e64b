"""Small Pulumi programs to plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.azlocal.engine.conftest import PRELUDE

Write = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Write:
    """Writes a project with this program and one settings file for each environment; answers its folder."""

    def write(program: str, *envs: str) -> Path:
        (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        for env in envs or ("dev",):
            (tmp_path / f"Pulumi.{env}.yaml").write_text("")
        (tmp_path / "__main__.py").write_text(PRELUDE + program)
        return tmp_path

    return write
