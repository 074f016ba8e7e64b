"""Data planes that are not served: whoever may ask is told by name what it is that isn't there."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

from azlocal.arm.errors import ArmError
from azlocal.azure import Azure, Scope, Send
from azlocal.entra.http import authenticate
from azlocal.state import Resource

Table = Sequence[tuple[str, str, str]]
"""Rows of method (or ``*``), pattern of a path, and the operation's name in the service's own reference."""


def operation(table: Table, method: str, path: str) -> str:
    """The name of an operation, or its method and path where the table has none."""
    for wanted, pattern, name in table:
        if wanted in {"*", method} and re.fullmatch(pattern, path):
            return name
    return f"{method} {path}"


def holder(azure: Azure, host: str) -> Resource:
    """The resource that a host name belongs to.

    Raises:
        ArmError: 404 where nothing of this name exists.
    """
    for key in azure.state.referrers(f"dns:{host}"):
        if found := azure.state.get(key):
            return found
    raise ArmError(404, "ResourceNotFound", f"Nothing in this Azure has the host name '{host}'.")


def refuse(azure: Azure, scope: Scope, audiences: Collection[str], table: Table) -> ArmError:
    """501 for whoever is signed in; 401 for everybody else."""
    try:
        authenticate(azure.authority, scope["headers"], audiences)
    except ArmError as error:
        return error
    name = operation(table, scope["method"], scope["path"])
    return ArmError(
        501, "NotImplemented", f"azlocal, a local stand-in for Azure, does not serve this operation: {name}."
    )


def host_of(scope: Scope) -> str:
    """The host name a request is for."""
    for name, value in scope["headers"]:
        if name == b"host":
            return str(value.decode("latin-1")).partition(":")[0].lower()
    return ""


async def respond(send: Send, status: int, body: Any, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Send JSON."""
    data = json.dumps(body).encode()
    sent = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": data})
