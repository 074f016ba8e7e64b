"""Deployments of online endpoints: which model and code run, on how much, within which limits.

Rules and defaults: Microsoft Learn, "CLI (v2) managed online deployment YAML schema" and its Kubernetes sibling.
Limits: "Manage and increase quotas", online endpoints; a body's size is not among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import bad_request, not_served
from azlocal.arm.messages import ArmResponse
from azlocal.arm.providers.machinelearning.versions import WORKSPACE
from azlocal.arm.types import Action, NameRule, ResourceType
from azlocal.machinelearning.assets import references, shared
from azlocal.machinelearning.endpoints import log
from azlocal.machinelearning.endpoints.settings import seconds
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

DEPLOYMENT = f"{WORKSPACE}/onlineEndpoints/deployments"
_LONGEST = {"Managed": 180.0, "Kubernetes": 300.0}  # seconds a request may take
_MOST_DEPLOYMENTS = 20  # of one endpoint
_MOST_INSTANCES = 50  # of a managed deployment
_PROBE = {
    "initialDelay": "PT10S", "period": "PT10S", "timeout": "PT2S", "successThreshold": 1, "failureThreshold": 30,
}  # fmt: skip
_RESOURCES = {
    "containerResourceRequests": {"cpu": "100m", "memory": "2Gi"},
    "containerResourceLimits": {"cpu": "2", "memory": "2Gi"},
}  # of the default instance type


def _check(call: Call, new: Resource, old: Resource | None) -> None:
    properties = new.properties
    endpoint = call.state.get(call.path.parent.lower())
    if endpoint is not None:
        _check_kind(new, endpoint)
        if old is None:
            _check_room(call, endpoint)
    _check_assets(call, new)
    _check_size(new)
    _check_request(properties)
    for name in ("livenessProbe", "readinessProbe"):
        _check_durations(properties.get(name) or {}, ("initialDelay", "period", "timeout"), f"properties.{name}")


def _check_kind(new: Resource, endpoint: Resource) -> None:
    kind = "Kubernetes" if endpoint.properties.get("compute") else "Managed"
    given = str(new.properties.setdefault("endpointComputeType", kind))
    if given.lower() != kind.lower():
        raise bad_request(
            f"The endpoint '{endpoint.name}' is of type {kind}; the deployment '{new.name}' says '{given}'.",
            "UserError",
            "properties.endpointComputeType",
        )
    new.properties["endpointComputeType"] = kind
    if not new.body.get("location"):
        new.body["location"] = endpoint.body.get("location")


def _check_room(call: Call, endpoint: Resource) -> None:
    if len(call.state.children(endpoint.key, DEPLOYMENT)) >= _MOST_DEPLOYMENTS:
        raise bad_request(
            f"The endpoint '{endpoint.name}' has {_MOST_DEPLOYMENTS} deployments, as many as it may have: delete one.",
            "OutOfQuota",
        )


def _check_assets(call: Call, new: Resource) -> None:
    """Model, environment and code must exist; without code only an MLflow model knows how to be served."""
    properties = new.properties
    workspace = call.path.path.lower().partition("/onlineendpoints/")[0]
    model = properties.get("model")
    found: Resource | None = None
    if isinstance(model, dict):
        model = model.get("assetId")
    if model:
        if where := shared.find(call.state, str(model)):
            call.control.access.require(call.principal, shared.READ, where[0].id)
        found = references.resolve(call.state, str(model), workspace, "models")
        properties["model"] = found.id
    if environment := properties.get("environmentId"):
        properties["environmentId"] = references.resolve(call.state, str(environment), workspace, "environments").id
    code = properties.get("codeConfiguration") or {}
    if code:
        _check_code(call, code, workspace)
    mlflow = found is not None and found.properties.get("modelType") == "mlflow_model"
    if found is not None and found.properties.get("modelType") == "triton_model":
        raise not_served(f"PUT {DEPLOYMENT} of a triton_model (Triton comes as a container image)")
    if mlflow:
        return
    for path, given in (("codeConfiguration", code), ("environmentId", properties.get("environmentId"))):
        if not given:
            raise bad_request(
                f"The deployment '{new.name}' needs 'properties.{path}': only a model of type mlflow_model is served"
                " without.",
                "UserError",
                f"properties.{path}",
            )


def _check_code(call: Call, code: dict[str, Any], workspace: str) -> None:
    if not code.get("scoringScript"):
        raise bad_request(
            "'properties.codeConfiguration' needs 'scoringScript', a path inside the code.",
            "UserError",
            "properties.codeConfiguration.scoringScript",
        )
    if code.get("codeId"):
        code["codeId"] = references.resolve(call.state, str(code["codeId"]), workspace, "codes").id


def _check_size(new: Resource) -> None:
    sku = new.body.get("sku")
    if not isinstance(sku, dict):
        sku = new.body["sku"] = {}
    sku.setdefault("name", "Default")
    capacity = sku.setdefault("capacity", 1)
    if isinstance(capacity, bool) or not isinstance(capacity, int) or capacity < 1:
        raise bad_request(
            f"'sku.capacity' is {capacity!r}; the number of instances is a whole number from 1.",
            "UserError",
            "sku.capacity",
        )
    managed = new.properties.get("endpointComputeType") == "Managed"
    if managed and capacity > _MOST_INSTANCES:
        raise bad_request(
            f"'sku.capacity' is {capacity}; a managed deployment has at most {_MOST_INSTANCES} instances.",
            "OutOfQuota",
            "sku.capacity",
        )
    scale = new.properties.get("scaleSettings") or {}
    kind = scale.get("scaleType", "Default")
    if kind != "Default" and managed:
        raise bad_request(
            f"The scale type '{kind}' is not supported for managed online endpoints: use 'Default', and Azure Monitor"
            " to scale.",
            "UserError",
            "properties.scaleSettings.scaleType",
        )


def _check_request(properties: dict[str, Any]) -> None:
    request = properties["requestSettings"]
    path = "properties.requestSettings"
    _check_durations(request, ("requestTimeout", "maxQueueWait"), path)
    concurrent = request.get("maxConcurrentRequestsPerInstance")
    if concurrent is not None and (isinstance(concurrent, bool) or not isinstance(concurrent, int) or concurrent < 1):
        raise bad_request(
            f"'{path}.maxConcurrentRequestsPerInstance' is {concurrent!r}; it must be a whole number from 1.",
            "UserError",
            path,
        )
    kind = str(properties.get("endpointComputeType", "Managed"))
    if request.get("requestTimeout") and seconds(request["requestTimeout"]) > _LONGEST[kind]:
        raise bad_request(
            f"'{path}.requestTimeout' is {request['requestTimeout']}; for {kind} endpoints it is at most"
            f" {_LONGEST[kind]:g} seconds.",
            "UserError",
            path,
        )


def _check_durations(settings: dict[str, Any], names: tuple[str, ...], path: str) -> None:
    for name in names:
        if settings.get(name) is None:
            continue
        try:
            seconds(str(settings[name]))
        except ValueError as error:
            raise bad_request(f"'{path}.{name}': {error}.", "UserError", f"{path}.{name}") from None


def _complete(_call: Call, new: Resource, _old: Resource | None) -> None:
    """What the SDK needs in every answer and does not send itself."""
    properties = new.properties
    properties["scaleSettings"] = properties.get("scaleSettings") or {"scaleType": "Default"}
    properties["environmentVariables"] = properties.get("environmentVariables") or {}
    properties["properties"] = properties.get("properties") or {}
    for name in ("livenessProbe", "readinessProbe"):
        properties[name] = {**_PROBE, **(properties.get(name) or {})}
    if properties.get("endpointComputeType") == "Kubernetes":
        given = properties.get("containerResourceRequirements") or {}
        properties["containerResourceRequirements"] = {
            name: {**default, **(given.get(name) or {})} for name, default in _RESOURCES.items()
        }
        properties.setdefault("instanceType", "defaultinstancetype")
    else:
        properties.setdefault("instanceType", "Standard_F4s_v2")
        properties.setdefault("egressPublicNetworkAccess", "Enabled")


def _deleting(call: Call, deployment: Resource) -> None:
    """What has traffic stays; what has none leaves the endpoint's tables."""
    endpoint = call.state.get(call.path.parent.lower())
    if endpoint is None:
        return
    for name in ("traffic", "mirrorTraffic"):
        shares = endpoint.properties.get(name) or {}
        mine = [one for one in shares if one.lower() == deployment.name.lower()]
        if any(shares[one] for one in mine):
            raise bad_request(
                f"The deployment '{deployment.name}' has {shares[mine[0]]} percent of the {name} of the endpoint"
                f" '{endpoint.name}' and cannot be deleted. Set its traffic to 0 first.",
                "UserError",
            )
        for one in mine:
            del shares[one]
    call.state.put(endpoint)


