"""Moving data: inputs to a folder before a process starts, outputs to their place after it has ended."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from azlocal.azure import Azure
from azlocal.entra.principals import Principal
from azlocal.machinelearning.identities import Acting
from azlocal.machinelearning.places import Place, Places, Web
from azlocal.storage.accounts import Accounts
from azlocal.storage.errors import StorageError

if TYPE_CHECKING:
    from azlocal.storage.internal import Access, Blobs

_CHUNK = 1 << 20


class DataError(Exception):
    """Data that cannot be read or written: what, why, and what to do."""


class Data:
    """Reads and writes blobs with the rights of whoever the job acts as."""

    def __init__(self, azure: Azure, places: Places) -> None:
        from azlocal.storage.internal import Blobs

        self.places = places
        self.blobs: Blobs = Blobs(azure)
        self._accounts = Accounts(azure)

    def allow(self, place: Place, acting: Acting, action: Access) -> None:
        """Check that the job may; a datastore with credentials of its own needs nobody's roles.

        Raises:
            DataError: it may not.
        """
        if place.has_credentials:
            self._check_keys(place)
            return
        if acting.data is None:
            raise DataError(
                f"'{place.uri}' is reached with an identity, and {acting.says}. Give the compute one, or let the job"
                " run as its user (identity: user_identity)."
            )
        self.require(acting.data, place, action)

    def require(self, principal: Principal, place: Place, action: Access) -> None:
        """Check a principal's roles.

        Raises:
            DataError: they do not permit it.
        """
        try:
            self.blobs.authorize(principal, place.account, place.container, action)
        except StorageError as error:
            role = "Storage Blob Data Reader" if action in {"read", "list"} else "Storage Blob Data Contributor"
            advice = f" Give it the role '{role}' on the container or the account." if error.status == 403 else ""
            raise DataError(f"'{principal.name}' may not {action} '{place.uri}': {error.message}{advice}") from None

    def _check_keys(self, place: Place) -> None:
        with _explained(place):
            account = self._accounts.get(place.account)
        if not account.shared_keys:
            name = place.datastore.name if place.datastore else place.account
            raise DataError(
                f"The datastore '{name}' signs in with a key, and the storage account '{place.account}' permits no keys"
                " (KeyBasedAuthenticationNotPermitted). Make the datastore identity-based."
            )

    async def fetch(self, source: Place | Web, folder: Path, *, single: bool) -> Path:
        """Bring what is at a place below ``folder``; the path of the file, or of the folder.

        Raises:
            DataError: nothing is there, or it is not what the input's type says.
        """
        make(folder)
        if isinstance(source, Web):
            return await _fetch_web(source.url, folder)
        with _explained(source):
            names = await self.blobs.download(source.account, source.container, source.path, folder)
        if not single:
            return folder
        if len(names) != 1 or source.path.rsplit("/", 1)[-1] != names[0]:
            raise DataError(f"'{source.uri}' is a folder; the input's type uri_file needs the path of one file.")
        return folder / names[0]

    async def send(self, path: Path, target: Place) -> list[str]:
        """Send a file to exactly ``target``, or a folder's content below it; the names of the blobs.

        Raises:
            DataError: the store refuses it.
        """
        with _explained(target):
            if _is_file(path):
                await self.blobs.upload_file(target.account, target.container, target.path, path)
                return [target.path]
            return await self.blobs.upload(target.account, target.container, target.path, path)

    async def fingerprint(self, source: Place | Web) -> str:
        """What changes when the content at a place changes: names and etags of its blobs, or the URL itself."""
        if isinstance(source, Web):
            return source.url
        with _explained(source):
            items = await self.blobs.list(source.account, source.container, source.path)
        prefix = source.path.rstrip("/")
        return "\n".join(
            f"{one.name} {one.etag}"
            for one in items
            if one.name == prefix or one.name.startswith(f"{prefix}/" if prefix else "")
        )


def make(folder: Path) -> None:
    """Make a folder and those above it."""
    folder.mkdir(parents=True, exist_ok=True)


def _is_file(path: Path) -> bool:
    return path.is_file()


def freeze(folder: Path) -> None:
    """Make what was fetched read-only, as a read-only mount is."""
    writable = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent, name)
            path.chmod(path.stat().st_mode & ~writable)


@contextlib.contextmanager
def _explained(place: Place) -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        if error.status == 404:
            raise DataError(
                f"Nothing exists at '{place.uri}' ({error.code}). Check the path, or write it first."
            ) from None
        raise DataError(f"'{place.uri}' cannot be used: {error.code}: {error.message}") from None
    except BaseExceptionGroup as group:
        first = group.exceptions[0]
        if isinstance(first, StorageError):
            raise DataError(f"'{place.uri}' cannot be used: {first.code}: {first.message}") from None
        raise


async def _fetch_web(url: str, folder: Path) -> Path:
    from aiohttp import ClientError, ClientSession

    target = folder / (url.partition("?")[0].rstrip("/").rsplit("/", 1)[-1] or "file")
    try:
        async with ClientSession(trust_env=True) as session, session.get(url) as response:
            if response.status != 200:
                raise DataError(f"'{url}' answers {response.status} {response.reason}.")
            with target.open("wb") as file:
                async for chunk in response.content.iter_chunked(_CHUNK):
                    file.write(chunk)
    except (ClientError, OSError) as error:
        raise DataError(f"'{url}' cannot be read: {error}") from None
    return target
