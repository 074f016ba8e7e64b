"""The running local Azure as a deployment's target: through its gateway, as one of its principals."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlocal.engine.errors import ResourceError
from azlocal.engine.https import ArmOverHttps, Connections, Tokens
from azlocal.engine.run import Target

if TYPE_CHECKING:
    from azlocal.engine.kubernetes import Cluster
    from azlocal.state.folder import StateFolder

Json = dict[str, Any]


@contextlib.contextmanager
def local_target(folder: StateFolder, principal: str = "owner") -> Iterator[Target]:
    """The local Azure that runs on this state folder; its connections are closed at the end.

    Raises:
        AzureLocalError: none runs.
    """
    from azlocal import environment
    from azlocal.entra.principals import SUBSCRIPTION_ID
    from azlocal.lifecycle import require_running

    server = require_running(folder)
    signed = environment.credentials(folder, principal)
    bundle = str(folder.ca_certificate)
    connections = Connections(server.proxy, bundle)
    tokens = Tokens(connections, signed["AZURE_TENANT_ID"], signed["AZURE_CLIENT_ID"], _proof(signed))
    port = ArmOverHttps(connections, tokens, SUBSCRIPTION_ID)
    clusters = _Clusters(lambda: Connections(server.proxy, bundle), tokens.bearer)
    try:
        yield Target(port, clusters, folder.path, environment.variables(folder, server, principal))
    finally:
        connections.close()
        clusters.close()


def _proof(signed: dict[str, str]) -> dict[str, str]:
    """What proves who one is: a secret, or the token of whoever the identity trusts (RFC 7523, 2.2)."""
    if secret := signed.get("AZURE_CLIENT_SECRET"):
        return {"client_secret": secret}
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": Path(signed["AZURE_FEDERATED_TOKEN_FILE"]).read_text(encoding="utf-8"),
    }


class _Clusters:
    """API servers by the kubeconfig that names them; each is connected to once."""

    def __init__(self, connections: Callable[[], Connections], bearer: Callable[[str], str]) -> None:
        self._connections = connections
        self._bearer = bearer
        self._known: dict[tuple[str, str], Cluster] = {}
        self._opened: list[Connections] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close every connection."""
        for connections in self._opened:
            connections.close()

    def __call__(self, settings: Json) -> Cluster:
        from azlocal.engine.kubeconfig import ApiServer

        kubeconfig = settings.get("kubeconfig")
        if not isinstance(kubeconfig, str):
            raise ResourceError(
                "NoKubeconfig", "it has no provider with a kubeconfig: kubernetes.Provider(..., kubeconfig=...)"
            )
        key = kubeconfig, str(settings.get("context", ""))
        with self._lock:
            if key not in self._known:
                self._opened.append(self._connections())
                self._known[key] = ApiServer(kubeconfig, key[1] or None, self._opened[-1], self._bearer)
            return self._known[key]
