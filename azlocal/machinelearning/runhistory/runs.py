"""Runs: read, changed, listed; their details with the links to their logs."""

from __future__ import annotations

import datetime as dt
import time

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.machinelearning.plane import Handler, Request, Route, ok
from azlocal.machinelearning.runhistory.views import details_view, run_view, time_of
from azlocal.machinelearning.runs import Experiment, Run

READ, WRITE = "experiments/runs/read", "experiments/runs/write"


def the_run(request: Request, name: str = "run") -> Run:
    """The run that the path names.

    Raises:
        ArmError: 404, there is none.
    """
    run_id = request.names.get(name) or str(request.json.get("runId"))
    run = request.service.runs.get(request.scope, run_id)
    if run is None:
        raise ArmError(404, "UserError", f"Run {run_id} was not found in the workspace '{request.workspace.name}'.")
    return run


async def _get(request: Request) -> ArmResponse:
    return ok(run_view(the_run(request)))


async def _details(request: Request) -> ArmResponse:
    run = the_run(request)
    if not run.done:
        request.service.jobs.watch.seen(request.scope, run.id)
    links, places = request.service.links, request.service.places
    logs = {name: links.to(request.scope, places.artifacts(request.scope, run.id, name)) for name in run.logs}
    return ok(details_view(run, logs))


async def _children(request: Request) -> ArmResponse:
    run = the_run(request)
    return ok({"value": [run_view(child) for child in request.service.runs.children(request.scope, run.id)]})


async def _run_data(request: Request) -> ArmResponse:
    run = the_run(request)
    return ok({"runMetadata": run_view(run), "runDefinition": None, "jobSpecification": None})


async def _batch_run_data(request: Request) -> ArmResponse:
    found = {}
    for run_id in request.json.get("runIds") or []:
        if run := request.service.runs.get(request.scope, run_id):
            found[run_id] = {"runMetadata": run_view(run)}
    return ok({"runData": found, "errors": {}})


async def _service_instances(request: Request) -> ArmResponse:
    the_run(request)
    return ok({"instances": {}})


async def _patch(request: Request) -> ArmResponse:
    """Change what may change of a run; one that does not exist is made (CreateRun, "AddOrModify")."""
    body, runs = request.json, request.service.runs
    run_id = request.names["run"]
    if runs.get(request.scope, run_id) is None:
        experiment = request.names.get("experiment") or "Default"
        runs.create(
            request.scope, run_id, experiment, kind=body.get("runType") or "azureml.scriptrun",
            creator=request.principal.object_id, creator_name=request.principal.name,
            parent=body.get("parentRunId"), status=body.get("status") or "NotStarted",
        )  # fmt: skip

    def change(run: Run) -> None:
        _apply(run, body)

    run = runs.change(request.scope, run_id, change)
    if run is None:
        raise ArmError(404, "UserError", f"Run {run_id} was not found.")
    return ok(run_view(run))


_PLAIN = {"displayName": "display_name", "name": "display_name", "description": "description", "hidden": "hidden"}
_MAPS = ("tags", "properties", "parameters")


def _apply(run: Run, body: dict[str, object]) -> None:
    for name, attribute in _PLAIN.items():
        if body.get(name) is not None:
            setattr(run, attribute, body[name])
    for name in _MAPS:
        given = body.get(name)
        if isinstance(given, dict):
            getattr(run, name).update({str(key): str(value) for key, value in given.items()})
    status = body.get("status")
    if isinstance(status, str) and not run.done and run.kind in _OWN:
        run.status = status
        run.started = run.started or time.time()
    if body.get("endTimeUtc") and run.kind in _OWN:
        run.ended = dt.datetime.fromisoformat(str(body["endTimeUtc"])).timestamp()


_OWN = frozenset({"azureml.scriptrun", "mlflow"})  # runs whose client says how they stand


async def _delete_tags(request: Request) -> ArmResponse:
    names = request.body if isinstance(request.body, list) else []

    def change(run: Run) -> None:
        for name in names:
            run.tags.pop(name, None)

    request.service.runs.change(request.scope, the_run(request).id, change)
    return ok({"tags": names})


async def _cancel(request: Request) -> ArmResponse:
    run = the_run(request)
    answer = request.service.azure.control.internal(
        "POST", f"{request.workspace.id}/jobs/{run.id}/cancel", None, request.principal
    )
    return ArmResponse(200 if answer.status == 202 else answer.status, answer.body)


def _experiment(request: Request) -> Experiment:
    runs, name = request.service.runs, request.names["experiment"]
    found = runs.experiment(request.scope, name) or runs.experiment_named(request.scope, name)
    if found is None:
        raise ArmError(404, "UserError", f"Experiment {name} was not found.")
    return found


def _experiment_view(one: Experiment) -> dict[str, object]:
    return {
        "experimentId": one.id,
        "name": one.name,
        "createdUtc": time_of(one.created),
        "tags": one.tags,
        "archivedTime": None,
    }


async def _get_experiment(request: Request) -> ArmResponse:
    return ok(_experiment_view(_experiment(request)))


async def _create_experiment(request: Request) -> ArmResponse:
    runs, name = request.service.runs, request.names["experiment"]
    found = runs.experiment_named(request.scope, name) or runs.create_experiment(request.scope, name)
    return ok(_experiment_view(found))


async def _query(request: Request) -> ArmResponse:
    """An experiment's runs, latest first; filters are refused rather than ignored."""
    if request.json.get("filter"):
        raise bad_request("Run history queries with a filter are not served; use MLflow's search.", "NotImplemented")
    found = request.service.runs.in_experiment(request.scope, _experiment(request).id)
    top = int(request.json.get("top") or len(found))
    return ok({"value": [run_view(run) for run in reversed(found)][:top]})


def _everywhere(method: str, rest: str, handler: Handler, permission: str) -> list[Route]:
    """A run is reached by itself, or through its experiment's name or id."""
    below = ("/runs/{run}", "/experiments/{experiment}/runs/{run}", "/experimentids/{experiment}/runs/{run}")
    return [Route(method, f"{base}{rest}", handler, permission) for base in below]


ROUTES: list[Route] = [
    *_everywhere("GET", "", _get, READ),
    *_everywhere("PATCH", "", _patch, WRITE),
    *_everywhere("GET", "/details", _details, READ),
    *_everywhere("GET", "/children", _children, READ),
    *_everywhere("DELETE", "/tags", _delete_tags, WRITE),
    *_everywhere("POST", "/cancel", _cancel, WRITE),
    Route("GET", "/runs/{run}/serviceinstances/{node}", _service_instances, READ),
    Route("POST", "/rundata", _run_data, READ),
    Route("POST", "/batchrundata", _batch_run_data, READ),
    Route("GET", "/experiments/{experiment}", _get_experiment, "experiments/read"),
    Route("GET", "/experimentids/{experiment}", _get_experiment, "experiments/read"),
    Route("POST", "/experiments/{experiment}", _create_experiment, "experiments/write"),
    Route("POST", "/experiments/{experiment}/runs:query", _query, READ),
    Route("POST", "/experimentids/{experiment}/runs:query", _query, READ),
]
