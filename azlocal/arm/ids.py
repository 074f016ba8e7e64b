"""Reading ARM paths: ``/subscriptions/…/resourceGroups/…/providers/Namespace/type/name/…`` and its relatives.

Paths compare without case and keep the case they were first written in (ARM RPC, "Resource Ids").
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from azlocal.arm.errors import ArmError
from azlocal.state import REMEMBERED


@dataclass(frozen=True, slots=True)
class ArmPath:
    """A parsed path.

    ``scope`` is what stands before the last ``/providers/``: empty for the tenant, a subscription, a resource
    group, or the resource that an extension resource belongs to. ``types`` and ``names`` alternate after the
    namespace; one type more than names means a collection, or for POST an action.
    """

    path: str
    scope: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]
    key: str  # the path in lower case: what the state is asked with
    type_key: str  # the type in lower case

    @property
    def type(self) -> str:
        """``Namespace/type/childType`` in the path's own case."""
        return "/".join((self.namespace, *self.types))

    @property
    def is_collection(self) -> bool:
        """Whether the last type has no name."""
        return len(self.types) > len(self.names)

    @property
    def parent(self) -> str:
        """The id of the parent resource, or the scope for a top-level type."""
        if len(self.types) == 1:
            return self.scope
        drop = 1 if self.is_collection else 2
        return self.path.rsplit("/", drop)[0]

    @property
    def subscription(self) -> str | None:
        """The subscription id in the path."""
        return segment_after(self.path, "subscriptions")

    @property
    def resource_group(self) -> str | None:
        """The resource group's name in the path."""
        return segment_after(self.path, "resourcegroups")


@functools.lru_cache(maxsize=REMEMBERED)
def segment_after(path: str, name: str) -> str | None:
    """The segment that follows ``name`` in a path, compared without case."""
    parts = path.split("/")
    for index, part in enumerate(parts[:-1]):
        if part.lower() == name:
            return parts[index + 1]
    return None


# Clients spell these as they like; Azure answers with its own spelling.
_SPELLING = {
    "/subscriptions/": "/subscriptions/",
    "/resourcegroups/": "/resourceGroups/",
    "/providers/": "/providers/",
}
_CANONICAL = re.compile("|".join(_SPELLING), re.IGNORECASE)


@functools.lru_cache(maxsize=REMEMBERED)
def parse(path: str) -> ArmPath:
    """Parse a path.

    Raises:
        ArmError: 404 where the path is no ARM path at all, as Azure answers it.
    """
    path = _CANONICAL.sub(lambda match: _SPELLING[match[0].lower()], "/" + path.strip("/"))
    lower = path.lower()
    cut = lower.rfind("/providers/")
    if cut >= 0:
        scope = path[:cut]
        segments = path[cut + len("/providers/") :].split("/")
        namespace, rest = segments[0], segments[1:]
    else:
        scope, namespace, rest = _implicit(path)
    if any(not part for part in (namespace, *rest)) or "#" in path:
        raise ArmError(400, "InvalidResourceId", f"The path '{path}' is not a valid resource id.")
    types = tuple(rest[0::2])
    type_key = "/".join((namespace, *types)).lower()
    return ArmPath(path, scope, namespace, types, tuple(rest[1::2]), lower, type_key)


def _implicit(path: str) -> tuple[str, str, list[str]]:
    """Paths without ``/providers/`` belong to Microsoft.Resources: subscriptions, groups, deployments."""
    parts = path.strip("/").split("/")
    if parts[0].lower() in {"subscriptions", "tenants", "providers"}:
        if len(parts) > 2 and parts[2].lower() == "resourcegroups" and len(parts) > 4:
            return "/" + "/".join(parts[:4]), "Microsoft.Resources", parts[4:]
        if len(parts) > 2:
            return "/" + "/".join(parts[:2]), "Microsoft.Resources", parts[2:]
        return "", "Microsoft.Resources", parts
    raise ArmError(404, "ResourceNotFound", f"No resource or operation exists at '{path}'.")


def resource_group_id(subscription: str, group: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"
