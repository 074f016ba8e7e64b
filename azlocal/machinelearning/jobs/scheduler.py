"""All jobs of one server: sent, canceled, found again after a crash."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time

from azlocal.arm.errors import ArmError
from azlocal.arm.types import Effects
from azlocal.azure import Azure
from azlocal.machinelearning.data import Data
from azlocal.machinelearning.jobs import events, process
from azlocal.machinelearning.jobs.command import PROCESS, Commands
from azlocal.machinelearning.jobs.logs import EXECUTION_LOG, STD_LOG, LogShip
from azlocal.machinelearning.jobs.spec import read_command
from azlocal.machinelearning.jobs.watch import Watch
from azlocal.machinelearning.pipelines import spec as pipelines
from azlocal.machinelearning.pipelines.run import PipelineRun
from azlocal.machinelearning.runs import Run, Runs
from azlocal.state import Resource

_NOT_STARTED = frozenset({"NotStarted", "Queued"})
_DIED = "azlocal stopped while the job was running, so the job was ended. Send it again."

logger = logging.getLogger("azlocal.machinelearning")


class Jobs:
    """Starts a task for every job, and takes up what was left."""

    def __init__(self, azure: Azure, runs: Runs, data: Data) -> None:
        self._azure, self._runs = azure, runs
        self._data = data
        self.watch = Watch()
        self.commands = Commands(azure, runs, data, self.watch)
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Listen to the control plane; end what a crash left, and go on with what had not begun."""
        effects = self._azure.control.effects
        effects[events.SUBMITTED] = Effects(put=self._submitted)
        effects[events.CANCELED] = Effects(put=self._canceled)
        effects[events.COMPUTE_CHANGED] = Effects(put=self._compute_changed)
        for run in self._runs.unfinished():
            self._take_up(run)

    async def stop(self) -> None:
        """End every process. What that means for the runs is found at the next start, as after a crash."""
        self.commands.stopping = True
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self.commands.environments.stop()

    async def cancel(self, workspace: str, run_id: str) -> None:
        """Cancel a job and wait until nothing of it is left."""
        task = self._tasks.get((workspace, run_id.lower()))
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            return

        def change(run: Run) -> None:
            if not run.done:
                run.status, run.ended = "Canceled", time.time()

        self._runs.change(workspace, run_id, change)

    async def cancel_all(self, workspace: str) -> None:
        """Cancel every job of a workspace."""
        await asyncio.gather(*(self.cancel(*key) for key in list(self._tasks) if key[0] == workspace))

    async def _submitted(self, job: Resource) -> None:
        workspace = job.key.rsplit("/jobs/", 1)[0]
        run = self._runs.get(workspace, job.name)
        if run and run.status == "NotStarted" and (workspace, run.id.lower()) not in self._tasks:
            self._begin(run, job)

    async def _canceled(self, job: Resource) -> None:
        await self.cancel(job.key.rsplit("/jobs/", 1)[0], job.name)

    async def _compute_changed(self, compute: Resource) -> None:
        self.commands.pools.look(compute.key)

    def _begin(self, run: Run, job: Resource) -> None:
        key = (run.workspace, run.id.lower())
        self.watch.expect(run)
        task = asyncio.get_running_loop().create_task(self._run(run, job))
        self._tasks[key] = task

        def over(done: asyncio.Task[None]) -> None:
            self._tasks.pop(key, None)
            self.watch.forget(run)
            if not done.cancelled() and (error := done.exception()):
                logger.error("job %s", run.id, exc_info=error)
                message = f"azlocal failed: {type(error).__name__}: {error}"
                self.commands.end(run, "Failed", {"code": "ServiceError", "message": message})

        task.add_done_callback(over)

    async def _run(self, run: Run, job: Resource) -> None:
        if job.properties["jobType"] == "Command":
            await self.commands.run(run, read_command(job.properties), streamed=True)
            return
        try:
            pipeline = pipelines.read(self._azure.state, run.workspace, job.properties)
        except ArmError as error:
            self.commands.end(run, "Failed", {"code": error.code, "message": error.message})
            return
        await PipelineRun(self.commands, run, pipeline).execute()

    def _take_up(self, run: Run) -> None:
        """A run found unfinished: begun ones have failed, waiting ones begin, others are none of ours."""
        job = self._azure.state.get(f"{run.workspace}/jobs/{run.id}".lower())
        if job is not None and run.status in _NOT_STARTED:
            run = self._runs.change(run.workspace, run.id, _anew) or run
            self._begin(run, job)
        elif job is not None or run.kind == "azureml.StepRun":
            self._azure.spawn(self._bury(run))

    async def _bury(self, run: Run) -> None:
        """End what is left of a run's processes, keep its log, and say what happened."""
        await self._end_process(run)
        folder = self._azure.folder.path / "jobs" / run.uuid
        ship = LogShip(self._data.blobs, self._data.places, self._runs, run.workspace, run.id)
        for name in (STD_LOG, EXECUTION_LOG):
            if (log := folder / name.rsplit("/", 1)[-1]).exists():
                ship.add(name, log)
        await ship.resume()
        await ship.finish()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _end_process(self, run: Run) -> None:
        """End the process group that a server which is gone has started for a run."""
        key = f"{run.workspace}|{run.id}"
        found = self._azure.state.document(PROCESS, key)
        self._runs.change(run.workspace, run.id, _stopped)
        if found:
            group = process.Group(**found)
            if process.same(group):
                await process.kill_group(group.pgid)
            await process.kill_marked(group.mark)
            self._azure.state.delete_document(PROCESS, key)


def _stopped(run: Run) -> None:
    run.status, run.ended = "Failed", time.time()
    run.error = {"code": "ServiceStopped", "message": _DIED}


def _anew(run: Run) -> None:
    run.status = "NotStarted"
