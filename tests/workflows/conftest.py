"""What the tests of the steps share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.workflows.github import GitHub, serve


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """The API, and a job of pull request 7 that speaks to it."""
    with serve() as served:
        for name, value in {"API_URL": served.url, "REPOSITORY": "owner/name", "TOKEN": "of-the-job"}.items():
            monkeypatch.setenv(f"GITHUB_{name}", value)
        monkeypatch.setenv("PULL_REQUEST", "7")
        monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
        yield served
