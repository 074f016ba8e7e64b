"""MLflow's runs: the same record as jobs and run history."""

from __future__ import annotations

import time
import uuid
from typing import Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.machinelearning.mlflow.experiments import in_view, the_experiment
from azlocal.machinelearning.mlflow.filters import Fields, matcher, ordered
from azlocal.machinelearning.mlflow.paging import page
from azlocal.machinelearning.mlflow.views import (
    STATUS_OF_MLFLOW,
    info_view,
    metric,
    milliseconds,
    run_view,
    status,
    tags_of,
)
from azlocal.machinelearning.plane import Request, Route, ok
from azlocal.machinelearning.runs import TERMINAL, Run

READ, WRITE = "experiments/runs/read", "experiments/runs/write"
INTERACTIVE = "mlflow"  # the kind of a run that a client began itself, and ends itself

Json = dict[str, Any]


def the_run(request: Request) -> Run:
    """The run that ``run_id`` (or its old name ``run_uuid``) names.

    Raises:
        ArmError: 404, there is none.
    """
    wanted = request.argument("run_id", "run_uuid") or ""
    found = request.service.runs.get(request.scope, wanted)
    if found is None:
        raise ArmError(404, "UserError", f"Run '{wanted}' not found.")
    return found


async def _create(request: Request) -> ArmResponse:
    experiment = the_experiment(request)
    tags = {one["key"]: str(one["value"]) for one in request.json.get("tags") or []}
    name = request.argument("run_name") or tags.get("mlflow.runName")
    started = request.json.get("start_time")
    parent = tags.get("mlflow.parentRunId")
    above = request.service.runs.get(request.scope, parent) if parent else None
    run_id = str(uuid.uuid4())
    run = request.service.runs.create(
        request.scope,
        run_id,
        experiment.name,
        kind=INTERACTIVE,
        status="Running",
        started=float(started) / 1000 if started else time.time(),
        creator=request.principal.object_id,
        creator_name=request.principal.name,
        display_name=name or run_id,
        tags={key: value for key, value in tags.items() if key != "mlflow.runName"},
        parent=parent,
        root=above.root if above else run_id,
    )
    return ok({"run": run_view(request.workspace, run)})


async def _get(request: Request) -> ArmResponse:
    return ok({"run": run_view(request.workspace, the_run(request))})


async def _update(request: Request) -> ArmResponse:
    """Name, and for a run that its client began, status; a job's status is the platform's."""

    def change(run: Run) -> None:
        if name := request.argument("run_name"):
            run.display_name = name
        wanted = request.argument("status")
        if wanted and run.kind == INTERACTIVE:
            run.status = STATUS_OF_MLFLOW.get(wanted, run.status)
            ended = request.json.get("end_time")
            if run.status in TERMINAL:
                run.ended = float(ended) / 1000 if ended else time.time()

    run = request.service.runs.change(request.scope, the_run(request).id, change)
    return ok({"run_info": info_view(request.workspace, run) if run else {}})


def _hide(hidden: bool) -> Any:  # noqa: FBT001
    async def handler(request: Request) -> ArmResponse:
        def change(run: Run) -> None:
            run.hidden = hidden

        request.service.runs.change(request.scope, the_run(request).id, change)
        return ok()

    return handler


async def _log_metric(request: Request) -> ArmResponse:
    return _log(request, [request.json], [], [])


async def _log_parameter(request: Request) -> ArmResponse:
    return _log(request, [], [request.json], [])


async def _set_tag(request: Request) -> ArmResponse:
    return _log(request, [], [], [request.json])


async def _log_batch(request: Request) -> ArmResponse:
    body = request.json
    return _log(request, body.get("metrics") or [], body.get("params") or [], body.get("tags") or [])


def _log(request: Request, metrics: list[Json], params: list[Json], tags: list[Json]) -> ArmResponse:
    """All of it or nothing (MLflow REST API, "Log Batch")."""
    run, runs = the_run(request), request.service.runs
    points = [_point(one) for one in metrics]
    for one in params:
        known = run.parameters.get(one["key"])
        if known is not None and known != str(one["value"]):
            raise bad_request(
                f"Changing param values is not allowed. Param with key='{one['key']}' was already logged with value"
                f"='{known}' for run ID='{run.id}'. Attempted logging new value '{one['value']}'."
            )

    def change(current: Run) -> None:
        current.parameters.update({one["key"]: str(one["value"]) for one in params})
        for one in tags:
            if one["key"] == "mlflow.runName":
                current.display_name = str(one["value"])
            else:
                current.tags[one["key"]] = str(one["value"])

    with request.service.azure.state.transaction():
        if points:
            runs.log_metrics(request.scope, run.id, points)
        if params or tags:
            runs.change(request.scope, run.id, change)
    return ok()


