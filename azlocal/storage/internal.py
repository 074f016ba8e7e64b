"""Blobs for azlocal's other services: jobs, endpoints and logs read and write the accounts through this.

Nothing here asks for roles by itself: call ``authorize`` with the identity that the work runs as, then act.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from azlocal.azure import Azure
from azlocal.entra.principals import Principal
from azlocal.storage import sas
from azlocal.storage.accounts import Accounts
from azlocal.storage.backend import backend_of, drain, expect
from azlocal.storage.errors import StorageError, not_permitted

if TYPE_CHECKING:
    from aiohttp import ClientResponse  # imported by the backend once storage is used

Access = Literal["read", "list", "write", "delete"]

_ACTIONS: dict[Access, str] = {"read": "read", "list": "read", "write": "write", "delete": "delete"}
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_CHUNK = 1 << 20  # bytes in memory of a file on its way
_ONE_PUT = 256 << 20  # bytes of the largest blob sent in one request (5,000 MiB in Azure; blocks above this)
_BLOCK = 64 << 20
_TRANSFERS = 8  # files of one folder at the same time


@dataclass(frozen=True, slots=True)
class BlobItem:
    """One blob of a listing. ``size`` in bytes."""

    name: str
    size: int
    modified: dt.datetime
    etag: str
    metadata: dict[str, str]

    @property
    def is_folder(self) -> bool:
        """Whether it only marks a directory of a hierarchical account."""
        return self.metadata.get("hdi_isfolder", "").lower() == "true"


Names = list[str]  # inside the class, `list` is the listing


class Blobs:
    """Blobs of any account. Every method raises StorageError (``status``, ``code``, ``message``) on a refusal."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._accounts = Accounts(azure)
        self._backend = backend_of(azure)

    def authorize(self, principal: Principal, account: str, container: str, action: Access) -> None:
        """Refuse what the principal's roles at the container, or above it, do not permit.

        Raises:
            StorageError: 403 AuthorizationPermissionMismatch; 404 for an unknown account.
        """
        scope = self._accounts.get(account).container(container)
        needed = f"{_BLOBS}/{_ACTIONS[action]}"
        if not self._azure.control.access.allows(principal, needed, scope, data=True):
            raise not_permitted(principal.name, needed, scope)

    def sas_url(
        self, principal: Principal, account: str, container: str, blob: str, *, permissions: str, hours: float
    ) -> str:
        """A link signed on behalf of a principal: its roles decide again when the link is used.

        ``blob`` empty means the whole container; ``permissions`` are letters such as ``rwl``. A user delegation
        signature, which keyless accounts take too.
        """
        found = self._accounts.get(account)
        place = sas.Place(found.name, container, blob)
        token = sas.make_delegated(self._azure, principal.object_id, place, permissions, min(hours, 7 * 24))
        path = f"{container}/{quote(blob)}" if blob else container
        return f"https://{found.name}.blob.core.windows.net/{path}?{token}"

    async def exists(self, account: str, container: str, name: str) -> bool:
        """Whether there is such a blob."""
        response = await self._send(account, "HEAD", container, name)
        await drain(response)
        return response.status == 200

    async def read(self, account: str, container: str, name: str) -> bytes:
        """A blob's content.

        Raises:
            StorageError: 404 BlobNotFound or ContainerNotFound.
        """
        return await expect(await self._send(account, "GET", container, name), 200)

    async def write(
        self,
        account: str,
        container: str,
        name: str,
        data: bytes,
        *,
        content_type: str = "application/octet-stream",
        metadata: dict[str, str] | None = None,
    ) -> None:
        """Create or replace a blob."""
        headers = {"x-ms-blob-type": "BlockBlob", "content-type": content_type}
        headers |= {f"x-ms-meta-{key}": value for key, value in (metadata or {}).items()}
        await expect(await self._send(account, "PUT", container, name, headers=headers, body=data), 201)

    async def append(self, account: str, container: str, name: str, data: bytes) -> None:
        """Add to the end of an append blob, made on first use: for logs.

        Raises:
            StorageError: 409 InvalidBlobType where the blob is not an append blob.
        """
        for start in range(0, len(data), 4 << 20):  # the largest block that every version takes
            block = data[start : start + (4 << 20)]
            response = await self._send(account, "PUT", container, name, {"comp": "appendblock"}, body=block)
            await drain(response)
            if response.status == 404:
                created = {"x-ms-blob-type": "AppendBlob", "if-none-match": "*", "content-type": "text/plain"}
                await expect(await self._send(account, "PUT", container, name, headers=created), 201, 409)
                response = await self._send(account, "PUT", container, name, {"comp": "appendblock"}, body=block)
                await expect(response, 201)
            elif response.status != 201:
                code = response.headers.get("x-ms-error-code", "InternalError")
                raise StorageError(response.status, code, f"Could not append to '{container}/{name}'.")

    async def delete(self, account: str, container: str, name: str) -> None:
        """Delete a blob; one that is not there is fine."""
        await expect(await self._send(account, "DELETE", container, name), 202, 404)

    async def make_container(self, account: str, container: str) -> None:
        """Create a container in Azurite alone; ARM's record of it is the caller's business."""
        await expect(await self._send(account, "PUT", container, "", {"restype": "container"}), 201, 409)

    async def list(self, account: str, container: str, prefix: str = "") -> list[BlobItem]:
        """Every blob whose name starts with ``prefix``, in order of their names."""
        found: list[BlobItem] = []
        query = {"restype": "container", "comp": "list", "include": "metadata", "prefix": prefix}
        while True:
            body = await expect(await self._send(account, "GET", container, "", query), 200)
            page = ElementTree.fromstring(body.decode("utf-8-sig"))  # noqa: S314 (Azurite's own answer)
            found.extend(_item(one) for one in page.iterfind("Blobs/Blob"))
            marker = page.findtext("NextMarker")
            if not marker:
                return found
            query["marker"] = marker

    async def download(self, account: str, container: str, prefix: str, folder: Path) -> Names:
        """Fetch a blob or everything below ``prefix/`` into a folder; answers the paths inside it.

        A single blob named exactly ``prefix`` arrives under its last segment.

        Raises:
            StorageError: 404 BlobNotFound, there is nothing under this name.
        """
        prefix = prefix.strip("/")
        below = f"{prefix}/" if prefix else ""
        items = [one for one in await self.list(account, container, prefix) if not one.is_folder]
        wanted = {one.name: one.name[len(below) :] for one in items if one.name.startswith(below)}
        if not wanted and any(one.name == prefix for one in items):
            wanted = {prefix: prefix.rsplit("/", 1)[-1]}
        if not wanted:
            raise StorageError(404, "BlobNotFound", f"Nothing exists at '{account}/{container}/{prefix}'.")
        await _together(
            [self.download_file(account, container, name, _inside(folder, path)) for name, path in wanted.items()]
        )
        return list(wanted.values())

    async def download_file(self, account: str, container: str, name: str, path: Path) -> None:
        """Fetch one blob into a file, whole or not at all."""
        response = await self._send(account, "GET", container, name)
        if response.status != 200:
            await expect(response, 200)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        with partial.open("wb") as file:
            async for chunk in response.content.iter_chunked(_CHUNK):
                file.write(chunk)
        response.release()
        partial.replace(path)

    async def upload(self, account: str, container: str, prefix: str, folder: Path) -> Names:
        """Send a file, or everything below a folder, to ``prefix/``; answers the names of the blobs."""
        prefix = prefix.strip("/")
        below = f"{prefix}/" if prefix else ""
        names = _files(folder, below)
        await _together([self.upload_file(account, container, name, path) for name, path in names.items()])
        return list(names)

    async def upload_file(self, account: str, container: str, name: str, path: Path) -> None:
        """Send one file, in blocks where it is large."""
        size = _size(path)
        if size <= _ONE_PUT:
            headers = {"x-ms-blob-type": "BlockBlob", "content-length": str(size)}
            body = _chunks(path, 0, size) if size else b""
            await expect(await self._send(account, "PUT", container, name, headers=headers, body=body), 201)
            return
        identifiers = []
        for start in range(0, size, _BLOCK):
            identifiers.append(f"{start:032x}")
            length = min(_BLOCK, size - start)
            await expect(
                await self._send(
                    account,
                    "PUT",
                    container,
                    name,
                    {"comp": "block", "blockid": identifiers[-1]},
                    headers={"content-length": str(length)},
                    body=_chunks(path, start, length),
                ),
                201,
            )
        listed = "".join(f"<Latest>{one}</Latest>" for one in identifiers)
        blocks = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
        await expect(await self._send(account, "PUT", container, name, {"comp": "blocklist"}, body=blocks), 201)

    async def _send(
        self,
        account: str,
        method: str,
        container: str,
        name: str,
        query: dict[str, str] | None = None,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | AsyncIterator[bytes] = b"",
    ) -> ClientResponse:
        target = f"/{quote(container)}" + (f"/{quote(name)}" if name else "")
        if query:
            target += "?" + urlencode(query)
        found = self._accounts.get(account)
        return await self._backend.trusted(found, "blob", method, target, headers=headers, body=body)


