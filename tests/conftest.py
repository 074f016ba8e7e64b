"""What holds for all tests."""

from __future__ import annotations

import asyncio
import gc


def pytest_unconfigure() -> None:
    """Close the event loops that the SDKs leave in the threads of their pools: Python complains of each at its end."""
    # By the type itself: a module that is imported lazily answers a look at its class with an import.
    for loop in [one for one in gc.get_objects() if issubclass(type(one), asyncio.BaseEventLoop)]:
        if not loop.is_running():
            loop.close()
