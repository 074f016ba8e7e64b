"""The API server that a kubeconfig names, spoken to over HTTPS."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from azlocal.engine.errors import ResourceError
from azlocal.engine.https import Connections
from azlocal.engine.kubernetes import CLUSTER_SCOPED, refusal
from azlocal.engine.ports import Reply
from azlocal.engine.provider import Json

BAD_KUBECONFIG = "BadKubeconfig"
FIELD_MANAGER = "pulumi-kubernetes"
APPLY = "application/apply-patch+yaml"  # JSON is YAML; the API server takes it so
POLL_SECONDS = 0.2

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ApiServer:
    """One cluster of a kubeconfig.

    Args:
        kubeconfig: its text.
        context: which of its contexts; None for the current one.
        connections: how hosts are reached.
        bearer: a token for an Entra audience, where the kubeconfig leaves signing in to ``kubelogin``.
    """

    def __init__(
        self, kubeconfig: str, context: str | None, connections: Connections, bearer: Callable[[str], str]
    ) -> None:
        try:
            self._config = yaml.load(kubeconfig, Loader)  # noqa: S506 -- a safe loader
        except yaml.YAMLError as error:
            raise ResourceError(BAD_KUBECONFIG, f"the kubeconfig is not valid YAML: {error}") from None
        if not isinstance(self._config, dict):
            raise ResourceError(BAD_KUBECONFIG, "the kubeconfig is empty or no mapping: the provider wants its text")
        self._connections = connections
        self._bearer = bearer
        chosen = _named(self._config, "contexts", context or self._config.get("current-context"), "context")
        self._cluster = _named(self._config, "clusters", chosen.get("cluster"), "cluster")
        self._user = _named(self._config, "users", chosen.get("user"), "user") if chosen.get("user") else {}
        self._kinds: dict[str, dict[str, tuple[str, bool]]] = {}

    def apply(self, manifest: Json) -> Json:
        """PATCH with a field manager: the object is made, or changed in what this manager owns."""
        query = urlencode({"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"})
        reply = self._send("PATCH", f"{self._path(manifest)}?{query}", manifest, APPLY)
        return dict(_checked(reply).body)

    def get(self, manifest: Json) -> Json | None:
        """The object, or None."""
        reply = self._send("GET", self._path(manifest))
        return None if reply.status == 404 else dict(_checked(reply).body)

    def delete(self, manifest: Json, timeout: float) -> None:
        """DELETE, and wait: a namespace takes what is in it along first.

        What was in a cluster that is gone is gone too, and so is a kind that the cluster has no more.
        """
        try:
            path = self._path(manifest)
        except ResourceError as error:
            if error.code == "NotFound":
                return
            raise
        reply = self._send(
            "DELETE", path, {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        )
        deadline = time.monotonic() + timeout
        while reply.status != 404:
            _checked(reply)
            if time.monotonic() > deadline:
                raise ResourceError("Timeout", f"{path} was not gone in {timeout:.0f} s")
            reply = self._send("GET", path)
            if reply.status != 404:
                time.sleep(POLL_SECONDS)

    def is_namespaced(self, api_version: str, kind: str) -> bool:
        """What the API server's discovery says; Kubernetes' own cluster kinds need no asking."""
        return kind not in CLUSTER_SCOPED and self._kind(api_version, kind)[1]

    def _path(self, manifest: Json) -> str:
        api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
        plural, namespaced = self._kind(api_version, kind)
        metadata = manifest["metadata"]
        scope = f"namespaces/{metadata['namespace']}/" if namespaced else ""
        return f"{_root(api_version)}/{scope}{plural}/{metadata['name']}"

    def _kind(self, api_version: str, kind: str) -> tuple[str, bool]:
        """The plural of a kind and whether it is namespaced, by discovery."""
        if api_version not in self._kinds:
            found = _checked(self._send("GET", _root(api_version))).body
            self._kinds[api_version] = {
                one["kind"]: (one["name"], one["namespaced"])
                for one in found.get("resources", [])
                if "/" not in one["name"]
            }
        known = self._kinds[api_version].get(kind)
        if known is None:
            raise ResourceError("UnknownKind", f"the cluster has no kind '{kind}' in {api_version}")
        return known

    def _send(self, method: str, target: str, body: Json | None = None, media: str = "application/json") -> Reply:
        server = urlsplit(str(self._cluster.get("server")))
        headers = {"Accept": "application/json", **self._authorization}
        raw = json.dumps(body).encode() if body is not None else None
        if raw is not None:
            headers["Content-Type"] = media
        self._trusted  # noqa: B018 -- once, before the first connection
        address = str(server.hostname), server.port or 443
        return self._connections.send(address, method, server.path.rstrip("/") + target, headers, raw)

    @cached_property
    def _trusted(self) -> bool:
        """Trust the cluster's authority, and show the user's certificate if there is one."""
        if data := self._cluster.get("certificate-authority-data"):
            self._connections.trust(base64.b64decode(data).decode())
        if data := self._user.get("client-certificate-data"):
            with tempfile.TemporaryDirectory() as folder:
                files = []
                for name, text in (("cert", data), ("key", self._user.get("client-key-data", ""))):
                    files.append(str(Path(folder) / name))
                    descriptor = os.open(files[-1], os.O_WRONLY | os.O_CREAT, 0o600)
                    with os.fdopen(descriptor, "wb") as file:
                        file.write(base64.b64decode(text))
                self._connections.present(files[0], files[1])
        return True

    @property
    def _authorization(self) -> dict[str, str]:
        if token := self._user.get("token"):
            return {"Authorization": f"Bearer {token}"}
        if plugin := self._user.get("exec"):
            return {"Authorization": self._plugin_token(plugin)}
        return {}

    def _plugin_token(self, plugin: Json) -> str:
        """A token of a credential plugin; kubelogin's is one of Entra, which the engine can get itself."""
        arguments = [str(argument) for argument in plugin.get("args") or []]
        if Path(str(plugin.get("command"))).name == "kubelogin" and "--server-id" in arguments:
            return self._bearer(arguments[arguments.index("--server-id") + 1])
        return _run_plugin(plugin, arguments)


def _run_plugin(plugin: Json, arguments: list[str]) -> str:
    """What any other credential plugin prints (client.authentication.k8s.io, ExecCredential)."""
    added = {one["name"]: one["value"] for one in plugin.get("env") or []}
    command = [str(plugin.get("command")), *arguments]
    try:
        ran = subprocess.run(command, capture_output=True, check=True, env={**os.environ, **added})
        return f"Bearer {json.loads(ran.stdout)['status']['token']}"
    except FileNotFoundError:
        raise ResourceError(
            BAD_KUBECONFIG, f"the kubeconfig needs the program '{command[0]}', which is not on PATH"
        ) from None
    except (subprocess.CalledProcessError, KeyError, ValueError) as error:
        raise ResourceError(BAD_KUBECONFIG, f"the kubeconfig's '{command[0]}' gave no token: {error}") from None


def _named(config: Json, plural: str, name: Any, singular: str) -> Json:
    for one in config.get(plural) or []:
        if one.get("name") == name:
            return dict(one.get(singular) or {})
    raise ResourceError(BAD_KUBECONFIG, f"the kubeconfig has no {singular} '{name}'")


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _checked(reply: Reply) -> Reply:
    """The reply, unless it is the API server's Status of a failure."""
    if reply.status < 400:
        return reply
    status = reply.body if isinstance(reply.body, dict) else {}
    raise refusal(reply.status, str(status.get("reason") or ""), str(status.get("message") or reply.body))
