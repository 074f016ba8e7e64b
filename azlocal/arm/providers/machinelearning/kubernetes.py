"""Attaching a Kubernetes cluster: what must be there first (Microsoft Learn, "Attach a Kubernetes cluster")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.ids import parse
from azlocal.entra.principals import Principal
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

_CLUSTERS = ("microsoft.containerservice/managedclusters", "microsoft.kubernetes/connectedclusters")
_EXTENSION = "Microsoft.KubernetesConfiguration/extensions"
_BINDING = "Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings"
_EXTENSION_KIND = "microsoft.azureml.kubernetes"
_WORKLOAD_ROLE = "microsoft.machinelearningservices/workspaces/mlworkload"
_ADMIN = "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,14}[A-Za-z0-9]")


def check_attach(call: Call, new: Resource, old: Resource | None) -> None:
    """Name, cluster, extension and the workspace's way in; once attached only what names nothing may change."""
    if not _NAME.fullmatch(new.name):
        raise bad_request(
            f"'{new.name}' is not a valid name for a Kubernetes compute: 2-16 letters, digits and hyphens, a letter"
            " first.",
            "UserError",
            "name",
        )
    target = str(new.properties.get("resourceId") or "")
    cluster = call.state.get(target.lower())
    if parse(target or "/subscriptions").type.lower() not in _CLUSTERS or cluster is None:
        raise bad_request(
            f"The Kubernetes cluster '{target}' was not found. 'properties.resourceId' must be the id of an AKS or an"
            " Arc-enabled cluster.",
            "UserError",
            "properties.resourceId",
        )
    properties = new.properties.setdefault("properties", {})
    properties.setdefault("namespace", "default")
    properties.setdefault("defaultInstanceType", "defaultinstancetype")
    properties.setdefault("instanceTypes", {"defaultinstancetype": _DEFAULT_INSTANCE})
    _check_instance_types(properties)
    if old is None:
        _check_extension(call, cluster)
        _check_access(call, cluster)


_DEFAULT_INSTANCE = {
    "nodeSelector": None,
    "resources": {"requests": {"cpu": "100m", "memory": "2Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}},
}


def _check_instance_types(properties: dict[str, object]) -> None:
    types, default = properties.get("instanceTypes"), properties.get("defaultInstanceType")
    if isinstance(types, dict) and default not in types and default != "defaultinstancetype":
        raise bad_request(
            f"'defaultInstanceType' is '{default}'; the instance types are: {', '.join(sorted(types))}.",
            "UserError",
            "properties.properties.defaultInstanceType",
        )


def _check_extension(call: Call, cluster: Resource) -> None:
    if _EXTENSION.lower() not in call.control.types:
        return
    for extension in call.state.children(cluster.key, _EXTENSION):
        if str(extension.properties.get("extensionType", "")).lower() == _EXTENSION_KIND:
            return
    raise bad_request(
        f"The cluster '{cluster.name}' does not have the extension 'Microsoft.AzureML.Kubernetes' installed. Install it"
        " on the cluster, then attach.",
        "ExtensionNotInstalled",
        "properties.resourceId",
    )


def _check_access(call: Call, cluster: Resource) -> None:
    """The workspace reaches the API server by Trusted Access, or as a cluster admin where local accounts exist."""
    if not cluster.type.lower().startswith("microsoft.containerservice"):
        return
    workspace = call.path.parent.lower()
    for binding in call.state.children(cluster.key, _BINDING):
        source = str(binding.properties.get("sourceResourceId", "")).lower()
        roles = {str(role).lower() for role in binding.properties.get("roles") or ()}
        if source == workspace and _WORKLOAD_ROLE in roles:
            return
    if not cluster.properties.get("disableLocalAccounts") and _is_admin(call, cluster, workspace):
        return
    raise ArmError(
        400,
        "UserError",
        f"The workspace '{workspace.rsplit('/', 1)[-1]}' cannot reach the cluster '{cluster.name}': it has neither a"
        " Trusted Access role binding with the role 'Microsoft.MachineLearningServices/workspaces/mlworkload' nor,"
        " with local accounts enabled, the right to list the cluster's admin credential. Create the binding, then"
        " attach.",
        target="properties.resourceId",
    )


def _is_admin(call: Call, cluster: Resource, workspace: str) -> bool:
    found = call.state.get(workspace)
    identity = (found.body.get("identity") if found else None) or {}
    ids = [identity.get("principalId"), *(
        (one or {}).get("principalId") for one in (identity.get("userAssignedIdentities") or {}).values()
    )]  # fmt: skip
    return any(call.control.access.allows(Principal(one, one, "workspace"), _ADMIN, cluster.key) for one in ids if one)
