"""The control plane's life: etcd, the API server and the controllers, on loopback and in one folder."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.cluster import certificates
from tools.cluster.binary import ClusterError, binary, version
from tools.golang import CACHE, ROOT

FOLDER = CACHE / "cluster"  # certificates, data, logs
KUBECONFIG = FOLDER / "kubeconfig"
PROCESSES = FOLDER / "processes.json"
READY_WITHIN = 60.0  # seconds; a few are enough where nothing else runs
STOPPED_WITHIN = 15.0
SAYS = "etcd, API server and controllers of Kubernetes %s run; there are no nodes, so pods don't"


def start() -> bool:
    """Start the cluster unless it runs; answers whether this call did.

    Raises:
        ClusterError: it cannot be built, or does not become ready.
    """
    with _alone():
        if len(alive()) == 3:
            sys.stderr.write("cluster: runs already\n")
            return False
        kubernetes = binary()
        _end()
        began = time.monotonic()
        try:
            _start(kubernetes)
        except BaseException:
            _end(keep_logs=True)
            raise
        sys.stderr.write(f"cluster: {SAYS % version()} (ready in {time.monotonic() - began:.1f} s)\n")
        return True


def stop() -> None:
    """Stop the cluster; what it held goes with it."""
    with _alone():
        _end()


def _start(kubernetes: Path) -> None:
    FOLDER.mkdir(parents=True, mode=0o700)
    certificates.write(FOLDER)
    etcd, server = _free_urls()
    KUBECONFIG.touch(mode=0o600)
    KUBECONFIG.write_text(json.dumps(_kubeconfig(server), indent=1))  # JSON is YAML
    store = _spawn("etcd", "etcd", *_etcd(etcd))
    api = _spawn("kube-apiserver", str(kubernetes), "apiserver", *_apiserver(etcd, server))
    _await(f"{server}/readyz", api, "kube-apiserver")
    controllers = _spawn("kube-controller-manager", str(kubernetes), "controllers", *_controllers())
    # The controllers work when they have given the first namespace its service account.
    _await(f"{server}/api/v1/namespaces/default/serviceaccounts/default", controllers, "kube-controller-manager")
    for process in (store, api, controllers):
        process.returncode = 0  # they live on: nobody waits for them


def _etcd(url: str) -> list[str]:
    return [
        f"--data-dir={FOLDER / 'data'}",
        f"--listen-client-urls={url}", f"--advertise-client-urls={url}", "--listen-peer-urls=http://127.0.0.1:0",
        f"--cert-file={FOLDER / 'server.crt'}", f"--key-file={FOLDER / 'server.key'}",
        f"--trusted-ca-file={FOLDER / 'authority.crt'}", "--client-cert-auth",
    ]  # fmt: skip


def _apiserver(etcd: str, server: str) -> list[str]:
    certificate, key, authority = (FOLDER / name for name in ("server.crt", "server.key", "authority.crt"))
    return [
        f"--etcd-servers={etcd}",
        f"--etcd-cafile={authority}", f"--etcd-certfile={certificate}", f"--etcd-keyfile={key}",
        "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={server.rpartition(':')[2]}",
        "--watch-cache=false",  # it waits in vain for news of progress, which etcd 3.4 (Debian's) does not send
        "--endpoint-reconciler-type=none",  # nobody asks for the API server inside the cluster
        f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}", f"--client-ca-file={authority}",
        "--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={FOLDER / 'tokens.key'}",
        f"--service-account-signing-key-file={FOLDER / 'tokens.key'}",
    ]  # fmt: skip


def _controllers() -> list[str]:
    return [
        f"--kubeconfig={KUBECONFIG}", "--leader-elect=false", "--secure-port=0",
        f"--root-ca-file={FOLDER / 'authority.crt'}",
        f"--service-account-private-key-file={FOLDER / 'tokens.key'}",
    ]  # fmt: skip


def _kubeconfig(server: str) -> dict[str, Any]:
    def data(name: str) -> str:
        return base64.b64encode((FOLDER / name).read_bytes()).decode()

    name = "control-plane"
    cluster = {"server": server, "certificate-authority-data": data("authority.crt")}
    user = {"client-certificate-data": data("admin.crt"), "client-key-data": data("admin.key")}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": "admin", "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "admin"}}],
        "current-context": name,
    }


# Processes


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One start or stop at a time."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "cluster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _free_urls() -> tuple[str, str]:
    with socket.socket() as one, socket.socket() as other:
        for found in (one, other):
            found.bind(("127.0.0.1", 0))
        first, second = (f"https://127.0.0.1:{found.getsockname()[1]}" for found in (one, other))
    return first, second


def _spawn(name: str, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Run a program under a name, by which it calls itself in what it writes into objects."""
    with (FOLDER / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            (name, *arguments), executable=shutil.which(program),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=FOLDER,
        )  # fmt: skip
    known = json.loads(PROCESSES.read_text()) if PROCESSES.exists() else []
    PROCESSES.write_text(json.dumps([*known, process.pid]))
    return process


def _await(url: str, process: subprocess.Popen[bytes], name: str) -> None:
    """Until the API server answers 200 there, or the process that it takes has ended."""
    trust = ssl.create_default_context(cafile=str(FOLDER / "authority.crt"))
    trust.load_cert_chain(FOLDER / "admin.crt", FOLDER / "admin.key")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, OSError), opener.open(url, timeout=READY_WITHIN):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            break
    words = "\n".join((FOLDER / f"{name}.log").read_text(errors="replace").splitlines()[-6:])
    ended = f"ended with status {process.returncode}" if process.returncode is not None else "did not become ready"
    raise ClusterError(f"the cluster's {name} {ended}:\n{words}", f"the logs are in {FOLDER.relative_to(ROOT)}")


def alive() -> list[int]:
    """Which of the cluster's processes live. A number may have gone to another program, which is left alone."""
    known = json.loads(PROCESSES.read_text()) if PROCESSES.exists() else []
    return [pid for pid in known if str(FOLDER) in _command(pid)]


def _command(pid: int) -> str:
    if sys.platform == "linux":  # where ps is not always installed
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return ""
    done = subprocess.run(("ps", "-ww", "-o", "command=", "-p", str(pid)), check=False, capture_output=True, text=True)
    return done.stdout


def _end(*, keep_logs: bool = False) -> None:
    """End what runs, the last one started first, and remove the folder."""
    for pid in reversed(alive()):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOPPED_WITHIN
        while pid in alive():
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
    PROCESSES.unlink(missing_ok=True)
    if not keep_logs:
        shutil.rmtree(FOLDER, ignore_errors=True)
