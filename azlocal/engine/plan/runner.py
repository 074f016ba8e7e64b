"""Running a program against an Azure in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlocal.engine.deployment import Deployment
from azlocal.engine.dynamic import PACKAGE, DynamicProvider
from azlocal.engine.errors import EngineError, ProgramError
from azlocal.engine.events import Silent, Watcher
from azlocal.engine.kubernetes import KubernetesProvider
from azlocal.engine.names import fixed_suffix
from azlocal.engine.plan.model import Plan
from azlocal.engine.plan.modules import program_anew
from azlocal.engine.plan.problems import problems_of, problems_of_program
from azlocal.engine.ports import InProcess
from azlocal.engine.project import Project, known_stacks, load_project
from azlocal.engine.provider import Provider
from azlocal.engine.stack_state import Record, StackState
from azlocal.engine.values import conceal

if TYPE_CHECKING:
    from azlocal.state import State

Json = dict[str, Any]


class _Notes(Silent):
    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []

    def note(self, severity: str, message: str) -> None:
        self.taken.append((severity, message))


def plan(project_dir: Path | str, env: str, watcher: Watcher | None = None, *, preview: bool = True) -> Plan:
    """Run the program against an empty Azure in this process; nothing is kept and nothing is sent.

    With ``preview`` it is run once more with everything unknown that Azure computes (``preview``). Where the program
    refuses its settings and says which, these are the problems, and nothing is planned.

    Raises:
        EngineError: the project or the environment can't be read, or the program raised.
    """
    project = load_project(project_dir, env)
    from azlocal.engine.monitor import Monitor
    from azlocal.engine.plan.review import Planned, review
    from azlocal.engine.program import run_program

    notes, world = _Notes(), World(project)
    deployment = world.deployment(watcher or notes)
    monitor = Monitor(deployment, project.name, project.stack)
    try:
        run_program(project, monitor, planning=True, note=notes.note)
    except ProgramError as error:
        if not error.mistakes:
            raise
        return Plan(env, problems=problems_of_program(error), notes=notes.taken)
    broken = {failure.urn for failure in deployment.summary.failures}.union(deployment.summary.skipped)
    found = Plan(
        env,
        [_describe(record, deployment, broken) for record in deployment.state.records.values()],
        problems_of(deployment.summary, deployment.checked),
        outputs=conceal(monitor.outputs),
        notes=notes.taken,
        assumed=world.assumed,
    )
    found.problems += review(Planned(found.resources, frozenset(broken), world.state))
    if preview:
        found.problems += _breaks(project)
    return found


def plan_all(project_dir: Path | str, *, preview: bool = False) -> Iterator[Plan]:
    """A plan of each environment that has a settings file, one after the other: the SDK is imported once.

    An environment that can't be planned at all has that as its problem, and the next one is planned all the same.

    Raises:
        EngineError: there is no project.
    """
    for env in known_stacks(project_dir):
        try:
            with program_anew(load_project(project_dir, env).main.parent):
                found = plan(project_dir, env, preview=preview)
        except EngineError as error:
            found = Plan(env, problems=problems_of_program(error))
        yield found


def _breaks(project: Project) -> list[Json]:
    from azlocal.engine.plan.preview import breaks

    with program_anew(project.main.parent):
        return breaks(project, World(project).deployment(Silent()))


@dataclass
class World:
    """An Azure in memory with nothing in it but what is taken for granted, and clusters on paper."""

    project: Project
    state: State = field(init=False)
    providers: dict[str, Provider] = field(init=False)
    assumed: list[str] = field(init=False)

    def __post_init__(self) -> None:
        from azlocal.arm.control import ControlPlane
        from azlocal.engine.assumed import AssumingAzure, Assumptions
        from azlocal.engine.paper import PaperClusters
        from azlocal.entra.principals import OWNER, SUBSCRIPTION_ID
        from azlocal.state import State
        from azlocal.state.ids import fixed_id

        self.state, config = State(None, fixed_id), self.project.config
        control = ControlPlane(self.state)
        assumptions = Assumptions(control, config)
        self.assumed = assumptions.taken
        port = InProcess(control, OWNER, SUBSCRIPTION_ID)
        self.providers = {
            "azure-native": AssumingAzure(port, config, fixed_suffix, assumptions),
            "kubernetes": KubernetesProvider(PaperClusters(self.state), fixed_suffix),
            PACKAGE: DynamicProvider(config, self.project.name),
        }

    def deployment(self, watcher: Watcher) -> Deployment:
        """Of an empty stack."""
        return Deployment(StackState(None), self.providers, watcher, planning=True)


def _describe(record: Record, deployment: Deployment, broken: set[str]) -> Json:
    checked = deployment.checked.get(record.urn)
    described: Json = {
        "urn": record.urn,
        "type": record.type,
        "name": record.name,
        "id": record.id or None,
        "armType": record.arm_type or None,
        "apiVersion": record.api_version or None,
        "parent": record.parent or None,
        "dependsOn": record.dependencies,
        "body": _masked(checked.body, record.inputs) if checked else None,
    }
    if record.urn in broken:  # failed, or not tried for what failed
        described["unplanned"] = True
    return described


def _masked(body: Any, inputs: Json) -> Any:
    """The body with what is secret hidden: its values are found by what the inputs say is secret."""
    from azlocal.engine.values import Secret, reveal, walk

    hidden = [reveal(item) for item in walk(inputs) if isinstance(item, Secret)]
    return _hide(body, hidden) if hidden else body


def _hide(value: Any, hidden: list[Any]) -> Any:
    if value not in ("", None, {}, []) and not isinstance(value, bool) and value in hidden:
        return "[secret]"
    if isinstance(value, dict):
        return {key: _hide(item, hidden) for key, item in value.items()}
    if isinstance(value, list):
        return [_hide(item, hidden) for item in value]
    return value
