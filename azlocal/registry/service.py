"""``*.azurecr.io``: container registries. They hold no images here, and say so in the registry's own words."""

from __future__ import annotations

from azlocal.arm.errors import ArmError
from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.entra.tokens import MANAGEMENT
from azlocal.unserved import Table, holder, host_of, refuse, respond

AUDIENCES = (*MANAGEMENT, "https://containerregistry.azure.net")
# OCI Distribution Specification, "Endpoints", and ACR's own under /acr and /oauth2.
OPERATIONS: Table = (
    ("GET", "/v2/?", "Docker Registry - Check API version"),
    ("*", "/v2/.+/manifests/[^/]+", "Manifests"),
    ("*", "/v2/.+/blobs/uploads/.*", "Blob uploads"),
    ("*", "/v2/.+/blobs/[^/]+", "Blobs"),
    ("GET", "/v2/.+/tags/list", "Tags - List"),
    ("GET", "/(v2|acr/v1)/_catalog", "Repositories - List"),
    ("*", "/acr/v1/.+", "Repositories"),
    ("POST", "/oauth2/exchange", "Refresh Tokens - Get From Exchange"),
    ("*", "/oauth2/token", "Access Tokens - Get"),
)
# What the distribution specification calls each refusal.
_CODES = {401: "UNAUTHORIZED", 403: "DENIED", 404: "NAME_UNKNOWN", 501: "UNSUPPORTED"}


class Registry:
    """Answers for every registry that exists."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say which operation isn't served."""
        host = host_of(scope)
        try:
            registry = holder(self.azure, f"{host.partition('.')[0]}.azurecr.io")
            error = refuse(self.azure, scope, AUDIENCES, OPERATIONS)
            if error.status == 501:
                self._require(scope, registry.id)
        except ArmError as other:
            error = other
        challenge = f'Bearer realm="https://{host}/oauth2/token",service="{host}"'
        headers = [(b"www-authenticate", challenge.encode())] if error.status == 401 else []
        body = {"errors": [{"code": _CODES.get(error.status, error.code), "message": error.message, "detail": None}]}
        await respond(send, error.status, body, headers)

    def _require(self, scope: Scope, registry: str) -> None:
        """AcrPull to read, AcrPush for the rest."""
        from azlocal.entra.http import authenticate

        action = "pull/read" if scope["method"] in {"GET", "HEAD"} else "push/write"
        principal = authenticate(self.azure.authority, scope["headers"], AUDIENCES)
        self.azure.control.access.require(principal, f"Microsoft.ContainerRegistry/registries/{action}", registry)
