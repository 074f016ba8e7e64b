from __future__ import annotations

import pytest

from tests.infra import program
from tests.infra.program import Deployment


@pytest.fixture(params=program.ENVIRONMENTS)
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """What the program registers for each environment; nobody changes it."""
    return program.deployed(request.param)


@pytest.fixture
def dev() -> Deployment:
    return program.deployed("dev")


@pytest.fixture
def local() -> Deployment:
    return program.deployed("local")