def _get_logs(call: Call, deployment: Resource) -> ArmResponse:
    body = call.request.body or {}
    container = str(body.get("containerType") or log.INFERENCE_SERVER)
    if container not in log.CONTAINERS:
        raise bad_request(
            f"'containerType' is '{container}'; it must be one of {', '.join(log.CONTAINERS)}.",
            "UserError",
            "containerType",
        )
    lines = int(body.get("tail") or 500)
    return ArmResponse(200, {"content": log.of(call.state, deployment.key, container, lines)})


TYPE = ResourceType(
    name=DEPLOYMENT,
    tracked=True,
    system_data=True,
    name_rule=NameRule(
        r"[A-Za-z](-?[A-Za-z0-9])*", 3, 32,
        "3-32 letters, digits and single hyphens, a letter first and no hyphen last", code="UserError",
    ),
    defaults={
        "properties.appInsightsEnabled": False,
        "properties.requestSettings.maxConcurrentRequestsPerInstance": 1,
        "properties.requestSettings.maxQueueWait": "PT0.5S",
        "properties.requestSettings.requestTimeout": "PT5S",
    },
    enums={
        "properties.endpointComputeType": ("Managed", "Kubernetes"),
        "properties.scaleSettings.scaleType": ("Default", "TargetUtilization"),
        "properties.egressPublicNetworkAccess": ("Enabled", "Disabled"),
    },
    duration=300,
    delete_duration=60,
    actions={"getLogs": Action(_get_logs)},
    check=_check,
    complete=_complete,
    deleting=_deleting,
)  # fmt: skip
