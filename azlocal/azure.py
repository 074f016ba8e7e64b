"""One running local Azure: what every service shares, and the shape a service has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from azlocal.arm import ControlPlane
    from azlocal.entra.tokens import Authority
    from azlocal.state import State, StateFolder

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Service(Protocol):
    """One of Azure's services: an ASGI app with a life.

    ``start`` registers effects (``azure.control.effects``) and takes up what a crash interrupted; it must not
    delay readiness, so anything slow goes to ``azure.spawn``. ``stop`` ends every process the service started.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to a host of this service."""

    async def start(self) -> None:
        """Begin; the event loop runs, the port is known, other services may not have started."""

    async def stop(self) -> None:
        """End."""


@dataclass(slots=True)
class Azure:
    """What a service gets: the state, the control plane, tokens, and where clients reach this Azure."""

    folder: StateFolder
    state: State
    control: ControlPlane
    authority: Authority
    port: int = 0  # the gateway's, on loopback
    options: dict[str, Any] = field(default_factory=dict)  # of `azlocal start`: kubeconfig, faithful, ...
    services: dict[str, Service] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run work beside the requests; it is cancelled when the server stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self) -> None:
        """Stop every service, then what still runs."""
        await asyncio.gather(*(service.stop() for service in self.services.values()), return_exceptions=True)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
