"""One request to storage, taken apart: account and service from the host, container and blob from the path."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from azlocal.azure import Receive, Scope, Send
from azlocal.storage.accounts import Account
from azlocal.storage.errors import StorageError

SERVICES = frozenset({"blob", "queue", "table", "dfs"})
_NOT_FORWARDED = frozenset(
    {"host", "connection", "proxy-connection", "keep-alive", "transfer-encoding", "te", "upgrade", "expect"}
)


@dataclass(slots=True)
class StorageRequest:
    """``target`` is the path and query as on the wire; ``container`` and ``name`` are decoded.

    ``name`` is the blob, path, message part or empty. Query names are lower-case, as storage reads them.
    """

    method: str
    account: str
    service: str
    path: str
    query_string: str
    container: str
    name: str
    headers: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """What goes to Azurite."""
        return f"{self.path}?{self.query_string}" if self.query_string else self.path

    @property
    def comp(self) -> str:
        """The operation within a resource."""
        return self.query.get("comp", "").lower()

    @property
    def signed(self) -> bool:
        """Whether a shared access signature comes along."""
        return "sig" in self.query

    def without(self, names: frozenset[str]) -> str:
        """The target without some query parameters."""
        kept = [part for part in self.query_string.split("&") if part and part.partition("=")[0].lower() not in names]
        return f"{self.path}?{'&'.join(kept)}" if kept else self.path


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to an account, with where its body comes from and where the answer goes."""

    request: StorageRequest
    account: Account
    receive: Receive
    send: Send


def parse(scope: Scope) -> StorageRequest:
    """Read an ASGI scope.

    Raises:
        StorageError: 400, the host is none of storage's.
    """
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host", "").partition(":")[0].lower()
    account, _, rest = host.partition(".")
    service = rest.partition(".")[0]
    if service not in SERVICES:
        raise StorageError(400, "InvalidUri", f"'{host}' is no host of a storage service that is served here.")
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
    query_string = scope["query_string"].decode("latin-1")
    container, _, name = unquote(path.lstrip("/")).partition("/")
    return StorageRequest(
        method=scope["method"],
        account=account.removesuffix("-secondary"),
        service=service,
        path=path,
        query_string=query_string,
        container=container,
        name=name,
        headers={key: value for key, value in headers.items() if key not in _NOT_FORWARDED},
        query={key.lower(): value for key, value in parse_qsl(query_string, keep_blank_values=True)},
    )
