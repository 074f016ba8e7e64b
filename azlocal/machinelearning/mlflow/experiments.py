"""MLflow's experiments."""

from __future__ import annotations

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.machinelearning.mlflow.filters import Fields, matcher
from azlocal.machinelearning.mlflow.paging import page
from azlocal.machinelearning.mlflow.views import experiment_view
from azlocal.machinelearning.plane import Request, Route, ok
from azlocal.machinelearning.runs import Experiment

READ, WRITE = "experiments/read", "experiments/write"


def the_experiment(request: Request) -> Experiment:
    """The experiment that ``experiment_id`` names.

    Raises:
        ArmError: 404, there is none.
    """
    wanted = request.argument("experiment_id") or ""
    found = request.service.runs.experiment(request.scope, wanted)
    if found is None:
        raise ArmError(404, "UserError", f"No experiment has the id '{wanted}'.")
    return found


async def _get(request: Request) -> ArmResponse:
    return ok({"experiment": experiment_view(the_experiment(request))})


async def _get_by_name(request: Request) -> ArmResponse:
    name = request.argument("experiment_name") or ""
    found = request.service.runs.experiment_named(request.scope, name)
    if found is None:
        raise ArmError(404, "UserError", f"No experiment is named '{name}'.")
    return ok({"experiment": experiment_view(found)})


async def _create(request: Request) -> ArmResponse:
    name = request.argument("name")
    if not name:
        raise bad_request("An experiment needs a 'name'.")
    if request.service.runs.experiment_named(request.scope, name):
        raise ArmError(409, "UserError", f"An experiment is named '{name}' already.")
    found = request.service.runs.create_experiment(request.scope, name)
    found.tags = {one["key"]: one["value"] for one in request.json.get("tags") or []}
    request.service.runs.save_experiment(found)
    return ok({"experiment_id": found.id})


async def _set_tag(request: Request) -> ArmResponse:
    found = the_experiment(request)
    found.tags[str(request.argument("key"))] = str(request.argument("value"))
    request.service.runs.save_experiment(found)
    return ok()


async def _delete(request: Request) -> ArmResponse:
    return _staged(request, "deleted")


async def _restore(request: Request) -> ArmResponse:
    return _staged(request, "active")


def _staged(request: Request, stage: str) -> ArmResponse:
    found = the_experiment(request)
    found.stage = stage
    request.service.runs.save_experiment(found)
    return ok()


def in_view(view: str | None, *, active: bool) -> bool:
    """Whether ACTIVE_ONLY (the default), DELETED_ONLY or ALL shows something."""
    match (view or "ACTIVE_ONLY").upper():
        case "ALL":
            return True
        case "DELETED_ONLY":
            return not active
        case _:
            return active


def _fields(one: Experiment) -> Fields:
    def read(kind: str, key: str) -> object:
        if kind == "tags":
            return one.tags.get(key)
        return {"name": one.name, "creation_time": one.created * 1000}.get(key)

    return read


async def _search(request: Request) -> ArmResponse:
    wanted = matcher(request.argument("filter") or "")
    view = request.argument("view_type")
    found = [
        one
        for one in request.service.runs.experiments(request.scope)
        if in_view(view, active=one.stage == "active") and wanted(_fields(one))
    ]
    return page(request, "experiments", [experiment_view(one) for one in reversed(found)])


_BASE = "/api/2.0/mlflow/experiments"
ROUTES: list[Route] = [
    Route("GET", f"{_BASE}/get", _get, READ),
    Route("GET", f"{_BASE}/get-by-name", _get_by_name, READ),
    Route("POST", f"{_BASE}/create", _create, WRITE),
    Route("POST", f"{_BASE}/set-experiment-tag", _set_tag, WRITE),
    Route("POST", f"{_BASE}/delete", _delete, WRITE),
    Route("POST", f"{_BASE}/restore", _restore, WRITE),
    Route("GET", f"{_BASE}/search", _search, READ),
    Route("POST", f"{_BASE}/search", _search, READ),
    Route("GET", f"{_BASE}/list", _search, READ),
]