def _point(body: Json) -> Json:
    try:
        return {
            "key": str(body["key"]),
            "value": float(body["value"]),
            "timestamp": int(body.get("timestamp") or time.time() * 1000),
            "step": int(body.get("step") or 0),
        }
    except (KeyError, TypeError, ValueError):
        raise bad_request(f"A metric needs 'key' and a number 'value', not: {body}.") from None


async def _delete_tag(request: Request) -> ArmResponse:
    key = request.argument("key") or ""

    def change(run: Run) -> None:
        run.tags.pop(key, None)

    request.service.runs.change(request.scope, the_run(request).id, change)
    return ok()


async def _log_model(request: Request) -> ArmResponse:
    """MLflow keeps what models a run logged in one of its tags."""
    logged = request.argument("model_json") or "{}"

    def change(run: Run) -> None:
        before = run.tags.get("mlflow.log-model.history", "[]")
        joined = before[:-1] + (", " if before != "[]" else "") + logged + "]"
        run.tags["mlflow.log-model.history"] = joined

    request.service.runs.change(request.scope, the_run(request).id, change)
    return ok()


async def _log_inputs(request: Request) -> ArmResponse:
    datasets = request.json.get("datasets") or []

    def change(run: Run) -> None:
        run.inputs.setdefault("mlflow", {}).setdefault("datasets", []).extend(datasets)

    request.service.runs.change(request.scope, the_run(request).id, change)
    return ok()


async def _history(request: Request) -> ArmResponse:
    run, key = the_run(request), request.argument("metric_key") or ""
    points = request.service.runs.metric_history(request.scope, run.id, key)
    return page(request, "metrics", [metric(key, point) for point in points])


def _fields(run: Run) -> Fields:
    def read(kind: str, key: str) -> Any:
        match kind:
            case "metrics":
                return run.metrics.get(key, {}).get("value")
            case "params":
                return run.parameters.get(key)
            case "tags":
                return tags_of(run).get(key)
            case _:
                return _ATTRIBUTES[key](run) if key in _ATTRIBUTES else None

    return read


_ATTRIBUTES: dict[str, Any] = {
    "run_id": lambda run: run.id,
    "run_name": lambda run: run.display_name,
    "status": status,
    "user_id": lambda run: run.creator_name,
    "start_time": lambda run: milliseconds(run.started or run.created),
    "end_time": lambda run: milliseconds(run.ended),
    "created": lambda run: milliseconds(run.created),
}


async def _search(request: Request) -> ArmResponse:
    body, runs = request.json, request.service.runs
    ids = body.get("experiment_ids") or [one.id for one in runs.experiments(request.scope)]
    wanted = matcher(str(body.get("filter") or ""))
    found = [
        run
        for experiment_id in ids
        for run in runs.in_experiment(request.scope, str(experiment_id))
        if in_view(body.get("run_view_type"), active=not run.hidden) and wanted(_fields(run))
    ]
    found.sort(key=lambda run: run.started or run.created, reverse=True)
    found = ordered(found, [str(one) for one in body.get("order_by") or []], _fields)
    return page(request, "runs", [run_view(request.workspace, run) for run in found])


_BASE = "/api/2.0/mlflow"
ROUTES: list[Route] = [
    Route("POST", f"{_BASE}/runs/create", _create, WRITE),
    Route("GET", f"{_BASE}/runs/get", _get, READ),
    Route("POST", f"{_BASE}/runs/update", _update, WRITE),
    Route("POST", f"{_BASE}/runs/delete", _hide(True), WRITE),
    Route("POST", f"{_BASE}/runs/restore", _hide(False), WRITE),
    Route("POST", f"{_BASE}/runs/search", _search, READ),
    Route("POST", f"{_BASE}/runs/log-metric", _log_metric, "metrics/resource/write"),
    Route("POST", f"{_BASE}/runs/log-parameter", _log_parameter, WRITE),
    Route("POST", f"{_BASE}/runs/log-batch", _log_batch, WRITE),
    Route("POST", f"{_BASE}/runs/set-tag", _set_tag, WRITE),
    Route("POST", f"{_BASE}/runs/delete-tag", _delete_tag, WRITE),
    Route("POST", f"{_BASE}/runs/log-model", _log_model, WRITE),
    Route("POST", f"{_BASE}/runs/log-inputs", _log_inputs, WRITE),
    Route("GET", f"{_BASE}/metrics/get-history", _history, READ),
]
