"""The way to Azurite: pooled HTTP connections, bodies as streams, one more try when Azurite was just restarted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azlocal.azure import Azure
from azlocal.storage.accounts import Account
from azlocal.storage.azurite import AzuriteError, azurite_of
from azlocal.storage.errors import StorageError, unavailable

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

VERSION = "2021-12-02"  # the x-ms-version of azlocal's own requests; every one of Azurite's operations knows it
_OPTION = "storage.backend"
_CONNECTIONS = 128
_IDLE_SECONDS = 120  # shorter than Azurite's own keep-alive, so that it never closes first
_NOT_AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")

Body = bytes | AsyncIterator[bytes] | None


@dataclass(frozen=True, slots=True)
class _Sent:
    account: Account
    service: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: Body


def backend_of(azure: Azure) -> Backend:
    """The one Backend of a running Azure."""
    found = azure.options.get(_OPTION)
    if not isinstance(found, Backend):
        found = azure.options[_OPTION] = Backend(azure)
    return found


class Backend:
    """Sends requests to Azurite under the account's real host name, which it reads the account from."""

    def __init__(self, azure: Azure) -> None:
        self.azurite = azurite_of(azure)
        self._session: ClientSession | None = None

    async def send(
        self, account: Account, service: str, method: str, target: str, *, headers: Mapping[str, str], body: Body = None
    ) -> ClientResponse:
        """Send one request as it is; the caller reads the answer and releases it.

        ``target`` is the path and query as on the wire. A body in memory is sent again after a restart.

        Raises:
            StorageError: 503, Azurite does not answer.
        """
        from aiohttp import ClientError

        sent = _Sent(account, service, method, target, headers, body)
        ports = await self._ports(account)
        try:
            return await self._request(sent, ports[service])
        except ClientError as error:
            if not (body is None or isinstance(body, bytes)):
                raise unavailable(f"{type(error).__name__}: {error}") from None
        try:
            await self.azurite.restarted(ports)
            ports = await self._ports(account)
            return await self._request(sent, ports[service])
        except ClientError as error:
            raise unavailable(f"{type(error).__name__}: {error}") from None

    async def trusted(
        self,
        account: Account,
        service: str,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body = b"",
    ) -> ClientResponse:
        """Send a request in azlocal's own name: whoever calls this has authorized it."""
        full = {"x-ms-version": VERSION, **(headers or {}), "authorization": self.azurite.trust}
        if isinstance(body, bytes) and method in {"PUT", "POST", "PATCH"}:
            full["content-length"] = str(len(body))
        return await self.send(account, service, method, target, headers=full, body=body or None)

    async def stop(self) -> None:
        """Close the connections and Azurite."""
        if self._session:
            await self._session.close()
            self._session = None
        await self.azurite.stop()

    async def _ports(self, account: Account) -> dict[str, int]:
        try:
            return await self.azurite.know(account.name, account.keys)
        except AzuriteError as error:
            raise unavailable(f"{error.message}. {error.hint}") from None

    async def _request(self, sent: _Sent, port: int) -> ClientResponse:
        from yarl import URL

        url = URL(f"http://127.0.0.1:{port}{sent.target}", encoded=True)
        headers = {**sent.headers, "host": f"{sent.account.name}.{sent.service}.core.windows.net"}
        return await self._client().request(
            sent.method, url, headers=headers, data=sent.body, allow_redirects=False, skip_auto_headers=_NOT_AUTOMATIC
        )

    def _client(self) -> ClientSession:
        if self._session is None:
            from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

            self._session = ClientSession(
                connector=TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_IDLE_SECONDS),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=None),
                auto_decompress=False,
            )
        return self._session


async def drain(response: ClientResponse) -> bytes:
    """Read an answer to its end and give the connection back."""
    try:
        return await response.read()
    finally:
        response.release()


async def expect(response: ClientResponse, *allowed: int) -> bytes:
    """The body of an answer with one of the allowed statuses.

    Raises:
        StorageError: the answer's own refusal otherwise.
    """
    body = await drain(response)
    if response.status in allowed:
        return body
    code = response.headers.get("x-ms-error-code", "InternalError")
    text = body.decode("utf-8", "replace")
    message = text.partition("<Message>")[2].partition("\n")[0].partition("</Message>")[0]
    raise StorageError(response.status, code, message or f"Azurite answered {response.status}.")


__all__ = ["VERSION", "Backend", "Body", "backend_of", "drain", "expect"]