async def _together(work: Sequence[Coroutine[None, None, None]]) -> None:
    """Run transfers, a few at a time; the first failure ends the rest."""
    slots = asyncio.Semaphore(_TRANSFERS)

    async def one(transfer: Coroutine[None, None, None]) -> None:
        async with slots:
            await transfer

    async with asyncio.TaskGroup() as group:
        for transfer in work:
            group.create_task(one(transfer))


def _inside(folder: Path, path: str) -> Path:
    """A path below a folder.

    Raises:
        StorageError: 400, the blob's name leads out of it.
    """
    target = (folder / path).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise StorageError(400, "InvalidResourceName", f"The blob name '{path}' leads out of the folder.")
    return target


def _files(folder: Path, below: str) -> dict[str, Path]:
    if folder.is_file():
        return {f"{below}{folder.name}": folder}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {below + path.relative_to(folder).as_posix(): path for path in files}


def _size(path: Path) -> int:
    return path.stat().st_size


async def _chunks(path: Path, start: int, length: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (chunk := file.read(min(_CHUNK, length))):
            length -= len(chunk)
            yield chunk


def _item(element: ElementTree.Element) -> BlobItem:
    metadata = {one.tag: one.text or "" for one in element.iterfind("Metadata/*")}
    return BlobItem(
        element.findtext("Name", ""),
        int(element.findtext("Properties/Content-Length") or 0),
        parsedate_to_datetime(element.findtext("Properties/Last-Modified", "")),
        element.findtext("Properties/Etag", "").strip('"'),
        metadata,
    )
