"""HTTP/1.1 on an asyncio transport, no more of it than a scoring server needs.

``run`` is called on the event loop, one request at a time, as a synchronous worker of Azure's server does:
the requests of other connections wait in the kernel's buffers meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import json
import os
import time
import uuid
from typing import cast

from .script import JSON, Answer, Script

MAX_HEAD = 64 * 1024
SCORE, LIVENESS, SWAGGER = "/score", "/", "/swagger.json"


class Server:
    """What the connections of one process share. ``max_body`` is in bytes."""

    def __init__(self, script: Script, max_body: int) -> None:
        self.script = script
        self.max_body = max_body

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Route one request."""
        path = target.partition("?")[0]
        if path == SCORE:
            if method == "POST":
                return self.script.answer(body, headers.get("content-type", ""))
            return refusal(405, f"{method} is not allowed on {SCORE}: send the input with POST.")
        if path == LIVENESS and method == "GET":
            return Answer(200, "text/plain", b"Healthy")
        if path == SWAGGER and method == "GET":
            return self._swagger()
        served = f"POST {SCORE}, GET {LIVENESS} and GET {SWAGGER} do"
        return refusal(404, f"{method} {path} does not exist here; {served}.")

    def _swagger(self) -> Answer:
        file = self.script.path.parent / "swagger.json"
        if file.is_file():
            return Answer(200, JSON, file.read_bytes())
        return refusal(404, "This deployment's code has no swagger.json beside its scoring script.")


def refusal(status: int, message: str) -> Answer:
    """A request that reaches no script."""
    return Answer(status, JSON, json.dumps({"error": {"code": "BadRequest", "message": message}}).encode())


class Connection(asyncio.Protocol):
    """One connection, kept alive until the client closes it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._head: str | None = None
        self._headers: dict[str, str] = {}
        self._length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while self._transport is not None and not self._transport.is_closing():
            if self._head is None and not self._read_head():
                return
            if len(self._buffer) < self._length:
                return
            body = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
            self._handle(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        del exc
        self._transport = None

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD:
                self._refuse(431, f"The request's header is larger than {MAX_HEAD} bytes.")
            return False
        self._head, _, rest = self._buffer[:end].decode("latin-1").partition("\r\n")
        del self._buffer[: end + 4]
        self._headers = {}
        for line in rest.split("\r\n"):
            name, _, value = line.partition(":")
            self._headers[name.lower()] = value.strip()
        return self._check_length()

    def _check_length(self) -> bool:
        if "transfer-encoding" in self._headers:
            self._refuse(411, "Chunked bodies are not taken: send a Content-Length.")
            return False
        given = self._headers.get("content-length", "0")
        if not given.isdigit():
            self._refuse(400, f"Content-Length is not a number: {given!r}.")
            return False
        self._length = int(given)
        if self._length > self._server.max_body:
            limit = self._server.max_body
            self._refuse(413, f"The request body of {self._length} bytes is over the limit of {limit} bytes.")
            return False
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _handle(self, body: bytes) -> None:
        method, _, rest = (self._head or "").partition(" ")
        target = rest.rpartition(" ")[0] or rest
        started = time.perf_counter()
        answer = self._server.answer(method, target, self._headers, body)
        close = self._headers.get("connection", "").lower() == "close"
        if target != LIVENESS:
            log(f"{answer.status} {method} {target} {(time.perf_counter() - started) * 1000:.2f}ms")
        self._send(answer, close=close)
        self._head = None
        self._length = 0

    def _send(self, answer: Answer, *, close: bool) -> None:
        if self._transport is None:
            return
        request_id = self._headers.get("x-ms-request-id") or str(uuid.uuid4())
        client_id = self._headers.get("x-ms-client-request-id")
        head = (
            f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Unknown')}\r\n"
            f"content-type: {answer.content_type}\r\ncontent-length: {len(answer.body)}\r\n"
            f"x-ms-request-id: {request_id}\r\nx-ms-run-function-failed: {answer.failed}\r\n"
            f"x-ms-run-fn-exec-ms: {answer.milliseconds:.3f}\r\n"
            + (f"x-ms-client-request-id: {client_id}\r\n" if client_id else "")
            + ("connection: close\r\n\r\n" if close else "\r\n")
        )
        self._transport.write(head.encode("latin-1") + answer.body)
        if close:
            self._transport.close()

    def _refuse(self, status: int, message: str) -> None:
        """Answer what cannot be read on, and end the connection: where the next request starts is unknown."""
        self._send(refusal(status, message), close=True)
        self._head = None
        self._buffer.clear()


def log(line: str) -> None:
    """One line to the process's standard error, whatever the script has made of ``sys.stderr``; lost on a full disk."""
    with contextlib.suppress(OSError):
        os.write(2, f"{time.strftime('%Y-%m-%d %H:%M:%S')} {os.getpid()} {line}\n".encode())


_REASONS = {status.value: status.phrase for status in http.HTTPStatus}
