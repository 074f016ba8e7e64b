"""The plane of Azure ML registries: where one is, the models in it, and models of workspaces taken into it.

What is taken in is a copy, in the storage that Azure makes for the registry: it stays when the workspace goes. Only
models are served; components, environments and data answer 501.
"""

from __future__ import annotations

import re
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import ArmError, bad_request, not_served
from azlocal.arm.locations import normalize
from azlocal.arm.messages import ArmResponse
from azlocal.arm.providers.machinelearning import managed
from azlocal.machinelearning.assets import flavors, references, shared
from azlocal.machinelearning.data import DataError
from azlocal.machinelearning.places import Place
from azlocal.machinelearning.plane import Request, Route, ok
from azlocal.state import Resource
from azlocal.storage.errors import StorageError

if TYPE_CHECKING:
    from azlocal.machinelearning.service import MachineLearning

Json = dict[str, Any]

PREFIX = "mferp/managementfrontend"
DISCOVERY = re.compile(r"/registrymanagement/v1\.0/registries/(?P<name>[^/]+)/discovery", re.IGNORECASE)
PLANE = re.compile(
    rf"/{PREFIX}(?P<registry>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.machinelearningservices"
    r"/registries/[^/]+)(?P<rest>/.*)",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"azureml://locations/(?P<location>[^/]+)/workspaces/(?P<guid>[^/]+)/(?P<kind>\w+)/(?P<name>[^/]+)"
    r"/versions/(?P<version>[^/]+)",
    re.IGNORECASE,
)
_COPIED = ("modelType", "description", "tags", "properties", "flavors", "stage")
_DEFAULTS: Json = {"isArchived": False, "isAnonymous": False, "tags": {}, "properties": {}, "flavors": {}}
_HOURS = 24.0
_SOON = "1"  # seconds after which a client asks again


def discover(registry: Resource) -> ArmResponse:
    """Where a registry is, for whoever only knows its name."""
    _, _, subscription, _, group, *_ = registry.id.split("/")
    region = normalize(registry.body["location"])
    regions = [normalize(str(one["location"])) for one in registry.properties["regionDetails"]]
    return ok({
        "registryName": registry.name,
        "subscriptionId": subscription,
        "resourceGroup": group,
        "primaryRegion": region,
        "primaryRegionResourceProviderUri": f"https://cert-{region}.experiments.azureml.net/",
        "registryFqdns": {one: {"registryFqdn": f"{registry.name}.registry.{one}.api.azureml.ms"} for one in regions},
    })  # fmt: skip


async def _take_in(request: Request) -> ArmResponse:
    """Copy a version of a workspace's model; the answer is that of an operation, which has ended already."""
    given = (request.json.get("properties") or {}) if isinstance(request.json.get("properties"), dict) else {}
    workspace, source = _source(request, str(given.get("sourceAssetId") or ""))
    name = str(given.get("destinationName") or source.id.split("/")[-3])
    version = str(given.get("destinationVersion") or source.name)
    service, registry = request.service, request.workspace
    if shared.version(service.azure.state, registry, name, version):
        raise ArmError(409, "Conflict", f"The model '{name}:{version}' exists already in '{registry.name}'.")
    place = await _copy(service, registry, workspace, source)
    properties = {**_DEFAULTS, **{key: source.properties[key] for key in _COPIED if source.properties.get(key)}}
    body = {"properties": {**properties, "modelUri": place.uri, "provisioningState": "Succeeded"}}
    made = Resource(shared.uri(registry, name, version), shared.MODEL_VERSION, body, created=time.time())
    shared.put(service.azure.state, registry, name, version, made)
    region = normalize(registry.body["location"])
    where = f"https://cert-{region}.experiments.azureml.net/{PREFIX}{registry.id}/operationresults/{uuid.uuid4()}"
    return ArmResponse(202, None, {"Location": where, "Retry-After": _SOON})


