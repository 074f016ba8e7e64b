"""Acknowledging at once what a client sends in two parts.

Many clients leave Nagle's algorithm on towards a proxy (urllib3 does so on purpose) and send a request's head and
body apart: the body then waits for the head's acknowledgement, which Linux delays by 40 ms. On other systems
nothing is changed.
"""

from __future__ import annotations

import asyncio
import socket

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_QUICK: int | None = getattr(socket, "TCP_QUICKACK", None)


class PromptProtocol(HttpToolsProtocol):
    """HTTP on one connection; while a request is incomplete, every piece of it is acknowledged at once."""

    _socket: socket.socket | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the socket below, TLS or not."""
        super().connection_made(transport)
        raw = transport.get_extra_info("socket")
        if _QUICK is not None and raw is not None:
            self._socket = socket.socket(fileno=raw.fileno())

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the socket, which the transport closes."""
        if self._socket is not None:
            self._socket.detach()
            self._socket = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a piece of a request."""
        super().data_received(data)
        if self._socket is not None and _QUICK is not None and (self.cycle is None or self.cycle.more_body):
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICK, 1)
