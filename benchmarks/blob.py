"""A 4 KiB blob through the gateway beside the same Azurite asked directly, with the same client and account key.

The direct way is plain HTTP to Azurite's own port; the other is TLS through the proxy, authorization and back.
Rounds alternate, so that a noisy machine treats both alike; medians are reported.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from azure.storage.blob import BlobClient, BlobServiceClient

from azlocal import environment, lifecycle
from azlocal.entra.principals import SUBSCRIPTION_ID
from azlocal.state import StateFolder
from benchmarks.arm import owner_token
from benchmarks.report import Figure

ACCOUNT = "stbench"
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-bench"
SIZE = 4096  # bytes
REQUESTS, ROUNDS = 200, 7


def measure() -> list[Figure]:
    """Both ways, reading and writing."""
    with tempfile.TemporaryDirectory() as base:
        folder = StateFolder(Path(base) / "azlocal")
        server, _ = lifecycle.start(folder, 0)
        try:
            with pytest.MonkeyPatch.context() as patch:
                for name, value in environment.variables(folder, server, "owner").items():
                    patch.setenv(name, value)
                return compare(clients(folder, server.pid))
        finally:
            lifecycle.stop(folder)


def clients(folder: StateFolder, pid: int) -> dict[str, BlobClient]:
    """A blob in a new account, through the gateway and directly."""
    key = make_account(folder)
    through = BlobServiceClient(f"https://{ACCOUNT}.blob.core.windows.net", key)
    through.create_container("bench")
    direct = BlobServiceClient(
        f"http://127.0.0.1:{blob_port(pid)}/{ACCOUNT}", {"account_name": ACCOUNT, "account_key": key}
    )
    return {name: one.get_blob_client("bench", "blob") for name, one in (("gateway", through), ("azurite", direct))}


def compare(blobs: dict[str, BlobClient]) -> list[Figure]:
    """Seconds a request each way, and what the gateway adds."""
    body = os.urandom(SIZE)
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, blob in blobs.items():
            times.setdefault(f"PUT {name}", []).append(timed(partial(blob.upload_blob, body, overwrite=True)))
            times.setdefault(f"GET {name}", []).append(timed(partial(fetch, blob)))
    figures = []
    for verb in ("GET", "PUT"):
        pairs = zip(times[f"{verb} gateway"], times[f"{verb} azurite"], strict=True)
        alone = statistics.median(times[f"{verb} azurite"]) * 1000
        figures += [
            Figure(f"{verb} 4 KiB, Azurite alone", alone, "ms", None),
            Figure(f"{verb} 4 KiB, gateway / Azurite alone", statistics.median(a / b for a, b in pairs), "x", "≤ 1.5"),
        ]
    return figures


def fetch(blob: BlobClient) -> bytes:
    """Read a whole blob."""
    return bytes(blob.download_blob().readall())


def timed(call: Callable[[], Any]) -> float:
    """Seconds of one call, on average over a round."""
    began = time.perf_counter()
    for _ in range(REQUESTS):
        call()
    return (time.perf_counter() - began) / REQUESTS


def make_account(folder: StateFolder) -> str:
    """A storage account through ARM; answers its key."""
    headers = {"Authorization": f"Bearer {owner_token(folder)}"}
    path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
    account = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    with httpx.Client(base_url="https://management.azure.com", headers=headers) as arm:
        version = {"api-version": "2021-04-01"}
        arm.put(GROUP, params=version, json={"location": "westeurope"}).raise_for_status()
        version = {"api-version": "2023-05-01"}
        arm.put(path, params=version, json=account).raise_for_status()
        return str(arm.post(f"{path}/listKeys", params=version).raise_for_status().json()["keys"][0]["value"])


def blob_port(pid: int) -> int:
    """The port on which the server's Azurite serves blobs, found by what answers there."""
    for child in psutil.Process(pid).children(recursive=True):
        for connection in child.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and "Blob" in server_header(connection.laddr.port):
                return int(connection.laddr.port)
    raise RuntimeError("Azurite's blob port was not found among the server's processes")


def server_header(port: int) -> str:
    """What calls itself what behind a port."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{ACCOUNT}?comp=list") as answer:
            return str(answer.headers.get("server", ""))
    except urllib.error.HTTPError as error:
        with error:
            return str(error.headers.get("server", ""))
