"""``up``, ``destroy`` and ``plan`` as functions: what the command line calls, and tests."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlocal.engine.errors import TAKEN, EngineError, ResourceError
from azlocal.engine.events import Silent, Summary, Watcher
from azlocal.engine.host import in_folder_of, with_variables
from azlocal.engine.plan import Plan
from azlocal.engine.plan import plan as run_plan
from azlocal.engine.project import Project, load_project
from azlocal.engine.softdelete import Held

if TYPE_CHECKING:
    from azlocal.engine.dataloss import Loss
    from azlocal.engine.deployment import Deployment
    from azlocal.engine.kubernetes import Cluster
    from azlocal.engine.ports import Port
    from azlocal.engine.provider import Provider
    from azlocal.engine.stack_state import StackState

__all__ = ["Plan", "Result", "Target", "run_destroy", "run_plan", "run_up"]

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """What a deployment acts on: a control plane, a way to reach clusters, and where stacks are kept.

    ``variables`` are what the code of dynamic resources finds in its environment, to reach the same Azure.
    """

    port: Port
    connect: Callable[[Json], Cluster]
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Result:
    """How it went, with the stack's outputs; ``seconds`` is the whole time.

    ``lost`` is the data that would be lost, for which nothing was touched. ``anew``: the state knew of nothing before.
    ``steps`` are the ways out of failures that take another ``up`` before this one, by URN.
    ``taken`` are the ids of what was there already, ``AlreadyExists``.
    """

    summary: Summary
    outputs: Json = field(default_factory=dict)
    seconds: float = 0.0
    lost: list[Loss] = field(default_factory=list)
    anew: bool = False
    steps: dict[str, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 where everything is as the program wants it."""
        return 1 if self.summary.failures else 0


def run_up(
    project_dir: Path | str,
    env: str,
    target: Target,
    watcher: Watcher | None = None,
    *,
    refresh: bool = False,
    held: Held = Held.REFUSE,
    accepted: Collection[str] = (),
    adopt: bool = False,
) -> Result:
    """Bring the stack to what the program says, or as far as it goes.

    ``refresh`` first takes into the state what was changed outside; ``held`` says what to do where something deleted
    holds a name; ``accepted`` names resources that may be deleted or replaced though data is lost with them; ``adopt``
    takes over what is there though the state does not know it.

    What would lose data that nobody has accepted is in the result before anything is touched, all of it. What fails is
    in the result too, each resource with Azure's code and message; what was made is kept, and the next call goes on
    from there.

    Raises:
        EngineError: the project, the environment or the program itself is at fault; or another one runs.
    """
    from azlocal.engine.rehearsal import fingerprint, foreseen_losses

    began = time.monotonic()
    project = load_project(project_dir, env)
    state = open_state(target.folder, project)
    try:
        with with_variables(target.variables), _told_as_one():
            deployment = _deployment(project, target, state, watcher or Silent(), held=held, accepted=accepted)
            deployment.adopt = adopt
            known = fingerprint(project, target.folder)
            result = Result(deployment.summary, state.outputs, anew=not state.records)
            goes = not refresh or _refresh(project, deployment)
            if goes and (refresh or known != state.program):
                result.lost = foreseen_losses(
                    project, state, providers_of(project, target), accepted, watcher or Silent()
                )
                deployment.summary.failures += [loss.failure for loss in result.lost]
            if not goes or result.lost:
                state.save()
            else:
                result.outputs = _up(project, deployment, state, watcher or Silent(), known)
                result.steps = _steps(deployment)
            failed = [one.urn for one in deployment.summary.failures if one.code == TAKEN]
            result.taken = [deployment.checked[urn].id for urn in failed if urn in deployment.checked]
            result.seconds = time.monotonic() - began
            return result
    finally:
        state.close()


def _refresh(project: Project, deployment: Deployment) -> bool:
    with in_folder_of(project.main):
        return deployment.refresh()


def _up(project: Project, deployment: Deployment, state: StackState, watcher: Watcher, known: str) -> Json:
    """Do it; answers the stack's outputs. ``known`` is what to know the program by once it has gone through."""
    from azlocal.engine.monitor import Monitor
    from azlocal.engine.program import run_program

    state.set_program("")
    monitor = Monitor(deployment, project.name, project.stack)
    try:
        run_program(project, monitor, planning=False, note=watcher.note)
        with in_folder_of(project.main):
            deployment.finish()
        if not deployment.summary.failures:
            state.set_outputs(monitor.outputs)
            state.set_program(known)
    finally:
        # Even after an exception of the program: what was made is known.
        state.save()
    return state.outputs


