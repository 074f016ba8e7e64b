"""Directories of hierarchical accounts, seen from the blob endpoint.

Azurite has no directories. One exists where a marker blob (metadata ``hdi_isfolder``, as Azure shows it too) says
so, or where a blob's name implies it; an implied one gets its marker when somebody asks for it.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from azlocal.storage.accounts import Account
from azlocal.storage.backend import Backend, drain, expect

MARKER = "hdi_isfolder"


class Folders:
    """Finds and makes directories."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def implied(self, account: Account, container: str, path: str) -> bool:
        """Whether a blob lies below this path."""
        query = urlencode({"restype": "container", "comp": "list", "prefix": f"{path}/", "maxresults": "1"})
        response = await self._backend.trusted(account, "blob", "GET", f"/{quote(container)}?{query}")
        return b"<Name>" in await drain(response) and response.status == 200

    async def reveal(self, account: Account, container: str, path: str) -> bool:
        """Mark an implied directory; False where nothing implies it."""
        path = path.strip("/")
        if not path or not await self.implied(account, container, path):
            return False
        await self.make(account, container, path)
        return True

    async def make(
        self, account: Account, container: str, path: str, headers: dict[str, str] | None = None, *, anew: bool = False
    ) -> dict[str, str]:
        """Write a directory's marker, unless there is one (``anew`` replaces it); answers the blob's headers."""
        full = {"x-ms-blob-type": "BlockBlob", f"x-ms-meta-{MARKER}": "true", **(headers or {})}
        if not anew:
            full["if-none-match"] = "*"
        response = await self._backend.trusted(
            account, "blob", "PUT", f"/{quote(container)}/{quote(path)}", headers=full
        )
        await expect(response, 201, *(() if anew else (409, 412)))
        return {name.lower(): value for name, value in response.headers.items()}
