from __future__ import annotations

from functools import cache

import pytest

from tests.infra import program
from tests.infra.program import Deployment


@cache
def _deployed(environment: str) -> Deployment:
    return program.run(environment)


@pytest.fixture(params=program.ENVIRONMENTS)
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """What the program registers for each environment; nobody changes it."""
    return _deployed(request.param)


@pytest.fixture
def dev() -> Deployment:
    return _deployed("dev")


@pytest.fixture
def local() -> Deployment:
    return _deployed("local")
