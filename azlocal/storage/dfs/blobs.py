"""A file system's paths as blobs, with the refusals in Data Lake's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from azlocal.storage.accounts import Account
from azlocal.storage.backend import Backend, Body, drain, expect
from azlocal.storage.errors import StorageError
from azlocal.storage.folders import MARKER, Folders

if TYPE_CHECKING:
    from aiohttp import ClientResponse

_CODES = {
    "ContainerNotFound": "FilesystemNotFound",
    "ContainerAlreadyExists": "FilesystemAlreadyExists",
    "ContainerBeingDeleted": "FilesystemBeingDeleted",
    "BlobNotFound": "PathNotFound",
    "BlobAlreadyExists": "PathAlreadyExists",
}

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a listing. ``size`` in bytes, ``modified`` as HTTP writes it."""

    name: str
    size: int
    modified: str
    etag: str
    folder: bool


def translated(error: StorageError) -> StorageError:
    """A blob's refusal as a path's."""
    return StorageError(error.status, _CODES.get(error.code, error.code), error.message, error.headers)


def not_found(path: str) -> StorageError:
    """There is no such path."""
    return StorageError(404, "PathNotFound", f"The specified path does not exist: '{path}'.")


class FileSystem:
    """One container of one account, addressed by paths without leading or trailing slashes."""

    def __init__(self, backend: Backend, account: Account, name: str) -> None:
        self._backend = backend
        self.account = account
        self.name = name
        self.folders = Folders(backend)

    def key(self, path: str) -> str:
        """Names a path in the state."""
        return f"{self.account.name}/{self.name}/{path}"

    async def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Headers | None = None,
        body: Body = b"",
    ) -> ClientResponse:
        """One request about the container (an empty path) or a blob."""
        target = f"/{quote(self.name)}" + (f"/{quote(path)}" if path else "")
        if query:
            target += "?" + urlencode(query)
        return await self._backend.trusted(self.account, "blob", method, target, headers=headers, body=body)

    async def do(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Headers | None = None,
        body: Body = b"",
        allowed: tuple[int, ...] = (200, 201, 202),
    ) -> Headers:
        """One request whose answer has no content of interest: its headers.

        Raises:
            StorageError: it was refused.
        """
        response = await self.send(method, path, query, headers=headers, body=body)
        try:
            await expect(response, *allowed)
        except StorageError as error:
            raise translated(error) from None
        return headers_of(response)

    async def look(self, path: str) -> Headers | None:
        """A path's headers; an implied directory becomes one first. None where nothing is.

        Raises:
            StorageError: 404 FilesystemNotFound.
        """
        response = await self.send("HEAD", path)
        await drain(response)
        if response.status == 404 and response.headers.get("x-ms-error-code") == "ContainerNotFound":
            raise StorageError(404, "FilesystemNotFound", f"The specified filesystem does not exist: '{self.name}'.")
        if response.status == 404 and await self.folders.reveal(self.account, self.name, path):
            return await self.look(path)
        return headers_of(response) if response.status == 200 else None

    async def find(self, path: str) -> Headers:
        """A path's headers.

        Raises:
            StorageError: 404 PathNotFound.
        """
        found = await self.look(path)
        if found is None:
            raise not_found(path)
        return found

    async def walk(self, prefix: str, *, delimiter: str = "") -> list[Entry]:
        """Every blob with a prefix, or with a delimiter only the first level below it, in order of names.

        Raises:
            StorageError: 404 FilesystemNotFound.
        """
        found: list[Entry] = []
        query = {"restype": "container", "comp": "list", "include": "metadata", "prefix": prefix}
        if delimiter:
            query["delimiter"] = delimiter
        while True:
            try:
                body = await expect(await self.send("GET", "", query), 200)
            except StorageError as error:
                raise translated(error) from None
            page = ElementTree.fromstring(body.decode("utf-8-sig"))  # noqa: S314 (Azurite's own answer)
            found.extend(_entry(one) for one in page.iterfind("Blobs/Blob"))
            found.extend(
                Entry(one.findtext("Name", "").rstrip("/"), 0, "", "", folder=True)
                for one in page.iterfind("Blobs/BlobPrefix")
            )
            marker = page.findtext("NextMarker")
            if not marker:
                return found
            query["marker"] = marker


def headers_of(response: ClientResponse) -> Headers:
    """An answer's headers, names in lower case."""
    return {name.lower(): value for name, value in response.headers.items()}


def _entry(element: ElementTree.Element) -> Entry:
    folder = element.findtext(f"Metadata/{MARKER}", "").lower() == "true"
    return Entry(
        element.findtext("Name", ""),
        int(element.findtext("Properties/Content-Length") or 0),
        element.findtext("Properties/Last-Modified", ""),
        element.findtext("Properties/Etag", ""),
        folder,
    )
