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
from azlocal.engine.diff import changed_paths, spell
from azlocal.engine.events import Action, Failure, Silent, Watcher
from azlocal.engine.host import in_folder_of, with_variables
from azlocal.engine.project import load_project
from azlocal.engine.provider import Checked, Difference, Goal, Provider
from azlocal.engine.registration import Outcome, Registration
from azlocal.engine.run import Target, open_state, providers_of
from azlocal.engine.stack_state import Record, StackState


@dataclass(frozen=True, slots=True)
class Change:
    """What an update would do to a resource.

    ``fields`` are the inputs that differ, ``why`` says why a change in place won't do, ``loses`` what would be lost.
    """

    action: Action
    urn: str
    fields: tuple[str, ...] = ()
    why: str = ""
    loses: str = ""


@dataclass(slots=True)
class Drift:
    """What differs: what an update would do to it, what it could not look into, and what went wrong.

    ``same`` counts what stays as it is, ``known`` are the URNs that the state has.
    """

    changes: list[Change] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    same: int = 0
    known: frozenset[str] = frozenset()

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
    return Drift(
        looking.found + looking.left_over(),
        looking.summary.skipped,
        looking.summary.failures,
        looking.same,
        frozenset(kept.records),
    )


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
        self.found: list[Change] = []
        self.same = 0

    def left_over(self) -> list[Change]:
        """What would be deleted: the program no longer has it, or it was replaced and not deleted yet."""
        gone = [record for record in self.state.records.values() if record.is_real]
        gone = [record for record in gone if record.urn not in self._registered]
        why = "the program no longer has it"
        deleted = [self._change(Action.DELETE, record, record, why=why) for record in gone]
        return deleted + [
            Change(Action.DELETE, one.urn, why="it was replaced") for one in self.state.condemned.values()
        ]

    def _create(self, want: Registration, goal: Goal, checked: Checked, action: Action) -> Outcome:
        self.found.append(Change(action, want.urn))
        return self._unmade(want, checked)

    def _update(self, want: Registration, goal: Goal, checked: Checked, old: Record, told: Difference) -> Outcome:
        fields = _fields(old, checked)
        self.found.append(Change(Action.UPDATE, want.urn, fields, "" if fields else "an earlier update did not end"))
        return Outcome(want.urn, old.id, old.outputs)

    def _replace(
        self, want: Registration, goal: Goal, checked: Checked, old: Record, *, moved: bool, told: Difference, why: str
    ) -> Outcome:
        if not why and moved:
            why = "its provider leads elsewhere"
        elif not why and old.id.lower() != checked.id.lower():
            why = f"{old.id} becomes {checked.id}"
        elif not why:
            named = ", ".join(told.replaces)
            why = (
                f"{named} can't be changed in place"
                if named
                else "what it is replaced with, or its trigger, asks for it"
            )
        self.found.append(self._change(Action.REPLACE, want, old, _fields(old, checked), why))
        return self._unmade(want, checked)

    def _import(self, want: Registration, goal: Goal, checked: Checked) -> Outcome:
        return self._create(want, goal, checked, Action.IMPORT)

    def _same(self, want: Registration, checked: Checked, old: Record) -> Outcome:
        self.same += 1
        return super()._same(want, checked, old)

    def _unmade(self, want: Registration, checked: Checked) -> Outcome:
        """What Azure would answer is unknown."""
        self.state.put(want.record(checked))
        return Outcome(want.urn)

    def _change(
        self, action: Action, of: Registration | Record, old: Record, fields: tuple[str, ...] = (), why: str = ""
    ) -> Change:
        """With what stands in its way, or would be lost."""
        if old.protect:
            why = f"{why}; it is protected: remove `protect` and run up first"
        loses = self.losses.holding(old) if old.is_real and not old.retain else ""
        return Change(action, of.urn, fields, why, loses)


def _fields(old: Record, checked: Checked) -> tuple[str, ...]:
    """The inputs that differ, each once."""
    return tuple(dict.fromkeys(map(spell, changed_paths(old.inputs, checked.inputs))))
