"""MLflow's pages: ``max_results`` and ``page_token``."""

from __future__ import annotations

from typing import Any

from azlocal.arm.errors import bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.machinelearning.plane import Request, ok

_MOST = 1000


def page(request: Request, name: str, values: list[dict[str, Any]]) -> ArmResponse:
    """One page of ``values`` under ``name``.

    Raises:
        ArmError: 400, the token or the size is no number.
    """
    token, size = request.argument("page_token") or "0", request.argument("max_results") or str(_MOST)
    if not token.isdigit() or not size.isdigit():
        raise bad_request(f"'page_token' is '{token}' and 'max_results' '{size}'; both must be whole numbers.")
    start, end = int(token), int(token) + min(int(size), 50 * _MOST)
    body: dict[str, Any] = {name: values[start:end]}
    if end < len(values):
        body["next_page_token"] = str(end)
    return ok(body)
