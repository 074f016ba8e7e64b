"""Reading references to assets.

The forms (Microsoft Learn, "azureml URIs", and what the SDK sends): an ARM id, with or without ``azureml:``
before it; ``azureml:name:version``; ``azureml:name@label``; and the location form
``azureml://locations/{region}/workspaces/{guid}/{kind}/{name}/versions/{version}``. A model in a registry is
``azureml://registries/{registry}/models/{name}/versions/{version}``; only a deployment's is served.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from azlocal.arm.errors import ArmError, not_served
from azlocal.machinelearning.assets import shared
from azlocal.state import Resource, State
from azlocal.words import singular

PROVIDER = "Microsoft.MachineLearningServices"
_ARM = re.compile(
    r"(?:azureml:)?/?(?P<workspace>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.machinelearningservices/workspaces/[^/]+)/(?P<kind>\w+)/(?P<name>[^/]+)"
    r"(?:/(?P<by>versions|labels)/(?P<version>[^/]+))?/?",
    re.IGNORECASE,
)
_SHORT = re.compile(r"(?:azureml:)?(?P<name>[A-Za-z0-9][\w.-]*)(?::(?P<version>[\w.-]+)|@(?P<label>\w+))")
_LOCATION = re.compile(
    r"azureml://locations/[^/]+/workspaces/(?P<guid>[^/]+)/(?P<kind>\w+)/(?P<name>[^/]+)/versions/(?P<version>[^/]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """One asset: its workspace (lower-cased id), collection (``data``, ``models``, …), name, version or label."""

    workspace: str
    kind: str
    name: str
    version: str | None = None
    label: str | None = None

    @property
    def container(self) -> str:
        """The lower-cased id of the asset's container."""
        return f"{self.workspace}/{self.kind}/{self.name}".lower()

    def __str__(self) -> str:
        """The asset as a person names it."""
        return f"{self.name}:{self.version}" if self.version else f"{self.name}@{self.label or 'latest'}"


def parse(text: str, workspace: str, kind: str) -> Reference | None:
    """Read a reference to an asset of a kind; None where the text is none.

    Raises:
        ArmError: 501 for what is in a registry.
    """
    if text.lower().startswith("azureml://registries/"):
        raise not_served(f"assets of a registry ('{text}')")
    if match := _ARM.fullmatch(text):
        by_label = (match["by"] or "").lower() == "labels"
        version = match["version"]
        return Reference(
            match["workspace"].lower(), match["kind"].lower(), match["name"],
            None if by_label else version, version if by_label else None,
        )  # fmt: skip
    if match := _LOCATION.fullmatch(text):
        return Reference(workspace, match["kind"].lower(), match["name"], match["version"])
    if match := _SHORT.fullmatch(text):
        return Reference(workspace, kind, match["name"], match["version"], match["label"])
    return None


def find(state: State, reference: Reference) -> Resource | None:
    """The version a reference means; a label is ``latest``."""
    if reference.version:
        return state.get(f"{reference.container}/versions/{reference.version}".lower())
    if (reference.label or "latest").lower() != "latest":
        return None
    found = state.children(reference.container, f"{PROVIDER}/workspaces/{reference.kind}/versions")
    alive = [one for one in found if not one.properties.get("isArchived")]
    return max(alive, key=lambda one: one.created, default=None)


def resolve(state: State, text: str, workspace: str, kind: str) -> Resource:
    """The version that a text names.

    Raises:
        ArmError: 400 UserError, the text is no reference or names nothing.
    """
    if kind == "models" and shared.URI.fullmatch(text):
        return _in_registry(state, text)
    reference = parse(text, workspace, kind)
    if reference is None:
        raise ArmError(
            400,
            "UserError",
            f"'{text}' is no reference to one of the workspace's {kind}. Write azureml:name:version,"
            " azureml:name@latest or the asset's full id.",
        )
    found = find(state, reference)
    if found is None:
        raise ArmError(
            400,
            "UserError",
            f"The {singular(kind)} asset '{reference}' was not found in the workspace"
            f" '{reference.workspace.rsplit('/', 1)[-1]}'. Register it first, or name a version that exists.",
        )
    return found


def _in_registry(state: State, text: str) -> Resource:
    found = shared.find(state, text)
    if found is None:
        raise ArmError(400, "UserError", f"The registry model '{text}' was not found. Share it first, or correct it.")
    return found[1]
