"""HTTPS through the gateway: a few connections kept open, and tokens for whoever the engine acts as.

The standard library's client is enough here and cheap: the engine sends some hundred small requests to one host.
"""

from __future__ import annotations

import base64
import functools
import http.client
import json
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from azlocal.engine.errors import EngineError
from azlocal.engine.ports import Identity, Reply, retry_after

ARM_HOST = "management.azure.com"
LOGIN_HOST = "login.microsoftonline.com"
ARM_AUDIENCE = f"https://{ARM_HOST}"
EXCHANGE_SECONDS = 60.0
THROTTLED_TRIES = 5
RENEW_BEFORE_SECONDS = 120.0

Address = tuple[str, int]

_SAFE = "/:@!$&'()*+,;=~"  # what a path may hold unquoted (RFC 3986, "pchar")


class ClosedError(ConnectionError):
    """The other end closed a connection that was kept open, before it answered."""


class Connections:
    """Connections through one proxy, by host, handed out one thread at a time.

    Args:
        proxy: ``http://127.0.0.1:8531``; None goes straight.
        cafile: what to trust.
    """

    def __init__(self, proxy: str | None, cafile: str | None) -> None:
        self._proxy = urlsplit(proxy) if proxy else None
        self._trust = ssl.create_default_context(cafile=cafile)
        self._idle: dict[Address, list[http.client.HTTPSConnection]] = {}
        self._lock = threading.Lock()

    def trust(self, certificates: str) -> None:
        """Trust these certificates (PEM) too."""
        self._trust.load_verify_locations(cadata=certificates)

    def present(self, certificate_file: str, key_file: str) -> None:
        """Show this client certificate where one is asked for."""
        self._trust.load_cert_chain(certificate_file, key_file)

    def send(
        self,
        address: Address,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Reply:
        """One exchange; what comes back as JSON is read as such.

        A connection that was kept open may have been closed meanwhile: then, and only then, the request is sent
        again, for it can't have been answered.

        Raises:
            EngineError: there is nobody to talk to.
        """
        host, _ = address
        while True:
            kept, connection = self._take(address)
            try:
                reply, closing = _exchange(connection, method, target, headers, body)
            except ClosedError as error:
                if not kept:
                    raise EngineError(f"{host} closed the connection without an answer") from error
            except OSError as error:
                connection.close()
                raise EngineError(
                    f"{host} can't be reached through {self._proxy.netloc if self._proxy else 'the network'}: {error}",
                    "see `azlocal status`; start it with `azlocal start`",
                ) from error
            else:
                if closing:
                    connection.close()
                else:
                    self._keep(address, connection)
                return reply

    def close(self) -> None:
        """Close what is kept open."""
        with self._lock:
            for connections in self._idle.values():
                for connection in connections:
                    connection.close()
            self._idle.clear()

    def _keep(self, address: Address, connection: http.client.HTTPSConnection) -> None:
        with self._lock:
            self._idle.setdefault(address, []).append(connection)

    def _take(self, address: Address) -> tuple[bool, http.client.HTTPSConnection]:
        host, port = address
        with self._lock:
            idle = self._idle.get(address)
            if idle:
                return True, idle.pop()
        if self._proxy is None:
            return False, http.client.HTTPSConnection(host, port, timeout=EXCHANGE_SECONDS, context=self._trust)
        connection = http.client.HTTPSConnection(
            str(self._proxy.hostname), self._proxy.port or 80, timeout=EXCHANGE_SECONDS, context=self._trust
        )
        connection.set_tunnel(host, port)
        return False, connection


def _exchange(
    connection: http.client.HTTPSConnection,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | None,
) -> tuple[Reply, bool]:
    """The answer, and whether the connection ends with it."""
    try:
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        raw = answer.read()
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
        connection.close()
        raise ClosedError(str(error)) from error
    given = {name.lower(): value for name, value in answer.getheaders()}
    return Reply(answer.status, _json(raw), given), answer.will_close


class Tokens:
    """Access tokens by client credentials, one for each audience, renewed before they end."""

    def __init__(self, connections: Connections, tenant_id: str, client_id: str, proof: Mapping[str, str]) -> None:
        self.tenant_id = tenant_id
        self.client_id = client_id
        self._connections = connections
        self._proof = proof
        self._known: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def bearer(self, audience: str) -> str:
        """A token for an audience, as an Authorization header's value.

        Raises:
            EngineError: the sign-in was refused.
        """
        with self._lock:
            token, until = self._known.get(audience, ("", 0.0))
            if time.time() > until - RENEW_BEFORE_SECONDS:
                token, until = self._request(audience)
                self._known[audience] = token, until
            return f"Bearer {token}"

    def claims(self, audience: str) -> dict[str, Any]:
        """What a token says about its holder; read, not verified: it is our own."""
        payload = self.bearer(audience).split(".")[1]
        return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))

    def _request(self, audience: str) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            **self._proof,
            "scope": f"{audience}/.default",
        }
        reply = self._connections.send(
            (LOGIN_HOST, 443),
            "POST",
            f"/{self.tenant_id}/oauth2/v2.0/token",
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            urlencode(form).encode(),
        )
        if reply.status != 200:
            said = (reply.body or {}).get("error_description") or f"status {reply.status}"
            raise EngineError(
                f"signing in as {self.client_id} was refused: {said}", "check its secret or federated credential"
            )
        return str(reply.body["access_token"]), time.time() + float(reply.body["expires_in"])


class ArmOverHttps:
    """Azure's control plane over HTTPS, throttling obeyed."""

    def __init__(self, connections: Connections, tokens: Tokens, subscription_id: str) -> None:
        self._connections = connections
        self._tokens = tokens
        self._subscription_id = subscription_id

    @functools.cached_property
    def identity(self) -> Identity:
        """Who the engine acts as: the object id is what the token says."""
        claims = self._tokens.claims(ARM_AUDIENCE)
        return Identity(
            self._subscription_id, self._tokens.tenant_id, self._tokens.client_id, str(claims.get("oid", ""))
        )

    def send(self, method: str, path: str, query: Mapping[str, str], body: Any = None) -> Reply:
        """One exchange; 429 is waited out as Azure says (``Retry-After``)."""
        target = quote(path, safe=_SAFE) + (f"?{urlencode(query)}" if query else "")
        raw = json.dumps(body).encode() if body is not None else None
        for attempt in range(THROTTLED_TRIES):
            headers = {"Authorization": self._tokens.bearer(ARM_AUDIENCE), "Accept": "application/json"}
            if raw is not None:
                headers["Content-Type"] = "application/json"
            reply = self._connections.send((ARM_HOST, 443), method, target, headers, raw)
            if reply.status != 429 or attempt == THROTTLED_TRIES - 1:
                break
            self.pause(retry_after(reply.headers))
        return reply

    def pause(self, seconds: float) -> None:
        """Wait between two polls."""
        time.sleep(seconds)


def _json(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")
