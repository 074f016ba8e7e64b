"""Runs and experiments in MLflow's words."""

from __future__ import annotations

from typing import Any

from azlocal.machinelearning.jobs.variables import tracking_host
from azlocal.machinelearning.runs import Experiment, Run
from azlocal.state import Resource

Json = dict[str, Any]

_STATUS = {
    "Running": "RUNNING",
    "Finalizing": "RUNNING",
    "CancelRequested": "RUNNING",
    "Completed": "FINISHED",
    "Failed": "FAILED",
    "Canceled": "KILLED",
}
STATUS_OF_MLFLOW = {
    "RUNNING": "Running",
    "SCHEDULED": "Queued",
    "FINISHED": "Completed",
    "FAILED": "Failed",
    "KILLED": "Canceled",
}


def milliseconds(seconds: float | None) -> int | None:
    """A time as MLflow writes it."""
    return int(seconds * 1000) if seconds is not None else None


def status(run: Run) -> str:
    """The run's status; whatever comes before running is SCHEDULED."""
    return _STATUS.get(run.status, "SCHEDULED")


def pairs(mapping: dict[str, str]) -> list[Json]:
    """A mapping as a list of key and value."""
    return [{"key": key, "value": value} for key, value in mapping.items()]


def metric(key: str, point: Json) -> Json:
    """One point of a metric."""
    return {"key": key, "value": point["value"], "timestamp": point["timestamp"], "step": point["step"]}


def experiment_view(one: Experiment) -> Json:
    """The Experiment message."""
    return {
        "experiment_id": one.id,
        "name": one.name,
        "artifact_location": "",
        "lifecycle_stage": one.stage,
        "creation_time": milliseconds(one.created),
        "last_update_time": milliseconds(one.created),
        "tags": pairs(one.tags),
    }


def artifact_uri(workspace: Resource, run: Run) -> str:
    """Where MLflow's client sends artifacts: run history reads the experiment and the run out of it."""
    host = tracking_host(workspace)
    return f"azureml://{host}/mlflow/v2.0{workspace.id}/experiments/{run.experiment_id}/runs/{run.id}/artifacts"


def info_view(workspace: Resource, run: Run) -> Json:
    """The RunInfo message."""
    return {
        "run_id": run.id,
        "run_uuid": run.id,
        "run_name": run.display_name,
        "experiment_id": run.experiment_id,
        "user_id": run.creator_name,
        "status": status(run),
        "start_time": milliseconds(run.started or run.created),
        "end_time": milliseconds(run.ended),
        "artifact_uri": artifact_uri(workspace, run),
        "lifecycle_stage": "deleted" if run.hidden else "active",
    }


def tags_of(run: Run) -> dict[str, str]:
    """A run's tags with those that MLflow gives every run."""
    own = {"mlflow.runName": run.display_name, "mlflow.user": run.creator_name, "mlflow.rootRunId": run.root}
    if run.parent:
        own["mlflow.parentRunId"] = run.parent
    return {**own, **run.tags}


def run_view(workspace: Resource, run: Run) -> Json:
    """The Run message."""
    return {
        "info": info_view(workspace, run),
        "data": {
            "metrics": [metric(key, point) for key, point in run.metrics.items()],
            "params": pairs(run.parameters),
            "tags": pairs(tags_of(run)),
        },
        "inputs": {"dataset_inputs": list(run.inputs.get("mlflow", {}).get("datasets", []))},
    }
