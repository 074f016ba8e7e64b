"""Path - List: files, directories with a marker, and directories that a file's name implies."""

from __future__ import annotations

import base64
import json

from azlocal.storage.dfs.blobs import Entry, FileSystem, not_found
from azlocal.storage.errors import StorageError

_PAGE = 5000  # paths of one answer, Azure's most
_SHOWN = {"owner": "$superuser", "group": "$superuser", "permissions": "rwxr-x---"}


async def list_paths(system: FileSystem, query: dict[str, str]) -> tuple[bytes, str | None]:
    """The JSON answer and where to continue.

    Raises:
        StorageError: 404 PathNotFound for a directory that is not there; 400 for a bad ``maxResults``.
    """
    directory = query.get("directory", "").strip("/")
    recursive = query.get("recursive", "").lower() == "true"
    entries = await paths_below(system, directory, recursive=recursive)
    if directory and not entries and await system.look(directory) is None:
        raise not_found(directory)
    after = _decode(query.get("continuation", ""))
    rest = [entry for entry in entries if entry.name > after]
    page = rest[: _limit(query)]
    token = base64.b64encode(page[-1].name.encode()).decode() if len(rest) > len(page) else None
    return json.dumps({"paths": [_shown(entry) for entry in page]}).encode(), token


async def paths_below(system: FileSystem, directory: str, *, recursive: bool) -> list[Entry]:
    """Everything below a directory, in order of names, without the directory itself."""
    prefix = f"{directory}/" if directory else ""
    found: dict[str, Entry] = {}
    for entry in await system.walk(prefix, delimiter="" if recursive else "/"):
        known = found.get(entry.name)
        if known is None or not known.etag:  # a marker tells more than a prefix
            found[entry.name] = entry
    for name in list(found) if recursive else ():
        parent = name.rpartition("/")[0]
        while len(parent) > len(directory) and parent not in found:
            found[parent] = Entry(parent, 0, found[name].modified, "", folder=True)
            parent = parent.rpartition("/")[0]
    found.pop(directory, None)
    return [found[name] for name in sorted(found) if name]


def _limit(query: dict[str, str]) -> int:
    text = query.get("maxresults", str(_PAGE))
    if not text.isdigit() or int(text) < 1:
        raise StorageError(400, "InvalidQueryParameterValue", f"maxResults is 1 to {_PAGE}, not '{text}'.")
    return min(int(text), _PAGE)


def _decode(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except ValueError:
        raise StorageError(400, "InvalidQueryParameterValue", f"'{token}' is no continuation token.") from None


def _shown(entry: Entry) -> dict[str, str]:
    shown = {"name": entry.name, "contentLength": str(entry.size), "etag": entry.etag.strip('"'), **_SHOWN}
    if entry.modified:
        shown["lastModified"] = entry.modified
    if entry.folder:
        shown["isDirectory"] = "true"
    return shown
