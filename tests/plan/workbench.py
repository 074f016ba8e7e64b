"""An environment with one change to its settings or to a block, planned in this process."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from azlocal.engine.plan import Plan, plan
from azlocal.engine.plan.modules import program_anew
from tests.infra.program import PROJECT, ROOT

REMOVED = object()  # instead of a value: the key is not there


@dataclass(frozen=True)
class Set:
    """A setting with another value; the key is dotted, below the project's name."""

    key: str
    value: Any

    def apply(self, folder: Path, env: str) -> None:
        """Write it into the environment's file."""
        path = folder / f"environments/Pulumi.{env}.yaml"
        values = yaml.safe_load(path.read_text())
        block, *parents = f"{PROJECT}:{self.key}".split(".")
        *parents, last = block, *parents
        at = values["config"]
        for part in parents:
            at = at.setdefault(part, {})
        at[last] = self.value
        if self.value is REMOVED:
            del at[last]
        path.write_text(yaml.safe_dump(values, sort_keys=False))


@dataclass(frozen=True)
class Text:
    """A text of a block, which stands there once, replaced by another."""

    file: str
    old: str
    new: str

    def apply(self, folder: Path, env: str) -> None:
        """Write it into the block's file."""
        path = folder / "infra" / self.file
        text = path.read_text()
        assert text.count(self.old) == 1, f"{self.file} has {self.old!r} {text.count(self.old)} times"
        path.write_text(text.replace(self.old, self.new))


Change = Set | Text


def planned(folder: Path, env: str, changes: Sequence[Change] = ()) -> Plan:
    """The plan of an environment after these changes, one after the other, to a copy of the project in ``folder``."""
    folder.mkdir(exist_ok=True)
    shutil.copyfile(ROOT / "Pulumi.yaml", folder / "Pulumi.yaml")
    for name in ("environments", "infra"):
        # With what Python compiled, whose times tell it that it is still right.
        shutil.copytree(ROOT / name, folder / name)
    for change in changes:
        change.apply(folder, env)
    return as_it_is(env) if _is_as_before(folder, env) else _planned(folder, env)


@cache
def as_it_is(env: str) -> Plan:
    """The plan of an environment without any change."""
    return _planned(ROOT, env)


def _is_as_before(folder: Path, env: str) -> bool:
    """Whether the changes have undone each other."""
    settings = f"environments/Pulumi.{env}.yaml"
    return yaml.safe_load((folder / settings).read_text()) == yaml.safe_load((ROOT / settings).read_text()) and all(
        path.read_text() == (ROOT / path.relative_to(folder)).read_text() for path in (folder / "infra").rglob("*.py")
    )


def _planned(folder: Path, env: str) -> Plan:
    collecting = gc.isenabled()
    gc.disable()  # a plan makes little garbage, and looking for it in all that a test run holds takes half of its time
    try:
        with program_anew(ROOT / "infra"), program_anew(folder / "infra"):
            return plan(folder, env, preview=False)
    finally:
        if collecting:
            gc.enable()
