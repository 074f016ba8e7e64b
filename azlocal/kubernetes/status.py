"""Kubernetes' way of saying no: a Status object (Kubernetes API Conventions, "Response Status Kind")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong with an object: why, in words, and at which field."""

    reason: str
    message: str
    field: str


class StatusError(Exception):
    """A refusal by an API server: HTTP code, machine-readable reason, message and causes."""

    def __init__(
        self, code: int, reason: str, message: str, *, kind: str = "", name: str = "", causes: tuple[Cause, ...] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.kind = kind
        self.name = name
        self.causes = causes

    def body(self) -> Json:
        """The Status object."""
        details: Json = {key: value for key, value in (("name", self.name), ("kind", self.kind)) if value}
        if self.causes:
            details["causes"] = [
                {"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in self.causes
            ]
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            **({"reason": self.reason} if self.reason else {}),
            "details": details,
            "code": self.code,
        }


def not_found(plural: str, group: str, name: str) -> StatusError:
    """404 as an API server words it."""
    resource = f"{plural}.{group}" if group else plural
    return StatusError(404, "NotFound", f'{resource} "{name}" not found', kind=plural, name=name)


def bad_request(message: str) -> StatusError:
    """400 as an API server words it."""
    return StatusError(400, "BadRequest", message)


def invalid(kind: str, group: str, name: str, causes: tuple[Cause, ...]) -> StatusError:
    """422 with each field that is wrong."""
    what = f"{kind}.{group}" if group else kind
    listed = "; ".join(f"{cause.field}: {cause.message}" for cause in causes)
    return StatusError(422, "Invalid", f'{what} "{name}" is invalid: {listed}', kind=kind, name=name, causes=causes)


def not_served(operation: str) -> StatusError:
    """What the stand-in does not do, by name."""
    return StatusError(
        501,
        "NotImplemented",
        f"azlocal, a local stand-in for Azure, does not serve this operation: {operation}. Start it with a kubeconfig"
        " of a real cluster to have it.",
    )
