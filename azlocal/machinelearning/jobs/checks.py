"""What is refused before a job starts, with a sentence that says what is wrong and the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azlocal.arm.errors import ArmError, bad_request, not_served
from azlocal.arm.ids import parse
from azlocal.machinelearning.assets import references
from azlocal.machinelearning.jobs import definitions, expand
from azlocal.machinelearning.jobs.pools import capacity
from azlocal.machinelearning.jobs.spec import Command, Input, read_command, seconds
from azlocal.machinelearning.places import Places
from azlocal.machinelearning.runs import Runs
from azlocal.state import State

Json = dict[str, Any]

_RUNS_JOBS = ("AmlCompute", "ComputeInstance", "Kubernetes")


def check(state: State, workspace: str, properties: Json) -> None:
    """Refuse a job that cannot run.

    Raises:
        ArmError: 400 UserError; 501 NotImplemented for a kind of job that is not served.
    """
    kind = str(properties.get("jobType") or "")
    checked = _KINDS.get(kind)
    if checked is None:
        raise not_served(f"PUT jobs of jobType '{kind}' (served are {', '.join(_KINDS)})")
    checked(state, workspace, properties)


def _check_command(state: State, workspace: str, properties: Json) -> None:
    for name in ("command", "environmentId"):
        if not properties.get(name):
            raise bad_request(f"A command job needs 'properties.{name}'.", "UserError", f"properties.{name}")
    distribution = properties.get("distribution") or {}
    if int(distribution.get("processCountPerInstance") or 1) > 1:
        raise not_served("command jobs with more than one process an instance")
    timeout = (properties.get("limits") or {}).get("timeout")
    if timeout and seconds(timeout) is None:
        raise bad_request(
            f"'properties.limits.timeout' is '{timeout}'; it must be a duration such as PT30M.", "UserError"
        )
    command = read_command(properties)
    expand.check(command.line, command.inputs, command.outputs)
    check_resources(state, workspace, command)
    check_inputs(state, workspace, command.inputs)


def _check_pipeline(state: State, workspace: str, properties: Json) -> None:
    from azlocal.machinelearning.pipelines import spec

    pipeline = spec.read(state, workspace, properties)
    for node in pipeline.nodes.values():
        spec.check_line(node)
        check_resources(state, workspace, spec.command_of(node, {}, pipeline))
        check_inputs(state, workspace, {name: one for name, one in node.inputs.items() if isinstance(one, Input)})
    check_inputs(state, workspace, pipeline.inputs)


_KINDS: dict[str, Callable[[State, str, Json], None]] = {"Command": _check_command, "Pipeline": _check_pipeline}


def check_resources(state: State, workspace: str, command: Command) -> None:
    """Compute, environment and code must be there, and the compute large enough."""
    environment = references.resolve(state, command.environment, workspace, "environments")
    definitions.read(environment.properties, environment.id.split("/")[-3])
    if command.code:
        references.resolve(state, command.code, workspace, "codes")
    if command.nodes > 1:
        raise not_served(f"jobs on more than one node (instance_count is {command.nodes})")
    if command.compute:
        check_compute(state, workspace, command.compute, command.nodes)


def check_compute(state: State, workspace: str, compute_id: str, nodes: int) -> None:
    """The compute must be one of the workspace's that runs jobs.

    Raises:
        ArmError: 400 UserError.
    """
    name = compute_id.rstrip("/").rsplit("/", 1)[-1]
    compute = state.get(compute_id.lower()) if compute_id.startswith("/") else None
    if compute is None or parse(compute_id).parent.lower() != workspace:
        known = [one.name for one in state.children(workspace, f"{references.PROVIDER}/workspaces/computes")]
        raise bad_request(
            f"Unknown compute target '{name}'. The workspace '{workspace.rsplit('/', 1)[-1]}' has:"
            f" {', '.join(known) or 'no computes'}. Create it, or name one of these.",
            "UserError",
            "properties.computeId",
        )
    kind = compute.properties.get("computeType")
    if kind not in _RUNS_JOBS:
        raise bad_request(f"The compute '{name}' of type '{kind}' does not run such jobs.", "UserError")
    if kind == "ComputeInstance" and compute.properties["properties"].get("state") != "Running":
        raise bad_request(f"The compute instance '{name}' is not running. Start it first.", "UserError")
    if nodes > capacity(compute):
        raise bad_request(
            f"The job needs {nodes} nodes, and the compute '{name}' has at most {capacity(compute)}.", "UserError"
        )


def check_inputs(state: State, workspace: str, inputs: dict[str, Input]) -> None:
    """Every input's URI must be one that can be read, and name an asset or a datastore that exists."""
    places = Places(state, Runs(state))
    for name, one in inputs.items():
        if not one.is_literal:
            try:
                places.locate(workspace, one.value)
            except ArmError as error:
                raise ArmError(error.status, error.code, f"Input '{name}': {error.message}") from None
