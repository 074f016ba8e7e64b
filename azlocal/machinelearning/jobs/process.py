"""Running one process group: started in a session of its own, ended as a whole.

What leaves the group for a session of its own (setsid, a daemon) is known by a mark in its environment and ends too,
as it would with the container of a job.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GRACE = 10.0  # seconds between asking a group to end and ending it
_LOOK = 0.02  # seconds between looks at a group that was killed: only its own members can be waited for
_MARK = "AZLOCAL_PROCESS_MARK"


@dataclass(frozen=True, slots=True)
class Group:
    """A process group, known again after a restart.

    ``started`` is the kernel's own start time of its leader, ``mark`` is in the environment of all it started.
    """

    pgid: int
    started: str
    mark: str = ""


# The command waits for a line before it begins: whoever made it first writes down which group it is, and if that one
# dies before, the pipe closes and the command ends without having begun.
_GATE = 'read -r _ || exit 125; exec /bin/bash -c "$0" </dev/null'


class Process:
    """A shell command in its own session, which begins when ``begin`` is called."""

    def __init__(self, process: asyncio.subprocess.Process, mark: str) -> None:
        self._process = process
        self.group = Group(process.pid, start_time(process.pid), mark)

    @staticmethod
    async def start(line: str, folder: Path, variables: Mapping[str, str], log: Path) -> Process:
        """Make the process that will run ``line`` in bash; what it writes goes to ``log``."""
        mark = uuid.uuid4().hex
        with log.open("ab") as sink:
            process = await asyncio.create_subprocess_exec(
                "/bin/bash", "-c", _GATE, line,
                cwd=folder, env={**variables, _MARK: mark}, start_new_session=True,
                stdin=asyncio.subprocess.PIPE, stdout=sink, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
        return Process(process, mark)

    def begin(self) -> None:
        """Let the command begin: its group is written down."""
        if self._process.stdin is not None:
            self._process.stdin.write(b"\n")
            self._process.stdin.close()

    async def wait(self, limit: float | None = None) -> int:
        """The exit code; whatever the command left running ends with it.

        Raises:
            TimeoutError: it runs for longer than ``limit`` seconds; it has been ended.
        """
        try:
            async with asyncio.timeout(limit):
                code = await self._process.wait()
        except (TimeoutError, asyncio.CancelledError):
            await asyncio.shield(self.end())
            raise
        await kill(self.group)
        return code

    async def end(self) -> None:
        """Ask the group to end, and end it when it has not within the grace."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.group.pgid, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await self._process.wait()
        await kill(self.group)
        await self._process.wait()


async def kill(group: Group) -> None:
    """Kill what is left of a group, then what has left it."""
    await kill_group(group.pgid)
    await kill_marked(group.mark)


async def kill_marked(mark: str) -> None:
    """Kill every process with a mark in its environment; again, if one of them has started another meanwhile."""
    while pids := await asyncio.to_thread(marked, mark) if mark else []:
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(_LOOK)


async def kill_group(pgid: int) -> None:
    """Kill what is left of a group and wait until the kernel has let go of it."""
    while alive(pgid):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pgid, signal.SIGKILL)
        await asyncio.sleep(_LOOK)


def alive(pgid: int) -> bool:
    """Whether a group has a member that is more than a dead entry of the process table."""
    try:
        os.killpg(pgid, 0)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of dead entries
        return False
    return not sys.platform.startswith("linux") or any(_running_members(pgid))


def same(group: Group) -> bool:
    """Whether a group remembered from before is still that group, and not another under the same number."""
    leader = start_time(group.pgid)
    if leader:
        return leader == group.started
    return sys.platform.startswith("linux") and any(_running_members(group.pgid))


def start_time(pid: int) -> str:
    """When a process started, as the kernel counts it; empty for one that is gone."""
    if sys.platform.startswith("linux"):
        fields = _stat(pid)
        return f"{_boot()}:{fields[19]}" if fields else ""
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int | str) -> list[str]:
    """The fields of /proc/PID/stat after the command's name: state, ppid, pgrp, session, …"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _running_members(pgid: int) -> list[int]:
    members = []
    for entry in os.scandir("/proc"):
        fields = _stat(entry.name) if entry.name.isdigit() else []
        if fields and int(fields[2]) == pgid and fields[0] != "Z":
            members.append(int(entry.name))
    return members


def marked(mark: str) -> list[int]:
    """The processes with a mark in their environment; those of other users show none."""
    sought = f"{_MARK}={mark}"
    if sys.platform.startswith("linux"):
        pids = [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]
        return [pid for pid in pids if sought.encode() in _environ(pid)]
    listed = subprocess.run(["ps", "-axwwE", "-o", "pid=,command="], capture_output=True, text=True, check=False)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if sought in line.split()]


def _environ(pid: int) -> list[bytes]:
    """The environment that a process began with; empty for one that is gone."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
