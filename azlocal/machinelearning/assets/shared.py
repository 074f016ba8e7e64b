"""Models in Azure ML registries: each version a document of its registry, known by a URI and not by an ARM id."""

from __future__ import annotations

import re
from typing import Any

from azlocal.state import Resource, State

Json = dict[str, Any]

REGISTRY = "Microsoft.MachineLearningServices/registries"
READ, WRITE = f"{REGISTRY}/assets/read", f"{REGISTRY}/assets/write"
MODEL_VERSION = f"{REGISTRY}/models/versions"
URI = re.compile(
    r"azureml://registries/(?P<registry>[^/]+)/(?P<kind>\w+)/(?P<name>[^/]+)/(?P<by>versions|labels)/(?P<version>[^/]+)",
    re.IGNORECASE,
)
_DOCUMENT = "registry-model"


def registry(state: State, name: str) -> Resource | None:
    """A registry by its name, which no other in Azure has."""
    return next((one for one in state.of_type(REGISTRY) if one.name.lower() == name.lower()), None)


def uri(registry: Resource, name: str, version: str = "") -> str:
    """What a registry calls a model, or a version of it."""
    return f"azureml://registries/{registry.name}/models/{name}" + (f"/versions/{version}" if version else "")


def put(state: State, registry: Resource, name: str, version: str, found: Resource) -> None:
    """Keep a version; what was made of it is in the resource's body."""
    document = {"name": name, "version": version, "created": found.created, "body": found.body}
    state.put_document(_DOCUMENT, _key(registry, name, version), document)


def forget(state: State, registry: str) -> None:
    """Forget everything of a registry that is gone."""
    for key, _ in state.documents(_DOCUMENT, f"{registry.lower()}|"):
        state.delete_document(_DOCUMENT, key)


def versions(state: State, registry: Resource, name: str = "") -> list[Resource]:
    """The versions of one model or of all, the latest first."""
    prefix = _key(registry, name, "") if name else f"{registry.key}|"
    found = [_read(registry, document) for _, document in state.documents(_DOCUMENT, prefix)]
    return sorted(found, key=lambda one: one.created, reverse=True)


def version(state: State, registry: Resource, name: str, version: str) -> Resource | None:
    """One version."""
    document = state.document(_DOCUMENT, _key(registry, name, version))
    return _read(registry, document) if document else None


def model_of(found: Resource) -> str:
    """The name of a version's model."""
    return found.id.split("/")[-3]


def find(state: State, text: str) -> tuple[Resource, Resource] | None:
    """The registry and the version that a URI means; None for what is none, or is not there."""
    match = URI.fullmatch(text)
    where = registry(state, match["registry"]) if match and match["kind"].lower() == "models" else None
    if match is None or where is None:
        return None
    if match["by"].lower() == "versions":
        found = version(state, where, match["name"], match["version"])
    else:
        latest = match["version"].lower() == "latest"
        found = next(iter(versions(state, where, match["name"])), None) if latest else None
    return (where, found) if found else None


def _read(registry: Resource, document: Json) -> Resource:
    id_ = uri(registry, document["name"], document["version"])
    return Resource(id_, MODEL_VERSION, document["body"], created=document["created"], changed=document["created"])


def _key(registry: Resource, name: str, version: str) -> str:
    return f"{registry.key}|{name.lower()}|{version.lower()}"
