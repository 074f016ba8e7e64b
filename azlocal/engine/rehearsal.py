"""Before ``up`` touches anything: all that it would lose.

The program runs once with nobody acting on it. That costs a second, so it is left out where nothing can be lost, and
where program and settings are those of the last ``up`` that went through; whatever this does not foresee is refused
when its turn comes (``DataLoss``).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from azlocal.engine.dataloss import Loss
from azlocal.engine.errors import EngineError
from azlocal.engine.events import Silent, Watcher
from azlocal.engine.looking import Looking
from azlocal.engine.monitor import Monitor
from azlocal.engine.plan.modules import program_anew
from azlocal.engine.program import run_program
from azlocal.engine.project import Project
from azlocal.engine.provider import Provider
from azlocal.engine.stack_state import StackState

PASSED_OVER = ("node_modules", "venv", "__pycache__")  # beside what begins with a point


def foreseen_losses(
    project: Project,
    state: StackState,
    providers: Mapping[str, Provider],
    accepted: Collection[str],
    watcher: Watcher,
) -> list[Loss]:
    """Each refusal to lose data that an ``up`` would come to; the watcher is told of words that were given for nothing.

    None where the program does not end: what is wrong with it, its own run tells.
    """
    looking = Looking(state, providers, Silent(), accepted=accepted)
    if not any(one.is_real and looking.losses.holding(one) for one in state.records.values()):
        return []
    monitor = Monitor(looking, project.name, project.stack)
    try:
        with program_anew(project.main.parent), contextlib.redirect_stdout(io.StringIO()):
            run_program(project, monitor, planning=True, note=lambda *_: None)
    except EngineError:
        return []
    looking.settle()
    if lost := looking.lost():
        looking.losses.finish(watcher)
    return lost


def fingerprint(project: Project, state: Path) -> str:
    """What tells whether the program or its settings have been touched; not by what is in the folder of the state."""
    told = hashlib.sha256(repr(sorted(project.config.items())).encode())
    for path in sorted(_files(project.main.parent, state)):
        found = path.stat()
        told.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return told.hexdigest()


def _files(folder: Path, without: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in PASSED_OVER or path == without:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path, without)
        elif path.is_file():
            yield path
