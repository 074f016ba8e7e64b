"""Appending, flushing and reading: appended data waits as uncommitted blocks, named by position, for its flush."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from azlocal.storage.backend import Body, expect
from azlocal.storage.dfs import properties
from azlocal.storage.dfs.blobs import FileSystem, Headers, translated
from azlocal.storage.errors import StorageError

if TYPE_CHECKING:
    from aiohttp import ClientResponse

_RANGE = frozenset({"range", "x-ms-range", "x-ms-range-get-content-md5"})
_PIECE = 64 << 20  # bytes of a block that existing content is restaged in


def _block(position: int, kind: str = "appended") -> str:
    return base64.b64encode(f"{kind}-{position:020d}".encode()).decode()


def _position(block: str) -> int | None:
    kind, _, position = base64.b64decode(block).decode("latin-1").partition("-")
    return int(position) if kind == "appended" and position.isdigit() else None


async def append(system: FileSystem, path: str, position: int, length: str, body: Body) -> Headers:
    """Stage bytes at a position.

    Raises:
        StorageError: 404 PathNotFound; 409 PathConflict for a directory.
    """
    found = await system.find(path)
    if properties.is_folder(found):
        raise StorageError(409, "PathConflict", f"'{path}' is a directory.")
    query = {"comp": "block", "blockid": _block(position)}
    return await system.do("PUT", path, query, headers={"content-length": length}, body=body)


async def flush(system: FileSystem, path: str, position: int, headers: Headers) -> Headers:
    """Commit everything staged up to a position, which becomes the file's length.

    Raises:
        StorageError: 400 InvalidFlushPosition where bytes are missing before it.
    """
    found = await system.find(path)
    size = int(found.get("content-length", 0))
    committed, waiting = await _blocks(system, path)
    staged = sorted((start, block, length) for block, length in waiting if (start := _position(block)) is not None)
    end, added = size, []
    for start, block, length in staged:
        if start == end and start < position:
            added.append(block)
            end += length
    if end != position:
        raise StorageError(
            400,
            "InvalidFlushPosition",
            f"The uploaded data is not contiguous or the position query parameter value is not equal to the length"
            f" of the file after appending the uploaded data: position {position}, data up to {end}.",
        )
    full = {**properties.kept_headers(found), **properties.content_headers(headers), **properties.conditions(headers)}
    if not added:
        return found
    if size and not committed:
        committed = await _restage(system, path, size)
    return await system.do("PUT", path, {"comp": "blocklist"}, headers=full, body=_list(committed, added))


async def read(system: FileSystem, path: str, headers: Headers) -> ClientResponse:
    """A file's answer, open for streaming; the caller releases it.

    Raises:
        StorageError: 404 PathNotFound, 416 InvalidRange.
    """
    wanted = {name: value for name, value in headers.items() if name in _RANGE}
    response = await system.send("GET", path, headers={**wanted, **properties.conditions(headers)})
    if response.status not in {200, 206, 304}:
        try:
            await expect(response, 200)
        except StorageError as error:
            raise translated(error) from None
    return response


async def _blocks(system: FileSystem, path: str) -> tuple[list[str], list[tuple[str, int]]]:
    response = await system.send("GET", path, {"comp": "blocklist", "blocklisttype": "all"})
    root = ElementTree.fromstring((await expect(response, 200)).decode("utf-8-sig"))  # noqa: S314
    committed = [one.findtext("Name", "") for one in root.iterfind("CommittedBlocks/Block")]
    waiting = [
        (one.findtext("Name", ""), int(one.findtext("Size") or 0)) for one in root.iterfind("UncommittedBlocks/Block")
    ]
    return committed, waiting


async def _restage(system: FileSystem, path: str, size: int) -> list[str]:
    """Content that came in one piece is in no block list: stage it as blocks, so that more can follow it."""
    blocks = []
    for start in range(0, size, _PIECE):
        piece = {"range": f"bytes={start}-{min(start + _PIECE, size) - 1}"}
        data = await expect(await system.send("GET", path, headers=piece), 200, 206)
        blocks.append(_block(start, "restaged"))
        await system.do("PUT", path, {"comp": "block", "blockid": blocks[-1]}, body=data)
    return blocks


def _list(kept: list[str], added: list[str]) -> bytes:
    listed = "".join(f"<Latest>{block}</Latest>" for block in (*kept, *added))
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
