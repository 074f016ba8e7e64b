"""Running a pipeline: each node as soon as its inputs are there, until all are done or one has failed."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import time
import uuid
from pathlib import Path
from typing import Any

from azlocal.arm.errors import ArmError
from azlocal.entra.principals import OWNER
from azlocal.machinelearning.data import DataError
from azlocal.machinelearning.jobs.command import Commands
from azlocal.machinelearning.jobs.logs import EXECUTION_LOG, LogShip
from azlocal.machinelearning.jobs.spec import Input
from azlocal.machinelearning.pipelines.reuse import Reuse
from azlocal.machinelearning.pipelines.spec import Bound, Node, Pipeline, command_of
from azlocal.machinelearning.places import Place
from azlocal.machinelearning.runs import Run

Json = dict[str, Any]


class PipelineRun:
    """One pipeline on its way."""

    def __init__(self, commands: Commands, run: Run, pipeline: Pipeline) -> None:
        azure, runs, data = commands.azure, commands.runs, commands.data
        self._azure, self._runs, self._data, self._commands = azure, runs, data, commands
        self._run, self._pipeline = run, pipeline
        self._reuse = Reuse(azure, runs, data)
        self._folder = azure.folder.sub("jobs", run.uuid)
        self._log = self._folder / "executionlogs.txt"
        self._ended: dict[str, Run] = {}
        self._tasks: dict[asyncio.Task[Run], str] = {}

    async def execute(self) -> None:
        """Run all of it and record how it ended.

        Raises:
            CancelledError: it was canceled, its nodes with it.
        """
        ship = LogShip(self._data.blobs, self._data.places, self._runs, self._run.workspace, self._run.id)
        ship.add(EXECUTION_LOG, self._log)
        ship.start()
        self._commands.advance(self._run, "Running")
        canceled: BaseException | None = None
        try:
            await self._loop()
            status, error = self._outcome()
        except asyncio.CancelledError as cancel:
            status, error, canceled = "Canceled", None, cancel
            await self._end_nodes()
            if self._commands.stopping:
                ship.drop()
                raise
            self._say("The pipeline was canceled.")
        except Exception:
            ship.drop()
            await self._end_nodes()
            raise
        self._commands.advance(self._run, "Finalizing")
        await self._commands.finish(self._run, ship, look=canceled is None)
        self._commands.end(self._run, status, error)
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        if canceled is not None:
            raise canceled

    async def _loop(self) -> None:
        waiting = dict(self._pipeline.nodes)
        while waiting or self._tasks:
            failed = [name for name, run in self._ended.items() if run.status != "Completed"]
            if failed and not self._pipeline.go_on:
                await self._end_nodes()
                self._say("Execution of experiment failed, update experiment status and cancel running nodes.")
                return
            completed = {name for name, run in self._ended.items() if run.status == "Completed"}
            free = [node for node in waiting.values() if node.needs <= completed]
            for node in free:
                del waiting[node.name]
                self._tasks[asyncio.get_running_loop().create_task(self._node(node))] = node.name
            if not self._tasks:
                return  # what is left waits for what has failed
            done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self._ended[self._tasks.pop(task)] = task.result()

    async def _node(self, node: Node) -> Run:
        """Run one node, or take over what an equal one has made."""
        run = self._child(node)
        try:
            inputs = self._inputs(node)
            key = await self._reuse.key(run.workspace, node, inputs)
        except (ArmError, DataError) as error:
            message = getattr(error, "message", str(error))
            self._commands.end(run, "Failed", {"code": "UserError", "message": message})
            return self._finished(node, run)
        earlier = None
        if key and not self._pipeline.force_rerun:
            earlier = await self._reuse.find(run.workspace, key)
        if earlier is not None:
            self._take_over(node, run, earlier)
            return self._finished(node, run)
        self._say(f"Submitting 1 runs, first five are: {node.name}: {run.id}")
        await self._commands.run(run, command_of(node, inputs, self._pipeline), streamed=False)
        current = self._runs.get(run.workspace, run.id) or run
        if key and current.status == "Completed":
            await self._reuse.remember(run.workspace, key, current)
        return self._finished(node, current)

    def _child(self, node: Node) -> Run:
        parent = self._run
        return self._runs.create(
            parent.workspace,
            str(uuid.uuid4()),
            parent.experiment,
            kind="azureml.StepRun",
            parent=parent.id,
            root=parent.root,
            creator=parent.creator,
            creator_name=parent.creator_name,
            display_name=str(node.body.get("display_name") or node.spec.get("display_name") or node.name),
            description=node.body.get("description") or node.spec.get("description"),
            target=(node.compute or "").rsplit("/", 1)[-1] or None,
            tags=dict(node.body.get("tags") or {}),
            properties={
                "azureml.runsource": "azureml.StepRun",
                "azureml.nodeid": node.name,
                "azureml.moduleName": node.name,
                "azureml.moduleid": node.component.id,
                "azureml.pipelinerunid": parent.id,
                "azureml.rootpipelinerunid": parent.root,
            },
        )

    def _inputs(self, node: Node) -> dict[str, Input]:
        """What a node's inputs are, now that those it waits for have ended."""
        found: dict[str, Input] = {}
        for name, one in node.inputs.items():
            if isinstance(one, Input):
                found[name] = one
                continue
            resolved = self._bound(node, name, one)
            if resolved is not None:
                found[name] = resolved
        return found

    def _bound(self, node: Node, name: str, bound: Bound) -> Input | None:
        declaration = node.spec["inputs"][name]
        kind = str(declaration.get("type") or "uri_folder")
        if bound.node:
            uri = self._ended[bound.node].outputs[bound.name]["uri"]
            return Input(kind, uri, bound.mode or "ro_mount") if kind in _DATA else Input("literal", uri)
        given = self._pipeline.inputs.get(bound.name)
        if given is None:
            default = declaration.get("default")
            return Input("literal", str(default)) if default is not None else None
        return Input(given.kind, given.value, bound.mode or given.mode)

    def _take_over(self, node: Node, run: Run, earlier: Run) -> None:
        """Make a run out of an earlier one's outputs."""
        self._say(f"Reusing run {earlier.id} for node {node.name}: {run.id}")
        creator = self._azure.control.directory.by_object_id(run.creator) or OWNER
        outputs: Json = {}
        for name, output in node.outputs.items():
            kept = dict(earlier.outputs[name])
            place = self._data.places.locate(run.workspace, kept["uri"])
            if output.asset and isinstance(place, Place):
                kept["assetId"] = self._commands.outputs.register(run, name, output, place, creator)
            outputs[name] = kept

        def change(one: Run) -> None:
            one.outputs, one.started = outputs, time.time()
            one.metrics, one.parameters = dict(earlier.metrics), dict(earlier.parameters)
            one.properties |= {
                "azureml.isreused": "true",
                "azureml.reusedrunid": earlier.id,
                "azureml.reusedpipelinerunid": earlier.parent or "",
            }

        self._runs.change(run.workspace, run.id, change)
        self._commands.end(run, "Completed", None)

    def _finished(self, node: Node, run: Run) -> Run:
        """Say how a node ended, and make its outputs the pipeline's where they are bound to it."""
        current = self._runs.get(run.workspace, run.id) or run
        self._say(f"Completing processing run id {current.id}.")
        if current.status != "Completed":
            self._say(f"Node {node.name} ({current.id}) ended as {current.status}: {_why(current)}")
            return current

        def change(parent: Run) -> None:
            for name, export in node.exports.items():
                parent.outputs[export] = current.outputs[name]

        self._runs.change(self._run.workspace, self._run.id, change)
        return current

    def _outcome(self) -> tuple[str, Json | None]:
        bad = {name: run for name, run in self._ended.items() if run.status != "Completed"}
        if not bad:
            return "Completed", None
        canceled = [name for name in self._pipeline.nodes if name not in self._ended]
        for name in canceled:
            self._say(f"Node {name} was not run, because {', '.join(sorted(bad))} failed.")
        named = "; ".join(f"/{name} ({run.id}): {_why(run)}" for name, run in sorted(bad.items()))
        message = (
            f"Pipeline has failed child jobs. Failed nodes: {', '.join(f'/{name}' for name in sorted(bad))}. {named}"
            + (f" Not run: {', '.join(canceled)}." if canceled else "")
        )
        return "Failed", {"code": "UserError", "message": message}

    async def _end_nodes(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks.clear()
        for child in self._runs.children(self._run.workspace, self._run.id):
            if not child.done and not self._commands.stopping:
                self._commands.end(child, "Canceled", None)

    def _say(self, words: str) -> None:
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        with Path(self._log).open("a") as file:
            file.write(f"[{now}] {words}\n")


_DATA = frozenset({"uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model", "path"})


def _why(run: Run) -> str:
    return str((run.error or {}).get("message") or run.status)
