"""A client's side of HTTP/1.1 to one scoring process, over a socket that only these two share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import cast

_HEAD_END = b"\r\n\r\n"


class BrokenError(ConnectionError):
    """The process closed the connection before its answer was whole."""


class Reply:
    """An answer: status and header names in lower case as they came, the body whole."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class Connection(asyncio.Protocol):
    """One request at a time; reusable while ``usable``."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Reply] | None = None
        self._head: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self._chunks: list[bytes] = []
        self._missing = 0

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return self._transport is not None and not self._transport.is_closing() and self._waiter is None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ready."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The process is gone, or it ended the connection."""
        self._transport = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(BrokenError(str(exc or "the scoring process closed the connection")))

    async def exchange(self, head: bytes, body: Iterable[bytes]) -> Reply:
        """Send one request and wait for its answer; cancelled, the connection is closed.

        Raises:
            BrokenError: the process died or closed the connection before it had answered.
        """
        if self._transport is None:
            raise BrokenError("the scoring process has closed the connection")
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.writelines([head, *body])
        try:
            return await self._waiter
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._waiter = None

    def close(self) -> None:
        """Close without waiting."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Collect the answer."""
        if self._head is None:
            data = b"".join([*self._chunks, data])
            end = data.find(_HEAD_END)
            if end < 0:
                self._chunks = [data]
                return
            self._read_head(data[:end])
            self._chunks = []
            data = data[end + len(_HEAD_END) :]
        self._chunks.append(data)
        self._missing -= len(data)
        if self._missing <= 0:
            self._finish()

    def _read_head(self, head: bytes) -> None:
        first, *lines = head.split(b"\r\n")
        headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
        self._head = (int(first.split(b" ", 2)[1]), headers)
        self._missing = next(int(value) for name, value in headers if name == b"content-length")

    def _finish(self) -> None:
        if self._head is None:
            return
        status, headers = self._head
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._head, self._chunks = None, []
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(Reply(status, headers, body))
