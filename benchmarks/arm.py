"""The control plane: throughput beside the same server answering a constant, at 100 and 10,000 resources;
time to be ready; memory with 1,000 resources.

Rounds alternate between what is compared, so that a noisy machine treats them alike; medians are reported.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from azlocal import lifecycle
from azlocal.arm import ArmRequest, ControlPlane
from azlocal.entra.directory import Directory
from azlocal.entra.keys import Keys
from azlocal.entra.principals import OWNER, SUBSCRIPTION_ID
from azlocal.entra.tokens import Authority
from azlocal.state import State, StateFolder
from benchmarks.load import Load, request, run
from benchmarks.report import Figure

HOST = "management.azure.com"
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-bench"
TYPE = "Microsoft.OperationalInsights/workspaces"
VERSION = "2023-09-01"
REQUESTS, ROUNDS = 4000, 5


def measure() -> list[Figure]:
    """All figures of the control plane."""
    with tempfile.TemporaryDirectory() as base:
        small = prepared(Path(base) / "small", 100)
        large = prepared(Path(base) / "large", 10_000)
        figures = throughput(small, large, Path(base) / "constant")
        figures += [ready(Path(base) / "small"), memory(Path(base) / "memory")]
    return figures


def prepared(path: Path, count: int) -> StateFolder:
    """A state folder that already holds ``count`` resources, made as a client makes them."""
    folder = StateFolder(path)
    folder.create()
    state = State(folder.database)
    control = ControlPlane(state)
    with state.transaction():
        control.handle(ArmRequest("PUT", GROUP, {"api-version": "2021-04-01"}, {"location": "westeurope"}))
        for index in range(count):
            answer = control.handle(
                ArmRequest("PUT", path_of(index), {"api-version": VERSION}, json.loads(body(index)))
            )
            if answer.status >= 300:
                raise RuntimeError(f"a resource was refused: {answer.body}")
    state.close()
    return folder


def path_of(index: int) -> str:
    """The id of the n-th resource."""
    return f"{GROUP}/providers/{TYPE}/log-{index:05d}"


def body(index: int) -> bytes:
    """What is PUT: a Log Analytics workspace, a tracked resource without children in its body."""
    properties = {"sku": {"name": "PerGB2018"}, "retentionInDays": 30, "features": {"disableLocalAuth": True}}
    return json.dumps({"location": "westeurope", "tags": {"round": str(index)}, "properties": properties}).encode()


def throughput(small: StateFolder, large: StateFolder, constant: Path) -> list[Figure]:
    """GET and durable PUT at both sizes beside the constant."""
    servers = {name: lifecycle.start(folder, 0)[0] for name, folder in (("small", small), ("large", large))}
    process, port = start_constant(constant)
    folders = {"small": small, "large": large}
    rates: dict[str, list[float]] = {}
    try:
        for number in range(ROUNDS):
            loads = {"constant": run(port, StateFolder(constant).ca_certificate, HOST, gets("token", 100))}
            for name, server in servers.items():
                token = owner_token(folders[name])
                ca = folders[name].ca_certificate
                count = 100 if name == "small" else 10_000
                loads[f"GET {name}"] = run(server.port, ca, HOST, gets(token, count))
                loads[f"PUT {name}"] = run(server.port, ca, HOST, puts(token, count, number))
            for name, load in loads.items():
                expect_success(name, load)
                rates.setdefault(name, []).append(load.rate)
    finally:
        process.kill()
        process.wait()
        for folder in folders.values():
            lifecycle.stop(folder)
    return _figures(rates)


def _figures(rates: dict[str, list[float]]) -> list[Figure]:
    def ratio(one: str, other: str) -> float:
        return statistics.median(a / b for a, b in zip(rates[one], rates[other], strict=True))

    constant = statistics.median(rates["constant"])
    return [
        Figure("constant over the same TLS", constant, "requests/s", None),
        Figure("ARM GET / constant", ratio("GET small", "constant"), "×", "≥ 0.5"),
        Figure("ARM durable PUT / constant", ratio("PUT small", "constant"), "×", "≥ 0.2"),
        Figure("ARM GET at 10,000 / at 100 resources", ratio("GET large", "GET small"), "×", "≥ 0.9"),
        Figure("ARM PUT at 10,000 / at 100 resources", ratio("PUT large", "PUT small"), "×", "≥ 0.9"),
    ]


def start_constant(path: Path) -> tuple[subprocess.Popen[bytes], int]:
    """The gateway with nothing behind it, in its own process."""
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.constant", str(path), str(write_end)], pass_fds=(write_end,)
    )
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        return process, int(pipe.read())


def owner_token(folder: StateFolder) -> str:
    """A token as Entra would issue it, made with the installation's key."""
    directory = Directory(State())
    return Authority(Keys(folder), directory).issue(OWNER, f"https://{HOST}")


def gets(token: str, count: int) -> list[bytes]:
    """GETs spread over all resources."""
    step = max(count // 97, 1)
    return [request("GET", HOST, f"{path_of(i * step % count)}?api-version={VERSION}", token) for i in range(REQUESTS)]


def puts(token: str, count: int, number: int) -> list[bytes]:
    """PUTs that change resources spread over all of them."""
    step = max(count // 97, 1)
    return [
        request("PUT", HOST, f"{path_of(i * step % count)}?api-version={VERSION}", token, body(number * REQUESTS + i))
        for i in range(REQUESTS // 2)
    ]


def expect_success(name: str, load: Load) -> None:
    """A refused request would be a fast one."""
    if load.failures:
        raise RuntimeError(f"{name}: {load.failures} of {load.requests} requests failed")


def ready(path: Path) -> Figure:
    """From the command to the first answer possible, beside a bare Python that imports the same server."""
    folder, seconds = StateFolder(path), []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        lifecycle.start(folder, 0)
        seconds.append(time.perf_counter() - began)
        lifecycle.stop(folder)
    return Figure("ready after", statistics.median(seconds), "s", "≤ 0.5")


def memory(path: Path) -> Figure:
    """Resident memory of the server after it was asked for each of 1,000 resources."""
    import psutil

    folder = prepared(path, 1000)
    server, _ = lifecycle.start(folder, 0)
    try:
        token = owner_token(folder)
        load = run(
            server.port,
            folder.ca_certificate,
            HOST,
            [request("GET", HOST, f"{path_of(i)}?api-version={VERSION}", token) for i in range(1000)],
        )
        expect_success("memory", load)
        resident = psutil.Process(server.pid).memory_info().rss / 2**20
    finally:
        lifecycle.stop(folder)
    return Figure("memory with 1,000 resources", resident, "MiB", "< 114 (120 MB)")
