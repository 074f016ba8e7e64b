"""One command from the queue to its end: node, environment, code, inputs, process, outputs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import shutil
import sqlite3
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from azlocal.arm.errors import ArmError
from azlocal.azure import Azure
from azlocal.entra.principals import OWNER
from azlocal.gateway.instance import allow_identity, allow_user, withdraw_identity
from azlocal.machinelearning.assets import references
from azlocal.machinelearning.data import Data, DataError, freeze
from azlocal.machinelearning.identities import Acting, acting
from azlocal.machinelearning.jobs import definitions, failures, variables
from azlocal.machinelearning.jobs.environments import BuildError, Environments
from azlocal.machinelearning.jobs.expand import expand
from azlocal.machinelearning.jobs.failures import JobFailureError
from azlocal.machinelearning.jobs.logs import BUILD_LOG, STD_LOG, LogShip
from azlocal.machinelearning.jobs.outputs import Outputs
from azlocal.machinelearning.jobs.pools import Pools
from azlocal.machinelearning.jobs.process import Process
from azlocal.machinelearning.jobs.spec import Command
from azlocal.machinelearning.jobs.watch import Watch
from azlocal.machinelearning.places import Place
from azlocal.machinelearning.runs import Run, Runs
from azlocal.state import Resource

PROCESS = "jobProcess"  # document kind: which process group a run has, for a server that comes after a crash
_REPORTED = (JobFailureError, DataError, BuildError, ArmError)
_SINGLE = frozenset({"uri_file"})

logger = logging.getLogger("azlocal.machinelearning")


@dataclass(frozen=True, slots=True)
class Work:
    """One command and everything that belongs to running it."""

    run: Run
    command: Command
    workspace: Resource
    compute: Resource | None
    acting: Acting
    folder: Path

    @property
    def log(self) -> Path:
        """What the process writes."""
        return self.folder / "std_log.txt"

    @property
    def code(self) -> Path:
        """The process' working directory."""
        return self.folder / "code"


