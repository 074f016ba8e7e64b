"""A running azlocal for the tests that need one: a server process per pytest worker, on a free port."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from azlocal import environment, lifecycle
from azlocal.entra.principals import SUBSCRIPTION_ID
from azlocal.state import StateFolder

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    """A running azlocal and how to be somebody on it."""

    folder: StateFolder
    running: lifecycle.Running

    def variables(self, principal: str = "owner") -> dict[str, str]:
        """What ``azlocal exec --as`` would add to the environment."""
        return environment.variables(self.folder, self.running, principal)

    @property
    def subscription(self) -> str:
        """The subscription's id."""
        return f"/subscriptions/{SUBSCRIPTION_ID}"

    def environ(self, principal: str = "owner") -> dict[str, str]:
        """A whole environment for a child process."""
        return {**os.environ, **self.variables(principal)}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server shared by the tests of one worker; tests keep apart by resource groups of their own."""
    folder = StateFolder(tmp_path_factory.mktemp("az local"))
    found, _ = lifecycle.start(folder, 0)
    yield Server(folder, found)
    lifecycle.stop(folder)


@contextmanager
def acting(variables: Mapping[str, str]) -> Iterator[None]:
    """This process' environment as a principal's, for SDK clients made inside."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("AZURE_"):
                patch.delenv(name)
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def as_owner(server: Server) -> Iterator[Server]:
    """The test runs as the owner of the subscription."""
    with acting(server.variables("owner")):
        yield server


@pytest.fixture
def group_name() -> str:
    """A resource group's name that no other test uses."""
    return f"rg-{uuid.uuid4().hex[:8]}"
