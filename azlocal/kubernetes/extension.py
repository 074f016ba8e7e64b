"""What extensions and add-ons bring to their cluster, as far as others refer to it. Nothing of it runs."""

from __future__ import annotations

from typing import Any

from azlocal.kubernetes.real import namespace_manifest
from azlocal.kubernetes.status import Json
from azlocal.state import Resource

ROUTER = "azureml-fe"
AZURE_ML = "microsoft.azureml.kubernetes"
INTERNAL = "service.beta.kubernetes.io/azure-load-balancer-internal"
SECRET_STORE = "azurekeyvaultsecretsprovider"  # noqa: S105  # an add-on's name
SECRET_STORE_GROUP = "secrets-store.csi.x-k8s.io"  # noqa: S105  # an API group


def objects(extension: Resource) -> list[Json]:
    """The namespace an extension is released to, and the router of Azure ML's."""
    scope = extension.properties.get("scope") or {}
    release = scope.get("cluster") or {}
    namespace = release.get("releaseNamespace") or (scope.get("namespace") or {}).get("targetNamespace")
    if not namespace:
        return []
    found = [namespace_manifest(namespace)]
    settings = {str(key).lower(): str(value) for key, value in _settings(extension).items()}
    if extension.properties["extensionType"].lower() == AZURE_ML and settings.get("enableinference") == "True":
        found.append(_router(settings, namespace))
    return found


def _settings(extension: Resource) -> dict[str, Any]:
    return extension.properties.get("configurationSettings") or {}


def _router(settings: dict[str, str], namespace: str) -> Json:
    """The service in front of all deployments (Microsoft Learn, "Azure Machine Learning inference router")."""
    secure = settings.get("allowinsecureconnections") != "True"
    port = {"name": "https", "port": 443, "targetPort": 8443} if secure else {"name": "http", "port": 80}
    internal = settings.get("internalloadbalancerprovider", "").lower() == "azure"
    metadata: Json = {"name": ROUTER, "namespace": namespace}
    if internal:
        metadata["annotations"] = {INTERNAL: "true"}
    kind = settings.get("inferencerouterservicetype", "ClusterIP")
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"type": kind, "selector": {"app": ROUTER}, "ports": [{**port, "protocol": "TCP"}]},
    }


def has_secret_store(cluster: Resource | None) -> bool:
    """Whether the cluster mounts secrets of Key Vault (Microsoft Learn, "Secrets Store CSI Driver")."""
    addons = (cluster.properties.get("addonProfiles") if cluster else None) or {}
    return any(name.lower() == SECRET_STORE and (one or {}).get("enabled") for name, one in addons.items())


def secret_store_definition() -> Json:
    """The kind that the Secrets Store driver's objects are of, without its schema."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    names = {"kind": "SecretProviderClass", "plural": "secretproviderclasses"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"secretproviderclasses.{SECRET_STORE_GROUP}"},
        "spec": {"group": SECRET_STORE_GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def path_of(manifest: Json) -> str:
    """Where an API server keeps one of these objects."""
    kind, metadata = manifest["kind"], manifest["metadata"]
    plural = {"Namespace": "namespaces", "Service": "services"}.get(kind, "customresourcedefinitions")
    api_version = manifest["apiVersion"]
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    scope = f"/namespaces/{metadata['namespace']}" if metadata.get("namespace") else ""
    return f"{root}{scope}/{plural}/{metadata['name']}"
