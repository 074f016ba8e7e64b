"""Artifacts of runs: blobs in the workspace's artifact store, reached by links (aml-wire (o), "Artifacts")."""

from __future__ import annotations

from typing import Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.machinelearning.plane import Request, Route, ok
from azlocal.machinelearning.runhistory.runs import READ, WRITE, the_run
from azlocal.storage.errors import StorageError

ORIGIN = "ExperimentRun"
_UPLOAD_HOURS = 24.0

Json = dict[str, Any]


def _artifact(run_id: str, path: str) -> Json:
    container = f"dcid.{run_id}"
    return {
        "artifactId": f"{ORIGIN}/{container}/{path}",
        "origin": ORIGIN,
        "container": container,
        "path": path,
        "tags": {},
    }


def _content(request: Request, run_id: str, path: str, permissions: str) -> Json:
    place = request.service.places.artifacts(request.scope, run_id, path)
    uri = request.service.links.to(request.scope, place, permissions, _UPLOAD_HOURS)
    return {"contentUri": uri, "origin": ORIGIN, "container": f"dcid.{run_id}", "path": path, "tags": {}}


def _path(request: Request) -> str:
    path = request.query.get("path") or ""
    if not path:
        raise bad_request("The query parameter 'path' is missing.", "UserError", "path")
    return path.strip("/")


async def _reserve(request: Request) -> ArmResponse:
    """Links to write to, one for each path."""
    run = the_run(request)
    paths = [str(one["path"]).strip("/") for one in request.json.get("paths") or []]
    return ok({
        "artifacts": {path: _artifact(run.id, path) for path in paths},
        "artifactContentInformation": {path: _content(request, run.id, path, "rcw") for path in paths},
        "errors": {},
    })  # fmt: skip


async def _names(request: Request, prefix: str = "") -> list[str]:
    """The paths of a run's artifacts below a prefix."""
    place = request.service.places.artifacts(request.scope, the_run(request).id)
    root = f"{place.path}/"
    try:
        items = await request.service.data.blobs.list(place.account, place.container, root + prefix)
    except StorageError as error:
        if error.status == 404:
            return []
        raise ArmError(error.status, error.code, error.message) from None
    return [one.name[len(root) :] for one in items if not one.is_folder]


async def _list(request: Request) -> ArmResponse:
    run = the_run(request)
    prefix = (request.query.get("path") or "").strip("/")
    names = await _names(request, prefix)
    return ok({"value": [_artifact(run.id, name) for name in names if _below(name, prefix)], "continuationToken": None})


def _below(name: str, prefix: str) -> bool:
    return not prefix or name == prefix or name.startswith(prefix + "/")


async def _info(request: Request) -> ArmResponse:
    run, path = the_run(request), _path(request)
    if path not in await _names(request, path):
        raise ArmError(404, "UserError", f"Artifact {path} of run {run.id} was not found.")
    return ok(_content(request, run.id, path, "r"))


async def _infos(request: Request) -> ArmResponse:
    run, prefix = the_run(request), (request.query.get("path") or "").strip("/")
    names = [name for name in await _names(request, prefix) if _below(name, prefix)]
    return ok({"value": [_content(request, run.id, name, "r") for name in names]})


async def _metadata(request: Request) -> ArmResponse:
    run, path = the_run(request), _path(request)
    if path not in await _names(request, path):
        raise ArmError(404, "UserError", f"Artifact {path} of run {run.id} was not found.")
    return ok(_artifact(run.id, path))


_BASES = ("/experiments/{experiment}/runs/{run}/artifacts", "/experimentids/{experiment}/runs/{run}/artifacts")
ROUTES: list[Route] = [
    one
    for base in _BASES
    for one in (
        Route("POST", f"{base}/batch/metadata", _reserve, WRITE),
        Route("GET", base, _list, READ),
        Route("GET", f"{base}/path", _list, READ),
        Route("GET", f"{base}/contentinfo", _info, READ),
        Route("GET", f"{base}/artifacturi", _info, READ),
        Route("GET", f"{base}/prefix/contentinfo", _infos, READ),
        Route("GET", f"{base}/metadata", _metadata, READ),
    )
]
