"""Reading a pipeline: nodes, what each is bound to, and what would keep it from running."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from azlocal.arm.errors import bad_request, not_served
from azlocal.machinelearning.assets import references
from azlocal.machinelearning.jobs import expand
from azlocal.machinelearning.jobs.spec import (
    LITERAL,
    Command,
    Input,
    Output,
    mode,
    read_input,
    read_output,
    seconds,
    strings,
    text_of,
)
from azlocal.state import Resource, State

Json = dict[str, Any]

_PARENT_INPUT = re.compile(r"\$\{\{\s*parent\.inputs\.([\w.]+)\s*\}\}")
_NODE_OUTPUT = re.compile(r"\$\{\{\s*parent\.jobs\.(\w+)\.outputs\.(\w+)\s*\}\}")
_PARENT_OUTPUT = re.compile(r"\$\{\{\s*parent\.outputs\.(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Bound:
    """A node's input that comes from elsewhere: a pipeline's input (``node`` empty) or another node's output."""

    name: str
    node: str = ""
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One step. ``spec`` is its component's, ``outputs`` its own, ``exports`` which of them are the pipeline's."""

    name: str
    component: Resource
    spec: Json
    inputs: dict[str, Input | Bound]
    outputs: dict[str, Output]
    exports: dict[str, str]
    compute: str | None
    body: Json

    @property
    def needs(self) -> set[str]:
        """The nodes whose outputs it reads."""
        return {one.node for one in self.inputs.values() if isinstance(one, Bound) and one.node}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A whole pipeline."""

    nodes: dict[str, Node]
    inputs: dict[str, Input]
    outputs: dict[str, Output]
    force_rerun: bool = False
    go_on: bool = False  # other nodes continue when one has failed
    identity: Json = field(default_factory=dict)


def read(state: State, workspace: str, properties: Json) -> Pipeline:
    """The pipeline of a job's properties, with everything checked that can be before it starts.

    Raises:
        ArmError: 400 UserError that names the node and what is wrong; 501 for a kind of node not served.
    """
    settings = properties.get("settings") or {}
    jobs = properties.get("jobs") or {}
    if not jobs:
        raise bad_request("The pipeline has no nodes: 'properties.jobs' is empty.", "UserError", "properties.jobs")
    given = {name: read_input(body) for name, body in (properties.get("inputs") or {}).items()}
    outputs = {name: read_output(body) for name, body in (properties.get("outputs") or {}).items()}
    default = properties.get("computeId") or settings.get("default_compute")
    nodes = {name: _node(state, workspace, name, {"compute": default, **body}, outputs) for name, body in jobs.items()}
    pipeline = Pipeline(
        nodes,
        {name: one for name, one in given.items() if one is not None},
        outputs,
        force_rerun=_truth(settings.get("force_rerun")),
        go_on=_truth(settings.get("continue_on_step_failure")),
        identity=properties.get("identity") or {},
    )
    _check_bindings(pipeline)
    _check_order(pipeline)
    return pipeline


def _truth(value: Any) -> bool:
    return str(value).lower() == "true"


def _node(state: State, workspace: str, name: str, body: Json, exported: dict[str, Output]) -> Node:
    kind = str(body.get("type") or "command")
    if kind != "command":
        raise not_served(f"the pipeline's node '{name}' of type '{kind}' (only 'command' is)")
    component = references.resolve(state, str(body.get("componentId") or ""), workspace, "components")
    spec: Json = component.properties["componentSpec"]
    if spec.get("type") != "command":
        raise not_served(
            f"the pipeline's node '{name}' with a component of type '{spec.get('type')}' (only 'command' is)"
        )
    inputs = _node_inputs(name, body, spec)
    outputs, exports = _node_outputs(name, body, spec, exported)
    compute = body.get("computeId") or body.get("compute")
    return Node(name, component, spec, inputs, outputs, exports, _compute_id(workspace, compute), body)


def _compute_id(workspace: str, compute: str | None) -> str | None:
    """A compute's id; a node may also name it shortly."""
    if not compute or compute.lower() == "serverless":
        return None
    compute = compute.removeprefix("azureml:")
    return compute if compute.startswith("/") else f"{workspace}/computes/{compute}"


def _node_inputs(name: str, body: Json, spec: Json) -> dict[str, Input | Bound]:
    declared = spec.get("inputs") or {}
    given = body.get("inputs") or {}
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise bad_request(
            f"Node '{name}' is given the input '{unknown[0]}', which its component does not have (it has:"
            f" {', '.join(sorted(declared)) or 'none'}).",
            "UserError",
            f"properties.jobs.{name}.inputs.{unknown[0]}",
        )
    found: dict[str, Input | Bound] = {}
    for key, declaration in declared.items():
        one = _one_input(given.get(key), declaration)
        if one is not None:
            found[key] = one
        elif not _truth(declaration.get("optional")):
            raise bad_request(
                f"Node '{name}' lacks its input '{key}' ({declaration.get('type')}). Give it a value or bind it.",
                "UserError",
                f"properties.jobs.{name}.inputs.{key}",
            )
    return found


