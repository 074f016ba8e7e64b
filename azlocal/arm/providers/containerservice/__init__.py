"""Microsoft.ContainerService: AKS clusters, their pools, maintenance windows and Trusted Access."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from azlocal.arm import privatelink
from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.providers.containerservice import clusters, maintenance, networks, pools
from azlocal.arm.providers.containerservice.pools import CLUSTER
from azlocal.arm.types import NameRule, Namespace, Reference, ResourceType
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

BINDING = f"{CLUSTER}/trustedAccessRoleBindings"
# Roles that a resource type may be given (Microsoft Learn, "Trusted Access").
TRUSTED = {
    "microsoft.machinelearningservices/workspaces": (
        "Microsoft.MachineLearningServices/workspaces/mlworkload",
        "Microsoft.MachineLearningServices/workspaces/inference-v1",
    ),
    "microsoft.dataprotection/backupvaults": ("Microsoft.DataProtection/backupVaults/backup-operator",),
}


def _check_binding(call: Call, new: Resource, _old: Resource | None) -> None:
    """A source that exists, roles that it may have, and one binding for each source."""
    source = call.state.get(new.properties["sourceResourceId"].lower())
    if source is None:
        raise bad_request(
            f"The source resource '{new.properties['sourceResourceId']}' was not found.",
            "InvalidParameter",
            "sourceResourceId",
        )
    allowed = TRUSTED.get(source.type.lower(), ())
    for role in new.properties["roles"]:
        if role.lower() not in {one.lower() for one in allowed}:
            raise bad_request(
                f"The role '{role}' is not available for {source.type}: {', '.join(allowed) or 'none is'}.",
                "InvalidParameter",
                "roles",
            )
    for other in call.state.children(call.path.parent.lower(), BINDING):
        if other.key != new.key and other.properties["sourceResourceId"].lower() == source.key:
            raise ArmError(
                409,
                "TrustedAccessRoleBindingConflict",
                f"'{source.id}' has a role binding already: '{other.name}'.",
            )


def _fits(call: Call, new: Resource, _old: Resource | None) -> None:
    """A pool of its own stands in the cluster's network as those of the cluster's body do."""
    if cluster := call.state.get(new.key.rpartition("/agentpools/")[0]):
        networks.check(call, cluster)


NAMESPACE = Namespace(
    "Microsoft.ContainerService",
    (
        "2023-01-01",
        "2024-01-01",
        "2024-09-01",
        "2025-01-01",
        "2025-05-01",
        "2025-09-01",
        "2026-01-01",
        "2026-04-01",
        "2026-05-01",
        "2026-06-01",
        "2026-07-01",
        "2026-08-01",
    ),
    (
        clusters.TYPE,
        dataclasses.replace(pools.TYPE, committed=_fits),
        ResourceType(
            name=BINDING,
            name_rule=NameRule(r"[A-Za-z0-9-]+", 1, 24, "1-24 letters, digits and hyphens", code="InvalidParameter"),
            required=("properties.sourceResourceId", "properties.roles"),
            references=(Reference("properties.sourceResourceId"),),
            duration=20,
            delete_duration=20,
            delete_status=204,
            check=_check_binding,
        ),
        maintenance.TYPE,
        privatelink.connection_type(CLUSTER),
        privatelink.links_type(CLUSTER),
    ),
    clusters.CALLS,
)

__all__ = ["NAMESPACE"]
