"""Azure's error envelope: ``{"error": {"code", "message", "target", "details"}}`` (ARM RPC, "Error Response")."""

from __future__ import annotations

import sqlite3
from typing import Any

from azlocal.arm.messages import ArmResponse


class ArmError(Exception):
    """A refusal as Azure words it: HTTP status, code and message, and what it is about."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.details = details or []

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target:
            error["target"] = self.target
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def response(self) -> ArmResponse:
        """The whole answer."""
        headers = {"x-ms-failure-cause": "gateway"} if self.status in {401, 403} else {}
        return ArmResponse(self.status, self.body(), headers)


def not_served(operation: str) -> ArmError:
    """What azlocal does not do: said plainly, never a quiet success."""
    return ArmError(
        501,
        "NotImplemented",
        f"azlocal, a local stand-in for Azure, does not serve this operation: {operation}.",
    )


def bad_request(message: str, code: str = "InvalidRequestContent", target: str | None = None) -> ArmError:
    """A 400 with Azure's code for it."""
    return ArmError(400, code, message, target=target)


def storage_failure(error: sqlite3.OperationalError) -> ArmError:
    """What a client sees when the state cannot be written; 507 is not retried by Azure's clients."""
    if "full" in str(error):
        return ArmError(
            507,
            "InsufficientStorage",
            "The disk that holds azlocal's state is full. Free some space and try again.",
        )
    return ArmError(500, "InternalServerError", f"The state could not be used: {error}.")
