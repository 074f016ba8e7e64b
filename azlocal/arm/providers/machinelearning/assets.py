"""Versioned assets: data, models, environments, components and code, each a container of versions.

A container counts: ``latestVersion`` is the version made last, ``nextVersion`` the number that is free.
A version's content never changes; only its words (description, tags, properties) and its archive flag do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.generic import read
from azlocal.arm.messages import ArmResponse
from azlocal.arm.present import body_of, require_group
from azlocal.arm.providers.machinelearning import codes
from azlocal.arm.providers.machinelearning.paging import page
from azlocal.arm.providers.machinelearning.versions import WORKSPACE
from azlocal.arm.types import Action, NameRule, ResourceType, read_path
from azlocal.machinelearning.jobs import events
from azlocal.state import Resource
from azlocal.words import singular, with_article

if TYPE_CHECKING:
    from azlocal.arm.control import Call

_NAME = NameRule(
    r"[A-Za-z0-9][A-Za-z0-9_.-]*", 1, 255,
    "1-255 letters, digits, underscores, hyphens and periods, a letter or digit first", code="UserError",
)  # fmt: skip
_VERSION = NameRule(
    r"[A-Za-z0-9][A-Za-z0-9_.-]*", 1, 64,
    "1-64 letters, digits, underscores, hyphens and periods, a letter or digit first", code="UserError",
)  # fmt: skip
_DIGITS = re.compile(r"\d{1,18}")


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of asset is: its collection, what of a version is fixed, what a version must have."""

    collection: str
    fixed: tuple[str, ...]
    required: tuple[str, ...] = ()
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    check: Callable[[Call, Resource], None] | None = None
    actions: Mapping[str, Action] = field(default_factory=dict)


def _check_environment(_call: Call, new: Resource) -> None:
    properties = new.properties
    if not properties.get("image") and not properties.get("build") and not properties.get("condaFile"):
        raise bad_request(
            "An environment version needs 'image', 'build' or 'condaFile'.", "UserError", "properties.image"
        )
    if properties.get("image") and properties.get("build"):
        raise bad_request(
            "An environment version has either 'image' or 'build', not both.", "UserError", "properties.build"
        )
    properties["environmentType"] = "UserCreated"


def _check_model(call: Call, new: Resource) -> None:
    """What a job made is referred to by the job; where that is in a datastore is the server's to find."""
    from azlocal.machinelearning.places import Place, Places
    from azlocal.machinelearning.runs import Runs

    uri = str(new.properties["modelUri"])
    if uri.lower().startswith(("azureml://jobs/", "runs:/")):
        workspace = call.path.path.split("/models/")[0]
        place = Places(call.state, Runs(call.state)).locate(workspace.lower(), uri)
        if isinstance(place, Place) and place.datastore:
            new.properties["modelUri"] = (
                f"azureml://subscriptions/{call.path.subscription}/resourcegroups/{call.path.resource_group}"
                f"/workspaces/{workspace.rsplit('/', 1)[-1]}/datastores/{place.datastore.name}/paths/{place.path}"
            )


def _check_component(_call: Call, new: Resource) -> None:
    spec = new.properties["componentSpec"]
    if not isinstance(spec, dict) or not spec.get("type"):
        raise bad_request(
            "'properties.componentSpec' must be an object that has a 'type', as command or pipeline.",
            "UserError",
            "properties.componentSpec",
        )
    spec.setdefault("name", new.id.split("/")[-3])
    spec.setdefault("version", new.name)  # clients read a new component's version from here


KINDS = (
    Kind(
        "data",
        fixed=("properties.dataUri", "properties.dataType"),
        required=("properties.dataUri",),
        enums={"properties.dataType": ("uri_file", "uri_folder", "mltable")},
        defaults={"properties.dataType": "uri_folder"},
    ),
    Kind(
        "models",
        fixed=("properties.modelUri", "properties.modelType"),
        required=("properties.modelUri",),
        enums={"properties.modelType": ("custom_model", "mlflow_model", "triton_model")},
        defaults={"properties.modelType": "custom_model", "properties.flavors": {}},
        check=_check_model,
    ),
    Kind(
        "environments",
        fixed=(
            "properties.image", "properties.condaFile", "properties.build.contextUri",
            "properties.build.dockerfilePath",
        ),
        defaults={"properties.osType": "Linux"},
        check=_check_environment,
    ),
    Kind(
        "components",
        fixed=("properties.componentSpec",),
        required=("properties.componentSpec",),
        check=_check_component,
    ),
    Kind(
        "codes",
        fixed=("properties.codeUri",),
        required=("properties.codeUri",),
    ),
)  # fmt: skip
_ASSET_DEFAULTS: dict[str, Any] = {
    "properties.isArchived": False,
    "properties.isAnonymous": False,
    "properties.tags": {},
    "properties.properties": {},
}


