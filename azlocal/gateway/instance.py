"""What the gateway itself answers over plain HTTP on loopback: its health, and tokens for managed identities.

The token endpoint speaks the protocol of App Service's IDENTITY_ENDPOINT (Microsoft Learn, "REST endpoint
reference" of managed identities), which azure-identity uses unmodified inside a job. Its header value is a
capability: each job gets its own, good for the one identity of its compute.
"""

from __future__ import annotations

import time
from urllib.parse import parse_qsl

from azlocal.arm.messages import ArmResponse
from azlocal.arm.service import send_json
from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.entra.tokens import LIFETIME

_KIND = "identityHeader"


class Instance:
    """The ASGI app behind the gateway's own address."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["path"] == "/health":
            response = ArmResponse(200, {"status": "ready", "services": sorted(self._azure.services)})
        elif scope["path"] == "/msi/token":
            response = self._token(scope)
        else:
            response = ArmResponse(
                501,
                {
                    "error": {
                        "code": "NotImplemented",
                        "message": "This is azlocal's gateway. Use it as HTTPS_PROXY; plain HTTP is not proxied.",
                    }
                },
            )
        await send_json(send, response)

    def _token(self, scope: Scope) -> ArmResponse:
        headers = dict(scope["headers"])
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        capability = headers.get(b"x-identity-header", b"").decode("latin-1") or query.get("capability", "")
        object_id = self._azure.state.document(_KIND, capability)
        principal = self._azure.control.directory.by_object_id(object_id) if object_id else None
        if principal is None or query.get("client_id", principal.client_id) != principal.client_id:
            return ArmResponse(
                400,
                {"statusCode": 400, "message": "No managed identity was found for the requested client id."},
            )
        resource = query.get("resource", "").rstrip("/")
        token = self._azure.authority.issue(principal, resource)
        return ArmResponse(
            200,
            {
                "access_token": token,
                "client_id": principal.client_id,
                "expires_on": str(int(time.time()) + LIFETIME),
                "resource": resource,
                "token_type": "Bearer",
            },
        )


def allow_identity(azure: Azure, header: str, object_id: str) -> dict[str, str]:
    """Let whoever knows ``header`` be this identity; the environment variables that say so to azure-identity."""
    azure.state.put_document(_KIND, header, object_id)
    return {"IDENTITY_ENDPOINT": f"http://127.0.0.1:{azure.port}/msi/token", "IDENTITY_HEADER": header}


def allow_user(azure: Azure, capability: str, object_id: str) -> str:
    """Let whoever knows ``capability`` be this user; the ``OBO_ENDPOINT`` that AzureMLOnBehalfOfCredential asks.

    That credential sends no header, so that the capability is in the address.
    """
    azure.state.put_document(_KIND, capability, object_id)
    return f"http://127.0.0.1:{azure.port}/msi/token?capability={capability}"


def withdraw_identity(azure: Azure, header: str) -> None:
    """End what ``allow_identity`` allowed."""
    azure.state.delete_document(_KIND, header)
