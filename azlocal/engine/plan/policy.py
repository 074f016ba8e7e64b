"""What the project's own policy says of a plan: the rules in the folder ``policy`` beside the program.

The folder is a package whose ``evaluate(environment, resources)`` takes the resources of ``azlocal plan --json`` and
answers a list of mappings. Each names ``rule``, ``severity``, ``mandatory``, ``urn``, ``resource``, ``armType``,
``field``, ``reason``, ``fix`` and ``source``; ``exemption`` is null, or says ``reason`` and ``expires``. ``exempting``
may say where an exemption is written.
It is loaded by its path, under a name of its own: nothing else of the project is imported for it.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlocal.engine.errors import EngineError
from azlocal.engine.project import load_project
from azlocal.engine.provider import Json

if TYPE_CHECKING:
    from azlocal.engine.plan.model import Plan

FOLDER = "policy"
PROTOCOL = ("rule", "severity", "mandatory", "urn", "resource", "armType", "field", "reason", "fix", "source")
WITHOUT = "leave it out by --no-policy"

Evaluate = Callable[[str, list[Json]], list[Json]]


def judge_plan(project_dir: Path | str, found: Plan) -> None:
    """Put the findings into a plan. One with problems is not judged: what it lacks would be found wrong."""
    if found.problems:
        found.unjudged = bool(found.resources) and _folder(project_dir, found.stack) is not None
    else:
        found.findings = judge(project_dir, found.stack, found.resources)


def judge(project_dir: Path | str, env: str, resources: list[Json]) -> list[Json]:
    """The findings on a plan's resources, exempt ones included; none where the project has no such folder.

    Raises:
        EngineError: the folder has no ``evaluate``, or that raised or answered otherwise than the protocol says.
    """
    if not resources:  # the program did not run, which has been told
        return []
    folder = _folder(project_dir, env)
    if folder is None:
        return []
    evaluate = _load(folder)
    try:
        found = evaluate(env, resources)
        return [
            {
                **{key: one[key] for key in PROTOCOL},
                "exemption": one["exemption"],
                "exempting": one.get("exempting") or "",
            }
            for one in found
        ]
    except Exception as error:
        told = f"{folder} can't judge the plan of {env}: {type(error).__name__}: {error}"
        raise EngineError(told, f"mend the rule, or {WITHOUT}") from error


def _folder(project_dir: Path | str, env: str) -> Path | None:
    folder = load_project(project_dir, env).main.parent / FOLDER
    return folder if (folder / "__init__.py").is_file() else None


def open_findings(findings: list[Json]) -> list[Json]:
    """Those that no exemption covers."""
    return [one for one in findings if one["exemption"] is None]


@cache
def _load(folder: Path) -> Evaluate:
    name = f"{FOLDER}_in_{abs(hash(folder)):x}"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise EngineError(f"{folder} is no package", WITHOUT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: its own modules are imported relative to it
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        told = f"{folder} can't be loaded: {type(error).__name__}: {error}"
        raise EngineError(told, f"mend it, or {WITHOUT}") from error
    found: Any = getattr(module, "evaluate", None)
    if not callable(found):
        raise EngineError(f"{folder} has no evaluate(environment, resources)", f"give it one, or {WITHOUT}")
    checked: Evaluate = found
    return checked
