"""``*.azmk8s.io`` and ``*.oic.prod-aks.azure.com``: the clusters' API servers, and their token issuers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from azlocal.arm.errors import ArmError
from azlocal.arm.providers.containerservice.credentials import HOSTS, INSTALLATION, ISSUERS, issuer_of
from azlocal.arm.service import read_body
from azlocal.arm.types import Effects
from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.kubernetes import access, discovery, issuer
from azlocal.kubernetes.extension import has_secret_store, objects, path_of, secret_store_definition
from azlocal.kubernetes.forward import Forwarder, Kubeconfig, gone
from azlocal.kubernetes.paths import Target, parse
from azlocal.kubernetes.real import EXTENSION_MANAGER, RealCluster
from azlocal.kubernetes.requests import Asked, Requests, Watch
from azlocal.kubernetes.standin import EXTENSION, NOTICE, Event, StandIn
from azlocal.kubernetes.status import StatusError, bad_request, not_served
from azlocal.state import Resource

BODY_LIMIT = 3 * 1024 * 1024  # bytes: an API server's own limit
_ISSUER_HOST = ".oic.prod-aks.azure.com"
_READS = {"GET", "HEAD"}

logger = logging.getLogger("azlocal.kubernetes")


class Kubernetes:
    """Every cluster's API server: a stand-in, or the real cluster of the kubeconfig azlocal was started with."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        given = azure.options.get("kubeconfig")
        self._real = RealCluster(azure.state, Forwarder(Kubeconfig(Path(given)))) if given else None
        self._standins: dict[str, StandIn] = {}
        self._watchers: dict[str, set[Watch]] = {}

    async def start(self) -> None:
        """Make the installation's CA known to ARM's kubeconfigs, and act on extensions."""
        ca = self.azure.folder.ca_certificate
        if ca.exists():
            self.azure.state.put_document(INSTALLATION, "ca", ca.read_text())
        self.azure.control.effects[EXTENSION] = Effects(put=self._install)
        if self._real:
            self.azure.control.effects[access.CLUSTER.lower()] = Effects(put=self._add_ons, delete=self._real.leave)

    async def stop(self) -> None:
        """End the watches and close the connections to a real cluster."""
        for watchers in self._watchers.values():
            for watch in list(watchers):
                watch.end()
        if self._real:
            await self._real.forward.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._answer(scope, receive, send)
        except StatusError as error:
            await respond(send, error.code, error.body())
        except ArmError as error:
            await respond(send, error.status, StatusError(error.status, error.code, error.message).body())
        except Exception as error:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            await respond(send, 500, StatusError(500, "InternalError", f"{type(error).__name__}: {error}").body())

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = _host(scope)
        if host.endswith(_ISSUER_HOST):
            await respond(send, 200, self._issuer(scope["path"]))
            return
        cluster = self._cluster(host)
        body = await read_body(receive, BODY_LIMIT)
        if cluster.properties.get("powerState", {}).get("code") == "Stopped":
            raise StatusError(503, "ServiceUnavailable", f"the cluster '{cluster.name}' is stopped")
        user = access.identify(self.azure, scope, cluster)
        target = parse(scope["path"])
        if target and target.plural:
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            verb = target.verb(scope["method"], watch=_is_watch(query))
            access.require(self.azure, user, cluster, target, verb)
        else:
            access.require_path(self.azure, user, cluster, scope["path"])
        if target and (target.plural, target.subresource) == ("serviceaccounts", "token"):
            await respond(send, 201, await self._token(cluster, target, _parse(body)))
        elif self._real:
            await self._real.forward(scope, body, receive, send)
        else:
            await self._local(cluster, scope, body, (receive, send))

    def _cluster(self, host: str) -> Resource:
        key = self.azure.state.document(HOSTS, host)
        found = self.azure.state.get(key) if key else None
        if found is None:
            raise StatusError(404, "NotFound", f"no AKS cluster of this Azure has the host name '{host}'")
        return found

    def _issuer(self, path: str) -> dict[str, Any]:
        tenant, _, rest = path.strip("/").partition("/")
        unique, _, document = rest.partition("/")
        key = self.azure.state.document(ISSUERS, unique)
        cluster = self.azure.state.get(key) if key else None
        url = issuer_of(cluster) if cluster else None
        if url is None or tenant != url.split("/")[3]:
            raise StatusError(404, "NotFound", f"there is no issuer at '{path}'")
        if document == ".well-known/openid-configuration":
            return issuer.discovery(url)
        if document == "openid/v1/jwks":
            return self.azure.authority.keys.jwks()
        raise StatusError(404, "NotFound", f"there is no document at '{path}'")

    async def _token(self, cluster: Resource, target: Target, body: Any) -> dict[str, Any]:
        account = await self._account(cluster, target.namespace, target.name)
        return issuer.answer_request(self.azure.authority.keys, issuer_of(cluster), account, body)

    async def _account(self, cluster: Resource, namespace: str, name: str) -> dict[str, Any]:
        if self._real is None:
            standin = self.standin(cluster)
            return standin.get(standin.kind("v1", "ServiceAccount"), namespace, name)
        return await self._real.account(namespace, name)

    # The stand-in

    def standin(self, cluster: Resource) -> StandIn:
        """The stand-in of a cluster."""
        found = self._standins.get(cluster.key)
        if found is None or self.azure.state.document(HOSTS, str(cluster.properties.get("fqdn")).lower()) is None:
            found = self._standins[cluster.key] = StandIn(
                self.azure.state, cluster.id, lambda event: self._tell(cluster.key, event)
            )
            for extension in self.azure.state.children(cluster.key, EXTENSION):
                # What an earlier azlocal did not bring, or somebody took away: operators put it back.
                for manifest in objects(extension):
                    with contextlib.suppress(StatusError):  # told when the extension was made
                        found.apply(manifest, EXTENSION_MANAGER, force=True)
        return found

    def _tell(self, key: str, event: Event) -> None:
        for watch in self._watchers.get(key, set()):
            watch.tell(event)

    async def _local(self, cluster: Resource, scope: Scope, body: bytes, wire: tuple[Receive, Send]) -> None:
        standin, target, (receive, send) = self.standin(cluster), parse(scope["path"]), wire
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        if target is None or not target.plural:
            await respond(send, 200, _describe(standin, cluster, scope["path"], target))
            return
        if scope["method"] in _READS and _is_watch(query):
            await self._watch(cluster.key, Watch(standin, target, query), receive, send)
            return
        media = _header(scope, b"content-type").partition(";")[0].strip()
        asked = Asked(scope["method"], target, query, media, _parse(body), _manager(scope, query))
        status, answer = Requests(standin).run(asked)
        await respond(send, status, answer, notice=scope["method"] not in _READS)

    async def _watch(self, key: str, watch: Watch, receive: Receive, send: Send) -> None:
        """Stream changes as they happen, until the time is over or the client leaves."""
        watchers = self._watchers.setdefault(key, set())
        watchers.add(watch)
        left = asyncio.ensure_future(gone(receive))
        left.add_done_callback(lambda _done: watch.end())
        try:
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async for line in watch:
                await send({"type": "http.response.body", "body": line, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            watchers.discard(watch)
            left.cancel()

    async def _install(self, extension: Resource) -> None:
        """An extension brings its objects."""
        cluster = self.azure.state.get(extension.key.partition("/providers/microsoft.kubernetesconfiguration/")[0])
        if cluster is None:
            return
        try:
            for manifest in objects(extension):
                if self._real is None:
                    self.standin(cluster).apply(manifest, EXTENSION_MANAGER, force=True)
                elif manifest["kind"] == "Namespace":
                    await self._real.add_namespace(cluster, manifest["metadata"]["name"])
                else:
                    await self._real.apply(path_of(manifest), manifest)
        except StatusError as error:
            raise ArmError(
                400, "ExtensionOperationFailed", f"The cluster refused what the extension brings: {error.message}"
            ) from None

    async def _add_ons(self, cluster: Resource) -> None:
        """An add-on brings its kinds to the real cluster; the stand-in knows them already."""
        if self._real is None or not has_secret_store(cluster):
            return
        definition = secret_store_definition()
        try:
            await self._real.bring(cluster, path_of(definition), definition)
        except StatusError as error:
            raise ArmError(400, "AddonInvalid", f"The cluster refused the add-on's kind: {error.message}") from None


def _describe(standin: StandIn, cluster: Resource, path: str, target: Target | None) -> dict[str, Any]:
    """Discovery, health and version."""
    if target:
        return discovery.resources(standin.kinds(), target.api_version)
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["version"]:
            return discovery.version(cluster.properties.get("currentKubernetesVersion", ""))
        case ["api"]:
            return discovery.core()
        case ["apis"]:
            return discovery.groups(standin.kinds())
        case ["apis", group]:
            return discovery.group(standin.kinds(), group)
        case ["healthz" | "livez" | "readyz", *_]:
            return {"status": "ok", "notice": NOTICE}
        case ["openapi", *_]:
            raise not_served("the OpenAPI document")
    raise StatusError(404, "NotFound", "the server could not find the requested resource")


def _is_watch(query: dict[str, str]) -> bool:
    return query.get("watch", "").lower() in {"true", "1"}


def _host(scope: Scope) -> str:
    return _header(scope, b"host").partition(":")[0].lower()


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def _manager(scope: Scope, query: dict[str, str]) -> str:
    return query.get("fieldManager") or _header(scope, b"user-agent").partition("/")[0] or "unknown"


def _parse(body: bytes) -> Any:
    """JSON, or YAML, which server-side apply may send."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        import yaml

        try:
            return yaml.safe_load(body)
        except yaml.YAMLError as error:
            raise bad_request(f"the body is neither JSON nor YAML: {error}") from None


async def respond(send: Send, status: int, body: Any, *, notice: bool = False) -> None:
    """Send JSON. ``notice`` adds the warning that kubectl and client-go print."""
    headers = [(b"content-type", b"application/json")]
    if notice:
        headers.append((b"warning", f'299 - "{NOTICE}"'.encode()))
    data = json.dumps(body, separators=(",", ":")).encode()
    headers.append((b"content-length", str(len(data)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