def _steps(deployment: Deployment) -> dict[str, str]:
    if not deployment.summary.failures:
        return {}
    from azlocal.engine.plan import standing

    return standing.steps(deployment.summary.failures, deployment.state.records)


def run_destroy(project_dir: Path | str, env: str, target: Target, watcher: Watcher | None = None) -> Result:
    """Delete everything the stack has made, for good; the program is not run.

    Unlike ``pulumi destroy`` this purges what Azure keeps of deleted vaults and workspaces, those that an earlier
    ``up`` deleted among them, where it may: the next ``up`` makes them anew under the same names. What it may not purge
    is remembered, so that an ``up`` can recover or purge it. As there, nothing at all is deleted while something is
    protected.

    Raises:
        EngineError: as ``run_up``.
    """
    began = time.monotonic()
    project = load_project(project_dir, env)
    state = open_state(target.folder, project)
    try:
        deployment = _deployment(project, target, state, watcher or Silent())
        doomed = [*state.records.values(), *state.condemned.values()]
        if deployment.removal.refuse_protected(doomed):
            return Result(deployment.summary, {}, time.monotonic() - began)
        with with_variables(target.variables), in_folder_of(project.main), _told_as_one():
            deployment.deleted.purge_all()
            deployment.removal.all(doomed, forever=True)
            deployment.deleted.purge_all()
        if not deployment.summary.failures:
            state.outputs, state.program = {}, ""
        if deployment.summary.failures or state.deleted:
            state.save()
        else:
            state.remove()
    finally:
        state.close()
    return Result(deployment.summary, {}, time.monotonic() - began)


@contextlib.contextmanager
def _told_as_one() -> Iterator[None]:
    """What fails beside any resource: the state can't be written, as a rule."""
    try:
        yield
    except ResourceError as error:
        raise EngineError(error.message) from None


def data_of(project_dir: Path | str, env: str, target: Target) -> list[str]:
    """What holds data in a stack, each with what that is: what ``run_destroy`` would lose.

    Raises:
        EngineError: as ``run_up``.
    """
    project = load_project(project_dir, env)
    state = open_state(target.folder, project)
    try:
        losses = _deployment(project, target, state, Silent()).losses
        found = losses.of(one for one in state.records.values() if "/providers/" in one.id)  # no group as a whole
        return [f"{one.name}: {losses.holding(one)}" for one in found]
    finally:
        state.close()


def saved_outputs(project_dir: Path | str, env: str, folder: Path) -> Json:
    """The outputs that the last ``up`` left.

    Raises:
        EngineError: as ``run_up``.
    """
    state = open_state(folder, load_project(project_dir, env))
    state.close()
    return state.outputs


def open_state(folder: Path, project: Project) -> StackState:
    """The state of a project's stack, for one at a time.

    Raises:
        EngineError: another one has it, or it can't be read.
    """
    from azlocal.engine.stack_state import StackState

    try:
        return StackState.load(folder, project.name, project.stack)
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(
            f"the state of stack '{project.stack}' in {folder} can't be read: {error}",
            "restore the file, or start over with `azlocal reset`",
        ) from None


def _deployment(
    project: Project,
    target: Target,
    state: StackState,
    watcher: Watcher,
    *,
    held: Held = Held.REFUSE,
    accepted: Collection[str] = (),
) -> Deployment:
    from azlocal.engine.deployment import Deployment

    return Deployment(state, providers_of(project, target), watcher, held=held, accepted=accepted)


def providers_of(project: Project, target: Target) -> dict[str, Provider]:
    """What a program's resources are made with on a target, by package."""
    from azlocal.engine.azure import AzureProvider
    from azlocal.engine.dynamic import PACKAGE, DynamicProvider
    from azlocal.engine.kubernetes import KubernetesProvider
    from azlocal.engine.names import random_suffix

    return {
        "azure-native": AzureProvider(target.port, project.config, random_suffix),
        "kubernetes": KubernetesProvider(target.connect, random_suffix),
        PACKAGE: DynamicProvider(project.config, project.name),
    }
