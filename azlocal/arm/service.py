"""management.azure.com: the control plane over HTTP."""

from __future__ import annotations

import functools
import logging
import sqlite3
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import orjson

from azlocal.arm.errors import ArmError, storage_failure
from azlocal.arm.messages import ArmRequest, ArmResponse
from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.entra.http import authenticate
from azlocal.entra.tokens import MANAGEMENT

BODY_LIMIT = 4 * 1024 * 1024  # bytes: ARM's own limit of a request (Microsoft Learn, "Azure Resource Manager limits")
_HEADERS = frozenset({b"if-match", b"if-none-match", b"x-ms-client-request-id", b"x-azureml-token", b"host"})
_METADATA = {
    "portal": "https://portal.azure.com",
    "authentication": {
        "loginEndpoint": "https://login.microsoftonline.com",
        "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
        "tenant": "common",
        "identityProvider": "AAD",
    },
    "graph": "https://graph.windows.net/",
    "name": "AzureCloud",
    "suffixes": {
        "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
        "acrLoginServer": "azurecr.io",
        "sqlServerHostname": "database.windows.net",
        "keyVaultDns": "vault.azure.net",
        "storage": "core.windows.net",
    },
    "resourceManager": "https://management.azure.com/",
}

logger = logging.getLogger("azlocal.arm")


class ResourceManager:
    """The ARM endpoint."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    async def start(self) -> None:
        """Other services take up their own effects; deployments are ARM's."""
        from azlocal.arm.providers.deployments import again
        from azlocal.arm.template.template import NESTED
        from azlocal.arm.types import Effects

        self.azure.control.effects[NESTED.lower()] = Effects(put=again(self.azure.control))

    async def stop(self) -> None:
        """Nothing to end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            body = await read_body(receive, BODY_LIMIT)
            response = self._answer(scope, body)
            if response.ready is not None:
                await response.ready
        except ArmError as error:
            response = error.response()
        except sqlite3.OperationalError as error:
            response = storage_failure(error).response()
        except Exception as error:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            response = ArmError(500, "InternalServerError", f"{type(error).__name__}: {error}").response()
        await send_json(send, response, head=scope["method"] == "HEAD")

    def _answer(self, scope: Scope, body: bytes) -> ArmResponse:
        path: str = scope["path"]
        query = _query(scope["query_string"])
        if path.startswith("/metadata/endpoints"):
            old = query.get("api-version", "") < "2022"
            return ArmResponse(200, [_METADATA] if old else _METADATA)
        principal = authenticate(self.azure.authority, scope["headers"], MANAGEMENT)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _HEADERS}
        request = ArmRequest(scope["method"], path, query, _parse(body), headers, principal)
        return self.azure.control.handle(request)


@functools.lru_cache(maxsize=1024)
def _query(raw: bytes) -> Mapping[str, str]:
    """The query; most requests differ in their path alone."""
    return MappingProxyType(dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True)))


def _parse(body: bytes) -> Any:
    if not body:
        return None
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise ArmError(
            400,
            "InvalidRequestContent",
            f"The request content was invalid and could not be deserialized: '{error}'.",
        ) from None


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole request body.

    Raises:
        ArmError: 413 RequestEntityTooLarge over ``limit`` bytes.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        chunks, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                break
            chunks.append(chunk)
        body = b"".join(chunks) if size <= limit else b"\0" * (limit + 1)
    if len(body) > limit:
        raise ArmError(
            413,
            "RequestEntityTooLarge",
            f"The request body is larger than the limit of {limit} bytes. Send less in one request.",
        )
    return body


async def send_json(send: Send, response: ArmResponse, *, head: bool = False) -> None:
    """Send a response; JSON has ASCII-safe headers and a length."""
    payload = b"" if response.body is None or head else orjson.dumps(response.body)
    headers = [(key.lower().encode(), value.encode("latin-1", "replace")) for key, value in response.headers.items()]
    if payload:
        headers.append((b"content-type", b"application/json; charset=utf-8"))
    if response.status != 204:
        headers.append((b"content-length", str(len(payload)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": payload})
