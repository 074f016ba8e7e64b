"""What holds for all tests."""

from __future__ import annotations

import asyncio
import gc

import pytest
from _pytest.nodeid import coerce_node_id


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test's `xdist_group` count: pytest-xdist 3.8 writes it where pytest 9.2 no longer reads a test's id."""
    for item in items:
        if grouped := vars(item).get("_nodeid"):
            item._id = coerce_node_id(grouped)


def pytest_unconfigure() -> None:
    """Close the event loops that the SDKs leave in the threads of their pools: Python complains of each at its end."""
    # By the type itself: a module that is imported lazily answers a look at its class with an import.
    for loop in [one for one in gc.get_objects() if issubclass(type(one), asyncio.BaseEventLoop)]:
        if not loop.is_running():
            loop.close()
