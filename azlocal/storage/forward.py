"""Passing a request on to Azurite and its answer back, as streams: nothing is held whole but small bodies."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import TYPE_CHECKING

from azlocal.azure import Receive, Send
from azlocal.storage import sas
from azlocal.storage.accounts import Account
from azlocal.storage.backend import VERSION, Backend, Body
from azlocal.storage.errors import StorageError
from azlocal.storage.request import StorageRequest

if TYPE_CHECKING:
    from aiohttp import ClientResponse

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "date", "server"})
_PIECE = 256 * 1024  # bytes passed on at once
SMALL = 1 << 20  # bytes: bodies up to this are held, so that they can be sent again to a restarted Azurite
_HNS = "x-ms-is-hns-enabled"


async def body_of(receive: Receive, length: str | None) -> Body:
    """A request's body: its bytes where it is small, a stream otherwise."""
    message = await receive()
    first: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return first or None
    if length is not None and int(length) <= SMALL:
        return b"".join([first, *[chunk async for chunk in _rest(receive)]])
    return _stream(first, receive)


async def read_all(receive: Receive, limit: int) -> bytes:
    """A whole body that must be looked into.

    Raises:
        StorageError: 413 RequestBodyTooLarge over ``limit`` bytes.
    """
    message = await receive()
    chunks: list[bytes] = [message.get("body", b"")]
    if message.get("more_body"):
        async for chunk in _rest(receive):
            chunks.append(chunk)
            if sum(map(len, chunks)) > limit:
                break
    body = b"".join(chunks)
    if len(body) > limit:
        raise StorageError(413, "RequestBodyTooLarge", f"The request body exceeds the limit of {limit} bytes.")
    return body


async def forward(
    backend: Backend, request: StorageRequest, account: Account, body: Body, *, trusted: bool
) -> ClientResponse:
    """Send a request on: as it came for Azurite to verify, or in azlocal's name where it has been authorized."""
    headers = dict(request.headers)
    target = request.target
    if trusted:
        headers["authorization"] = backend.azurite.trust
        if request.signed:
            target = request.without(sas.SIGNING)
    return await backend.send(account, request.service, request.method, target, headers=headers, body=body)


async def answer(send: Send, response: ClientResponse, *, head: bool, extra: dict[str, str] | None = None) -> None:
    """Pass an answer back and give the connection to the pool."""
    headers = [
        (name.lower(), value) for name, value in response.raw_headers if name.lower().decode("latin-1") not in _HOP
    ]
    headers += [(name.encode(), value.encode()) for name, value in (extra or {}).items()]
    try:
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if head or response.content_length == 0 or response.status in {204, 304}:
            await send({"type": "http.response.body", "body": b""})
            return
        if (response.content_length or SMALL + 1) <= _PIECE:
            await send({"type": "http.response.body", "body": await response.read()})
            return
        async for chunk in response.content.iter_any():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        response.release()


async def reply(send: Send, status: int, headers: dict[str, str], body: bytes = b"", *, head: bool = False) -> None:
    """An answer of azlocal's own."""
    full = {"x-ms-version": VERSION, "x-ms-request-id": str(uuid.uuid4()), "date": formatdate(usegmt=True), **headers}
    if status != 204 and "content-length" not in full:
        full["content-length"] = str(len(body))
    pairs = [(name.lower().encode(), value.encode("utf-8")) for name, value in full.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": b"" if head else body})


def hns_header(account: Account) -> dict[str, str]:
    """Whether the account has a hierarchical namespace, as its blob answers tell."""
    return {_HNS: "true" if account.hierarchical else "false"}


async def _rest(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise StorageError(400, "IncompleteBody", "The client ended the connection before the whole body came.")
        more = message.get("more_body", False)
        if chunk := message.get("body", b""):
            yield chunk


async def _stream(first: bytes, receive: Receive) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in _rest(receive):
        yield chunk
