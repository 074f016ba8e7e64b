"""What the router of online endpoints adds to a scoring server, measured beside that server alone.

Three answers to the same small request, one after another on one connection: the scoring server alone on a
loopback port, the gateway answering a constant over TLS, and the endpoint as a client calls it. Rounds alternate
between them; medians over the rounds are reported.
"""

from __future__ import annotations

import os
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from azlocal.machinelearning.endpoints.process import SERVER
from azlocal.state import StateFolder
from benchmarks.arm import start_constant
from benchmarks.load import request, run
from benchmarks.report import Figure
from benchmarks.scored import HOST, KEY, SCRIPT, variables

REQUESTS, WARM, ROUNDS = 1500, 200, 5
BODY = b'{"data": [1.5, 2.5, 3.5]}'
Connect = Callable[[], socket.socket]


def measure() -> list[Figure]:
    """All figures of scoring."""
    with tempfile.TemporaryDirectory() as base:
        folder = StateFolder(Path(base) / "scored")
        code = folder.sub("code")
        (code / "score.py").write_text(SCRIPT)
        bare_port = _free_port()
        bare = subprocess.Popen(
            [sys.executable, str(SERVER), "--listen", str(bare_port)],
            env=variables(code),
            stderr=subprocess.DEVNULL,
        )
        constant, constant_port = start_constant(Path(base) / "constant")
        routed, routed_port = _start_routed(folder)
        try:
            _wait_for(bare_port)
            return _figures(
                {
                    "bare": lambda: _plain(bare_port),
                    "constant": lambda: _through(constant_port, Path(base) / "constant"),
                    "routed": lambda: _through(routed_port, folder.path),
                },
                routed_port,
                folder,
            )
        finally:
            for process in (bare, constant, routed):
                process.kill()
                process.wait()


def _figures(connects: dict[str, Connect], port: int, folder: StateFolder) -> list[Figure]:
    medians: dict[str, list[float]] = {name: [] for name in connects}
    slowest: dict[str, list[float]] = {name: [] for name in connects}
    rates = []
    for _ in range(ROUNDS):
        for name, connect in connects.items():
            times = sorted(_times(connect))
            medians[name].append(times[len(times) // 2])
            slowest[name].append(times[len(times) * 99 // 100])
        load = run(port, folder.ca_certificate, HOST, [_request()] * REQUESTS)
        if load.failures:
            raise RuntimeError(f"{load.failures} of {load.requests} scoring requests failed")
        rates.append(load.rate)
    middle = {name: statistics.median(values) for name, values in medians.items()}
    tail = {name: statistics.median(values) for name, values in slowest.items()}
    return [
        Figure("scoring server alone, median", middle["bare"], "ms", None),
        Figure("gateway with a constant, median", middle["constant"], "ms", None),
        Figure("through the endpoint, median", middle["routed"], "ms", None),
        Figure("added by gateway and router, median", middle["routed"] - middle["bare"], "ms", "≤ 3 (azureml-fe)"),
        Figure("added by the router alone, median", middle["routed"] - middle["bare"] - middle["constant"], "ms", None),
        Figure("through the endpoint, 99 %", tail["routed"], "ms", "≤ 15 (azureml-fe)"),
        Figure("through the endpoint, 4 connections", statistics.median(rates), "requests/s", "≥ 500 (Azure's limit)"),
    ]


def _times(connect: Connect) -> list[float]:
    """Milliseconds of each request after some to get warm."""
    sent, times = _request(), []
    with connect() as connection:
        for number in range(WARM + REQUESTS):
            began = time.perf_counter()
            connection.sendall(sent)
            _read(connection)
            if number >= WARM:
                times.append((time.perf_counter() - began) * 1000)
    return times


def _request() -> bytes:
    return request("POST", HOST, "/score", KEY, BODY)


def _read(connection: socket.socket) -> None:
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += connection.recv(65536)
    head = data[:end].lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(f"a scoring request failed: {data.decode()}")
    length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    while len(data) < end + 4 + length:
        data += connection.recv(65536)


def _plain(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _through(port: int, folder: Path) -> socket.socket:
    """A TLS connection to the endpoint's host, by CONNECT."""
    connection = _plain(port)
    connection.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode())
    while not connection.recv(65536).endswith(b"\r\n\r\n"):
        continue
    context = ssl.create_default_context(cafile=str(StateFolder(folder).ca_certificate))
    return context.wrap_socket(connection, server_hostname=HOST)


def _start_routed(folder: StateFolder) -> tuple[subprocess.Popen[bytes], int]:
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.scored", str(folder.path), str(write_end)], pass_fds=(write_end,)
    )
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        return process, int(pipe.read())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    """Until the scoring server listens."""
    until = time.monotonic() + 30
    while True:
        try:
            _plain(port).close()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
        else:
            return
