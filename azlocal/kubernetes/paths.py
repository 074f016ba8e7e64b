"""Reading an API server's paths: ``/api/v1/namespaces/x/pods/y`` and ``/apis/group/version/…``."""

from __future__ import annotations

from dataclasses import dataclass

from azlocal.kubernetes.status import StatusError

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names. ``plural`` is empty for discovery, ``name`` for a collection."""

    group: str
    version: str
    plural: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def api_version(self) -> str:
        """As manifests write it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def verb(self, method: str, *, watch: bool = False) -> str:
        """Kubernetes' verb for a method here."""
        if method in {"GET", "HEAD"}:
            return "watch" if watch else ("get" if self.name else "list")
        return "deletecollection" if method == "DELETE" and not self.name else _VERBS[method]


def parse(path: str) -> Target | None:
    """The target of a path, or None where it is none of ``/api/`` and ``/apis/``.

    What follows a subresource (``…/proxy/any/path``) is the subresource's own.

    Raises:
        StatusError: 404 for a path with empty or relative parts.
    """
    parts = path.strip("/").split("/")
    if {"", ".", ".."} & set(parts[1:]):  # what a path means must not depend on who reads it
        raise StatusError(404, "NotFound", "the server could not find the requested resource")
    if len(parts) >= 2 and parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    elif len(parts) >= 3 and parts[0] == "apis":
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in {"status", "finalize"}:
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource = [*rest, "", "", ""][:3]
    if plural == "namespaces" and name and not namespace:
        namespace = name
    return Target(group, version, plural, namespace, name, subresource)
