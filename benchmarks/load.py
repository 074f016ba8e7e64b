"""A closed-loop load on one HTTPS host through a gateway: bounded in count, loopback only, little cost of its own."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

CONNECTIONS = 4


@dataclass(frozen=True)
class Load:
    """What a load measured."""

    requests: int
    seconds: float
    failures: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


class _Client(asyncio.Protocol):
    """Sends one prepared request after another and reads just enough of each answer to find its end."""

    def __init__(self, requests: list[bytes], done: asyncio.Future[int]) -> None:
        self._requests = iter(requests)
        self._done = done
        self._buffer = b""
        self._failures = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        self._failures += not head.startswith(b"http/1.1 2")
        self._buffer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("closed"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._done.set_result(self._failures)
            self._transport.close()
        else:
            self._transport.write(request)  # type: ignore[attr-defined]


def request(method: str, host: str, path: str, token: str, body: bytes = b"") -> bytes:
    """One HTTP request, ready to send."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(port: int, ca: Path, host: str, requests: list[bytes]) -> Load:
    """Send all requests over a few connections and time them; connecting is not counted."""
    return uvloop.run(_run(port, ca, host, requests))


async def _run(port: int, ca: Path, host: str, requests: list[bytes]) -> Load:
    context = ssl.create_default_context(cafile=str(ca))
    loop = asyncio.get_running_loop()
    raw = []
    for _ in range(CONNECTIONS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        await writer.start_tls(context, server_hostname=host)
        raw.append(writer)
    began = time.perf_counter()
    waiting = []
    for index, writer in enumerate(raw):
        done: asyncio.Future[int] = loop.create_future()
        protocol = _Client(requests[index::CONNECTIONS], done)
        writer.transport.set_protocol(protocol)
        protocol.connection_made(writer.transport)
        waiting.append(done)
    failures = sum(await asyncio.gather(*waiting))
    return Load(len(requests), time.perf_counter() - began, failures)
