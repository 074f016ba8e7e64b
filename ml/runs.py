"""A job on its way: submitted, watched, and its report brought home."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ml import console
from ml.errors import MlError
from ml.pipelines.training import INPUTS_TAG
from ml.values import plain

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import Job, PipelineJob

REPORTS = Path("build") / "ml"
REUSED = ", taken from an earlier run"
TERMINAL = {"Completed", "Failed", "Canceled", "NotResponding"}
FIRST_WAIT, LONGEST_WAIT, GROWTH = 1.0, 10.0, 1.2  # seconds between two looks at a job, and what they grow by


def submit(client: MLClient, pipeline: PipelineJob) -> tuple[str, str]:
    """Send a pipeline to the workspace; its name, and where to look at it."""
    with console.quiet():
        job = client.jobs.create_or_update(pipeline)
    return str(job.name), str(job.studio_url)


def running(client: MLClient, inputs: str) -> tuple[str, str] | None:
    """The pipeline of these inputs (`training.fingerprint`) that has not ended; its name, and where to look at it."""
    for job in client.jobs.list():
        if (job.tags or {}).get(INPUTS_TAG) == inputs and plain(job.status) not in TERMINAL:
            return str(job.name), str(job.studio_url)
    return None


@contextmanager
def left_running(name: str) -> Iterator[None]:
    """Say on Ctrl-C what becomes of a pipeline: it ends only the watching."""
    try:
        yield
    except KeyboardInterrupt:
        console.note(f"the pipeline {name} goes on in the workspace")
        console.note(f"follow it: `ml train` with the same options; cancel it: `ml cancel {name}`")
        raise


def cancel(client: MLClient, name: str) -> str:
    """End a job before its time; its status afterwards. One that has ended stays as it is.

    Raises MlError where there is no such job.
    """
    from azure.core.exceptions import ResourceNotFoundError

    try:
        status = plain(client.jobs.get(name).status)
    except ResourceNotFoundError:
        raise MlError(f"the workspace has no job '{name}'", "give the name that `ml train` showed") from None
    if status in TERMINAL:
        return status
    with console.quiet():
        client.jobs.begin_cancel(name).result()
    return plain(client.jobs.get(name).status)


def watch(client: MLClient, name: str, tell: Callable[[dict[str, str]], None]) -> None:
    """Wait for a pipeline's end; `tell` hears its steps' statuses whenever one of them changes.

    Polls, for Azure ML has no event for a client to wait on. Raises MlError with the failed step and its error.
    """
    known: dict[str, str] = {}
    wait = FIRST_WAIT
    while True:
        job = client.jobs.get(name)
        steps = step_statuses(client, name)
        if steps != known:
            tell(steps)
            known, wait = steps, FIRST_WAIT
        if plain(job.status) in TERMINAL:
            break
        time.sleep(wait)
        wait = min(wait * GROWTH, LONGEST_WAIT)
    if plain(job.status) != "Completed":
        raise failure(client, job, steps)


def step_statuses(client: MLClient, pipeline: str) -> dict[str, str]:
    """Status of each step that the pipeline has begun, by its display name."""
    children = client.jobs.list(parent_job_name=pipeline)
    return {str(child.display_name or child.name): describe(child) for child in children}


def origin(client: MLClient, pipeline: str) -> str:
    """The pipeline whose run this one's outputs come from: itself, unless every step was taken from one earlier run."""
    children = [child.properties or {} for child in client.jobs.list(parent_job_name=pipeline)]
    sources = {child.get("azureml.reusedpipelinerunid", pipeline) for child in children}
    return sources.pop() if len(sources) == 1 else pipeline


def describe(child: Job) -> str:
    """A step's status, and whether Azure took an earlier run's outputs for it."""
    reused = (child.properties or {}).get("azureml.isreused") == "true"
    return plain(child.status) + (REUSED if reused else "")


def failure(client: MLClient, job: Job, steps: dict[str, str]) -> MlError:
    """What to say of a pipeline that did not complete: Azure's error, the end of the failed steps' logs."""
    states = ", ".join(f"{name} {status}" for name, status in steps.items())
    parts = [f"the pipeline {job.name} ended {plain(job.status)} ({states})", azure_error(client, str(job.name))]
    children = client.jobs.list(parent_job_name=job.name)
    parts += [log_tail(client, str(child.name)) for child in children if plain(child.status) == "Failed"]
    return MlError("\n".join(part for part in parts if part), f"see its logs at {job.studio_url}")


def azure_error(client: MLClient, name: str) -> str:
    """The first line of the error that Azure recorded; the SDK tells it only to who streams the job."""
    from azure.ai.ml.exceptions import MlException

    try:
        with console.quiet():
            client.jobs.stream(name)
    except MlException as error:
        found = re.search(r'"message":\s*("(?:[^"\\]|\\.)*")', str(error))
        return str(json.loads(found[1]) if found else error).partition("\n")[0]
    return ""


def log_tail(client: MLClient, name: str, lines: int = 15) -> str:
    """The end of what a job wrote; empty if it wrote nothing."""
    with tempfile.TemporaryDirectory() as folder, console.quiet():
        client.jobs.download(name, download_path=folder)
        logs = sorted(Path(folder).rglob("std_log*.txt"))
        text = [line for log in logs for line in log.read_text(errors="replace").splitlines()]
    return "\n".join(f"  | {line}" for line in text[-lines:])


def report(client: MLClient, job_name: str) -> Path:
    """The folder with the report of a training; fetched unless it is on disk."""
    home = REPORTS / job_name
    if (home / "metrics.json").is_file():
        return home
    REPORTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=REPORTS) as folder:
        with console.quiet():
            client.jobs.download(job_name, download_path=folder, output_name="report")
        found = [file.parent for file in Path(folder).rglob("metrics.json")]
        if not found:
            raise MlError(f"job {job_name} has no output 'report' with metrics", "train again with `ml train`")
        shutil.rmtree(home, ignore_errors=True)
        shutil.move(found[0], home)
    return home
