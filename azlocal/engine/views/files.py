"""Views of a plan, written to the files that were asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azlocal.engine.errors import EngineError
from azlocal.engine.views.resources import Json


def look_ahead(files: Mapping[str, Path | None]) -> None:
    """Find before all work what would spoil its end: a file that can't be written.

    Raises:
        EngineError: saying which file, and why.
    """
    for file in files.values():
        if file is None or str(file) == "-":
            continue
        above = next(one for one in file.absolute().parents if one.exists())
        if file.is_dir() or not above.is_dir() or not os.access(file if file.exists() else above, os.W_OK):
            raise EngineError(f"{file} can't be written", "choose another file")


def read_base(file: Path | None, env: str) -> Json | None:
    """An environment's plan from before, which the comment is to compare with; none where no file was named.

    Raises:
        EngineError: it can't be read, or is a plan of another environment.
    """
    if file is None:
        return None
    found = _parse(file)
    if not _is_plan(found):
        raise EngineError(f"{file} is no plan", "write it with `azlocal plan --json`")
    if (stack := found.get("stack")) != env:
        raise EngineError(
            f"{file} is a plan of {stack}, which can't be compared with {env}",
            f"write it with `azlocal plan {env} --json` before the change",
        )
    return dict(found)


def read_bases(file: Path | None) -> list[Json] | None:
    """All environments' plans from before; none where no file was named.

    Raises:
        EngineError: they can't be read.
    """
    if file is None:
        return None
    found = _parse(file)
    if not isinstance(found, list) or not all(map(_is_plan, found)):
        raise EngineError(f"{file} is no list of plans", "write it with `azlocal plan --all --json`")
    return found


def write_views(plan: Json, files: Mapping[str, Path | None], base: Json | None = None) -> None:
    """Write each view that has a file: ``graph`` is the picture, ``arm`` the template, ``markdown`` the comment.

    ``base`` is the plan that the comment compares with.

    Raises:
        EngineError: a file can't be written.
    """
    if graph := files.get("graph"):
        from azlocal.engine.views.graph import draw

        write_text(graph, draw(plan))
    if arm := files.get("arm"):
        from azlocal.engine.views.arm import arm_template

        write_text(arm, json.dumps(arm_template(plan), indent=2) + "\n")
    if comment := files.get("markdown"):
        from azlocal.engine.views.markdown import markdown

        write_text(comment, markdown(plan, base, _beside(files.get("graph"), comment)))


def write_comment(plans: list[Json], file: Path, bases: list[Json] | None) -> None:
    """Write the comment on the plans of all environments, compared with those from before.

    Raises:
        EngineError: the file can't be written.
    """
    from azlocal.engine.views.markdown import markdown_all

    write_text(file, markdown_all(plans, bases))


def _beside(picture: Path | None, comment: Path) -> str:
    """The picture's path as a link from the comment."""
    return Path(os.path.relpath(picture, comment.parent)).as_posix() if picture else ""


def _parse(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise EngineError(f"{path} can't be read: {error.strerror}", "write it with `azlocal plan --json`") from None
    except ValueError:
        return None


def _is_plan(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("resources"), list)


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
