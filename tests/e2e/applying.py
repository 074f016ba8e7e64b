"""Applying a change to an environment that is up: in this process, through the gateway of the running local Azure."""

from __future__ import annotations

import copy
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from azlocal.engine.events import Action
from azlocal.engine.plan.against import against
from azlocal.engine.plan.modules import program_anew
from azlocal.engine.run import Result, Target, run_up
from azlocal.engine.softdelete import Held
from azlocal.engine.stack_state import StackState
from tests.azlocal.engine.conftest import Heard
from tests.e2e.changes import REPOSITORY, Change

SETTINGS = "environments/Pulumi.local.yaml"
PREFIX = "azure-ml-platform"


def copied(project: Path) -> Path:
    """A copy of the project, to be changed."""
    for name in ("infra", "environments"):
        shutil.copytree(REPOSITORY / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "Pulumi.yaml", project)
    return project


class Environment:
    """The environment ``local`` of a copy of the project, on a target."""

    def __init__(self, project: Path, target: Target) -> None:
        self.target = target
        self._project = project
        self._settings = yaml.safe_load((project / SETTINGS).read_text())
        self._edited = False
        self._modules: dict[str, ModuleType] = {}
        self.heard = Heard()

    def up(self, *, accepted: Collection[str] = (), held: Held = Held.REFUSE, refresh: bool = False) -> Result:
        """Bring it up as the copy says."""
        self.heard = Heard()
        with program_anew(REPOSITORY / "infra"), self._modules_of_the_copy():
            return run_up(
                self._project, "local", self.target, self.heard, accepted=accepted, held=held, refresh=refresh
            )

    def in_the_way(self) -> set[str]:
        """Codes of what a plan finds against what runs: changes that need a step before them."""
        with program_anew(REPOSITORY / "infra"), self._modules_of_the_copy():
            return {told["code"] for told in against(self._project, "local", self.target).problems}

    def done(self, action: Action) -> set[str]:
        """Names of what had this done to it by the last ``up``."""
        return set(self.heard.of(action))

    def tagged(self) -> set[str]:
        """Names of what has tags, by the stack's state."""
        state = StackState.load(self.target.folder, PREFIX, "local")
        state.close()
        return {one.name for one in state.records.values() if one.is_real and "tags" in one.inputs}

    @contextmanager
    def changed(self, change: Change) -> Iterator[None]:
        """The copy with a change made, which is taken back at the end; after a failure in the environment too."""
        files = {file: (self._project / file).read_text() for file in {SETTINGS, *(one.file for one in change.edits)}}
        self._edited = bool(change.edits)
        try:
            self._write_settings(change.settings)
            for edit in change.edits:
                path = self._project / edit.file
                assert path.read_text().count(edit.old) == 1, f"{edit.old!r} is not once in {edit.file}"
                path.write_text(path.read_text().replace(edit.old, edit.new))
            yield
        except BaseException:
            self._restore(files)
            self.up()
            raise
        finally:
            self._restore(files)

    def _restore(self, files: Mapping[str, str]) -> None:
        self._edited = False
        for file, text in files.items():
            (self._project / file).write_text(text)

    def _write_settings(self, given: Mapping[str, Any]) -> None:
        settings = copy.deepcopy(self._settings)
        for dotted, value in given.items():
            block, *path = dotted.split(".")
            keys = [f"{PREFIX}:{block}", *path]
            at = settings["config"]
            for key in keys[:-1]:
                at = at.setdefault(key, {})
            if value is None:
                del at[keys[-1]]
            else:
                at[keys[-1]] = value
        (self._project / SETTINGS).write_text(yaml.safe_dump(settings))

    @contextmanager
    def _modules_of_the_copy(self) -> Iterator[None]:
        """The program's modules as the copy has them: those loaded before, unless its text was edited."""
        if not self._edited:
            sys.modules.update(self._modules)
        try:
            yield
        finally:
            inside = f"{self._project / 'infra'}/"
            loaded = {
                name: one
                for name, one in list(sys.modules.items())
                if str(getattr(one, "__file__", "")).startswith(inside)
            }
            for name in loaded:
                del sys.modules[name]
            if not self._edited:
                self._modules = loaded
