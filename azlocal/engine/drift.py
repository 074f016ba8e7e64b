"""Whether a program, its stack's state and the world still agree: what ``up --refresh`` would do, without doing it.

As ``pulumi preview --refresh --expect-no-changes``: every resource is read, what was changed outside is taken into a
copy of the state, and the program is compared with that. Nothing is written, to Azure or to the state.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from azlocal.engine.events import Failure, Silent, Watcher
from azlocal.engine.host import in_folder_of, with_variables
from azlocal.engine.looking import Change, Looking
from azlocal.engine.project import load_project
from azlocal.engine.provider import Checked
from azlocal.engine.run import Target, open_state, providers_of
from azlocal.engine.stack_state import Record


@dataclass(slots=True)
class Drift:
    """What differs: what an update would do to it, what it could not look into, and what went wrong.

    ``same`` counts what stays as it is, ``known`` are the URNs that the
    state has. ``records`` is what there is, ``wanted`` what the program asks for, by URN.
    """

    changes: list[Change] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    same: int = 0
    known: frozenset[str] = frozenset()
    records: Mapping[str, Record] = field(default_factory=dict)
    wanted: Mapping[str, Checked] = field(default_factory=dict)

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
    watcher = watcher or Silent()
    with contextlib.closing(open_state(target.folder, project)) as kept:
        looking = Looking(kept, providers_of(project, target), watcher)
    with with_variables(target.variables):
        with in_folder_of(project.main):
            if not looking.refresh():
                return Drift(failures=looking.summary.failures)
        there = dict(looking.state.records)
        run_program(project, Monitor(looking, project.name, project.stack), planning=True, note=watcher.note)
    looking.settle()
    return Drift(
        looking.changes,
        looking.open,
        looking.summary.failures,
        looking.same,
        frozenset(kept.records),
        there,
        looking.checked,
    )
