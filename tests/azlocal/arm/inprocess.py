"""The SDKs' own pipelines over a control plane in this process: serializers, pollers and error mapping are real.

Only the wire is missing: a ``requests`` adapter hands each prepared request to ``ControlPlane.handle``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.response import HTTPResponse

from azlocal.arm import ArmRequest, ControlPlane
from azlocal.entra.principals import OWNER, Principal


class StaticCredential:
    """A token that says nothing: the adapter knows who asks."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("local", 4_102_444_800)


class Adapter(BaseAdapter):
    """Answers from a control plane, as one principal; keeps the requests for a test to look at."""

    def __init__(self, control: ControlPlane, principal: Principal) -> None:
        super().__init__()
        self.control = control
        self.principal = principal
        self.requests: list[ArmRequest] = []

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        body = (
            json.loads(str(request.body, "utf-8") if isinstance(request.body, bytes) else str(request.body))
            if request.body
            else None
        )
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        query = dict(parse_qsl(url.query))
        arm = ArmRequest(request.method or "GET", unquote(url.path), query, body, headers, self.principal)
        self.requests.append(arm)
        answer = self.control.handle(arm)
        content = b"" if answer.body is None else json.dumps(answer.body).encode()
        response = requests.Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict({"content-type": "application/json", **answer.headers})
        response.raw = HTTPResponse(io.BytesIO(content), preload_content=False)
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        """Nothing to close."""


class Transport(RequestsTransport):  # type: ignore[misc]
    """azure-core's own transport on that adapter. ``sleep`` moves a test's clock instead of waiting."""

    def __init__(
        self,
        control: ControlPlane,
        principal: Principal = OWNER,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.adapter = Adapter(control, principal)
        session = requests.Session()
        session.mount("https://", self.adapter)
        session.trust_env = False
        super().__init__(session=session, session_owner=False)
        self._sleep = sleep or (lambda _seconds: None)

    def sleep(self, duration: float) -> None:
        self._sleep(duration)
