"""The router before the scoring processes: who may call, which deployment answers, what a failure looks like.

The answers are those of Microsoft Learn, "Troubleshoot online endpoints", HTTP status codes, with one difference:
a managed endpoint on Azure turns each answer of a model that is not 200 into 424 and keeps the model's own status
in the header ``ms-azureml-model-error-statuscode``. Here the model's status is the answer's, as on Kubernetes
endpoints, and the header says the same, so that a mistake is seen for what it is.

A deployment that the header ``azureml-model-deployment`` names and the endpoint lacks is refused with 404, as on
Azure. The Azure ML SDK sends that header again with every later call of the same process, once it was used
(azure-ai-ml 1.35, a shared dictionary of headers): whoever deletes a deployment it called by name should know.
"""

from __future__ import annotations

import asyncio
import json
import uuid

from azlocal.arm.control import ControlPlane
from azlocal.azure import Receive, Scope, Send
from azlocal.entra.tokens import MACHINE_LEARNING, Authority, TokenError
from azlocal.machinelearning.endpoints import keys
from azlocal.machinelearning.endpoints.connection import BrokenError, Reply
from azlocal.machinelearning.endpoints.process import MAX_BODY
from azlocal.machinelearning.endpoints.replicas import Replicas, TooManyRequestsError, UnavailableError
from azlocal.machinelearning.endpoints.routes import Route, Routes

SCORE_ACTION = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/score/action"
_FORWARDED = frozenset({b"content-type", b"x-ms-client-request-id", b"traceparent", b"accept"})
_MOST_READ = 8 * MAX_BODY  # bytes of a body that is too long, read before it is refused
_OWN = frozenset({b"x-ms-request-id", b"x-ms-client-request-id"})

Headers = list[tuple[bytes, bytes]]


