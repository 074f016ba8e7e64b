"""The dfs endpoint: finds the operation, checks who asks, and answers it from blobs."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from xml.etree import ElementTree

from azlocal.azure import Azure
from azlocal.storage.accounts import Account
from azlocal.storage.authorize import Caller, Guard
from azlocal.storage.backend import Backend, expect
from azlocal.storage.containers import KINDS, Containers
from azlocal.storage.dfs import acls, content, keys, listing, paths, properties
from azlocal.storage.dfs.blobs import FileSystem, Headers, headers_of
from azlocal.storage.dfs.operations import MOVE, operation
from azlocal.storage.errors import StorageError
from azlocal.storage.folders import MARKER
from azlocal.storage.forward import answer, body_of, reply
from azlocal.storage.operations import Operation
from azlocal.storage.request import Exchange


class DataLake:
    """Answers every request to ``{account}.dfs.core.windows.net``."""

    def __init__(self, azure: Azure, guard: Guard, backend: Backend, containers: Containers) -> None:
        self._state = azure.state
        self._guard = guard
        self._backend = backend
        self._containers = containers
        self._renames: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by account
        self._handlers: dict[str, Callable[[Exchange, FileSystem, str], Awaitable[None]]] = {
            "Filesystem - Create": self._make_filesystem,
            "Filesystem - Delete": self._delete_filesystem,
            "Filesystem - Get Properties": self._filesystem_properties,
            "Filesystem - Set Properties": self._set_filesystem_properties,
            "Path - List": self._list,
            "Path - Create File": self._create,
            "Path - Create Directory": self._create,
            "Path - Append Data": self._append,
            "Path - Flush Data": self._flush,
            "Path - Set Properties": self._set_properties,
            "Path - Set Access Control": self._set_access_control,
            "Path - Set Access Control Recursive": self._set_access_control_recursive,
            "Path - Get Access Control": self._access_control,
            "Path - Get Properties": self._status,
            "Path - Get Status": self._status,
            "Path - Read": self._read,
            "Path - Delete": self._delete,
        }

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request.

        Raises:
            StorageError: any refusal.
        """
        request, account = exchange.request, exchange.account
        wanted = operation(request, account)
        caller = self._guard.identify(request, account)
        keys.verify(caller, request, account, wanted)
        self._guard.permit(caller, wanted)
        system = FileSystem(self._backend, account, request.container)
        path = request.name.strip("/")
        if wanted.name == "Filesystem - List":
            await self._list_filesystems(exchange)
        elif wanted.name == "Path - Rename":
            await self._rename(exchange, system, path, caller)
        else:
            await self._handlers[wanted.name](exchange, system, path)

    # File systems

    async def _list_filesystems(self, exchange: Exchange) -> None:
        account, prefix = exchange.account, exchange.request.query.get("prefix", "")
        body = await expect(await self._backend.trusted(account, "blob", "GET", "/?comp=list"), 200)
        root = ElementTree.fromstring(body.decode("utf-8-sig"))  # noqa: S314 (Azurite's own answer)
        found = [
            {
                "name": one.findtext("Name"),
                "etag": one.findtext("Properties/Etag", ""),
                "lastModified": one.findtext("Properties/Last-Modified"),
            }
            for one in root.iterfind("Containers/Container")
            if one.findtext("Name", "").startswith(prefix)
        ]
        await _json(exchange, {"filesystems": found})

    async def _make_filesystem(self, exchange: Exchange, system: FileSystem, _path: str) -> None:
        headers = properties.metadata_of(exchange.request.headers.get("x-ms-properties"))
        made = await system.do("PUT", "", {"restype": "container"}, headers=headers)
        self._containers.record(exchange.account.container(system.name), KINDS[0].type)
        await _done(exchange, 201, made, {"x-ms-namespace-enabled": _flag(exchange.account)})

    async def _delete_filesystem(self, exchange: Exchange, system: FileSystem, _path: str) -> None:
        await system.do("DELETE", "", {"restype": "container"})
        self._state.delete(exchange.account.container(system.name).lower())
        properties.forget_all(self._state, system.key(""))
        await _done(exchange, 202, {})

    async def _filesystem_properties(self, exchange: Exchange, system: FileSystem, _path: str) -> None:
        found = await system.do("HEAD", "", {"restype": "container"})
        extra = {"x-ms-properties": properties.properties_of(found), "x-ms-namespace-enabled": _flag(exchange.account)}
        await _done(exchange, 200, found, extra)

    async def _set_filesystem_properties(self, exchange: Exchange, system: FileSystem, _path: str) -> None:
        headers = properties.metadata_of(exchange.request.headers.get("x-ms-properties"))
        query = {"restype": "container", "comp": "metadata"}
        await _done(exchange, 200, await system.do("PUT", "", query, headers=headers))

    # Paths

    async def _list(self, exchange: Exchange, system: FileSystem, _path: str) -> None:
        body, token = await listing.list_paths(system, exchange.request.query)
        headers = {"content-type": "application/json;charset=utf-8", "x-ms-namespace-enabled": _flag(exchange.account)}
        if token:
            headers["x-ms-continuation"] = token
        await reply(exchange.send, 200, headers, body)

    async def _create(self, exchange: Exchange, system: FileSystem, path: str) -> None:
        headers = exchange.request.headers
        make = paths.create_file if exchange.request.query["resource"].lower() == "file" else paths.create_directory
        made = await make(system, path, headers)
        properties.set_attributes(self._state, system.key(path), headers)
        await _done(exchange, 201, made)

    async def _rename(self, exchange: Exchange, system: FileSystem, path: str, caller: Caller) -> None:
        name, old = paths.rename_source(exchange.request.headers["x-ms-rename-source"])
        source = FileSystem(self._backend, exchange.account, name)
        self._guard.permit(caller, Operation("Rename source", exchange.account.container(name), MOVE, letters="md"))
        async with self._renames[exchange.account.name]:
            await _done(exchange, 201, await paths.rename(source, old, system, path, exchange.request.headers))

    async def _append(self, exchange: Exchange, system: FileSystem, path: str) -> None:
        query, headers = exchange.request.query, exchange.request.headers
        position = _number(query, "position")
        length = headers.get("content-length", "")
        if not length.isdigit():
            raise StorageError(411, "MissingContentLengthHeader", "The Content-Length header was not specified.")
        body = await body_of(exchange.receive, length)
        if body is None:
            raise StorageError(400, "InvalidHeaderValue", "Content-Length must be greater than 0 to append.")
        await content.append(system, path, position, length, body)
        done: Headers = {}
        if query.get("flush", "").lower() == "true":
            done = await content.flush(system, path, position + int(length), {})
        await _done(exchange, 202, done)

    async def _flush(self, exchange: Exchange, system: FileSystem, path: str) -> None:
        position = _number(exchange.request.query, "position")
        done = await content.flush(system, path, position, exchange.request.headers)
        await _done(exchange, 200, done)

    async def _read(self, exchange: Exchange, system: FileSystem, path: str) -> None:
        response = await content.read(system, path, exchange.request.headers)
        found = headers_of(response)
        await answer(exchange.send, response, head=False, extra=self._shown(system, path, found))

    async def _status(self, exchange: Exchange, system: FileSystem, path: str) -> None:
        if not path:
            found = await system.do("HEAD", "", {"restype": "container"})
            await _done(exchange, 200, found, {"x-ms-resource-type": "directory", **self._attributes(system, "")})
            return
        found = await system.find(path)
        kept = {name: value for name, value in found.items() if not name.startswith("x-ms-") and name != "date"}
        await reply(exchange.send, 200, {**kept, **self._shown(system, path, found)}, head=True)

    async def _access_control(self, exchange: Exchange, system: FileSystem, path: str) -> None:
        found = await (system.find(path) if path else system.do("HEAD", "", {"restype": "container"}))
        shown = self._attributes(system, path)
        acl = acls.spell(properties.acl(self._state, system.key(path)))
        await _done(exchange, 200, found, {**shown, "x-ms-acl": acl})

    async def _set_access_control(self, exchange: Exchange, system: FileSystem, path: str) -> None:
        found = await (system.find(path) if path else system.do("HEAD", "", {"restype": "container"}))
        properties.set_attributes(self._state, system.key(path), exchange.request.headers)
        await _done(exchange, 200, found)

    async def _set_access_control_recursive(self, exchange: Exchange, system: FileSystem, path: str) -> None:
        """All of it in one answer: there is nothing to continue."""
        mode = exchange.request.query.get("mode", "").lower()
        given = acls.parse(exchange.request.headers.get("x-ms-acl", ""), removing=mode == "remove")
        top = await (system.find(path) if path else system.do("HEAD", "", {"restype": "container"}))
        inside = await system.walk(f"{path}/" if path else "")
        counts = {"directoriesSuccessful": 0, "filesSuccessful": 0}
        folders = {path: not path or properties.is_folder(top)}
        for entry in inside:
            parts = entry.name.split("/")
            folders |= {"/".join(parts[:end]): True for end in range(path.count("/") + 1 + bool(path), len(parts))}
            folders[entry.name] = entry.folder
        for name, folder in folders.items():
            mine = given if folder else {who: what for who, what in given.items() if not who.startswith("default:")}
            key = system.key(name)
            properties.set_acl(self._state, key, acls.changed(properties.acl(self._state, key), mode, mine))
            counts["directoriesSuccessful" if folder else "filesSuccessful"] += 1
        await _json(exchange, {**counts, "failureCount": 0, "failedEntries": []})

    async def _set_properties(self, exchange: Exchange, system: FileSystem, path: str) -> None:
        headers, found = exchange.request.headers, await system.find(path)
        kept = properties.kept_headers(found)
        done = found
        if "x-ms-properties" in headers:
            metadata = properties.metadata_of(headers["x-ms-properties"])
            if properties.is_folder(found):
                metadata[f"x-ms-meta-{MARKER}"] = "true"
            done = await system.do("PUT", path, {"comp": "metadata"}, headers=metadata)
        if changed := properties.content_headers(headers):
            plain = {name: value for name, value in kept.items() if not name.startswith("x-ms-meta-")}
            done = await system.do("PUT", path, {"comp": "properties"}, headers={**plain, **changed})
        await _done(exchange, 200, done)

    async def _delete(self, exchange: Exchange, system: FileSystem, path: str) -> None:
        recursive = exchange.request.query.get("recursive", "").lower() == "true"
        await paths.delete(system, self._state, path, exchange.request.headers, recursive=recursive)
        await _done(exchange, 200, {}, {"x-ms-delete-id": ""})

    def _shown(self, system: FileSystem, path: str, found: Headers) -> Headers:
        kind = "directory" if properties.is_folder(found) else "file"
        return {
            "x-ms-resource-type": kind,
            "x-ms-properties": properties.properties_of(found),
            **self._attributes(system, path),
        }

    def _attributes(self, system: FileSystem, path: str) -> Headers:
        shown = properties.attributes(self._state, system.key(path))
        return {f"x-ms-{name}": value for name, value in shown.items()}


def _flag(account: Account) -> str:
    return "true" if account.hierarchical else "false"


def _number(query: dict[str, str], name: str) -> int:
    value = query.get(name, "")
    if not value.isdigit():
        raise StorageError(400, "MissingRequiredQueryParameter", f"'{name}' must be a number of bytes, not '{value}'.")
    return int(value)


async def _done(exchange: Exchange, status: int, blob: Headers, extra: Headers | None = None) -> None:
    """An answer without a body, with the blob's etag and time."""
    kept = {name: value for name, value in blob.items() if name in {"etag", "last-modified"}}
    await reply(exchange.send, status, {**kept, **(extra or {})}, head=True)


async def _json(exchange: Exchange, value: object) -> None:
    await reply(exchange.send, 200, {"content-type": "application/json;charset=utf-8"}, json.dumps(value).encode())
