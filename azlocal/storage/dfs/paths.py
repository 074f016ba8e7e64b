"""Creating, deleting and renaming paths."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import quote, unquote

from azlocal.state import State
from azlocal.storage.dfs import properties
from azlocal.storage.dfs.blobs import Entry, FileSystem, Headers
from azlocal.storage.errors import StorageError

Work = Callable[[Entry], Awaitable[None]]

_AT_ONCE = 16  # blobs of one directory handled at the same time


def _conflict(path: str) -> StorageError:
    return StorageError(
        409,
        "PathConflict",
        f"The specified path, or an element of the path, exists and its resource type is invalid: '{path}'.",
    )


def _exists(path: str) -> StorageError:
    return StorageError(409, "PathAlreadyExists", f"The specified path already exists: '{path}'.")


async def create_file(system: FileSystem, path: str, headers: Headers) -> Headers:
    """Create an empty file, replacing one that is there unless a condition forbids it.

    Raises:
        StorageError: 409 PathConflict over a directory, PathAlreadyExists with ``If-None-Match: *``.
    """
    found = await system.look(path)
    if found is not None and properties.is_folder(found):
        raise _exists(path) if headers.get("if-none-match") == "*" else _conflict(path)
    full = {"x-ms-blob-type": "BlockBlob", **properties.content_headers(headers), **properties.conditions(headers)}
    full |= properties.metadata_of(headers.get("x-ms-properties"))
    return await system.do("PUT", path, headers=full)


async def create_directory(system: FileSystem, path: str, headers: Headers) -> Headers:
    """Create a directory; one that exists stays, with what is in it.

    Raises:
        StorageError: 409 PathConflict over a file, PathAlreadyExists with ``If-None-Match: *``.
    """
    found = await system.look(path)
    if found is not None:
        if headers.get("if-none-match") == "*":
            raise _exists(path)
        if not properties.is_folder(found):
            raise _conflict(path)
    metadata = properties.metadata_of(headers.get("x-ms-properties"))
    return await system.folders.make(system.account, system.name, path, metadata, anew=True)


async def delete(system: FileSystem, state: State, path: str, headers: Headers, *, recursive: bool) -> None:
    """Delete a file, or a directory with everything in it. The parent stays, as it would on Azure.

    Raises:
        StorageError: 404 PathNotFound; 409 DirectoryNotEmpty without ``recursive``.
    """
    found = await system.find(path)
    if properties.is_folder(found):
        inside = await system.walk(f"{path}/")
        if inside and not recursive:
            raise StorageError(
                409,
                "DirectoryNotEmpty",
                "The recursive query parameter value must be true to delete a non-empty directory.",
            )
        await _each(inside, _remove(system, state))
    await system.do("DELETE", path, headers=properties.conditions(headers))
    properties.forget_attributes(state, system.key(path))
    await _keep_parent(system, path)


async def rename(source: FileSystem, old: str, target: FileSystem, new: str, headers: Headers) -> Headers:
    """Rename a file or directory by copying and deleting each blob.

    On Azure this is atomic. Here the caller holds the account's lock, so that no other rename comes in between;
    a kill in the middle leaves some blobs under both names, and the same rename again completes it.

    Raises:
        StorageError: 404 SourcePathNotFound; 409 PathAlreadyExists or DirectoryNotEmpty at the destination.
    """
    found = await source.look(old)
    if found is None:
        raise StorageError(404, "SourcePathNotFound", f"The source path of the rename does not exist: '{old}'.")
    if (source.name, old) == (target.name, new):
        return found
    if (source.name == target.name) and f"{new}/".startswith(f"{old}/"):
        raise StorageError(
            409, "InvalidRenameSourcePath", f"'{old}' cannot be moved into itself: '{new}' lies below it."
        )
    await _check_destination(target, new, headers, folder=properties.is_folder(found))
    if properties.is_folder(found):
        inside = await source.walk(f"{old}/")

        async def move(entry: Entry) -> None:
            await _move(source, entry.name, target, new + entry.name[len(old) :])

        await _each(inside, move)
    await _move(source, old, target, new)
    await _keep_parent(source, old)
    return await target.find(new)


async def _check_destination(target: FileSystem, new: str, headers: Headers, *, folder: bool) -> None:
    there = await target.look(new)
    if there is None:
        return
    if headers.get("if-none-match") == "*":
        raise _exists(new)
    if properties.is_folder(there):
        if not folder:
            raise _conflict(new)
        if await target.folders.implied(target.account, target.name, new):
            raise StorageError(409, "DirectoryNotEmpty", f"The destination directory is not empty: '{new}'.")


async def _move(source: FileSystem, old: str, target: FileSystem, new: str) -> None:
    url = f"https://{source.account.name}.blob.core.windows.net/{quote(source.name)}/{quote(old)}"
    await target.do("PUT", new, headers={"x-ms-copy-source": url})
    await source.do("DELETE", old, allowed=(202, 404))


async def _keep_parent(system: FileSystem, path: str) -> None:
    """Directories outlive what is in them."""
    parent = path.rpartition("/")[0]
    if parent:
        await system.folders.make(system.account, system.name, parent)


def _remove(system: FileSystem, state: State) -> Work:
    async def remove(entry: Entry) -> None:
        await system.do("DELETE", entry.name, allowed=(202, 404))
        properties.forget_attributes(state, system.key(entry.name))

    return remove


async def _each(entries: list[Entry], work: Work) -> None:
    """Work on entries, deepest first, a few at a time."""
    for start in range(0, len(entries), _AT_ONCE):
        await asyncio.gather(*(work(entry) for entry in entries[::-1][start : start + _AT_ONCE]))


def rename_source(header: str) -> tuple[str, str]:
    """File system and path of ``x-ms-rename-source``: ``/filesystem/path``, percent-encoded, maybe with a query.

    Raises:
        StorageError: 400 InvalidSourceUri.
    """
    name, _, path = unquote(header.partition("?")[0]).strip("/").partition("/")
    if not name or not path:
        raise StorageError(400, "InvalidSourceUri", f"x-ms-rename-source must be '/filesystem/path', not '{header}'.")
    return name, path