def _source(request: Request, text: str) -> tuple[Resource, Resource]:
    """The workspace and the model version that a reference names, which the caller has to be allowed to read."""
    match = _SOURCE.fullmatch(text)
    if match is None:
        raise bad_request(f"'{text}' is no asset of a workspace.", "UserError", "properties.sourceAssetId")
    if match["kind"].lower() != "models":
        raise not_served(f"taking {match['kind']} into a registry")
    azure = request.service.azure
    workspaces = azure.state.of_type(f"{references.PROVIDER}/workspaces")
    for workspace in workspaces:
        if str(workspace.properties.get("workspaceId")).lower() == match["guid"].lower():
            id_ = f"{workspace.id}/models/{match['name']}/versions/{match['version']}"
            action = f"{references.PROVIDER}/workspaces/models/versions/read"
            azure.control.access.require(request.principal, action, id_)
            if found := azure.state.get(id_.lower()):
                return workspace, found
            raise ArmError(404, "UserError", f"The model '{match['name']}:{match['version']}' was not found.")
    raise ArmError(404, "UserError", f"No workspace in '{match['location']}' has the id '{match['guid']}'.")


async def _reserve(request: Request) -> ArmResponse:
    """A container of its own for the files of a version that is not there yet, and a link to write to it."""
    service, registry = request.service, request.workspace
    name, version = request.names["name"], request.names["version"]
    if shared.version(service.azure.state, registry, name, version):
        raise ArmError(409, "Conflict", f"The model '{name}:{version}' exists already in '{registry.name}'.")
    place = await _container_for(service, registry)
    return _reference(request, place, place.uri.rstrip("/"), "racwl")


async def _put(request: Request) -> ArmResponse:
    """A version of files that were written to such a container; of one that is there only the words may change."""
    given = request.json.get("properties") or {}
    service, registry = request.service, request.workspace
    name, version = request.names["name"], request.names["version"]
    uri, before = str(given.get("modelUri") or ""), shared.version(service.azure.state, registry, name, version)
    account = managed.storage(service.azure.state, registry)
    if not uri.startswith(f"https://{account}.blob.core.windows.net/"):
        raise bad_request(f"'{uri}' is not in the registry's storage.", "UserError", "properties.modelUri")
    if before and before.properties["modelUri"] != uri:
        raise ArmError(409, "UserError", f"The model '{name}:{version}' exists and is immutable.")
    properties = {**_DEFAULTS, "modelType": "custom_model", **given, "provisioningState": "Succeeded"}
    if properties["modelType"] == "mlflow_model" and not properties["flavors"]:
        place = service.places.locate(request.scope, uri)
        properties["flavors"] = await flavors.read_flavors(service.data, place) if isinstance(place, Place) else {}
    id_, created = shared.uri(registry, name, version), before.created if before else time.time()
    made = Resource(id_, shared.MODEL_VERSION, {"properties": properties}, created=created)
    shared.put(service.azure.state, registry, name, version, made)
    return ArmResponse(200 if before else 201, _body(made))


async def _container_for(service: MachineLearning, registry: Resource) -> Place:
    """A new container in the registry's storage."""
    account = managed.storage(service.azure.state, registry)
    place = Place(account, f"{registry.name.lower().replace('_', '-')}-{uuid.uuid4()}"[-63:].strip("-"), "")
    await service.data.blobs.make_container(place.account, place.container)
    return place


async def _copy(service: MachineLearning, registry: Resource, workspace: Resource, source: Resource) -> Place:
    """The model's files in the registry's storage, below the last name of their path."""
    origin = service.places.locate(workspace.key, str(source.properties["modelUri"]))
    name = str(source.properties["modelUri"]).rstrip("/").rsplit("/", 1)[-1]
    try:
        target = (await _container_for(service, registry)).below(name)
        with tempfile.TemporaryDirectory(dir=service.azure.folder.sub("registries")) as folder:
            fetched = await service.data.fetch(origin, Path(folder, "model"), single=False)
            found = list(fetched.iterdir())
            alone = len(found) == 1 and found[0].is_file() and found[0].name == name
            await service.data.send(found[0] if alone else fetched, target)
    except (DataError, StorageError) as error:
        raise bad_request(f"The model '{source.id}' cannot be copied: {error}", "UserError") from None
    return target


