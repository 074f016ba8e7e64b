"""A workspace with a cluster on the running azlocal, and the unmodified SDK as its client."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from azlocal.entra.principals import SUBSCRIPTION_ID
from tests.azlocal.conftest import Server, acting
from tests.azlocal.machinelearning.support import Arm, Workspace, credential_of, make_workspace

if TYPE_CHECKING:
    from azure.ai.ml import MLClient


@pytest.fixture(scope="session")
def owner(server: Server) -> Iterator[Any]:
    """The owner's credential, and this process' environment as the owner's."""
    with acting(server.variables("owner")), pytest.MonkeyPatch.context() as patch:
        patch.setenv("AZUREML_RUN_POLLING_INTERVAL_MIN", "1")
        yield credential_of(server, "owner")


@pytest.fixture(scope="session")
def arm(owner: Any) -> Arm:
    """The control plane as the owner."""
    return Arm(owner)


@pytest.fixture(scope="session")
def workspace(server: Server, arm: Arm) -> Workspace:
    """One workspace for all tests of a worker: what they make in it has names of their own."""
    return make_workspace(server, arm)


@pytest.fixture(scope="session")
def client_as(workspace: Workspace, owner: Any) -> Callable[[str], MLClient]:
    """MLClient of any principal."""

    with warnings.catch_warnings():  # the SDK's own, at its import
        warnings.simplefilter("ignore")
        from azure.ai.ml import MLClient

    def make(principal: str) -> MLClient:
        credential = credential_of(workspace.server, principal)
        return MLClient(credential, SUBSCRIPTION_ID, workspace.group, workspace.name)

    return make


@pytest.fixture(scope="session")
def ml(client_as: Callable[[str], MLClient]) -> MLClient:
    """MLClient of the owner."""
    return client_as("owner")


@pytest.fixture(scope="session")
def bare(ml: MLClient) -> str:
    """An environment of nothing but Python."""
    from azure.ai.ml.entities import Environment

    found = ml.environments.create_or_update(Environment(name="bare", version="1", image="python:3.11"))
    return f"{found.name}:{found.version}"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """An empty folder for a job's code."""
    folder = tmp_path / "code"
    folder.mkdir()
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The SDK warns about itself; what azlocal or a test does wrong stays an error."""
    for item in items:
        if "azlocal/machinelearning" in item.nodeid:
            for module in ("azure.ai.ml", "marshmallow", "azure.storage", "azure.core", "msrest"):
                item.add_marker(pytest.mark.filterwarnings(f"ignore:::{module}"))
