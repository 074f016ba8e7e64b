"""Forwarding to a real cluster: the one a kubeconfig names takes what the AKS cluster is sent."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlocal.azure import Receive, Scope, Send
from azlocal.errors import AzureLocalError
from azlocal.kubernetes.status import StatusError

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 10
UNREACHABLE = "ServiceUnavailable"
# What belongs to one connection, and the client's own token, which the real cluster doesn't know.
_HOP = {b"host", b"authorization", b"connection", b"content-length", b"transfer-encoding", b"keep-alive"}
_NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_UPGRADE = (
    "azlocal does not forward connections that leave HTTP (exec, attach, cp, port-forward): use the kubeconfig that it"
    " was started with"
)

logger = logging.getLogger("azlocal.kubernetes")


class Kubeconfig:
    """The current context of a kubeconfig: a server, whom to trust, and a credential.

    Raises:
        AzureLocalError: the file is missing, no kubeconfig, or needs a program to sign in.
    """

    def __init__(self, path: Path) -> None:
        import yaml

        hint = "give `azlocal start --kubeconfig` a file that kubectl can use"
        try:
            config = yaml.safe_load(path.read_text())
            context = _named(config["contexts"], config["current-context"])["context"]
            self._cluster = _named(config["clusters"], context["cluster"])["cluster"]
            self._user = _named(config["users"], context["user"])["user"]
        except (OSError, KeyError, TypeError, StopIteration, yaml.YAMLError) as error:
            raise AzureLocalError(f"kubeconfig {path} cannot be used: {type(error).__name__}: {error}", hint) from None
        if "exec" in self._user:
            raise AzureLocalError(
                f"kubeconfig {path} signs in through the program '{self._user['exec'].get('command')}'",
                "use one with a client certificate or a token",
            )
        self._folder = path.parent
        self.server = str(self._cluster["server"]).rstrip("/")

    @property
    def token(self) -> str | None:
        """The bearer token, where the credential is one."""
        if file := self._user.get("tokenFile"):
            return self._folder.joinpath(file).read_text().strip()
        found = self._user.get("token")
        return str(found) if found else None

    def tls(self) -> ssl.SSLContext:
        """Trust and client certificate."""
        context = ssl.create_default_context(cadata=self._text(self._cluster, "certificate-authority"))
        if self._cluster.get("insecure-skip-tls-verify"):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        certificate, key = self._text(self._user, "client-certificate"), self._text(self._user, "client-key")
        if certificate and key:
            with tempfile.TemporaryDirectory() as folder:  # the ssl module reads files only
                pair = Path(folder) / "pair.pem"
                pair.touch(mode=0o600)
                pair.write_text(f"{certificate}\n{key}")
                context.load_cert_chain(pair)
        return context

    def _text(self, where: Mapping[str, Any], name: str) -> str | None:
        if data := where.get(f"{name}-data"):
            return base64.b64decode(data).decode()
        file = where.get(name)
        return self._folder.joinpath(file).read_text() if file else None


def _named(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(row for row in rows if row["name"] == name)


class Forwarder:
    """Sends requests to the real cluster with its own credential, streaming both ways."""

    def __init__(self, config: Kubeconfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Forward one request, whose body has been read, and pass the answer on as it comes.

        A client that leaves ends it: a watch may be silent for an hour, and would be kept open for nobody.

        Raises:
            StatusError: 501 for what leaves HTTP, 503 where the cluster can't be reached or doesn't know us.
        """
        if any(name == b"upgrade" for name, _ in scope["headers"]):
            raise StatusError(501, "NotImplemented", _UPGRADE)
        exchange = asyncio.ensure_future(self._exchange(scope, body, send))
        left = asyncio.ensure_future(gone(receive))
        try:
            await asyncio.wait({exchange, left}, return_when=asyncio.FIRST_COMPLETED)
            if exchange.done():
                exchange.result()
        finally:
            exchange.cancel()
            left.cancel()
            await asyncio.gather(exchange, left, return_exceptions=True)

    async def _exchange(self, scope: Scope, body: bytes, send: Send) -> None:
        import aiohttp

        async with self._request(scope["method"], _target(scope), _headers(scope["headers"]), body) as answer:
            passed = [(name.lower(), value) for name, value in answer.raw_headers if name.lower() not in _HOP]
            await send({"type": "http.response.start", "status": answer.status, "headers": passed})
            try:
                async for chunk in answer.content.iter_any():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            except aiohttp.ClientError as error:  # too late for a Status: the client sees it cut off
                logger.warning("the cluster's answer to %s %s was cut off: %s", scope["method"], scope["path"], error)
                return
            await send({"type": "http.response.body", "body": b""})

    async def json(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """One exchange of azlocal's own with the real cluster.

        Raises:
            StatusError: 503 where it can't be reached or doesn't know us.
        """
        import json

        data = json.dumps(body).encode() if body is not None else b""
        headers = [("content-type", content_type), ("accept", "application/json")]
        async with self._request(method, path, headers, data) as answer:
            return answer.status, await answer.json(content_type=None)

    @contextlib.asynccontextmanager
    async def _request(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        import aiohttp
        from multidict import CIMultiDict
        from yarl import URL

        server = self._config.server
        url = URL(server + target, encoded=True)  # as it was sent: a name may hold what would be read as a separator
        own = CIMultiDict([*headers, *self._credential()])
        try:
            answer = await self._open().request(
                method, url, data=body or None, headers=own, allow_redirects=False, skip_auto_headers=_NOT_ADDED
            )
        except aiohttp.ClientConnectionError as error:
            raise StatusError(503, UNREACHABLE, f"the cluster at {server} cannot be reached: {error}") from None
        async with answer:
            if answer.status == 401:  # the client's own token was good: it is no use to tell it to get another
                raise StatusError(503, UNREACHABLE, f"the cluster at {server} refuses the kubeconfig's credential")
            yield answer

    def _credential(self) -> list[tuple[str, str]]:
        """Read for each request: who keeps a token file renews it."""
        token = self._config.token
        return [("authorization", f"Bearer {token}")] if token else []

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                # As many at a time as clients want: each watch holds one.
                connector=aiohttp.TCPConnector(ssl=self._config.tls(), limit=0),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                auto_decompress=False,
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()


def _target(scope: Scope) -> str:
    path, query = scope["raw_path"], scope["query_string"]
    return str((path + (b"?" + query if query else b"")).decode("latin-1"))


def _headers(given: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in given if name.lower() not in _HOP]


async def gone(receive: Receive) -> None:
    """Until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
