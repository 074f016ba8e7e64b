"""One ASGI app for all hosts: finds the service by the Host header."""

from __future__ import annotations

from azlocal.arm.errors import not_served
from azlocal.arm.service import send_json
from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.gateway.hosts import Hosts


class Dispatch:
    """Hands each request to the service of its host."""

    def __init__(self, azure: Azure, hosts: Hosts) -> None:
        self._azure = azure
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        name = self._hosts.service(host.decode("latin-1").partition(":")[0])
        service = self._azure.services.get(name) if name else None
        if service is None:
            await send_json(send, not_served(f"{scope['method']} {host.decode('latin-1')}").response())
            return
        await service(scope, receive, send)