async def _done(_request: Request) -> ArmResponse:
    """The result of an operation: nothing."""
    return ArmResponse(200)


async def _get(request: Request) -> ArmResponse:
    return ok(_body(_version(request)))


async def _container(request: Request) -> ArmResponse:
    found = shared.versions(request.service.azure.state, request.workspace, request.names["name"])
    if not found:
        raise ArmError(404, "UserError", f"There is no model '{request.names['name']}' in '{request.workspace.name}'.")
    return ok(_container_body(request.workspace, found))


async def _containers(request: Request) -> ArmResponse:
    grouped: dict[str, list[Resource]] = {}
    for one in shared.versions(request.service.azure.state, request.workspace):
        grouped.setdefault(shared.model_of(one), []).append(one)
    return ok({"value": [_container_body(request.workspace, found) for found in grouped.values()]})


async def _versions(request: Request) -> ArmResponse:
    """Those of one model, the latest first; of one that is not there, none."""
    found = shared.versions(request.service.azure.state, request.workspace, request.names["name"])
    top = request.query.get("$top") or ""
    return ok({"value": [_body(one) for one in (found[: int(top)] if top.isdigit() else found)]})


async def _link(request: Request) -> ArmResponse:
    """A link to the container that a version is in, for whoever may read the registry."""
    found = _version(request)
    uri = str(found.properties["modelUri"])
    host, container = uri.split("/")[2:4]
    return _reference(request, Place(host.partition(".")[0], container, ""), uri, "rl")


def _reference(request: Request, container: Place, uri: str, permissions: str) -> ArmResponse:
    links = request.service.links
    return ok({
        "blobReferenceForConsumption": {
            "blobUri": uri,
            "storageAccountArmId": links.account_id(container.account),
            "credential": {
                "credentialType": "SAS",
                "sasUri": links.to(request.scope, container, permissions, _HOURS),
            },
        }
    })  # fmt: skip


def _version(request: Request) -> Resource:
    name, version = request.names["name"], request.names["version"]
    found = shared.version(request.service.azure.state, request.workspace, name, version)
    if found is None:
        message = f"There is no model '{name}:{version}' in the registry '{request.workspace.name}'."
        raise ArmError(404, "UserError", message)
    return found


def _body(found: Resource) -> Json:
    return {"id": found.id, "name": found.name, "type": found.type, **found.body}


def _container_body(registry: Resource, found: list[Resource]) -> Json:
    name = shared.model_of(found[0])
    numbers = [int(one.name) for one in found if one.name.isdigit()]
    properties = {
        "isArchived": False,
        "tags": {},
        "properties": {},
        "description": None,
        "latestVersion": found[0].name,
        "nextVersion": str(max(numbers, default=0) + 1),
    }
    return {
        "id": shared.uri(registry, name),
        "name": name,
        "type": f"{shared.REGISTRY}/models",
        "properties": properties,
    }


ROUTES = [
    Route("POST", "/import", _take_in, "assets/write"),
    Route("GET", "/operationresults/{id}", _done, "assets/read"),
    Route("GET", "/models", _containers, "assets/read"),
    Route("GET", "/models/{name}", _container, "assets/read"),
    Route("GET", "/models/{name}/versions", _versions, "assets/read"),
    Route("GET", "/models/{name}/versions/{version}", _get, "assets/read"),
    Route("PUT", "/models/{name}/versions/{version}", _put, "assets/write"),
    Route("PUT", "/tempdatarefs/{name}/versions/{version}", _reserve, "assets/write"),
    Route("POST", "/datarefs/{name}/versions/{version}", _link, "assets/read"),
]
