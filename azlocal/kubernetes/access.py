"""Who may do what on a cluster: the cluster's own tokens, and Azure RBAC for those of Entra ID."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError
from azlocal.arm.providers.containerservice.credentials import TOKENS
from azlocal.entra.http import authenticate, bearer
from azlocal.entra.principals import Principal
from azlocal.entra.tokens import KUBERNETES
from azlocal.kubernetes.paths import Target
from azlocal.kubernetes.status import StatusError

if TYPE_CHECKING:
    from azlocal.azure import Azure, Scope
    from azlocal.state import Resource

CLUSTER = "Microsoft.ContainerService/managedClusters"
# What whoever has signed in may read (Kubernetes documentation, "API discovery roles").
PUBLIC = frozenset({"", "api", "apis", "healthz", "livez", "openapi", "readyz", "version"})
_ACTIONS = {"get": "read", "list": "read", "watch": "read", "delete": "delete", "deletecollection": "delete"}


@dataclass(frozen=True, slots=True)
class User:
    """Who a request speaks for: a name, and the principal of Entra ID, if it is one."""

    name: str
    principal: Principal | None = None


def identify(azure: Azure, scope: Scope, cluster: Resource) -> User:
    """The user of a request.

    Raises:
        StatusError: 401 without a token that the cluster believes.
    """
    token = bearer(scope["headers"])
    for name, known in (azure.state.document(TOKENS, cluster.key) or {}).items():
        if token and hmac.compare_digest(token, known) and not cluster.properties.get("disableLocalAccounts"):
            return User(name)
    try:
        principal = authenticate(azure.authority, scope["headers"], KUBERNETES)
    except ArmError as error:
        raise StatusError(401, "Unauthorized", f"Unauthorized: {error.message}") from None
    if not cluster.properties.get("aadProfile"):
        raise StatusError(401, "Unauthorized", "Unauthorized: this cluster does not know Entra ID.")
    return User(principal.object_id, principal)


def require(azure: Azure, user: User, cluster: Resource, target: Target, verb: str) -> None:
    """Refuse what Azure RBAC does not permit; the cluster's own users may do everything.

    Raises:
        StatusError: 403, as the authorizer of AKS words it.
    """
    if user.principal is None:
        return
    profile = cluster.properties.get("aadProfile") or {}
    action = data_action(target, verb)
    scope = cluster.id + (f"/namespaces/{target.namespace}" if target.namespace else "")
    if profile.get("enableAzureRBAC") and azure.control.access.allows(user.principal, action, scope, data=True):
        return
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    why = (
        "User does not have access to the resource in Azure. Update role assignment to allow access."
        if profile.get("enableAzureRBAC")
        else "this cluster has no Azure RBAC, and Kubernetes role bindings are not evaluated here."
    )
    message = (
        f'{target.plural} is forbidden: User "{user.name}" cannot {verb} resource "{target.plural}" in API group'
        f' "{target.group}" {where}: {why}'
    )
    raise StatusError(403, "Forbidden", message, kind=target.plural, name=target.name)


def require_path(azure: Azure, user: User, cluster: Resource, path: str) -> None:
    """Refuse what is no resource, such as metrics, to whom Azure RBAC does not permit it; discovery is for all.

    Raises:
        StatusError: 403.
    """
    first = path.strip("/").partition("/")[0]
    if user.principal is None or first in PUBLIC:
        return
    rbac = (cluster.properties.get("aadProfile") or {}).get("enableAzureRBAC")
    if not rbac or not azure.control.access.allows(user.principal, f"{CLUSTER}/{first}/read", cluster.id, data=True):
        raise StatusError(403, "Forbidden", f'forbidden: User "{user.name}" cannot get path "{path}"')


def data_action(target: Target, verb: str) -> str:
    """Azure's name for it: ``Microsoft.ContainerService/managedClusters/apps/deployments/write``."""
    group = f"{target.group}/" if target.group else ""
    resource = target.plural + (f"/{target.subresource}" if target.subresource else "")
    return f"{CLUSTER}/{group}{resource}/{_ACTIONS.get(verb, 'write')}"
