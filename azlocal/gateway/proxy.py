"""The CONNECT proxy. An Azure host's socket becomes a TLS server here, in place; any other is tunnelled on."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any
from urllib.parse import urlsplit

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from azlocal.azure import ASGIApp
from azlocal.gateway.ca import CertificateAuthority
from azlocal.gateway.hosts import Hosts
from azlocal.gateway.prompt import PromptProtocol

_HEAD_LIMIT = 16 * 1024
_KEEP_ALIVE = 300  # seconds: longer than the clients' pools keep a connection
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

logger = logging.getLogger("azlocal.gateway")


class Gateway:
    """Listens on loopback for proxy requests."""

    def __init__(self, hosts: Hosts, authority: CertificateAuthority, services: ASGIApp, instance: ASGIApp) -> None:
        self.hosts = hosts
        self.authority = authority
        self._services = _configure(services)
        self._instance = _configure(instance)
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.upstream = _upstream()

    async def start(self, port: int) -> int:
        """Listen; answers the port, which the system chooses for 0.

        Raises:
            OSError: the port is taken.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Front(self), "127.0.0.1", port, backlog=512)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._server:
            self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        for task in list(self._tasks):
            task.cancel()

    def http(self, *, secure: bool) -> HttpToolsProtocol:
        """An HTTP protocol for one connection."""
        config = self._services if secure else self._instance
        return PromptProtocol(config, self._state, {}, asyncio.get_running_loop())

    def run(self, work: Any) -> None:
        """Run a connection's set-up beside the loop."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Front(asyncio.Protocol):
    """The first bytes of a connection: CONNECT, or a plain request to the gateway itself."""

    transport: asyncio.Transport

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) > _HEAD_LIMIT:
                self._refuse(431, "The request head is too large.")
            return
        if not self._head.startswith(b"CONNECT "):
            self._hand_over(self._gateway.http(secure=False), self._head)
            return
        target = self._head.split(b" ", 2)[1].decode("latin-1")
        rest = self._head[end + 4 :]
        host, _, port = target.rpartition(":")
        host = host.strip("[]")
        if rest or not host or not port.isdigit():
            self._refuse(400, f"CONNECT needs host:port and then to wait; got '{target}'.")
            return
        self.transport.pause_reading()
        if self._gateway.hosts.service(host):
            self._gateway.run(self._serve(host.lower()))
        else:
            self._gateway.run(self._tunnel(host, int(port)))

    def _hand_over(self, protocol: asyncio.Protocol, data: bytes) -> None:
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        if data:
            protocol.data_received(data)

    async def _serve(self, host: str) -> None:
        """Become the TLS server of an Azure host on this very socket."""
        early = _Early()
        self.transport.write(_ESTABLISHED)
        try:
            tls = await asyncio.get_running_loop().start_tls(
                self.transport, early, self._gateway.authority.context(host), server_side=True
            )
        except (OSError, ConnectionError):
            self.transport.close()  # the client does not trust the CA, or went away
            return
        if tls is None:
            return
        protocol = self._gateway.http(secure=True)
        tls.set_protocol(protocol)
        protocol.connection_made(tls)
        if early.lost:
            protocol.connection_lost(None)
        elif early.data:
            protocol.data_received(bytes(early.data))

    async def _tunnel(self, host: str, port: int) -> None:
        """Connect to any other host and pass bytes both ways, unread."""
        near = _Pipe(self.transport)
        loop = asyncio.get_running_loop()
        upstream = self._gateway.upstream
        try:
            address = upstream or (host, port)
            far_transport, far = await loop.create_connection(_Pipe, *address)
        except OSError as error:
            self._refuse(502, f"{host}:{port} cannot be reached: {error.strerror or error}.")
            return
        near.peer, far.peer = far_transport, self.transport
        self.transport.set_protocol(near)
        if upstream:  # its own answer to CONNECT is passed on to the client
            far_transport.write(self._head)
        else:
            self.transport.write(_ESTABLISHED)
        self.transport.resume_reading()

    def _refuse(self, status: int, message: str) -> None:
        body = f"azlocal: {message}\n".encode()
        self.transport.write(
            f"HTTP/1.1 {status} Refused\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
        )
        self.transport.close()


class _Early(asyncio.Protocol):
    """Keeps what arrives between the end of the handshake and the start of the HTTP protocol."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


class _Pipe(asyncio.Protocol):
    """One direction's end of a tunnel; reading stops while the other side cannot write."""

    def __init__(self, transport: asyncio.Transport | None = None) -> None:
        self.transport = transport
        self.peer: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self.peer:
            self.peer.write(data)

    def eof_received(self) -> bool:
        if self.peer and self.peer.can_write_eof():
            self.peer.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self.peer:
            self.peer.close()

    def pause_writing(self) -> None:
        if self.peer:
            self.peer.pause_reading()

    def resume_writing(self) -> None:
        if self.peer and not self.peer.is_closing():
            self.peer.resume_reading()


def _configure(app: ASGIApp) -> Config:
    config = Config(
        app,
        http=HttpToolsProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
    )
    config.load()
    return config


def _upstream() -> tuple[str, int] | None:
    """The proxy this machine itself needs to get out, if its environment names one."""
    value = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
    parts = urlsplit(value) if value else None
    return (parts.hostname, parts.port or 80) if parts and parts.hostname else None
