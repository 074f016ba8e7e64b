"""An azlocal that was started with a kubeconfig: what reaches that cluster, what comes back, and what does not."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import yaml

from azlocal import environment, lifecycle
from azlocal.state import StateFolder
from tests.azlocal.kubernetes.clients import APPLY, CLUSTER_ADMIN, SERVER_APPLICATION, Client, Cluster, object_id

WAIT = 20.0
WATCH = "/api/v1/namespaces?watch=true"
TOKEN = "/api/v1/namespaces/default/serviceaccounts/default/token"
FLUX = "/providers/Microsoft.KubernetesConfiguration/extensions/flux"
EXTENSION = {"extensionType": "microsoft.flux", "scope": {"cluster": {"releaseNamespace": "extension"}}}


class Real(ThreadingHTTPServer):
    """What a kubeconfig names, as far as forwarding goes: it echoes what arrives, and watches say one thing."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Echo)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.namespaces: set[str] = set()
        self.refuses = False
        self.left = threading.Event()  # a watcher has left


class Echo(BaseHTTPRequestHandler):
    """One connection to it."""

    server: Real

    def answer(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size).decode()
        if self.server.refuses:
            self.reply(401, {"kind": "Status", "reason": "Unauthorized", "message": "Unauthorized"})
        elif "watch=true" in self.path:
            self.watch()
        elif self.path.startswith("/api/v1/namespaces/extension"):
            self.namespace("extension")
        else:
            names = ("authorization", "content-type", "user-agent", "accept", "impersonate-group")
            headers = {name: self.headers.get_all(name) for name in names}
            found = {"method": self.command, "path": self.path, "body": body, "headers": headers}
            metadata = {"name": "default", "namespace": "default", "uid": "real"}
            self.reply(200, {**found, "metadata": metadata})

    def namespace(self, name: str) -> None:
        known = name in self.server.namespaces
        if self.command == "PATCH":
            self.server.namespaces.add(name)
            self.reply(200 if known else 201, {})
        else:
            self.server.namespaces.discard(name)
            self.reply(200 if known else 404, {})

    def watch(self) -> None:
        """One event, and then silence for as long as somebody listens."""
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"type": "ADDED"}\n')
        self.rfile.read(1)  # returns when the other end closes
        self.server.left.set()
        self.close_connection = True

    def reply(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        packed = "gzip" in self.headers.get("accept-encoding", "")
        data = gzip.compress(data) if packed else data
        self.send_response(status)
        for name, value in (("content-type", "application/json"), ("warning", '299 - "a"'), ("warning", '299 - "b"')):
            self.send_header(name, value)
        if packed:
            self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@dataclass(frozen=True)
class Forwarding:
    """An azlocal that forwards, whom it forwards to, its owner, and an AKS cluster."""

    folder: StateFolder
    real: Real
    owner: Client
    cluster: Cluster

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.owner.token(SERVER_APPLICATION)}"}

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request to the AKS cluster, as its administrator."""
        return self.owner.send(method, self.cluster.server + path, **options)


@contextmanager
def start(folder: Path) -> Iterator[Forwarding]:
    with Real() as real:
        thread = threading.Thread(target=real.serve_forever)
        thread.start()
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(kubeconfig(real.url)))
        state = StateFolder(folder / "azlocal")
        try:
            running, _ = lifecycle.start(state, 0, {"kubeconfig": str(path)})
            owner = Client(environment.variables(state, running, "owner"))
            cluster = Cluster(owner)
            cluster.assign(owner, CLUSTER_ADMIN, object_id(owner))
            with closing(owner.http):
                yield Forwarding(state, real, owner, cluster)
        finally:
            lifecycle.stop(state)
            real.shutdown()
            thread.join()


def kubeconfig(server: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "the-real-one"}}],
    }


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forwarding]:
    """For tests that break nothing."""
    with start(tmp_path_factory.mktemp("shared")) as made:
        yield made


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Forwarding]:
    """For a test that breaks something."""
    with start(tmp_path) as made:
        yield made


def test_what_is_sent_arrives_as_it_was_sent(shared: Forwarding) -> None:
    path = "/api/v1/namespaces/models?fieldManager=a%2Fb+c"
    groups = [("content-type", APPLY["content-type"]), ("impersonate-group", "a"), ("impersonate-group", "b")]
    headers = [*groups, ("user-agent", "kubectl"), *shared.bearer.items()]
    answer = shared.owner.http.request("PATCH", shared.cluster.server + path, content='{"a": 1}', headers=headers)
    assert answer.headers.get_list("warning") == ['299 - "a"', '299 - "b"']
    said = answer.json()
    assert (said["method"], said["path"], said["body"]) == ("PATCH", path, '{"a": 1}')
    assert said["headers"] == {
        "authorization": ["Bearer the-real-one"],
        "content-type": [APPLY["content-type"]],
        "user-agent": ["kubectl"],
        "accept": ["*/*"],
        "impersonate-group": ["a", "b"],
    }


@pytest.mark.parametrize(
    "path",
    [
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:a%20b",
        "/api/v1/namespaces/models/services/web:80/proxy/a/b",
    ],
)
def test_a_path_keeps_its_escapes_and_its_depth(shared: Forwarding, path: str) -> None:
    assert shared.send("GET", path).json()["path"] == path


def test_azure_rbac_comes_first(shared: Forwarding) -> None:
    stranger = Client(environment.variables(shared.folder, lifecycle.require_running(shared.folder), "stranger"))
    with closing(stranger.http):
        for path in ("/api/v1/namespaces/models", "/metrics", "/logs/kube-apiserver.log"):
            refused = stranger.send("GET", shared.cluster.server + path)
            assert (refused.status_code, refused.json()["reason"]) == (403, "Forbidden"), path
            assert shared.send("GET", path).status_code == 200, path
        for path in ("/version", "/apis", "/openapi/v2", "/readyz"):
            assert stranger.send("GET", shared.cluster.server + path).status_code == 200, path


@pytest.mark.parametrize("path", ["/api/v1/namespaces/a/%2e%2e/b/secrets", "/api/v1//namespaces/a/secrets"])
def test_a_path_means_the_same_to_both(shared: Forwarding, path: str) -> None:
    assert shared.send("GET", path).status_code == 404


def test_tokens_are_azures(shared: Forwarding) -> None:
    token = shared.send("POST", TOKEN, json={}).json()["status"]["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["iss"], claims["kubernetes.io"]["serviceaccount"]["uid"]) == (shared.cluster.issuer, "real")


def test_who_leaves_a_watch_ends_it(own: Forwarding) -> None:
    with own.owner.http.stream("GET", own.cluster.server + WATCH, headers=own.bearer) as stream:
        lines = stream.iter_lines()
        assert next(lines) == '{"type": "ADDED"}'
        assert not own.real.left.is_set()
    assert own.real.left.wait(WAIT)


def test_stopping_ends_watches(own: Forwarding) -> None:
    with own.owner.http.stream("GET", own.cluster.server + WATCH, headers=own.bearer) as stream:
        lines = stream.iter_lines()
        next(lines)
        assert lifecycle.stop(own.folder)
        assert own.real.left.wait(WAIT)


def test_more_watches_than_a_pool_of_connections_usually_holds(shared: Forwarding) -> None:
    headers, held = shared.bearer, []
    with shared.owner.many() as client, ExitStack() as stack:
        for _ in range(101):
            stream = client.stream("GET", shared.cluster.server + WATCH, headers=headers)
            held.append(stack.enter_context(stream).iter_lines())
            assert next(held[-1])


def test_exec_and_its_like_are_named(shared: Forwarding) -> None:
    upgrade = {"connection": "Upgrade", "upgrade": "SPDY/3.1"}
    answer = shared.send("POST", "/api/v1/namespaces/models/pods/one/exec?command=sh", headers=upgrade)
    assert answer.status_code == 501
    assert "exec, attach, cp, port-forward" in answer.json()["message"]


def test_a_cluster_that_does_not_take_the_kubeconfig_is_no_401(own: Forwarding) -> None:
    own.real.refuses = True
    for answer in (own.send("GET", "/api/v1/namespaces"), own.send("POST", TOKEN, json={})):
        assert (answer.status_code, answer.json()["reason"]) == (503, "ServiceUnavailable")
        assert "refuses the kubeconfig's credential" in answer.json()["message"]


def test_a_cluster_that_is_gone_is_said_and_hinders_nobody(own: Forwarding) -> None:
    own.owner.settled("PUT", own.cluster.id + FLUX, "2023-05-01", {"properties": EXTENSION})
    own.real.shutdown()
    own.real.server_close()
    for answer in (own.send("GET", "/version"), own.send("POST", TOKEN, json={})):
        assert answer.status_code == 503
        assert f"the cluster at {own.real.url} cannot be reached" in answer.json()["message"]
    own.owner.settled("DELETE", own.cluster.id, "2025-09-01")
    assert own.send("GET", "/version").status_code == 404


@pytest.mark.parametrize("before", [set(), {"extension"}])
def test_an_extensions_namespace_goes_with_the_cluster_unless_it_was_there(own: Forwarding, before: set[str]) -> None:
    own.real.namespaces |= before
    own.owner.settled("PUT", own.cluster.id + FLUX, "2023-05-01", {"properties": EXTENSION})
    assert own.real.namespaces == {"extension"}
    own.owner.settled("DELETE", own.cluster.id + FLUX, "2023-05-01")
    assert own.real.namespaces == {"extension"}
    own.owner.settled("DELETE", own.cluster.id, "2025-09-01")
    assert own.real.namespaces == before
