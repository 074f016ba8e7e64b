"""What a command is, whether it came as a job or as a node of a pipeline."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

LITERAL = "literal"
_MODES = {
    "readonlymount": "ro_mount",
    "readwritemount": "rw_mount",
    "evalmount": "eval_mount",
    "evaldownload": "eval_download",
}
_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


@dataclass(frozen=True, slots=True)
class Input:
    """One input: a literal's value, or the URI of data and how it arrives (``download``, ``direct``, …)."""

    kind: str
    value: str
    mode: str = "ro_mount"

    @property
    def is_literal(self) -> bool:
        """Whether the value itself is meant."""
        return self.kind == LITERAL


@dataclass(frozen=True, slots=True)
class Output:
    """One output: its type, how it leaves, where it goes and as what it is registered."""

    kind: str = "uri_folder"
    mode: str = "rw_mount"
    uri: str | None = None
    asset: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One process to run. ``timeout`` in seconds; ids as Azure writes them."""

    line: str
    environment: str
    code: str | None = None
    compute: str | None = None  # None: serverless
    inputs: dict[str, Input] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    timeout: float | None = None
    nodes: int = 1
    identity: str = "AMLToken"  # AMLToken, Managed or UserIdentity
    client_id: str | None = None


def mode(text: str | None, default: str) -> str:
    """A delivery mode in the component's spelling, whichever was sent."""
    if not text:
        return default
    return _MODES.get(text.lower(), text.lower())


def seconds(duration: str | None) -> float | None:
    """An ISO 8601 duration such as PT10M, or plain seconds."""
    if not duration:
        return None
    text = str(duration)
    if text.replace(".", "", 1).isdigit():
        return float(text)
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    days, hours, minutes, rest = (float(match[name] or 0) for name in ("days", "hours", "minutes", "seconds"))
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def text_of(value: Any) -> str:
    """A literal as a command line has it; Azure sends booleans and numbers as text."""
    return value if isinstance(value, str) else str(value)


def read_input(body: Json) -> Input | None:
    """An input as a job (camelCase) or a node (snake_case) sends it; None for an optional one left out."""
    kind = body.get("jobInputType") or body.get("job_input_type") or LITERAL
    value = body.get("value") if kind == LITERAL else body.get("uri")
    if value is None:
        return None
    return Input(str(kind), text_of(value), mode(body.get("mode"), "ro_mount"))


def read_output(body: Json | None) -> Output:
    """An output as a job or a node sends it."""
    body = body or {}
    return Output(
        str(body.get("jobOutputType") or body.get("job_output_type") or "uri_folder"),
        mode(body.get("mode"), "rw_mount"),
        body.get("uri"),
        body.get("assetName") or body.get("asset_name"),
        body.get("assetVersion") or body.get("asset_version"),
    )


def read_command(properties: Json) -> Command:
    """The command of a job's properties."""
    inputs = {name: read_input(body) for name, body in (properties.get("inputs") or {}).items()}
    identity = properties.get("identity") or {}
    return Command(
        line=str(properties["command"]),
        environment=str(properties["environmentId"]),
        code=properties.get("codeId"),
        compute=properties.get("computeId"),
        inputs={name: one for name, one in inputs.items() if one is not None},
        outputs={name: read_output(body) for name, body in (properties.get("outputs") or {}).items()},
        variables=strings(properties.get("environmentVariables")),
        timeout=seconds((properties.get("limits") or {}).get("timeout")),
        nodes=int((properties.get("resources") or {}).get("instanceCount") or 1),
        identity=str(identity.get("identityType") or "AMLToken"),
        client_id=identity.get("clientId"),
    )


def strings(mapping: Json | None) -> dict[str, str]:
    """A mapping with its values as text."""
    return {str(key): text_of(value) for key, value in (mapping or {}).items() if value is not None}
