"""Long-running operations: what is going on with a resource, and the addresses a client polls.

Fast by default: a poll comes back after 50 ms (``x-ms-retry-after-ms``, which azcore and azure-core read).
With ``faithful`` the declared durations of Azure and whole seconds of ``Retry-After`` are used instead.
"""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from azlocal.arm.errors import ArmError, storage_failure
from azlocal.arm.messages import ArmResponse
from azlocal.state import State

HOST = "https://management.azure.com"
FAST_POLL_MILLISECONDS = 50
FAITHFUL_POLL_SECONDS = 10  # the smallest that ARM RPC, "Retry-After", allows
_KIND = "operation"

logger = logging.getLogger("azlocal.arm")


@dataclass(slots=True)
class Operation:
    """One long-running operation. Times are seconds since the epoch; ``due`` is None while an effect runs."""

    id: str
    resource: str
    verb: str  # PUT, DELETE or POST
    subscription: str
    status: str = "InProgress"
    started: float = 0.0
    due: float | None = None
    ended: float | None = None
    error: dict[str, Any] | None = None
    result: Any = None  # what a finished POST answers at its Location

    @property
    def done(self) -> bool:
        """Whether the status is terminal."""
        return self.status in {"Succeeded", "Failed", "Canceled"}


class Operations:
    """All operations, durable; at most one goes on per resource."""

    def __init__(self, state: State, *, faithful: bool = False, clock: Callable[[], float] = time.time) -> None:
        self._state = state
        self._clock = clock
        self.faithful = faithful
        self._active: dict[str, Operation] = {}
        self._on_done: dict[str, Callable[[Operation], None]] = {}
        for _, value in state.documents(_KIND):
            operation = Operation(**value)
            if not operation.done:
                self._active[operation.resource] = operation

    def active(self, key: str) -> Operation | None:
        """The operation going on for a resource, after finishing it if its time has come."""
        operation = self._active.get(key)
        if operation and operation.done:  # the disk was too full to note it
            self._note_end(operation)
            return None
        if operation and operation.due is not None and operation.due <= self._clock():
            self.finish(operation)
            return None
        return operation

    @property
    def unfinished(self) -> list[Operation]:
        """What was going on: after a crash, the effects to take up again."""
        return list(self._active.values())

    def start(
        self,
        key: str,
        verb: str,
        subscription: str,
        duration: float,
        *,
        on_done: Callable[[Operation], None] | None = None,
        effect: bool = False,
    ) -> Operation:
        """Record that something goes on. It ends after ``duration``, or when the effect calls ``finish``."""
        now = self._clock()
        operation = Operation(str(uuid.uuid4()), key, verb, subscription, started=now)
        if not effect:
            operation.due = now + (duration if self.faithful else 0.0)
        self._save(operation)
        self._active[key] = operation
        if on_done:
            self._on_done[operation.id] = on_done
        return operation

    def resume(self, operation: Operation, on_done: Callable[[Operation], None]) -> None:
        """Say again what must happen when an operation found after a crash ends."""
        self._on_done[operation.id] = on_done

    def finish(self, operation: Operation, error: ArmError | None = None, result: Any = None) -> None:
        """End an operation, well or with the error; it ends with an error too where its end can't be written down."""
        if operation.done:
            return
        operation.status = "Failed" if error else "Succeeded"
        operation.error = error.body()["error"] if error else None
        operation.result = result
        operation.ended = self._clock()
        self._note_end(operation)

    def _note_end(self, operation: Operation) -> None:
        """Write down how an operation has ended. Where the disk is full that is an error of its own, and is written
        down when somebody asks for the resource again.
        """
        try:
            with self._state.transaction():
                self._save(operation)
                if on_done := self._on_done.get(operation.id):
                    on_done(operation)
        except sqlite3.OperationalError as problem:
            logger.error("the end of %s %s is not stored: %s", operation.verb, operation.resource, problem)  # noqa: TRY400
            operation.status, operation.error = "Failed", storage_failure(problem).body()["error"]
            return
        self._on_done.pop(operation.id, None)
        if self._active.get(operation.resource) is operation:
            del self._active[operation.resource]

    def get(self, operation_id: str) -> Operation | None:
        """An operation by its id."""
        value = self._state.document(_KIND, operation_id)
        if value is None:
            return None
        operation = Operation(**value)
        live = self._active.get(operation.resource)
        if live and live.id == operation_id:
            self.active(operation.resource)
            return live
        return operation

    def headers(self, operation: Operation, api_version: str, *, location: bool) -> dict[str, str]:
        """The addresses to poll and how soon to come back."""
        base = f"{HOST}/subscriptions/{operation.subscription}/providers/Microsoft.Resources/locations/global"
        status = f"{base}/operationStatuses/{operation.id}?api-version={api_version}"
        headers = {"Azure-AsyncOperation": status, **self._retry()}
        if location:
            headers["Location"] = f"{base}/operationResults/{operation.id}?api-version={api_version}"
        return headers

    def _retry(self) -> dict[str, str]:
        if self.faithful:
            return {"Retry-After": str(FAITHFUL_POLL_SECONDS)}
        return {"x-ms-retry-after-ms": str(FAST_POLL_MILLISECONDS)}

    def status(self, operation: Operation) -> ArmResponse:
        """The operation resource: 200 always, the state in the body (ARM RPC, "Azure-AsyncOperation")."""
        body: dict[str, Any] = {
            "id": f"/subscriptions/{operation.subscription}/providers/Microsoft.Resources/locations/global"
            f"/operationStatuses/{operation.id}",
            "name": operation.id,
            "status": operation.status,
            "startTime": iso(operation.started),
            "percentComplete": 100.0 if operation.done else 50.0,
        }
        if operation.ended:
            body["endTime"] = iso(operation.ended)
        if operation.error:
            body["error"] = operation.error
        return ArmResponse(200, body, {} if operation.done else self._retry())

    def pending(self, headers: dict[str, str]) -> ArmResponse:
        """What a Location answers while the operation goes on."""
        return ArmResponse(202, None, {**headers, **self._retry()})

    def _save(self, operation: Operation) -> None:
        self._state.put_document(_KIND, operation.id, asdict(operation))


def iso(seconds: float) -> str:
    """A time as Azure writes it."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat().replace("+00:00", "Z")
