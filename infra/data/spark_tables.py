"""What Spark reaches from its managed network, and who may do what in Synapse: the tables a reviewer reads."""

from __future__ import annotations

from dataclasses import dataclass

from infra.identities.identity import TRAINING
from infra.identities.role_tables import ENGINEER, LAKE, PREVIEW, READER, SCIENTIST, VAULT

WORKSPACE, POOL = "workspace", "pool"

ROLES: dict[str, str] = {
    "Synapse Administrator": "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78",
    "Synapse Artifact Publisher": "05930f57-09a3-4c0d-9fa9-6d1eb91c178b",
    "Synapse Compute Operator": "e3844cc7-4670-42cb-9349-9bdac1ee7881",
    "Synapse User": "2a385764-43e8-416c-9825-7b18d05a2c4b",
}
"""Synapse's own roles by the ids it gives them: no Azure role is among them."""


@dataclass(frozen=True)
class Way:
    """A managed private endpoint: from Spark to one group of a service."""

    target: str
    group: str
    why: str


WAYS: tuple[Way, ...] = (
    Way(LAKE, "dfs", "Spark reads and writes the zones"),
    Way(LAKE, "blob", "Spark's libraries and logs, and tools that speak Blob"),
    Way(VAULT, "vault", "linked services read their secrets"),
)


@dataclass(frozen=True)
class SynapseGrant:
    """A row of Synapse's own role matrix."""

    principal: str
    role: str
    scope: str
    why: str

    @property
    def administers(self) -> bool:
        """Whether it lets its principal administer the whole workspace."""
        return (self.role, self.scope) == ("Synapse Administrator", WORKSPACE)


MATRIX: tuple[SynapseGrant, ...] = (
    SynapseGrant(ENGINEER, "Synapse Administrator", WORKSPACE, "administers what Azure's roles do not reach"),
    SynapseGrant(SCIENTIST, "Synapse Artifact Publisher", WORKSPACE, "publishes notebooks and job definitions"),
    SynapseGrant(SCIENTIST, "Synapse Compute Operator", POOL, "runs them, and sees their logs"),
    SynapseGrant(READER, "Synapse User", WORKSPACE, "sees what there is"),
)
ATTACHED: tuple[SynapseGrant, ...] = (
    # machine-learning/how-to-manage-synapse-spark-pool: the compute's identity administers the pool.
    SynapseGrant(TRAINING, "Synapse Administrator", POOL, "Azure ML submits Spark jobs to the pool"),
)
"""Rows on top where the pool is a compute of the workspace."""
PREVIEWED: tuple[SynapseGrant, ...] = (
    # synapse-analytics/security/how-to-review-synapse-rbac-role-assignments: any role lists all of them.
    SynapseGrant(PREVIEW, "Synapse User", WORKSPACE, "compares role assignments and managed private endpoints"),
)
"""Rows on top where the settings name who plans and compares."""
