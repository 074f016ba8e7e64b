"""Forwarding to a real cluster: the one a kubeconfig names takes what the AKS cluster is sent."""

from __future__ import annotations

import base64
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlocal.errors import AzureLocalError

if TYPE_CHECKING:
    import aiohttp

_HOP = {"host", "authorization", "connection", "content-length", "transfer-encoding", "keep-alive", "upgrade"}
_CHUNK = 64 * 1024


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

    async def __call__(self, scope: Any, body: bytes, send: Any) -> None:
        """Forward one request, whose body has been read, and pass the answer on as it comes."""
        import aiohttp

        query = scope["query_string"].decode("latin-1")
        url = f"{self._config.server}{scope['path']}" + (f"?{query}" if query else "")
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name.decode("latin-1").lower() not in _HOP
        }
        try:
            async with self._open().request(scope["method"], url, data=body or None, headers=headers) as answer:
                passed = [
                    (name.lower().encode(), value.encode())
                    for name, value in answer.headers.items()
                    if name.lower() not in _HOP and name.lower() != "content-encoding"
                ]
                await send({"type": "http.response.start", "status": answer.status, "headers": passed})
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
        except aiohttp.ClientConnectionError as error:
            from azlocal.kubernetes.status import StatusError

            raise StatusError(
                503, "ServiceUnavailable", f"the cluster at {self._config.server} cannot be reached: {error}"
            ) from None

    async def json(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """One exchange of azlocal's own with the real cluster."""
        import json

        data = json.dumps(body) if body is not None else None
        headers = {"content-type": content_type}
        async with self._open().request(method, self._config.server + path, data=data, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            token = self._config.token
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._config.tls()),
                headers={"authorization": f"Bearer {token}"} if token else {},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()
