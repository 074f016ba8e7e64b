"""Azure Monitor's data planes: queries, metrics and ingestion, not served yet."""

from __future__ import annotations

from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.entra.tokens import LOGS
from azlocal.unserved import Table, host_of, operation, refuse, respond

MONITOR = "https://monitor.azure.com"
METRICS = "https://metrics.monitor.azure.com"
# Microsoft Learn: "Azure Monitor Log Analytics API", "Logs Ingestion API", "Metrics - Batch", and the others' names.
OPERATIONS: Table = (
    ("*", "/v1/workspaces/[^/]+/query", "Query - Execute"),
    ("POST", "/v1/\\$batch", "Query - Batch"),
    ("*", "/v1/workspaces/[^/]+/metadata", "Metadata - Get"),
    ("*", "/v1/subscriptions/.+/query", "Query - Resource Execute"),
    ("POST", "/dataCollectionRules/[^/]+/streams/[^/]+", "Logs Ingestion - Upload"),
    ("POST", "/subscriptions/[^/]+/metrics:getBatch", "Metrics - Batch"),
    ("POST", "/api/logs", "HTTP Data Collector - Post"),
    ("POST", "/v2(\\.1)?/track", "Application Insights - Track"),
)
# Hosts whose requests carry a key of their own in the body or a signature, not a bearer token.
_OWN_KEYS = (".ods.opinsights.azure.com", ".in.applicationinsights.azure.com")


class Logs:
    """Answers for every host of Azure Monitor."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say which operation isn't served."""
        if host_of(scope).endswith(_OWN_KEYS):
            name = operation(OPERATIONS, scope["method"], scope["path"])
            message = f"azlocal, a local stand-in for Azure, does not serve this operation: {name}."
            await respond(send, 501, {"error": {"code": "NotImplemented", "message": message}})
            return
        error = refuse(self.azure, scope, (*LOGS, MONITOR, METRICS), OPERATIONS)
        await respond(send, error.status, error.body())
