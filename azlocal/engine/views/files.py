"""Views of a plan, written to the files that were asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from azlocal.engine.errors import EngineError
from azlocal.engine.views.resources import Json


def write_views(plan: Json, files: Mapping[str, Path | None]) -> None:
    """Write each view that has a file: ``graph`` is the picture, ``arm`` the template.

    Raises:
        EngineError: a file can't be written.
    """
    if graph := files.get("graph"):
        from azlocal.engine.views.graph import draw

        write_text(graph, draw(plan))
    if arm := files.get("arm"):
        from azlocal.engine.views.arm import arm_template

        write_text(arm, json.dumps(arm_template(plan), indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file, and the folders above it.

    Raises:
        EngineError: the file can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as error:
        raise EngineError(f"{path} can't be written: {error.strerror}", "choose another file") from None
