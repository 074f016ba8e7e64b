"""How the engine reaches Azure's control plane: one exchange at a time, and operations that take their time.

``send`` is a single exchange; ``call`` is what Azure's own clients do with it: follow a long-running operation
to its end (ARM RPC, "Asynchronous Operations"), and turn an error answer into an exception.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from azlocal.engine.errors import ArmCallError

if TYPE_CHECKING:
    from azlocal.arm.control import ControlPlane
    from azlocal.entra.principals import Principal

DEFAULT_POLL_SECONDS = 10.0  # azure-native's, where Azure gives none
DEFAULT_TIMEOUT_SECONDS = 3600.0
TERMINAL = {"succeeded", "failed", "canceled"}


@dataclass(slots=True)
class Reply:
    """One answer; header names are lower-case."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the engine acts as, what ``authorization.getClientConfig`` tells a program."""

    subscription_id: str
    tenant_id: str
    client_id: str
    object_id: str


class Port(Protocol):
    """A control plane. ``send`` blocks its thread and may be called from many."""

    @property
    def identity(self) -> Identity:
        """Who the engine acts as."""
        ...

    def send(self, method: str, path: str, query: Mapping[str, str], body: Any = None) -> Reply:
        """One exchange. ``path`` is not percent-encoded."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait between two polls."""
        ...


class InProcess:
    """The control plane in this very process, without HTTP: what a plan runs against."""

    def __init__(self, control: ControlPlane, principal: Principal, subscription_id: str) -> None:
        self._control = control
        self._principal = principal
        self.identity = Identity(subscription_id, principal.tenant_id, principal.client_id, principal.object_id)

    def send(self, method: str, path: str, query: Mapping[str, str], body: Any = None) -> Reply:
        """One call of the request chain."""
        from azlocal.arm.messages import ArmRequest

        answer = self._control.handle(ArmRequest(method, path, query=query, body=body, principal=self._principal))
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status, answer.body, headers)

    def pause(self, seconds: float) -> None:
        """Nothing goes on in the background of a plan: there is nothing to wait for."""


def call(
    port: Port,
    method: str,
    path: str,
    api_version: str,
    body: Any = None,
    *,
    query: Mapping[str, str] | None = None,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
) -> Reply:
    """An exchange and the operation it starts, to its end. A PUT or PATCH ends with the resource itself.

    Raises:
        ArmCallError: Azure's error, or ``OperationTimedOut`` where the operation outlasts ``timeout`` seconds.
    """
    given = {"api-version": api_version, **(query or {})}
    reply = port.send(method, path, given, body)
    raise_for(reply, f"{method} {path}")
    deadline = time.monotonic() + timeout
    if operation := reply.headers.get("azure-asyncoperation"):
        _follow_operation(port, operation, reply, deadline)
        return _final(port, method, path, given, reply)
    if reply.status == 202 and (location := reply.headers.get("location")):
        done = _follow_location(port, location, reply, deadline)
        return _final(port, method, path, given, done) if method in {"PUT", "PATCH"} else done
    if method in {"PUT", "PATCH"} and _state(reply.body) not in TERMINAL:
        return _follow_body(port, path, given, reply, deadline)
    return reply


def raise_for(reply: Reply, what: str) -> None:
    """Turn an error answer into an exception with Azure's code and message."""
    if reply.status < 400:
        return
    error = reply.body.get("error") if isinstance(reply.body, dict) else None
    if isinstance(error, dict):
        raise ArmCallError(reply.status, str(error.get("code")), _message(error), str(error.get("target") or ""))
    text = str(reply.body)[:300] if reply.body else f"{what} was answered with status {reply.status}"
    raise ArmCallError(reply.status, f"HTTP{reply.status}", text)


def _message(error: Mapping[str, Any]) -> str:
    """The message, with what the details add to it and it does not say already."""
    told = str(error.get("message") or "")
    for detail in error.get("details") or []:
        text = str(detail.get("message") or "")
        told = told if text in told else f"{told} {text}".lstrip()
    return told


def _follow_operation(port: Port, url: str, reply: Reply, deadline: float) -> None:
    while True:
        _wait(port, reply, deadline, url)
        reply = _get(port, url)
        status = str((reply.body or {}).get("status", "Succeeded"))
        if status.lower() == "succeeded":
            return
        if status.lower() in TERMINAL:
            error = (reply.body or {}).get("error") or {}
            raise ArmCallError(reply.status, str(error.get("code", status)), _message(error) or f"operation {status}")


def _follow_location(port: Port, url: str, reply: Reply, deadline: float) -> Reply:
    while True:
        _wait(port, reply, deadline, url)
        reply = _get(port, url)
        if reply.status != 202:
            return reply
        url = reply.headers.get("location", url)


def _follow_body(port: Port, path: str, query: Mapping[str, str], reply: Reply, deadline: float) -> Reply:
    """Where no header says where to look, the resource's own provisioningState tells."""
    while (state := _state(reply.body)) not in TERMINAL:
        _wait(port, reply, deadline, path)
        reply = port.send("GET", path, {"api-version": query["api-version"]})
        raise_for(reply, f"GET {path}")
    if state != "succeeded":
        raise ArmCallError(reply.status, "ProvisioningFailed", f"{path} ended as {state}")
    return reply


def _state(body: Any) -> str:
    """The provisioning state in lower case; a body without one has succeeded (ARM RPC)."""
    properties = body.get("properties") if isinstance(body, dict) else None
    state = properties.get("provisioningState") if isinstance(properties, dict) else None
    return str(state or "succeeded").lower()


def _final(port: Port, method: str, path: str, query: Mapping[str, str], reply: Reply) -> Reply:
    if method not in {"PUT", "PATCH"}:
        return reply
    final = port.send("GET", path, {"api-version": query["api-version"]})
    raise_for(final, f"GET {path}")
    return final


def _get(port: Port, url: str) -> Reply:
    parts = urlsplit(url)
    reply = port.send("GET", unquote(parts.path), dict(parse_qsl(parts.query)))
    raise_for(reply, f"GET {url}")
    return reply


def _wait(port: Port, reply: Reply, deadline: float, what: str) -> None:
    seconds = retry_after(reply.headers)
    if time.monotonic() + seconds > deadline:
        raise ArmCallError(408, "OperationTimedOut", f"{what} did not end in the time it was given")
    port.pause(seconds)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds until the next try: milliseconds where Azure gives them, as azcore reads them."""
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if name in headers:
            return float(headers[name]) / 1000
    try:
        return float(headers.get("retry-after", DEFAULT_POLL_SECONDS))
    except ValueError:
        return DEFAULT_POLL_SECONDS
