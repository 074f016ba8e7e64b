"""What a client asks before it does anything: versions, groups, and the kinds in them."""

from __future__ import annotations

from azlocal.kubernetes.kinds import VERBS, Kind
from azlocal.kubernetes.schema import VERSION
from azlocal.kubernetes.status import Json, StatusError

SUFFIX = "+azlocal-standin"


def version(full: str) -> Json:
    """``/version``: the cluster's own version, marked as what no real server says."""
    major, minor, *_ = (full or VERSION).split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"v{full or VERSION + '.0'}{SUFFIX}",
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "azlocal/standin",
    }


def core() -> Json:
    """``/api``."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def groups(kinds: list[Kind]) -> Json:
    """``/apis``."""
    found: dict[str, list[str]] = {}
    for kind in kinds:
        versions = found.setdefault(kind.group, [])
        if kind.version not in versions:
            versions.append(kind.version)
    return {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [_group(name, versions) for name, versions in found.items() if name],
    }


def _group(name: str, versions: list[str]) -> Json:
    listed = [{"groupVersion": f"{name}/{one}", "version": one} for one in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def group(kinds: list[Kind], name: str) -> Json:
    """``/apis/{group}``."""
    versions = list(dict.fromkeys(kind.version for kind in kinds if kind.group == name))
    if not versions or not name:
        raise StatusError(404, "NotFound", "the server could not find the requested resource")
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def resources(kinds: list[Kind], api_version: str) -> Json:
    """``/api/v1`` and ``/apis/{group}/{version}``."""
    found = [_resource(kind) for kind in kinds if kind.api_version == api_version]
    if not found:
        raise StatusError(404, "NotFound", "the server could not find the requested resource")
    if api_version == "v1":
        found.append(
            {
                "name": "serviceaccounts/token",
                "singularName": "",
                "namespaced": True,
                "group": "authentication.k8s.io",
                "version": "v1",
                "kind": "TokenRequest",
                "verbs": ["create"],
            }
        )
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": found}


def _resource(kind: Kind) -> Json:
    return {
        "name": kind.plural,
        "singularName": kind.name.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": list(VERBS),
        **({"shortNames": list(kind.short)} if kind.short else {}),
    }
