"""Runs an unmodified Pulumi program without the Pulumi CLI, through the SDK's own mock-monitor interface.

Public names are imported on first use: the command line must not pay for what it doesn't run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azlocal.engine.errors import EngineError
    from azlocal.engine.run import Result, run_destroy, run_plan, run_up

__all__ = ["EngineError", "Result", "run_destroy", "run_plan", "run_up"]


def __getattr__(name: str) -> Any:
    if name == "EngineError":
        from azlocal.engine.errors import EngineError

        return EngineError
    if name in __all__:
        from azlocal.engine import run

        return getattr(run, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
