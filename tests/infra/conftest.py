from __future__ import annotations

import pytest

from tests.infra import program
from tests.infra.program import Deployment

RUNS = ("applied", "preview")


@pytest.fixture(params=program.each_environment(("applied",)))
def applied(request: pytest.FixtureRequest) -> Deployment:
    """What the program registers for each environment; nobody changes it."""
    return program.deployed(request.param[0])


@pytest.fixture(params=program.each_environment(RUNS))
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """The same, and the same with everything unknown that Azure computes, as a preview runs it the first time."""
    environment, run = request.param
    return program.deployed(environment, preview=run == "preview")


@pytest.fixture
def dev() -> Deployment:
    return program.deployed("dev")


@pytest.fixture
def local() -> Deployment:
    return program.deployed("local")
