"""Where an endpoint answers: a host of its own in its region, or a path on its cluster's router."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import bad_request
from azlocal.arm.locations import normalize
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

_EXTENSION = "Microsoft.KubernetesConfiguration/extensions"
_EXTENSION_KIND = "microsoft.azureml.kubernetes"


def check_compute(call: Call, compute_id: str) -> None:
    """A Kubernetes endpoint's compute must be attached, and its cluster set up for inference.

    Raises:
        ArmError: 400 UserError.
    """
    compute = call.state.get(compute_id.lower())
    if compute is None:
        raise bad_request(
            f"The compute '{compute_id}' does not exist. 'properties.compute' must be the id of a Kubernetes cluster"
            " that is attached to the workspace.",
            "UserError",
            "properties.compute",
        )
    kind = compute.properties.get("computeType")
    if kind != "Kubernetes":
        raise bad_request(
            f"The compute '{compute.name}' is of type {kind}; an online endpoint runs on an attached Kubernetes"
            " cluster, or without 'properties.compute' on managed machines.",
            "UserError",
            "properties.compute",
        )
    settings = _settings(call, compute)
    if settings is not None and str(settings.get("enableInference", "False")).lower() != "true":
        raise bad_request(
            f"The Azure Machine Learning extension on the cluster of '{compute.name}' is not set up for inference: set"
            " enableInference=True in its configuration settings.",
            "UserError",
            "properties.compute",
        )


def address(call: Call, endpoint: Resource) -> tuple[str, str]:
    """Scheme and address of an endpoint, without ``/score``."""
    compute_id = endpoint.properties.get("compute")
    if not compute_id:
        region = normalize(endpoint.body["location"])
        return "https", f"{endpoint.name}.{region}.inference.ml.azure.com".lower()
    compute = call.state.get(str(compute_id).lower())
    settings = (_settings(call, compute) if compute else None) or {}
    path = f"api/v1/endpoint/{endpoint.name}".lower()
    if host := settings.get("sslCname"):
        return "https", f"{str(host).lower()}/{path}"
    return "http", f"{_unnamed(compute)}/{path}"


def _unnamed(compute: Resource | None) -> str:
    """A router without TLS is reached by its load balancer's address on Azure; here by the cluster's name."""
    cluster = str(compute.properties.get("resourceId", "") if compute else "").rsplit("/", 1)[-1]
    region = normalize(str(compute.properties.get("computeLocation") or "") if compute else "")
    return f"{cluster}.{region}.cloudapp.azure.com".lower()


def _settings(call: Call, compute: Resource) -> dict[str, Any] | None:
    """The configuration of the Azure ML extension on a compute's cluster, or None where it is unknown."""
    cluster = str(compute.properties.get("resourceId", "")).lower()
    for extension in call.state.children(cluster, _EXTENSION):
        if str(extension.properties.get("extensionType", "")).lower() == _EXTENSION_KIND:
            return dict(extension.properties.get("configurationSettings") or {})
    return None
