from __future__ import annotations

import pytest


@pytest.mark.xdist_group("alone")
def test_a_group_reaches_who_distributes_the_tests(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("loadgroup", default=False):
        assert request.node.nodeid.endswith("@alone")
