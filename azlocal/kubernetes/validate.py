"""Whether an API server would take a manifest: its schema, its name, its labels."""

from __future__ import annotations

import re

from azlocal.kubernetes import schema
from azlocal.kubernetes.kinds import built_in
from azlocal.kubernetes.status import Cause, Json, StatusError, bad_request, invalid

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?")
_SELECTING = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"})
_SHORT_NAMES = frozenset({"Namespace", "Service"})  # DNS labels of 63; everything else has 253


# What keeps an object from being read at all; everything else is judged when it has been.
_UNREADABLE = {"FieldUnknown", "FieldValueTypeInvalid"}


def check(manifest: Json, definition: Json | None = None, *, applied: bool = False) -> None:
    """Check a whole manifest, as v1.34 of the API server does.

    Args:
        manifest: what was sent.
        definition: the schema of a kind that isn't Kubernetes' own.
        applied: by server-side apply, which words what it can't read in its own way, and with a status of its own.

    Raises:
        StatusError: 400 or, applied, 500 for something that can't be read as its kind, 404 for an unknown kind, 422
            with every field that is wrong.
    """
    api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind, str) or not api_version or not kind:
        raise bad_request("Object 'Kind' or 'apiVersion' is missing.")
    found = definition if definition is not None else schema.of_kind(api_version, kind)
    known = built_in(api_version, kind)
    if found is None or (definition is None and known is None):
        raise StatusError(404, "NotFound", f'no matches for kind "{kind}" in version "{api_version}"')
    metadata = manifest.get("metadata")
    name = str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
    group = api_version.rpartition("/")[0]
    causes = tuple(schema.problems(found, manifest))
    unreadable = [cause for cause in causes if cause.reason in _UNREADABLE]
    if unreadable and applied:
        namespace = metadata.get("namespace", "") if isinstance(metadata, dict) else ""
        listed = "; ".join(f".{cause.field}: {cause.message}" for cause in unreadable)
        what = f"{namespace}/{name}; {api_version}, Kind={kind}"
        raise StatusError(500, "", f"failed to create typed patch object ({what}): {listed}")
    if unreadable and all(cause.reason == "FieldUnknown" for cause in unreadable):
        raise bad_request(f"strict decoding error: {', '.join(cause.message for cause in unreadable)}")
    if unreadable and definition is None:
        listed = "; ".join(f"{cause.field}: {cause.message}" for cause in unreadable)
        raise bad_request(f'{kind} in version "{api_version}" cannot be handled as a {kind}: {listed}')
    causes += tuple(_metadata(kind, metadata if isinstance(metadata, dict) else {}))
    causes += tuple(_selected(kind, manifest.get("spec") or {}))
    if causes:
        raise invalid(kind, group, name, causes)


def _metadata(kind: str, metadata: Json) -> list[Cause]:
    causes = []
    name = metadata.get("name")
    if not name and not metadata.get("generateName"):
        causes.append(Cause("FieldValueRequired", "Required value: name or generateName is required", "metadata.name"))
    elif name and not _is_name(kind, str(name)):
        causes.append(
            Cause(
                "FieldValueInvalid",
                f'Invalid value: "{name}": a lowercase RFC 1123 name must consist of lower case alphanumeric'
                " characters, '-' or '.', and must start and end with an alphanumeric character",
                "metadata.name",
            )
        )
    for key, value in (metadata.get("labels") or {}).items():
        if not _KEY.fullmatch(str(key)) or not _VALUE.fullmatch(str(value)):
            causes.append(
                Cause(
                    "FieldValueInvalid",
                    f'Invalid value: "{key}={value}": a label has a key of up to 63 letters, digits, -, _ and ., after'
                    " an optional DNS prefix and /, and a value of the same characters",
                    "metadata.labels",
                )
            )
    return causes


def _selected(kind: str, spec: Json) -> list[Cause]:
    """A controller has to select the pods that it makes."""
    if kind not in _SELECTING:
        return []
    wanted = (spec.get("selector") or {}).get("matchLabels") or {}
    given = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if (wanted and wanted.items() <= given.items()) or (spec.get("selector") or {}).get("matchExpressions"):
        return []
    why = f"Invalid value: {given}: `selector` does not match template `labels`"
    return [Cause("FieldValueInvalid", why, "spec.template.metadata.labels")]


def _is_name(kind: str, name: str) -> bool:
    if kind in _SHORT_NAMES:
        return len(name) <= 63 and _LABEL.fullmatch(name) is not None
    if kind in {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}:
        return bool(name) and not set("/%") & set(name)
    return len(name) <= 253 and _SUBDOMAIN.fullmatch(name) is not None
