"""Clients for what Resource Manager cannot express, as whoever deploys: heavy, so imported where they are used."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

MANAGEMENT = "https://management.azure.com"


_PERMISSIONS = "2022-04-01"


def synapse(workspace: str) -> str:
    """The development end point of a Synapse workspace."""
    return f"https://{workspace}.dev.azuresynapse.net"


def credential() -> Any:
    """Whoever deploys: the environment's sign-in, a workload identity, or ``az login``."""
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(exclude_interactive_browser_credential=True)


class Management:
    """Resource Manager by plain requests: two are needed, and azure-core is there anyway."""

    def __init__(self, signed: Any) -> None:
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy

        policies = [RetryPolicy(), BearerTokenCredentialPolicy(signed, f"{MANAGEMENT}/.default")]
        self._client: Any = PipelineClient(MANAGEMENT, policies=policies)

    def get(self, path: str, version: str) -> Any:
        """GET; the body."""
        return self._send("GET", path, version)

    def put(self, path: str, version: str, body: dict[str, Any]) -> Any:
        """PUT; the body."""
        return self._send("PUT", path, version, body)

    def may(self, data_action: str, scope: str) -> bool:
        """Whether some role of whoever asks has a data action at a scope; also where that can't be told."""
        from azure.core.exceptions import HttpResponseError

        try:
            found = self.get(f"{scope}/providers/Microsoft.Authorization/permissions", _PERMISSIONS)
        except HttpResponseError:
            return True
        return "nextLink" in found or any(
            _matches(data_action, one.get("dataActions")) and not _matches(data_action, one.get("notDataActions"))
            for one in found["value"]
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _send(self, method: str, path: str, version: str, body: dict[str, Any] | None = None) -> Any:
        from azure.core.rest import HttpRequest

        request = HttpRequest(method, f"{MANAGEMENT}{path}", params={"api-version": version}, json=body)
        answer = self._client.send_request(request)
        answer.raise_for_status()
        return answer.json()


def _matches(action: str, patterns: list[str] | None) -> bool:
    return any(fnmatch(action.lower(), pattern.lower()) for pattern in patterns or ())
