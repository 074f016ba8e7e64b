"""Starting, stopping and asking after the one server process of a state folder."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from azlocal.errors import AzureLocalError
from azlocal.state.folder import StateFolder

READY_WITHIN = 30.0  # seconds; a start takes half a second, a loaded machine may take more
STOPPED_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers: its process and its gateway's port."""

    pid: int
    port: int
    started: float

    @property
    def proxy(self) -> str:
        """What ``HTTPS_PROXY`` is set to."""
        return f"http://127.0.0.1:{self.port}"


def running(folder: StateFolder) -> Running | None:
    """The server of this state folder, if its process lives."""
    value = folder.read_runtime()
    if value is None or not _alive(int(value["pid"])):
        return None
    return Running(int(value["pid"]), int(value["port"]), float(value["started"]))


def start(folder: StateFolder, port: int, options: dict[str, Any] | None = None) -> tuple[Running, bool]:
    """Start the server unless it runs; answers it, and whether this call started it.

    Raises:
        AzureLocalError: the port or the state folder cannot be used, with the reason.
    """
    if found := running(folder):
        return found, False
    folder.create()
    read_end, write_end = os.pipe()
    command = [
        sys.executable, "-m", "azlocal.server", "--state", str(folder.path), "--port", str(port),
        "--ready-fd", str(write_end), "--options", json.dumps(options or {}),
    ]  # fmt: skip
    with folder.log.open("ab") as log:
        process = subprocess.Popen(
            command,
            pass_fds=(write_end,),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    os.close(write_end)
    answer = _wait(read_end, folder)
    if "error" in answer:
        process.wait(STOPPED_WITHIN)
        raise AzureLocalError(answer["error"], answer.get("hint"))
    found = running(folder)
    if found is None:
        raise AzureLocalError("the server ended right after it was ready", f"its log is {folder.log}")
    # The server lives on without us: keep subprocess from warning about a child nobody waited for.
    process.returncode = 0
    return found, True


def usual_port(port: int) -> int:
    """The port given, or 0 for any free one where something listens on it: another clone's azlocal, as a rule."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def _wait(read_end: int, folder: StateFolder) -> dict[str, Any]:
    with os.fdopen(read_end, "rb") as pipe:
        readable, _, _ = select.select([pipe], [], [], READY_WITHIN)
        data = pipe.read() if readable else b""
    if not data:
        raise AzureLocalError(
            "the server did not become ready" if not readable else "the server ended before it was ready",
            f"the last lines of {folder.log}:\n{_tail(folder)}",
        )
    return dict(json.loads(data))


def _tail(folder: StateFolder, lines: int = 15) -> str:
    text = folder.log.read_text(errors="replace") if folder.log.exists() else ""
    return "\n".join(text.splitlines()[-lines:])


def stop(folder: StateFolder) -> bool:
    """Stop the server and everything it started; answers whether one ran."""
    found = running(folder)
    if found is None:
        return False
    handle = _watch(found.pid)
    os.kill(found.pid, signal.SIGTERM)
    if not _ended(found.pid, handle, STOPPED_WITHIN):
        os.kill(found.pid, signal.SIGKILL)
        _ended(found.pid, handle, STOPPED_WITHIN)
    if handle is not None:
        os.close(handle)
    folder.runtime.unlink(missing_ok=True)
    return True


def reset(folder: StateFolder) -> None:
    """Stop the server and forget everything but the environments built for jobs, which are costly."""
    folder.require_own()
    stop(folder)
    folder.clear()


def require_running(folder: StateFolder) -> Running:
    """The running server.

    Raises:
        AzureLocalError: none runs.
    """
    found = running(folder)
    if found is None:
        raise AzureLocalError(f"no azlocal runs on state folder {folder.path}", "start it: azlocal start")
    return found


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:  # a zombie whose parent has not waited yet has ended
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True  # no /proc: macOS


def ends_within(pid: int, seconds: float) -> bool:
    """Wait for the end of a process; whether it came."""
    handle = _watch(pid)
    try:
        return not _alive(pid) or _ended(pid, handle, seconds)
    finally:
        if handle is not None:
            os.close(handle)


def _watch(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; Linux only."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _ended(pid: int, handle: int | None, timeout: float) -> bool:
    if handle is not None:
        readable, _, _ = select.select([handle], [], [], timeout)
        return bool(readable)
    if sys.platform != "darwin":  # a kernel before 5.3
        until = time.monotonic() + timeout
        while _alive(pid) and time.monotonic() < until:
            time.sleep(0.05)
        return not _alive(pid)
    queue = select.kqueue()
    event = select.kevent(pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT)
    try:
        return bool(queue.control([event], 1, timeout))
    except ProcessLookupError:
        return True
