"""MLflow's model registry: the workspace's own models, seen from MLflow."""

from __future__ import annotations

import re
from typing import Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.machinelearning.assets.flavors import read_flavors
from azlocal.machinelearning.mlflow.filters import Fields, matcher
from azlocal.machinelearning.mlflow.paging import page
from azlocal.machinelearning.mlflow.views import milliseconds, pairs
from azlocal.machinelearning.places import Place
from azlocal.machinelearning.plane import Request, Route, ok
from azlocal.state import Resource

READ, WRITE, DELETE = "models/read", "models/write", "models/delete"
_STAGES = ("None", "Staging", "Production", "Archived")
_ARTIFACT = re.compile(
    r"azureml://[^/]+/mlflow/v\d\.\d/.*/runs/(?P<run>[^/]+)/artifacts(?:/(?P<path>.*))?", re.IGNORECASE
)
_TYPE = "Microsoft.MachineLearningServices/workspaces/models"
# Where a version keeps what only MLflow knows.
_SOURCE, _RUN = "mlflow.source", "mlflow.runId"

Json = dict[str, Any]


def _name(request: Request) -> str:
    name = request.argument("name")
    if not name:
        raise bad_request("The model's 'name' is missing.")
    return name


def _container(request: Request, name: str) -> Resource:
    found = request.service.azure.state.get(f"{request.scope}/models/{name}".lower())
    if found is None:
        raise ArmError(404, "UserError", f"Registered Model with name={name} not found")
    return found


def _version(request: Request) -> Resource:
    name, version = _name(request), request.argument("version") or ""
    found = request.service.azure.state.get(f"{request.scope}/models/{name}/versions/{version}".lower())
    if found is None:
        raise ArmError(404, "UserError", f"Model Version (name={name}, version={version}) not found")
    return found


def _versions(request: Request, container: Resource) -> list[Resource]:
    found = request.service.azure.state.children(container.key, f"{_TYPE}/versions")
    return sorted(found, key=lambda one: one.created, reverse=True)


def _put(request: Request, path: str, body: Json) -> None:
    """Write through the control plane, as the caller.

    Raises:
        ArmError: what it answers.
    """
    answer = request.service.azure.control.internal(
        "PUT", f"{request.workspace.id}/models/{path}", body, request.principal
    )
    _check(answer)


def _check(answer: ArmResponse) -> None:
    if answer.status >= 400:
        error = answer.body["error"]
        raise ArmError(answer.status, error["code"], error["message"])


def _tags(body: Json) -> dict[str, str]:
    return {one["key"]: str(one["value"]) for one in body.get("tags") or []}


def version_view(version: Resource) -> Json:
    """The ModelVersion message."""
    properties = version.properties
    kept = properties.get("properties") or {}
    return {
        "name": version.id.split("/")[-3],
        "version": version.name,
        "creation_timestamp": milliseconds(version.created),
        "last_updated_timestamp": milliseconds(version.changed),
        "user_id": (version.body.get("systemData") or {}).get("createdBy", ""),
        "current_stage": properties.get("stage") or "None",
        "description": properties.get("description") or "",
        "source": kept.get(_SOURCE) or properties["modelUri"],
        "run_id": kept.get(_RUN) or properties.get("jobName") or "",
        "status": "READY",
        "tags": pairs(properties.get("tags") or {}),
    }


def _model_view(request: Request, container: Resource) -> Json:
    properties = container.properties
    latest: dict[str, Resource] = {}
    for one in _versions(request, container):
        latest.setdefault(one.properties.get("stage") or "None", one)
    return {
        "name": container.name,
        "creation_timestamp": milliseconds(container.created),
        "last_updated_timestamp": milliseconds(container.changed),
        "description": properties.get("description") or "",
        "latest_versions": [version_view(one) for one in latest.values()],
        "tags": pairs(properties.get("tags") or {}),
    }


async def _create_model(request: Request) -> ArmResponse:
    name = _name(request)
    if request.service.azure.state.exists(f"{request.scope}/models/{name}".lower()):
        raise ArmError(409, "UserError", f"Registered Model (name={name}) already exists.")
    body = {"properties": {"description": request.argument("description"), "tags": _tags(request.json)}}
    _put(request, name, body)
    return ok({"registered_model": _model_view(request, _container(request, name))})


async def _get_model(request: Request) -> ArmResponse:
    return ok({"registered_model": _model_view(request, _container(request, _name(request)))})


async def _update_model(request: Request) -> ArmResponse:
    container = _container(request, _name(request))
    body = {"properties": {**container.properties, "description": request.argument("description")}}
    _put(request, container.name, body)
    return ok({"registered_model": _model_view(request, _container(request, container.name))})


async def _delete_model(request: Request) -> ArmResponse:
    container = _container(request, _name(request))
    _check(request.service.azure.control.internal("DELETE", container.id, None, request.principal))
    return ok()


async def _search_models(request: Request) -> ArmResponse:
    wanted = matcher(request.argument("filter") or "")
    found = request.service.azure.state.children(request.scope, _TYPE)
    shown = [one for one in found if wanted(_model_fields(one))]
    return page(request, "registered_models", [_model_view(request, one) for one in shown])


def _model_fields(one: Resource) -> Fields:
    def read(kind: str, key: str) -> Any:
        return (one.properties.get("tags") or {}).get(key) if kind == "tags" else {"name": one.name}.get(key)

    return read


async def _latest_versions(request: Request) -> ArmResponse:
    stages = {str(one).lower() for one in request.json.get("stages") or []}
    found = _model_view(request, _container(request, _name(request)))["latest_versions"]
    return ok({"model_versions": [one for one in found if not stages or one["current_stage"].lower() in stages]})