class Commands:
    """Runs commands. Whoever calls cancels the task to cancel the command."""

    def __init__(self, azure: Azure, runs: Runs, data: Data, watch: Watch) -> None:
        self.azure, self.runs, self.data, self.watch = azure, runs, data, watch
        self.pools = Pools(azure.state)
        self.environments = Environments(azure.folder)
        self.outputs = Outputs(azure, data)
        self.stopping = False

    async def run(self, run: Run, command: Command, *, streamed: bool) -> None:
        """Take a run through its whole life; ``streamed`` where its sender may be watching.

        Raises:
            CancelledError: it was canceled; its process group is gone, and its end is recorded.
        """
        folder = self.azure.folder.without_spaces(self.azure.folder.sub("jobs", run.uuid))
        ship = LogShip(self.data.blobs, self.data.places, self.runs, run.workspace, run.id)
        canceled: BaseException | None = None
        try:
            status, error = await self._attempt(run, command, folder, ship)
        except asyncio.CancelledError as cancel:
            status, error, canceled = "Canceled", None, cancel
            if self.stopping:
                ship.drop()
                raise
        await self.finish(run, ship, look=streamed and canceled is None)
        self.end(run, status, error)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if canceled is not None:
            raise canceled

    async def finish(self, run: Run, ship: LogShip, *, look: bool) -> None:
        """Carry the rest of the logs, and give a watcher the time for a first look; a cancel comes too late now."""
        try:
            await ship.finish()
            if look:
                await self.watch.first_look(run)
        except asyncio.CancelledError:
            ship.drop()
            if self.stopping:
                raise

    def end(self, run: Run, status: str, error: dict[str, Any] | None) -> None:
        """Record how a run ended."""

        def change(one: Run) -> None:
            one.status, one.error, one.ended = status, error, time.time()

        try:
            with self.azure.state.transaction():
                self.runs.change(run.workspace, run.id, change)
                self.azure.state.delete_document(PROCESS, f"{run.workspace}|{run.id}")
        except sqlite3.OperationalError as problem:  # whoever waits for the run has to hear of its end all the same
            logger.error("the end of run %s is not stored: %s", run.id, problem)  # noqa: TRY400
            if ended := self.runs.get(run.workspace, run.id):
                change(ended)
                self.runs.keep(ended)

    def advance(self, run: Run, status: str) -> None:
        """Record how far a run has come; one that is to be canceled says that instead."""

        def change(one: Run) -> None:
            if one.done or one.status == "CancelRequested":
                return
            one.status = status
            if status == "Running" and one.started is None:
                one.started = time.time()

        self.runs.change(run.workspace, run.id, change)

    async def _attempt(
        self, run: Run, command: Command, folder: Path, ship: LogShip
    ) -> tuple[str, dict[str, Any] | None]:
        try:
            work = self._work(run, command, folder)
            self.advance(run, "Queued")
            async with self.pools.nodes((command.compute or f"{run.workspace}/serverless").lower(), command.nodes):
                await self._on_node(work, ship)
        except _REPORTED as error:
            return _reported(error)
        except Exception as error:
            logger.exception("run %s", run.id)
            return "Failed", {"code": "ServiceError", "message": f"azlocal failed: {type(error).__name__}: {error}"}
        return "Completed", None

    def _work(self, run: Run, command: Command, folder: Path) -> Work:
        state, control = self.azure.state, self.azure.control
        workspace = state.get(run.workspace)
        if workspace is None:
            raise JobFailureError("The job's workspace was deleted.")
        compute = state.get(command.compute.lower()) if command.compute else None
        creator = control.directory.by_object_id(run.creator) or OWNER
        return Work(run, command, workspace, compute, acting(control, command, compute, creator), folder)

    async def _on_node(self, work: Work, ship: LogShip) -> None:
        self.advance(work.run, "Preparing")
        for name in ("code", "inputs", "outputs", "home/tmp"):
            (work.folder / name).mkdir(parents=True, exist_ok=True)
        ship.add(STD_LOG, work.log)
        ship.start()
        environment = await self._environment(work, ship)
        await self._fetch_code(work)
        inputs = await self._fetch_inputs(work)
        outputs = self._local_outputs(work)
        code = await self._execute(work, environment, inputs, outputs)
        self.advance(work.run, "Finalizing")
        if code:
            with contextlib.suppress(DataError):  # what the process did comes first
                await self._keep(work, failed=True)
            raise failures.exited(code, work.log)
        await self._keep(work, failed=False)

    async def _environment(self, work: Work, ship: LogShip) -> Path:
        version = references.resolve(self.azure.state, work.command.environment, work.run.workspace, "environments")
        definition = definitions.read(version.properties, version.id.split("/")[-3])
        if not self.environments.is_ready(definition):
            ship.add(BUILD_LOG, self.environments.log(definition))
        return await self.environments.ready(definition)

    async def _fetch_code(self, work: Work) -> None:
        if not work.command.code:
            return
        version = references.resolve(self.azure.state, work.command.code, work.run.workspace, "codes")
        source = self.data.places.locate(work.run.workspace, version.properties["codeUri"])
        await self.data.fetch(source, work.code, single=False)

    async def _fetch_inputs(self, work: Work) -> dict[str, str]:
        values: dict[str, str] = {}
        for name, given in work.command.inputs.items():
            if given.is_literal:
                values[name] = given.value
                continue
            try:
                values[name] = await self._fetch_input(work, name)
            except (DataError, ArmError) as error:
                raise JobFailureError(f"Input '{name}': {getattr(error, 'message', error)}") from None
        return values

    async def _fetch_input(self, work: Work, name: str) -> str:
        given = work.command.inputs[name]
        source = self.data.places.locate(work.run.workspace, given.value)
        if given.mode == "direct":
            return source.uri if isinstance(source, Place) else source.url
        if isinstance(source, Place):
            self.data.allow(source, work.acting, "read")
        folder = work.folder / "inputs" / name
        path = await self.data.fetch(source, folder, single=given.kind in _SINGLE)
        if given.mode == "ro_mount":
            await asyncio.to_thread(freeze, folder)
        return str(path)

    def _local_outputs(self, work: Work) -> dict[str, str]:
        folder, found = work.folder / "outputs", {}
        for name, output in work.command.outputs.items():
            place = self.outputs.place(work.run, name, output)
            found[name] = self.outputs.local(name, output, folder, place)
        return found

    async def _execute(self, work: Work, environment: Path, inputs: dict[str, str], outputs: dict[str, str]) -> int:
        line = expand(work.command.line, {"inputs": inputs, "outputs": outputs})
        header = secrets.token_urlsafe(24)
        try:
            full = self._variables(work, environment, inputs, outputs, header)
            process = await Process.start(line, work.code, full, work.log)
            try:
                self.azure.state.put_document(PROCESS, f"{work.run.workspace}|{work.run.id}", asdict(process.group))
                self.advance(work.run, "Running")
            except BaseException:
                await process.end()  # it waits to be let go
                raise
            process.begin()
            try:
                return await process.wait(work.command.timeout)
            except TimeoutError:
                raise failures.timed_out(work.command.timeout or 0) from None
        finally:
            withdraw_identity(self.azure, header)
            withdraw_identity(self.azure, _for_user(header))

    def _variables(
        self, work: Work, environment: Path, inputs: dict[str, str], outputs: dict[str, str], header: str
    ) -> dict[str, str]:
        identity = self._identity_variables(work, header)
        return {
            **variables.of_machine(self.azure, environment, work.folder / "home"),
            **variables.of_run(self.azure, work.workspace, work.run, work.acting.creator),
            **variables.of_data(inputs, outputs),
            **identity,
            **work.command.variables,
        }

    def _identity_variables(self, work: Work, header: str) -> dict[str, str]:
        """Tokens for the process: as the compute's identity, and as its user where the job runs as one."""
        found: dict[str, str] = {}
        if managed := work.acting.managed:
            found |= allow_identity(self.azure, header, managed.object_id)
            found["DEFAULT_IDENTITY_CLIENT_ID"] = managed.client_id
        if work.command.identity.lower() == "useridentity":
            found["OBO_ENDPOINT"] = allow_user(self.azure, _for_user(header), work.acting.creator.object_id)
        return found

    async def _keep(self, work: Work, *, failed: bool) -> None:
        """Keep outputs and artifacts, also of a process that failed: they may say why."""
        await self.outputs.artifacts(work.run, work.code)
        kept = await self.outputs.collect(
            work.run, work.command.outputs, work.folder / "outputs", work.acting, register=not failed
        )

        def change(run: Run) -> None:
            run.outputs = kept

        self.runs.change(work.run.workspace, work.run.id, change)


def _for_user(header: str) -> str:
    return f"{header}-user"


def _reported(error: Exception) -> tuple[str, dict[str, Any]]:
    """The status and the error that a failed run shows."""
    if isinstance(error, JobFailureError):
        return error.status, {"code": error.code, "message": error.message}
    if isinstance(error, BuildError):
        return "Failed", {"code": "ImageBuildFailure", "message": f"The environment could not be built. {error}"}
    if isinstance(error, ArmError):
        return "Failed", {"code": error.code, "message": error.message}
    return "Failed", {"code": "UserError", "message": str(error)}
