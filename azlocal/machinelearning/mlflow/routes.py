"""All of MLflow's operations that are served."""

from __future__ import annotations

from typing import Any

from azlocal.arm.errors import ArmError
from azlocal.machinelearning.mlflow import experiments, models, runs
from azlocal.machinelearning.plane import Route

ROUTES: list[Route] = [*experiments.ROUTES, *runs.ROUTES, *models.ROUTES]


def error_body(error: ArmError) -> dict[str, Any]:
    """A refusal as MLflow's clients read it."""
    return {"error_code": _CODES.get(error.status, "INTERNAL_ERROR"), "message": error.message}


_CODES = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    409: "RESOURCE_ALREADY_EXISTS",
    501: "NOT_IMPLEMENTED",
}