async def _create_version(request: Request) -> ArmResponse:
    name, source = _name(request), request.argument("source") or ""
    container = _container(request, name)
    match = _ARTIFACT.fullmatch(source)
    run_id = request.argument("run_id") or (match["run"] if match else "")
    uri = f"azureml://jobs/{match['run']}/outputs/artifacts/paths/{match['path'] or ''}" if match else source
    place = request.service.places.locate(request.scope, uri)
    if not isinstance(place, Place):
        raise bad_request(f"A model cannot be made from '{source}'.")
    flavors = await read_flavors(request.service.data, place)
    version = str(container.properties.get("nextVersion") or "1")
    properties = {
        "modelUri": uri,
        "modelType": "mlflow_model" if flavors else "custom_model",
        "flavors": flavors,
        "jobName": run_id or None,
        "description": request.argument("description"),
        "tags": _tags(request.json),
        "properties": {_SOURCE: source, _RUN: run_id},
    }
    _put(request, f"{name}/versions/{version}", {"properties": properties})
    made = request.service.azure.state.get(f"{container.key}/versions/{version}".lower())
    return ok({"model_version": version_view(made) if made else {}})


async def _get_version(request: Request) -> ArmResponse:
    return ok({"model_version": version_view(_version(request))})


async def _download_uri(request: Request) -> ArmResponse:
    return ok({"artifact_uri": version_view(_version(request))["source"]})


async def _change_version(request: Request, change: Json) -> ArmResponse:
    version = _version(request)
    properties = {**version.properties, **change}
    _put(request, f"{version.id.split('/')[-3]}/versions/{version.name}", {"properties": properties})
    return ok({"model_version": version_view(_version(request))})


async def _update_version(request: Request) -> ArmResponse:
    return await _change_version(request, {"description": request.argument("description")})


async def _transition(request: Request) -> ArmResponse:
    wanted = request.argument("stage") or ""
    stage = next((one for one in _STAGES if one.lower() == wanted.lower()), None)
    if stage is None:
        raise bad_request(f"Invalid Model Version stage: {wanted}. Value must be one of {', '.join(_STAGES)}.")
    if (request.argument("archive_existing_versions") or "").lower() == "true":
        for other in _versions(request, _container(request, _name(request))):
            if other.properties.get("stage") == stage:
                body = {"properties": {**other.properties, "stage": "Archived"}}
                _put(request, f"{_name(request)}/versions/{other.name}", body)
    return await _change_version(request, {"stage": stage})


async def _set_version_tag(request: Request) -> ArmResponse:
    tags = {
        **(_version(request).properties.get("tags") or {}),
        str(request.argument("key")): str(request.argument("value")),
    }
    await _change_version(request, {"tags": tags})
    return ok()


async def _set_model_tag(request: Request) -> ArmResponse:
    container = _container(request, _name(request))
    tags = {**(container.properties.get("tags") or {}), str(request.argument("key")): str(request.argument("value"))}
    _put(request, container.name, {"properties": {**container.properties, "tags": tags}})
    return ok()


async def _delete_version(request: Request) -> ArmResponse:
    version = _version(request)
    _check(request.service.azure.control.internal("DELETE", version.id, None, request.principal))
    return ok()


def _version_fields(one: Resource) -> Fields:
    shown = version_view(one)

    def read(kind: str, key: str) -> Any:
        if kind == "tags":
            return (one.properties.get("tags") or {}).get(key)
        return {**shown, "version_number": one.name, "source_path": shown["source"]}.get(key)

    return read


async def _search_versions(request: Request) -> ArmResponse:
    wanted = matcher(request.argument("filter") or "")
    found = request.service.azure.state.of_type(f"{_TYPE}/versions", request.scope)
    found = sorted((one for one in found if wanted(_version_fields(one))), key=lambda one: one.created, reverse=True)
    return page(request, "model_versions", [version_view(one) for one in found])


_MODELS, _VERSIONS = "/api/2.0/mlflow/registered-models", "/api/2.0/mlflow/model-versions"
ROUTES: list[Route] = [
    Route("POST", f"{_MODELS}/create", _create_model, WRITE),
    Route("GET", f"{_MODELS}/get", _get_model, READ),
    Route("PATCH", f"{_MODELS}/update", _update_model, WRITE),
    Route("DELETE", f"{_MODELS}/delete", _delete_model, DELETE),
    Route("GET", f"{_MODELS}/search", _search_models, READ),
    Route("GET", f"{_MODELS}/list", _search_models, READ),
    Route("POST", f"{_MODELS}/get-latest-versions", _latest_versions, READ),
    Route("GET", f"{_MODELS}/get-latest-versions", _latest_versions, READ),
    Route("POST", f"{_MODELS}/set-tag", _set_model_tag, WRITE),
    Route("POST", f"{_VERSIONS}/create", _create_version, WRITE),
    Route("GET", f"{_VERSIONS}/get", _get_version, READ),
    Route("PATCH", f"{_VERSIONS}/update", _update_version, WRITE),
    Route("DELETE", f"{_VERSIONS}/delete", _delete_version, DELETE),
    Route("GET", f"{_VERSIONS}/get-download-uri", _download_uri, READ),
    Route("GET", f"{_VERSIONS}/search", _search_versions, READ),
    Route("POST", f"{_VERSIONS}/transition-stage", _transition, WRITE),
    Route("POST", f"{_VERSIONS}/set-tag", _set_version_tag, WRITE),
]
