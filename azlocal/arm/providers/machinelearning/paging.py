"""Pages of a list that is already in order: ``$top``, ``$skip`` and ``nextLink``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from azlocal.arm.errors import bad_request
from azlocal.arm.messages import ArmResponse

if TYPE_CHECKING:
    from azlocal.arm.control import Call

PAGE = 500


def page(call: Call, value: list[dict[str, Any]]) -> ArmResponse:
    """One page. ``$top`` limits the whole answer only where a client asks for no more of it.

    Azure ML's own clients read ``$top`` as the page's size and take the first page for the answer.
    """
    query = call.request.query
    skip = _number(query.get("$skip") or query.get("$skipToken") or "0", "$skip")
    size = min(_number(query.get("$top") or str(PAGE), "$top") or PAGE, PAGE)
    body: dict[str, Any] = {"value": value[skip : skip + size]}
    if skip + size < len(value):
        following = {key: one for key, one in query.items() if key not in {"$skip", "$skipToken"}}
        following["$skip"] = str(skip + size)
        body["nextLink"] = f"https://management.azure.com{call.path.path}?{urlencode(following)}"
    return ArmResponse(200, body)


def _number(text: str, name: str) -> int:
    if not text.isdigit():
        raise bad_request(f"'{name}' must be a whole number, not '{text}'.", "UserError", name)
    return int(text)