def _check(kind: Kind) -> Callable[[Call, Resource, Resource | None], None]:
    what = with_article(singular(kind.collection))

    def check(call: Call, new: Resource, old: Resource | None) -> None:
        if kind.check:
            kind.check(call, new)
        if old is None:
            return
        for path in kind.fixed:
            if _content(read_path(new.body, path)) != _content(read_path(old.body, path)):
                raise ArmError(
                    409,
                    "UserError",
                    f"{what.capitalize()} version '{call.path.names[-2]}:{new.name}' exists and is immutable:"
                    f" '{path}' cannot change. Register the change as a new version.",
                    target=path,
                )

    return check


_WORDS = frozenset({"name", "version", "description", "display_name", "tags"})
_DEFAULT = "azureml_default"  # the version of a component that clients ask for when they name none


def _get_version(call: Call) -> ArmResponse:
    """A version; for components also the default one, which is the latest."""
    if call.path.names[-1] == _DEFAULT:
        found = call.state.children(call.path.parent.lower(), call.type.name)
        latest = max(list_view(call, found), key=lambda one: one.created, default=None)
        if latest is not None:
            return ArmResponse(200, body_of(call, latest))
    return read(call)


def _content(value: Any) -> Any:
    """What of a value is content: a component's words may change, what it runs may not."""
    if isinstance(value, dict):
        return {key: one for key, one in value.items() if key not in _WORDS}
    return value


def _count(call: Call, new: Resource, old: Resource | None) -> None:
    """Move the container's counters with a new version."""
    if old is not None:
        return
    if new.properties.get("modelType") == "mlflow_model" and not new.properties.get("flavors"):
        events.tell(call, events.MODEL_REGISTERED, new)
    container = call.state.get(call.path.parent.lower())
    if container is None:
        return
    properties = container.properties
    properties["latestVersion"] = new.name
    following = int(properties.get("nextVersion") or 1)
    if _DIGITS.fullmatch(new.name):
        following = max(following, int(new.name) + 1)
    properties["nextVersion"] = str(following)
    call.state.put(container)


def _uncount(call: Call, gone: Resource) -> None:
    container = call.state.get(call.path.parent.lower())
    if container is None or container.properties.get("latestVersion") != gone.name:
        return
    left = [one for one in call.state.children(container.key, gone.type) if one.key != gone.key]
    latest = max(left, key=lambda one: one.created, default=None)
    container.properties["latestVersion"] = latest.name if latest else None
    call.state.put(container)


def _present_container(_call: Call, _resource: Resource, body: dict[str, Any]) -> None:
    properties = body["properties"]
    for name, default in (
        ("latestVersion", None), ("nextVersion", "1"), ("isArchived", False), ("tags", {}), ("properties", {}),
        ("description", None),
    ):  # fmt: skip
        properties.setdefault(name, default)


def list_view(call: Call, resources: list[Resource]) -> list[Resource]:
    """Those that ``listViewType`` asks for: ``ActiveOnly`` (the default), ``ArchivedOnly`` or ``All``."""
    wanted = call.request.query.get("listViewType", "ActiveOnly").lower()
    if wanted == "all":
        return resources
    archived = wanted == "archivedonly"
    return [one for one in resources if bool(one.properties.get("isArchived")) is archived]


def _list_versions(call: Call) -> ArmResponse:
    """The versions, latest first, by ``listViewType``, ``$top`` and, for code, ``hash``."""
    require_group(call)
    query = call.request.query
    if wanted := query.get("hash"):
        found = codes.with_hash(call, wanted, query.get("hashVersion"))
    else:
        found = call.state.children(call.path.parent.lower(), call.type.name)
    found = sorted(list_view(call, found), key=lambda one: one.created, reverse=True)
    return page(call, [body_of(call, one) for one in found])


def _list_containers(call: Call) -> ArmResponse:
    require_group(call)
    found = list_view(call, call.state.children(call.path.parent.lower(), call.type.name))
    return page(call, [body_of(call, one) for one in found if not _only_anonymous(call, one)])


def _only_anonymous(call: Call, container: Resource) -> bool:
    """A container of nothing but anonymous versions, which a list does not show."""
    version_type = f"{container.type}/versions"
    first = call.state.children(container.key, version_type, limit=1)
    return bool(first) and bool(first[0].properties.get("isAnonymous"))


def _types(kind: Kind) -> tuple[ResourceType, ResourceType]:
    container = ResourceType(
        name=f"{WORKSPACE}/{kind.collection}",
        implicit=True,
        system_data=True,
        name_rule=_NAME,
        provisioning=False,
        read_only=("properties.latestVersion", "properties.nextVersion"),
        present=_present_container,
        list=_list_containers,
    )
    versions = ResourceType(
        name=f"{WORKSPACE}/{kind.collection}/versions",
        system_data=True,
        name_rule=_VERSION,
        required=kind.required,
        enums=kind.enums,
        defaults={**_ASSET_DEFAULTS, **kind.defaults},
        check=_check(kind),
        committed=_count,
        deleting=_uncount,
        list=_list_versions,
        get=_get_version,
        actions=codes.ACTIONS if kind.collection == "codes" else kind.actions,
        provisioning=kind.collection != "codes",
    )
    return container, versions


TYPES = tuple(declared for kind in KINDS for declared in _types(kind))
