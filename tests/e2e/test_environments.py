"""Every environment as a new user has it: up as its owner with nothing edited, and down again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from azlocal import lifecycle
from azlocal.state import StateFolder
from tests.e2e.conftest import Platform, start
from tests.e2e.test_up import edit

pytestmark = [pytest.mark.minutes, pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Platform]:
    one = start(StateFolder(tmp_path / "state"))
    yield one
    lifecycle.stop(one.folder)


def test_all_go_up_beside_each_other_and_down(empty: Platform, copy: Path) -> None:
    for env in ("local", "dev", "staging", "prod"):
        made = empty.command("up", env, project=copy)
        assert made.code == 0, made.output
        assert len(made.changes["created"]) > 200
    for env in ("local", "dev", "staging"):
        gone = empty.command("destroy", env, "--yes", project=copy)
        assert gone.code == 0, gone.output

    kept = empty.command("destroy", "prod", "--yes", project=copy)
    assert kept.code == 1
    assert "keyvault:Vault vault-vault: Protected" in kept.output
    assert not kept.changes["deleted"], "what holds data is protected: all else stays too"
    edit(copy, "environments/Pulumi.prod.yaml", "    protect: true", "    protect: false")
    lifted = empty.command("up", "prod", project=copy)
    assert lifted.code == 0, lifted.output
    gone = empty.command("destroy", "prod", "--yes", project=copy)
    assert gone.code == 0, gone.output  # the locks are the stack's own: they go first
    assert "guards-lock-lake-account" in gone.changes["deleted"]
