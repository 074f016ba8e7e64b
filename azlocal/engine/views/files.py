"""Views of a plan, written to the files that were asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azlocal.engine.errors import EngineError
from azlocal.engine.views.resources import Json


def look_ahead(files: Mapping[str, Path | None], env: str | None) -> None:
    """Find before all work what would spoil its end: a base that can't be compared, a file that can't be written.

    ``env`` is the environment that the base has to be of; None stands for all of them.

    Raises:
        EngineError: saying which file, and why.
    """
    for name, file in files.items():
        if file is None or str(file) == "-":
            continue
        if name != "base":
            _require_writable(file)
        elif env is None:
            _read_all(file)
        elif (stack := _read(file).get("stack")) != env:
            raise EngineError(
                f"{file} is a plan of {stack}, which can't be compared with {env}",
                f"write it with `azlocal plan {env} --json` before the change",
            )


def _require_writable(file: Path) -> None:
    above = next(one for one in file.absolute().parents if one.exists())
    if file.is_dir() or not above.is_dir() or not os.access(file if file.exists() else above, os.W_OK):
        raise EngineError(f"{file} can't be written", "choose another file")


def write_views(plan: Json, files: Mapping[str, Path | None]) -> None:
    """Write each view that has a file: ``graph`` is the picture, ``arm`` the template, ``markdown`` the comment.

    ``base`` is read: the plan that the comment compares with.

    Raises:
        EngineError: a file can't be written, or the base can't be read.
    """
    if graph := files.get("graph"):
        from azlocal.engine.views.graph import draw

        write_text(graph, draw(plan))
    if arm := files.get("arm"):
        from azlocal.engine.views.arm import arm_template

        write_text(arm, json.dumps(arm_template(plan), indent=2) + "\n")
    if comment := files.get("markdown"):
        from azlocal.engine.views.markdown import markdown

        base = files.get("base")
        picture = _beside(files.get("graph"), comment)
        write_text(comment, markdown(plan, _read(base) if base else None, picture))


def write_comment(plans: list[Json], file: Path, base: Path | None) -> None:
    """Write the comment on the plans of all environments, compared with a list of plans from before.

    Raises:
        EngineError: the file can't be written, or the base can't be read.
    """
    from azlocal.engine.views.markdown import markdown_all

    write_text(file, markdown_all(plans, _read_all(base) if base else None))


def _beside(picture: Path | None, comment: Path) -> str:
    """The picture's path as a link from the comment."""
    return Path(os.path.relpath(picture, comment.parent)).as_posix() if picture else ""


def _read(path: Path) -> Json:
    found = _parse(path)
    if not _is_plan(found):
        raise EngineError(f"{path} is no plan", "write it with `azlocal plan --json`")
    return dict(found)


def _read_all(path: Path) -> list[Json]:
    found = _parse(path)
    if not isinstance(found, list) or not all(map(_is_plan, found)):
        raise EngineError(f"{path} is no list of plans", "write it with `azlocal plan --all --json`")
    return found


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
