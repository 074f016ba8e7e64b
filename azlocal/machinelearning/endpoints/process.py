"""One scoring process: started, known to be ready or failed by what it says, ended with all it started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from azlocal.machinelearning.endpoints.connection import BrokenError, Connection, Reply

SERVER = Path(__file__).parent / "server"
MAX_BODY = 100 * 1024 * 1024  # bytes, this machine's own limit: Azure documents none; the router refuses what is longer


@dataclass(frozen=True, slots=True)
class Launch:
    """How a deployment's processes are started: the environment's interpreter, their variables, their log."""

    python: Path
    environment: Mapping[str, str]
    folder: Path
    log: Path


class StartError(Exception):
    """The process did not become ready; the message is the last line of its traceback, or how it ended."""


class GoneError(BrokenError):
    """The process had ended already: whoever asked may ask another one."""


class Process:
    """A running scoring process and the idle connections to it."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._idle: list[Connection] = []
        self._gone = False
        self._disposed = False
        self.in_flight = 0
        self.load_seconds = 0.0

    @classmethod
    async def start(cls, launch: Launch, deadline: float) -> Process:
        """Start a process and wait until its script is loaded. ``deadline`` is in seconds.

        Raises:
            StartError: the script raised, the process ended, or the deadline passed.
        """
        try:
            log = launch.log.open("ab")
        except OSError as error:
            raise StartError(f"{launch.log} cannot be written: {error.strerror}") from None
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs, log:
            try:
                process = await asyncio.create_subprocess_exec(
                    str(launch.python), "-u", str(SERVER), "--control", str(theirs.fileno()),
                    "--max-body", str(MAX_BODY),
                    stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, cwd=launch.folder,
                    env=dict(launch.environment), pass_fds=(theirs.fileno(),), start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                ours.close()
                raise StartError(f"{launch.python} cannot be started: {error.strerror}") from None
        started = cls(process, ours)
        try:
            await started._ready(deadline)
        except BaseException:
            await started.stop()
            raise
        return started

    @property
    def pid(self) -> int:
        """The process id, which is also its group's."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return self._process.returncode is None and not self._gone

    async def _ready(self, deadline: float) -> None:
        try:
            async with asyncio.timeout(deadline):
                message = await _read_line(self._control)
        except TimeoutError:
            raise StartError(f"init() of the scoring script did not return within {deadline:g} seconds") from None
        if message is None:
            raise StartError(f"the scoring process ended {describe(await self._process.wait())} before it was ready")
        if message.get("state") != "ready":
            raise StartError(str(message.get("error")))
        self.load_seconds = float(str(message.get("seconds", 0)))

    async def ended(self) -> int:
        """Wait for the end; the exit code, negative for a signal."""
        return await self._process.wait()

    async def exchange(self, head: bytes, body: Iterable[bytes]) -> Reply:
        """One request on an idle connection, or on a new one.

        Raises:
            GoneError: the process had ended before anything was sent to it.
            BrokenError: the process ended before it had answered.
        """
        try:
            connection = self._take() or await self._connect()
            reply = await connection.exchange(head, body)
        except BrokenError:
            self._gone = True  # known here before the kernel reports the end
            self.kill()
            raise
        if connection.usable:
            self._idle.append(connection)
        return reply

    def _take(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        return None

    async def _connect(self) -> Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"c"], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise GoneError(f"the scoring process is gone: {error}") from None
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        _, connection = await loop.connect_accepted_socket(Connection, ours)
        return connection

    async def stop(self) -> None:
        """End the process and its group, and wait until it has ended."""
        self._control.close()
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        self.kill()
        await self._process.wait()

    def kill(self) -> None:
        """End the process and its group without waiting."""
        if self._disposed:
            return  # the number may be another's by now
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for zombies
            os.killpg(self.pid, signal.SIGKILL)

    def dispose(self) -> None:
        """Let go of what a process that has ended leaves here, and end what it started."""
        self._control.close()
        self.kill()
        self._disposed = True


async def _read_line(control: socket.socket) -> dict[str, object] | None:
    """The one line that a process says about itself, or None where it ends without a word."""
    loop = asyncio.get_running_loop()
    data = b""
    while not data.endswith(b"\n"):
        try:
            chunk = await loop.sock_recv(control, 65536)
        except ConnectionError:
            return None
        if not chunk:
            return None
        data += chunk
    message: dict[str, object] = json.loads(data)
    return message


def describe(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"with exit code {code}"
    return f"on signal {signal.Signals(-code).name}"
