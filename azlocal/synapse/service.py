"""``*.azuresynapse.net``: the development and SQL end points of Synapse workspaces, not served yet."""

from __future__ import annotations

from azlocal.arm.errors import ArmError
from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.entra.tokens import SYNAPSE
from azlocal.unserved import Table, holder, host_of, refuse, respond

# Microsoft Learn, "Azure Synapse REST API reference" (data plane).
OPERATIONS: Table = (
    ("GET", "/livyApi/versions/[^/]+/sparkPools/[^/]+/batches", "Spark Batch - Get Spark Batch Jobs"),
    ("POST", "/livyApi/versions/[^/]+/sparkPools/[^/]+/batches", "Spark Batch - Create Spark Batch Job"),
    ("GET", "/livyApi/versions/[^/]+/sparkPools/[^/]+/batches/[^/]+", "Spark Batch - Get Spark Batch Job"),
    ("DELETE", "/livyApi/versions/[^/]+/sparkPools/[^/]+/batches/[^/]+", "Spark Batch - Cancel Spark Batch Job"),
    ("GET", "/livyApi/versions/[^/]+/sparkPools/[^/]+/sessions", "Spark Session - Get Spark Sessions"),
    ("POST", "/livyApi/versions/[^/]+/sparkPools/[^/]+/sessions", "Spark Session - Create Spark Session"),
    ("*", "/livyApi/.*", "Spark Session and Spark Batch"),
    ("PUT", "/managedVirtualNetworks/[^/]+/managedPrivateEndpoints/[^/]+", "Managed Private Endpoints - Create"),
    ("GET", "/managedVirtualNetworks/[^/]+/managedPrivateEndpoints/[^/]+", "Managed Private Endpoints - Get"),
    ("DELETE", "/managedVirtualNetworks/[^/]+/managedPrivateEndpoints/[^/]+", "Managed Private Endpoints - Delete"),
    ("GET", "/managedVirtualNetworks/[^/]+/managedPrivateEndpoints", "Managed Private Endpoints - List"),
    ("*", "/roleAssignments.*|/rbac/roleAssignments.*", "Role Assignments"),
    ("*", "/roleDefinitions.*|/rbac/roleDefinitions.*", "Role Definitions"),
    ("*", "/linkedservices.*", "Linked Service"),
    ("*", "/pipelines.*", "Pipeline"),
    ("*", "/notebooks.*", "Notebook"),
    ("*", "/sparkJobDefinitions.*", "Spark Job Definition"),
    ("GET", "/workspace", "Workspace - Get"),
)


class Synapse:
    """Answers for every workspace that exists."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say which operation isn't served."""
        try:
            self._workspace(host_of(scope))
            error = refuse(self.azure, scope, SYNAPSE, OPERATIONS)
        except ArmError as missing:
            error = missing
        await respond(send, error.status, error.body())

    def _workspace(self, host: str) -> None:
        if host == "web.azuresynapse.net":
            return
        label = host.partition(".")[0].removesuffix("-ondemand")
        holder(self.azure, f"{label}.dev.azuresynapse.net")
