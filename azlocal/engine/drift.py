"""Whether a program, its stack's state and the world still agree: what ``up --refresh`` would do, without doing it.

As ``pulumi preview --refresh --expect-no-changes``: every resource is read, what was changed outside is taken into a
copy of the state, and the program is compared with that. Nothing is written, to Azure or to the state.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from azlocal.engine.deployment import Deployment
from azlocal.engine.events import Action, Failure, Silent, Watcher
from azlocal.engine.host import in_folder_of, with_variables
from azlocal.engine.project import load_project
from azlocal.engine.provider import Checked, Difference, Goal, Provider
from azlocal.engine.registration import Outcome, Registration
from azlocal.engine.run import Target, open_state, providers_of
from azlocal.engine.stack_state import Record, StackState


@dataclass(slots=True)
class Drift:
    """What differs: by what an update would do to it, what it could not look into, and what went wrong."""

    changes: list[tuple[Action, str]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes and not self.skipped and not self.failures


def run_drift(project_dir: Path | str, env: str, target: Target, watcher: Watcher | None = None) -> Drift:
    """Compare; the watcher hears of what was changed outside.

    Raises:
        EngineError: the project, the environment or the program itself is at fault; or a deployment runs.
    """
    from azlocal.engine.monitor import Monitor
    from azlocal.engine.program import run_program

    project = load_project(project_dir, env)
    with contextlib.closing(open_state(target.folder, project)) as kept:
        state = _copy(kept)
    watcher = watcher or Silent()
    looking = _Looking(state, providers_of(project, target), watcher)
    with with_variables(target.variables):
        with in_folder_of(project.main):
            if not looking.refresh():
                return Drift(failures=looking.summary.failures)
        run_program(project, Monitor(looking, project.name, project.stack), planning=True, note=watcher.note)
    return Drift(looking.found + looking.left_over(), looking.summary.skipped, looking.summary.failures)


def _copy(kept: StackState) -> StackState:
    state = StackState(None)
    state.records = copy.deepcopy(kept.records)
    state.condemned = copy.deepcopy(kept.condemned)
    state.outputs = copy.deepcopy(kept.outputs)
    return state


class _Looking(Deployment):
    """A deployment that finds out what it would do to a resource, and leaves it there."""

    def __init__(self, state: StackState, providers: Mapping[str, Provider], watcher: Watcher) -> None:
        super().__init__(state, providers, watcher, planning=True)
        self.found: list[tuple[Action, str]] = []

    def left_over(self) -> list[tuple[Action, str]]:
        """What would be deleted: the program no longer has it, or it was replaced and not deleted yet."""
        gone = [record for record in self.state.records.values() if record.is_real]
        gone = [record for record in gone if record.urn not in self._registered]
        return [(Action.DELETE, record.urn) for record in (*gone, *self.state.condemned.values())]

    def _create(self, want: Registration, goal: Goal, checked: Checked, action: Action) -> Outcome:
        self.found.append((action, want.urn))
        self.state.put(want.record(checked))
        return Outcome(want.urn)  # what Azure would answer is unknown

    def _update(self, want: Registration, goal: Goal, checked: Checked, old: Record, told: Difference) -> Outcome:
        self.found.append((Action.UPDATE, want.urn))
        return Outcome(want.urn, old.id, old.outputs)

    def _replace(
        self, want: Registration, goal: Goal, checked: Checked, old: Record, *, moved: bool, told: Difference, why: str
    ) -> Outcome:
        return self._create(want, goal, checked, Action.REPLACE)

    def _import(self, want: Registration, goal: Goal, checked: Checked) -> Outcome:
        return self._create(want, goal, checked, Action.IMPORT)
