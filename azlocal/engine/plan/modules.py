"""Setting the program's own modules aside, so that it can run again in this process as if for the first time."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType


@contextlib.contextmanager
def program_anew(folder: Path) -> Iterator[None]:
    """Without the modules of this folder, which are put back at the end.

    Those of packages installed below it stay: the SDK is slow to import.
    """
    before = _taken(folder)
    try:
        yield
    finally:
        _taken(folder)
        sys.modules.update(before)


def _taken(folder: Path) -> dict[str, ModuleType]:
    """Every module of the folder, taken out."""
    inside = f"{folder}/"
    found = {
        name: module
        for name, module in list(sys.modules.items())
        if (file := str(getattr(module, "__file__", None) or "")).startswith(inside) and "/site-packages/" not in file
    }
    for name in found:
        del sys.modules[name]
    return found
