"""What the workspace's data planes share: a request that is known and allowed, and tables of routes."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azlocal.arm.messages import ArmResponse
from azlocal.entra.principals import Principal
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.machinelearning.service import MachineLearning

Json = dict[str, Any]


@dataclass(slots=True)
class Request:
    """One call of a data plane. ``names`` are the parts of the path that the route's pattern names."""

    service: MachineLearning
    workspace: Resource
    principal: Principal
    method: str
    query: dict[str, str]
    body: Any
    names: dict[str, str] = field(default_factory=dict)

    @property
    def scope(self) -> str:
        """The workspace's lower-cased id, under which its runs are kept."""
        return self.workspace.key

    @property
    def json(self) -> Json:
        """The body as an object; none is an empty one."""
        return self.body if isinstance(self.body, dict) else {}

    def argument(self, *names: str) -> str | None:
        """A value that a client may send in the query or in the body, under one of several names."""
        for name in names:
            value = self.query.get(name)
            if value is None:
                value = self.json.get(name)
            if value is not None:
                return str(value)
        return None


Handler = Callable[[Request], Awaitable[ArmResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. ``permission`` is the action checked, below the workspace's type.

    ``{name}`` in the path is one segment.
    """

    method: str
    path: str
    handler: Handler
    permission: str

    def match(self, path: str) -> re.Match[str] | None:
        """The segments that the route names, where a path is the route's."""
        return _pattern(self.path).fullmatch(path)


@functools.cache
def _pattern(path: str) -> re.Pattern[str]:
    """Compiled when it is first asked for: all of them together would be felt at the start."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)), re.IGNORECASE)


def ok(body: Any = None) -> ArmResponse:
    """200."""
    return ArmResponse(200, body if body is not None else {})
