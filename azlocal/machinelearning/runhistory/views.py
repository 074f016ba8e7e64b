"""A run in run history's words."""

from __future__ import annotations

from typing import Any

from azlocal.arm.operations import iso
from azlocal.machinelearning.runs import Run

Json = dict[str, Any]


def time_of(seconds: float | None) -> str | None:
    """A time as run history writes it."""
    return iso(seconds) if seconds is not None else None


def run_view(run: Run) -> Json:
    """The Run object."""
    return {
        "runId": run.id,
        "runUuid": run.uuid,
        "runNumber": run.number,
        "rootRunId": run.root,
        "parentRunId": run.parent,
        "experimentId": run.experiment_id,
        "dataContainerId": f"dcid.{run.id}",
        "status": run.status,
        "runType": run.kind,
        "displayName": run.display_name,
        "name": run.display_name,
        "description": run.description,
        "hidden": run.hidden,
        "createdUtc": time_of(run.created),
        "startTimeUtc": time_of(run.started),
        "endTimeUtc": time_of(run.ended),
        "lastModifiedUtc": time_of(run.ended or run.started or run.created),
        "createdBy": {"userObjectId": run.creator, "userName": run.creator_name},
        "target": run.target,
        "compute": {"target": run.target, "targetType": "local"} if run.target else None,
        "tags": run.tags,
        "properties": run.properties,
        "parameters": run.parameters,
        "inputs": {},
        "outputs": {
            name: {"assetId": one["assetId"], "type": one["type"]}
            for name, one in run.outputs.items()
            if "assetId" in one
        },
        "error": error_view(run),
        "warnings": [],
        "services": {},
        "duration": _duration(run),
    }


def _duration(run: Run) -> str | None:
    if run.started is None or run.ended is None:
        return None
    seconds = run.ended - run.started
    return f"{int(seconds // 3600):02d}:{int(seconds // 60) % 60:02d}:{seconds % 60:09.6f}"


def error_view(run: Run) -> Json | None:
    """Why a run has failed."""
    if run.error is None:
        return None
    error = {
        "code": run.error["code"],
        "message": run.error["message"],
        "messageParameters": {},
        "details": [],
    }
    return {"error": error, "time": time_of(run.ended), "componentName": "azlocal"}


def details_view(run: Run, logs: dict[str, str]) -> Json:
    """The RunDetails object; ``logs`` are links by name."""
    return {
        "runId": run.id,
        "runUuid": run.uuid,
        "rootRunUuid": run.uuid,
        "parentRunId": run.parent,
        "target": run.target,
        "status": run.status,
        "createdTimeUtc": time_of(run.created),
        "startTimeUtc": time_of(run.started),
        "endTimeUtc": time_of(run.ended),
        "error": error_view(run),
        "warnings": [],
        "tags": run.tags,
        "properties": run.properties,
        "parameters": run.parameters,
        "services": {},
        "inputDatasets": [],
        "outputDatasets": [],
        "runDefinition": None,
        "logFiles": logs,
        "jobCost": None,
        "revision": 1,
        "submittedBy": run.creator_name,
    }