class Problem(Exception):  # noqa: N818 - an answer, raised where it becomes certain
    """A request that is not passed on, or that came to nothing."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = json.dumps({"error": {"code": code, "message": message}}).encode()


class Router:
    """Answers scoring requests."""

    def __init__(self, routes: Routes, control: ControlPlane, authority: Authority) -> None:
        self._routes = routes
        self._control = control
        self._authority = authority
        self._mirrored: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        given = dict(scope["headers"])
        headers = [(b"x-ms-request-id", str(uuid.uuid4()).encode())]
        if client_id := given.get(b"x-ms-client-request-id"):
            headers.append((b"x-ms-client-request-id", client_id))
        try:
            status, body = await self._answer(scope, given, headers, receive)
        except Problem as problem:
            status, body = problem.status, problem.body
            headers.append((b"content-type", b"application/json"))
            if status == 413:
                headers.append((b"connection", b"close"))  # the rest of the body is never read
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, scope: Scope, given: dict[bytes, bytes], headers: Headers, receive: Receive
    ) -> tuple[int, bytes]:
        host = given.get(b"host", b"").decode("latin-1").partition(":")[0].lower()
        route, path = self._routes.find(host, scope["path"])
        if route is None:
            raise Problem(404, "EndpointNotFound", f"No online endpoint answers at {host}{scope['path']}.")
        self._authorize(route, given.get(b"authorization", b"").decode("latin-1"))
        picked = given.get(b"azureml-model-deployment")
        name = _chosen(route, picked)
        headers.append((b"azureml-model-deployment", name.encode()))
        replicas = route.replicas.get(name)
        if replicas is None:
            raise _unavailable(name)
        body = await _read(receive, given)
        head = _head(scope, path, given, headers, sum(map(len, body)))
        for copy in route.mirror.choose() if picked is None else ():  # live traffic alone is mirrored
            self._mirror(route, copy, head, body)
        reply = await _submit(route, name, replicas, head, body)
        headers.extend(pair for pair in reply.headers if pair[0] not in _OWN and pair[0] != b"content-length")
        if reply.status >= 300:
            headers.append((b"ms-azureml-model-error-statuscode", b"%d" % reply.status))
            headers.append((b"ms-azureml-model-error-reason", b"model_error"))
        return reply.status, reply.body

    def _authorize(self, route: Route, header: str) -> None:
        """Check the credential that the endpoint's authMode asks for.

        Raises:
            Problem: 401 without a good one, 403 where Entra's principal may not score.
        """
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Problem(
                401,
                "key_auth_bad_header_missing" if route.auth_mode == "key" else "auth_bad_header_missing",
                f"The endpoint '{route.name}' needs the header 'Authorization: Bearer ...' with"
                f" {_WANTED[route.auth_mode]}.",
            )
        if route.auth_mode == "key":
            if not route.credentials.accepts(token):
                raise _denied(route, "key_auth_access_denied")
        elif route.auth_mode == "amltoken":
            if not keys.accepts_token(route.credentials, route.key, token):
                raise _denied(route, "token_auth_access_denied")
        else:
            self._check_entra(route, token)

    def _check_entra(self, route: Route, token: str) -> None:
        try:
            principal = self._authority.verify(token, MACHINE_LEARNING)
        except TokenError as error:
            raise Problem(401, "aad_auth_access_denied", str(error)) from None
        if not self._control.access.allows(principal, SCORE_ACTION, route.key):
            raise Problem(
                403,
                "AuthorizationFailed",
                f"The client '{principal.client_id}' with object id '{principal.object_id}' does not have"
                f" authorization to perform action '{SCORE_ACTION}' over scope '{route.key}'.",
            )

    def _mirror(self, route: Route, name: str, head: bytes, body: list[bytes]) -> None:
        """Send a copy whose answer nobody gets."""
        if replicas := route.replicas.get(name):
            task = asyncio.create_task(_forget_answer(replicas, head, body))
            self._mirrored.add(task)
            task.add_done_callback(self._mirrored.discard)

    async def stop(self) -> None:
        """Let go of the copies under way."""
        for task in list(self._mirrored):
            task.cancel()
        await asyncio.gather(*self._mirrored, return_exceptions=True)


_WANTED = {
    "key": "one of its keys",
    "amltoken": "a token from its 'token' operation",
    "aadtoken": "a token of Entra ID for https://ml.azure.com",
}


def _denied(route: Route, code: str) -> Problem:
    return Problem(
        401, code, f"The endpoint '{route.name}' does not accept this credential: send {_WANTED[route.auth_mode]}."
    )


def _unavailable(name: str) -> Problem:
    return Problem(
        503, "ServiceUnavailable", f"The deployment '{name}' has no scoring process that is up; its logs say why."
    )


def _chosen(route: Route, header: bytes | None) -> str:
    """The deployment that the header names, also one at 0 %, else the one whose turn it is."""
    if header is not None:
        name = header.decode("latin-1").strip()
        found = next((one for one in route.deployments if one.lower() == name.lower()), None)
        if found is None:
            raise Problem(
                404,
                "DeploymentNotFound",
                f"The endpoint '{route.name}' has no deployment '{name}', which the header 'azureml-model-deployment'"
                f" names; it has: {', '.join(sorted(route.deployments)) or 'none'}.",
            )
        return found
    name = route.traffic.choose() or ""
    if not name:
        raise Problem(
            404,
            "NotFound",
            "No valid deployments to route to. Please check that the endpoint has at least one deployment with"
            " positive weight values or use a deployment specific header to route.",
        )
    return name


async def _read(receive: Receive, given: dict[bytes, bytes]) -> list[bytes]:
    """The request's body. One that is too long is read on without being kept, since most clients look for an
    answer only once they have sent everything; beyond that it is refused where it stands.

    Raises:
        Problem: 413, or 400 where the client has gone.
    """
    declared = given.get(b"content-length", b"")
    size = 0
    if declared.isdigit() and int(declared) > _MOST_READ:
        raise _too_long(int(declared))
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "ClientDisconnected", "The client went away before its request was whole.")
        part = message.get("body", b"")
        size += len(part)
        if size <= MAX_BODY:
            parts.append(part)
        else:
            parts.clear()
        if size > _MOST_READ or (size > MAX_BODY and not message.get("more_body")):
            raise _too_long(size)
        if not message.get("more_body"):
            return parts


def _too_long(size: int) -> Problem:
    return Problem(
        413,
        "RequestEntityTooLarge",
        f"The request body of {size} bytes is over the limit of {MAX_BODY} bytes: send it in smaller parts.",
    )


def _head(scope: Scope, path: str, given: dict[bytes, bytes], headers: Headers, length: int) -> bytes:
    query = scope.get("query_string", b"")
    target = path.encode() + (b"?" + query if query else b"")
    lines = [scope["method"].encode() + b" " + target.replace(b" ", b"%20") + b" HTTP/1.1"]
    lines += [name + b": " + given[name] for name in _FORWARDED if name in given]
    lines.append(b"x-ms-request-id: " + headers[0][1])
    lines.append(b"content-length: %d\r\n\r\n" % length)
    return b"\r\n".join(lines)


async def _submit(route: Route, name: str, replicas: Replicas, head: bytes, body: list[bytes]) -> Reply:
    try:
        return await replicas.submit(head, body)
    except TooManyRequestsError:
        raise Problem(
            429,
            "TooManyRequests",
            f"Too many pending requests: the deployment '{name}' takes 2 * maxConcurrentRequestsPerInstance *"
            " instances of them at a time. Retry later, or raise either.",
        ) from None
    except UnavailableError:
        raise _unavailable(name) from None
    except TimeoutError:
        raise Problem(
            504 if route.kubernetes else 408,
            "RequestTimeout",
            f"The deployment '{name}' took longer than its requestTimeout.",
        ) from None
    except BrokenError:
        raise Problem(
            502, "BadGateway", f"The scoring process of '{name}' ended while it answered; its logs say why."
        ) from None


async def _forget_answer(replicas: Replicas, head: bytes, body: list[bytes]) -> None:
    try:
        await replicas.submit(head, body)
    except (TooManyRequestsError, UnavailableError, TimeoutError, BrokenError):
        return