def _one_input(given: Json | None, declaration: Json) -> Input | Bound | None:
    if given is None:
        default = declaration.get("default")
        return Input(LITERAL, text_of(default)) if default is not None else None
    value = given.get("value")
    wanted = given.get("mode") or declaration.get("mode")
    if isinstance(value, str):
        if match := _PARENT_INPUT.fullmatch(value):
            return Bound(match[1], mode=wanted)
        if match := _NODE_OUTPUT.fullmatch(value):
            return Bound(match[2], match[1], mode=wanted)
    one = read_input({**given, "mode": wanted})
    if one is None and declaration.get("default") is not None:
        return Input(LITERAL, text_of(declaration["default"]))
    return one


def _node_outputs(
    name: str, body: Json, spec: Json, exported: dict[str, Output]
) -> tuple[dict[str, Output], dict[str, str]]:
    """A node's outputs as they will be written, and which of the pipeline's each of them is."""
    given = body.get("outputs") or {}
    outputs: dict[str, Output] = {}
    exports: dict[str, str] = {}
    for key, declaration in (spec.get("outputs") or {}).items():
        one = given.get(key) or {}
        value = one.get("value") if isinstance(one, dict) else None
        match = _PARENT_OUTPUT.fullmatch(value) if isinstance(value, str) else None
        chosen = read_output(one if isinstance(one, dict) and one.get("job_output_type") else None)
        if match:
            if match[1] not in exported:
                raise bad_request(
                    f"Node '{name}' writes its output '{key}' to the pipeline's output '{match[1]}', which the pipeline"
                    " does not have.",
                    "UserError",
                    f"properties.jobs.{name}.outputs.{key}",
                )
            exports[key] = match[1]
            chosen = exported[match[1]]
        outputs[key] = Output(
            str(declaration.get("type") or chosen.kind),
            mode(one.get("mode") or declaration.get("mode"), chosen.mode),
            chosen.uri,
            chosen.asset,
            chosen.version,
        )
    return outputs, exports


def _check_bindings(pipeline: Pipeline) -> None:
    for node in pipeline.nodes.values():
        for key, one in node.inputs.items():
            if not isinstance(one, Bound):
                continue
            if one.node:
                source = pipeline.nodes.get(one.node)
                if source is None or one.name not in source.outputs:
                    raise bad_request(
                        f"Node '{node.name}' binds its input '{key}' to the output '{one.name}' of node '{one.node}',"
                        " which does not exist.",
                        "UserError",
                        f"properties.jobs.{node.name}.inputs.{key}",
                    )
            elif one.name not in pipeline.inputs and not _may_lack(node, key):
                raise bad_request(
                    f"Node '{node.name}' binds its input '{key}' to the pipeline's input '{one.name}', which is not"
                    f" given (given are: {', '.join(sorted(pipeline.inputs)) or 'none'}).",
                    "UserError",
                    f"properties.inputs.{one.name}",
                )


def _may_lack(node: Node, key: str) -> bool:
    declaration = node.spec["inputs"][key]
    return _truth(declaration.get("optional")) or declaration.get("default") is not None


def _check_order(pipeline: Pipeline) -> None:
    """Refuse nodes that wait for each other."""
    left = {name: set(node.needs) for name, node in pipeline.nodes.items()}
    while left:
        free = [name for name, needs in left.items() if not needs & left.keys()]
        if not free:
            raise bad_request(
                f"The nodes {', '.join(sorted(left))} wait for each other's outputs.", "UserError", "properties.jobs"
            )
        for name in free:
            del left[name]


def command_of(node: Node, inputs: dict[str, Input], pipeline: Pipeline) -> Command:
    """The command of a node whose inputs are all known."""
    spec, body = node.spec, node.body
    identity = body.get("identity") or pipeline.identity
    resources = {**(spec.get("resources") or {}), **(body.get("resources") or {})}
    return Command(
        line=str(spec["command"]),
        environment=str(body.get("environment") or spec.get("environment") or ""),
        code=spec.get("code"),
        compute=node.compute,
        inputs=inputs,
        outputs=node.outputs,
        variables=strings(body.get("environment_variables") or spec.get("environment_variables")),
        timeout=seconds(text_of((body.get("limits") or {}).get("timeout") or "")),
        nodes=int(resources.get("instance_count") or resources.get("instanceCount") or 1),
        identity=_identity(identity),
        client_id=identity.get("client_id") or identity.get("clientId"),
    )


def _identity(body: Json) -> str:
    """``managed_identity`` in a node is ``Managed`` in a job."""
    kind = body.get("identity_type") or body.get("identityType") or body.get("type") or "AMLToken"
    return str(kind).replace("_", "")


def check_line(node: Node) -> None:
    """The component's command must use only what it declares."""
    expand.check(str(node.spec["command"]), node.spec.get("inputs") or {}, node.spec.get("outputs") or {})
