"""The workflows and actions of this repository, read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"

Json = dict[str, Any]


@cache
def workflows() -> dict[str, Json]:
    """By file name. YAML 1.1 takes the key ``on`` for a truth value: it is put right."""
    return {path.name: _on(yaml.safe_load(path.read_text())) for path in sorted((GITHUB / "workflows").iterdir())}


@cache
def actions() -> dict[str, Json]:
    """Composite actions by folder name."""
    return {path.parent.name: yaml.safe_load(path.read_text()) for path in sorted(GITHUB.glob("actions/*/action.yml"))}


def _on(found: Any) -> Json:
    return {("on" if key is True else str(key)): value for key, value in found.items()}


def jobs() -> Iterator[tuple[str, Json]]:
    """Where each job is, and it."""
    for name, workflow in workflows().items():
        for job, body in workflow["jobs"].items():
            yield f"{name}:{job}", body


def steps() -> Iterator[tuple[str, Json]]:
    """Where each step is, and it; those of composite actions too."""
    for where, job in jobs():
        for step in job.get("steps", []):
            yield f"{where}:{step['name']}", step
    for name, action in actions().items():
        for step in action["runs"]["steps"]:
            yield f"{name}:{step['name']}", step


def uses() -> Iterator[tuple[str, Json]]:
    """What names an action or a workflow: steps, and jobs that call."""
    for where, one in (*steps(), *jobs()):
        if "uses" in one:
            yield where, one


def lines() -> Iterator[tuple[str, str]]:
    """Each line of each file."""
    for path in sorted((*GITHUB.glob("workflows/*.yml"), *GITHUB.glob("actions/*/action.yml"))):
        for line in path.read_text().splitlines():
            yield path.name, line


def modules() -> set[str]:
    """The modules that steps run."""
    scripts = [str(step.get("run", "")) for _, step in steps()]
    return {module for script in scripts for module in re.findall(r"python3? -m (tools\.[\w.]+)", script)}
