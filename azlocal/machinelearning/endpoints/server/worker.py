"""The life of one scoring process: load the script, say so, answer until whoever started it is gone.

``--control FD`` is a socket to the process that started this one. Connections arrive over it as file
descriptors, so nothing is ever bound to a port or a path; the state is reported on it as one line of JSON; and
when its other end closes, for whatever reason, this process and all it started end at once.
"""

from __future__ import annotations

import argparse
import array
import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path

from .protocol import Connection, Server, log
from .script import Script, last_line

DEFAULT_MAX_BODY = 100 * 1024 * 1024
_FD_BYTES = array.array("i").itemsize


def main() -> None:
    """Serve as the command line says."""
    options = _options()
    script = Script(*_entry())
    control = socket.socket(fileno=options.control) if options.control is not None else None
    if control is not None:
        control.set_inheritable(False)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    server = Server(script, options.max_body)
    if control is not None:
        threading.Thread(target=_listen, args=(control, loop, server), name="control", daemon=True).start()
    _load(script, control)
    if control is None:
        loop.run_until_complete(_bind(server, options.listen))
    loop.run_forever()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serves a scoring script: init() once, run() per POST /score.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--control", type=int, metavar="FD", help="socket of the starting process")
    where.add_argument("--listen", type=int, metavar="PORT", help="port on loopback, to try a script alone")
    parser.add_argument("--max-body", type=int, default=DEFAULT_MAX_BODY, metavar="BYTES")
    return parser.parse_args()


def _entry() -> tuple[Path, Path]:
    app_root = Path(os.environ.get("AZUREML_APP_ROOT") or ".").resolve()
    return app_root / os.environ.get("AZUREML_ENTRY_SCRIPT", "score.py"), app_root


def _load(script: Script, control: socket.socket | None) -> None:
    """Load the script and report; one that does not load ends the process, its traceback in the log."""
    started = time.perf_counter()
    try:
        script.load()
    except BaseException as error:
        traceback.print_exc()
        _report(control, {"state": "failed", "error": last_line(error)})
        sys.exit(3)
    took = time.perf_counter() - started
    log(f"{script.path.name} is loaded, init() has returned: ready after {took:.2f}s")
    _report(control, {"state": "ready", "seconds": took})


def _report(control: socket.socket | None, message: dict[str, object]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    if control is not None:
        control.sendall(json.dumps(message).encode() + b"\n")


async def _bind(server: Server, port: int) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Connection(server), "127.0.0.1", port)


def _listen(control: socket.socket, loop: asyncio.AbstractEventLoop, server: Server) -> None:
    """In a thread of its own, so that even a process busy inside ``run`` sees its starter go."""
    while True:
        try:
            data, ancillary, _, _ = control.recvmsg(1, socket.CMSG_LEN(_FD_BYTES))
        except OSError:
            data, ancillary = b"", []
        if not data:
            _end()
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptor = array.array("i", payload[:_FD_BYTES])[0]
                loop.call_soon_threadsafe(_accept, loop, socket.socket(fileno=descriptor), server)


_accepting: set[asyncio.Task[object]] = set()


def _accept(loop: asyncio.AbstractEventLoop, connection: socket.socket, server: Server) -> None:
    connection.setblocking(False)
    task: asyncio.Task[object] = loop.create_task(_serve(connection, server))
    _accepting.add(task)
    task.add_done_callback(_accepting.discard)


async def _serve(connection: socket.socket, server: Server) -> object:
    return await asyncio.get_running_loop().connect_accepted_socket(lambda: Connection(server), connection)


def _end() -> None:
    """End this process and what it started, if it leads its own group; else itself alone."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)
