"""Not running what has been run: a node with the same content and the same inputs takes over the old outputs."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from azlocal.azure import Azure
from azlocal.machinelearning.assets import references
from azlocal.machinelearning.data import Data, DataError
from azlocal.machinelearning.jobs.spec import Input, Output
from azlocal.machinelearning.pipelines.spec import Node
from azlocal.machinelearning.runs import Run, Runs

_KIND = "nodeReuse"
_WORDS = frozenset({"name", "version", "display_name", "description", "tags", "_source"})

Json = dict[str, Any]


class Reuse:
    """Remembers, for each content, the run that has its outputs."""

    def __init__(self, azure: Azure, runs: Runs, data: Data) -> None:
        self._azure, self._runs, self._data = azure, runs, data

    async def key(self, workspace: str, node: Node, inputs: dict[str, Input]) -> str | None:
        """What identifies a node's work; None for a component that is not deterministic.

        Raises:
            DataError, ArmError: an input cannot be read.
        """
        if node.spec.get("is_deterministic") is False:
            return None
        content = {
            "component": {key: value for key, value in node.spec.items() if key not in _WORDS},
            "code": self._code(workspace, node.spec.get("code")),
            "environment": self._environment(workspace, node.spec.get("environment")),
            "inputs": {name: await self._input(workspace, one) for name, one in sorted(inputs.items())},
            "outputs": {name: _shape(one) for name, one in sorted(node.outputs.items())},
            "variables": node.body.get("environment_variables"),
        }
        for name in ("code", "environment"):
            content["component"].pop(name, None)
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    async def find(self, workspace: str, key: str) -> Run | None:
        """The completed run with these outputs, if they are still as it left them."""
        found = self._azure.state.document(_KIND, f"{workspace}|{key}")
        run = self._runs.get(workspace, found["run"]) if found else None
        if run is None or run.status != "Completed" or found is None:
            return None
        try:
            return run if await self._prints(run) == found["outputs"] else None
        except DataError:
            return None

    async def remember(self, workspace: str, key: str, run: Run) -> None:
        """Keep a completed run for the next time."""
        value = {"run": run.id, "outputs": await self._prints(run)}
        self._azure.state.put_document(_KIND, f"{workspace}|{key}", value)

    async def _prints(self, run: Run) -> Json:
        places = self._data.places
        return {
            name: await self._print(places.locate(run.workspace, one["uri"]))
            for name, one in sorted(run.outputs.items())
        }

    async def _print(self, place: Any) -> str:
        listed = await self._data.fingerprint(place)
        return hashlib.sha256(listed.encode()).hexdigest()

    async def _input(self, workspace: str, one: Input) -> Any:
        if one.is_literal:
            return [one.kind, one.value]
        place = self._data.places.locate(workspace, one.value)
        return [one.kind, one.mode, str(getattr(place, "uri", "")), await self._print(place)]

    def _code(self, workspace: str, reference: str | None) -> Any:
        if not reference:
            return None
        properties = references.resolve(self._azure.state, reference, workspace, "codes").properties
        return (properties.get("properties") or {}).get("hash_sha256") or properties["codeUri"]

    def _environment(self, workspace: str, reference: str | None) -> Any:
        if not reference:
            return None
        properties = references.resolve(self._azure.state, reference, workspace, "environments").properties
        return [properties.get("image"), properties.get("condaFile")]


def _shape(output: Output) -> list[str | None]:
    return [output.kind, output.mode, output.uri]
