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
_SHORT_NAMES = frozenset({"Namespace", "Service"})  # DNS labels of 63; everything else has 253


def check(manifest: Json, definition: Json | None = None) -> None:
    """Check a whole manifest. ``definition`` is the schema of a kind that isn't Kubernetes' own.

    Raises:
        StatusError: 400 for something that is no object or has unknown fields, 404 for an unknown kind, 422 with
            every field that is wrong.
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
    unknown = [cause for cause in causes if cause.reason == "FieldUnknown"]
    if unknown and len(unknown) == len(causes):
        raise bad_request(f"strict decoding error: {', '.join(cause.message for cause in unknown)}")
    causes += tuple(_metadata(kind, metadata if isinstance(metadata, dict) else {}))
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


def _is_name(kind: str, name: str) -> bool:
    if kind in _SHORT_NAMES:
        return len(name) <= 63 and _LABEL.fullmatch(name) is not None
    if kind in {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}:
        return bool(name) and not set("/%") & set(name)
    return len(name) <= 253 and _SUBDOMAIN.fullmatch(name) is not None
