"""Management locks: inherited from every scope above, the strictest wins (Microsoft Learn, "Lock resources")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError
from azlocal.state import Resource, State

if TYPE_CHECKING:
    from azlocal.arm.control import Call

LOCK = "microsoft.authorization/locks"
_BLOCKED = {"CanNotDelete": {"DELETE"}, "ReadOnly": {"DELETE", "PUT", "PATCH", "POST"}}


def check(call: Call) -> None:
    """Refuse what a lock forbids; a lock itself can always be removed.

    Raises:
        ArmError: 409 ScopeLocked.
    """
    if call.request.method in {"GET", "HEAD"} or call.type.name.lower() == LOCK:
        return
    held = [
        lock
        for lock in covering(call.state, call.key, below=call.request.method == "DELETE")
        if call.request.method in _BLOCKED.get(lock.properties.get("level", ""), set())
    ]
    if held:
        scopes = ", ".join(f"'{lock.id.rpartition('/providers/')[0]}'" for lock in held)
        raise ArmError(
            409,
            "ScopeLocked",
            f"The scope '{call.path.path}' cannot perform {_operation(call)} operation because following scope(s)"
            f" are locked: {scopes}. Please remove the lock and try again.",
        )


def covering(state: State, key: str, *, below: bool) -> list[Resource]:
    """The locks at a scope, above it, and with ``below`` also underneath (a delete would take them along)."""
    found = []
    for lock in state.of_type(LOCK):
        scope = lock.key.rpartition("/providers/microsoft.authorization/locks")[0]
        if key == scope or key.startswith(scope + "/") or (below and scope.startswith(key + "/")):
            found.append(lock)
    return found


def _operation(call: Call) -> str:
    return "delete" if call.request.method == "DELETE" else "write"
