"""login.microsoftonline.com: discovery, keys, and tokens for secrets, federated assertions and identities."""

from __future__ import annotations

import hmac
import time
import uuid
from typing import Any
from urllib.parse import parse_qs

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, Router

from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.entra.principals import APPLICATIONS, TENANT_ID, Principal
from azlocal.entra.tokens import LIFETIME

HOST = "https://login.microsoftonline.com"
ASSERTION_AUDIENCE = "api://AzureADTokenExchange"
_FEDERATED = "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials"
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class SignInError(Exception):
    """A sign-in that is refused, with Entra's own code."""

    def __init__(self, code: int, message: str, error: str = "invalid_client", status: int = 401) -> None:
        super().__init__(message)
        self.code, self.message, self.error, self.status = code, message, error, status

    def body(self) -> dict[str, Any]:
        """The OAuth 2.0 error (RFC 6749, 5.2) with Entra's additions."""
        return {
            "error": self.error,
            "error_description": f"AADSTS{self.code}: {self.message}",
            "error_codes": [self.code],
            "timestamp": time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime()),
            "trace_id": str(uuid.uuid4()),
            "correlation_id": str(uuid.uuid4()),
        }


class Entra:
    """The token service of the one tenant."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self._router = Router(
            [
                Route("/common/discovery/instance", self._instance),
                Route("/{tenant}/v2.0/.well-known/openid-configuration", self._configuration),
                Route("/{tenant}/.well-known/openid-configuration", self._configuration),
                Route("/{tenant}/discovery/v2.0/keys", self._keys),
                Route("/{tenant}/discovery/keys", self._keys),
                Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
                Route("/{tenant}/oauth2/token", self._token, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._router(scope, receive, send)

    async def start(self) -> None:
        """Nothing to begin: keys are made with the authority."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def _instance(self, request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "tenant_discovery_endpoint": f"{HOST}/{TENANT_ID}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [
                    {
                        "preferred_network": "login.microsoftonline.com",
                        "preferred_cache": "login.windows.net",
                        "aliases": ["login.microsoftonline.com", "login.windows.net", "sts.windows.net"],
                    }
                ],
            }
        )

    async def _configuration(self, request: Request) -> JSONResponse:
        try:
            tenant = _tenant(request)
        except SignInError as error:
            return JSONResponse(error.body(), error.status)
        return JSONResponse(
            {
                "token_endpoint": f"{HOST}/{tenant}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "jwks_uri": f"{HOST}/{tenant}/discovery/v2.0/keys",
                "issuer": f"{HOST}/{tenant}/v2.0",
                "authorization_endpoint": f"{HOST}/{tenant}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{HOST}/{tenant}/oauth2/v2.0/devicecode",
                "response_types_supported": ["code", "id_token", "token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "tenant_region_scope": None,
                "cloud_instance_name": "microsoftonline.com",
            }
        )

    async def _keys(self, request: Request) -> JSONResponse:
        return JSONResponse(self.azure.authority.keys.jwks())

    async def _token(self, request: Request) -> JSONResponse:
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        try:
            tenant = _tenant(request)
            if form.get("grant_type") != "client_credentials":
                raise SignInError(
                    70003,
                    f"The app requested an unsupported grant type '{form.get('grant_type')}'; the local tenant serves"
                    " client_credentials.",
                    "unsupported_grant_type",
                    400,
                )
            principal = self.sign_in(form)
            audience = _requested(form)
        except SignInError as error:
            return JSONResponse(error.body(), error.status)
        token = self.azure.authority.issue(principal, audience)
        answer: dict[str, Any] = {"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME}
        if "resource" in form:  # the v1 endpoint also says when, and for what
            answer |= {"expires_on": str(int(time.time()) + LIFETIME), "resource": audience}
        return JSONResponse({**answer, "access_token": token}, headers={"x-ms-tenant": tenant})

    def sign_in(self, form: dict[str, str]) -> Principal:
        """The principal that a client secret or a client assertion proves.

        Raises:
            SignInError: the application is unknown, or the proof does not hold.
        """
        client_id = form.get("client_id", "")
        principal = self.azure.control.directory.by_client_id(client_id)
        if principal is None:
            raise SignInError(
                700016,
                f"Application with identifier '{client_id}' was not found in the directory 'local'.",
                "unauthorized_client",
                400,
            )
        if form.get("client_assertion_type") == _JWT_BEARER:
            self._check_assertion(principal, form.get("client_assertion", ""))
        else:
            self._check_secret(principal, form.get("client_secret", ""))
        return principal

    def _check_secret(self, principal: Principal, given: str) -> None:
        has_secret = any(principal == application for application in APPLICATIONS)
        expected = self.azure.folder.secret(f"client-{principal.name}") if has_secret else None
        if expected is None or not hmac.compare_digest(expected.encode(), given.encode()):
            raise SignInError(
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret"
                f" value, not the client secret ID, for a secret added to app '{principal.client_id}'.",
            )

    def _check_assertion(self, principal: Principal, assertion: str) -> None:
        """Workload identity federation: issuer, subject and audience of a credential on the identity."""
        try:
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise SignInError(50027, f"JWT token is invalid or malformed: {error}.", status=400) from None
        issuer, subject = str(claims.get("iss", "")), str(claims.get("sub", ""))
        audiences = claims["aud"] if isinstance(claims.get("aud"), list) else [claims.get("aud")]
        credentials = self._credentials(principal)
        if credentials and issuer not in {credential["issuer"] for credential in credentials}:
            raise SignInError(
                700211, f"No matching federated identity record found for presented assertion issuer '{issuer}'."
            )
        for credential in credentials:
            allowed = credential.get("audiences") or [ASSERTION_AUDIENCE]
            if credential["issuer"] != issuer or credential["subject"] != subject:
                continue
            if not set(allowed) & set(audiences):
                raise SignInError(
                    700212,
                    f"No matching federated identity record found for presented assertion audience '{audiences[0]}'."
                    f" Expected one of: {', '.join(allowed)}.",
                )
            try:
                self.azure.authority.keys.check(assertion, issuer, allowed)
            except jwt.InvalidTokenError as error:
                raise SignInError(700027, f"Client assertion failed signature validation: {error}.") from None
            return
        raise SignInError(
            700213,
            f"No matching federated identity record found for presented assertion subject '{subject}'. Check your"
            " federated identity credential subject, audience and issuer against the presented assertion.",
        )

    def _credentials(self, principal: Principal) -> list[dict[str, Any]]:
        resource_id = self.azure.control.directory.resource_of(principal.object_id)
        if not resource_id:
            return []
        return [child.properties for child in self.azure.state.children(resource_id.lower(), _FEDERATED)]


def _tenant(request: Request) -> str:
    tenant: str = request.path_params["tenant"]
    if tenant.lower() not in {TENANT_ID, "common", "organizations"}:
        raise SignInError(
            90002,
            f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the"
            " correct cloud.",
            "invalid_request",
            400,
        )
    return tenant


def _requested(form: dict[str, str]) -> str:
    """The audience: the scope without ``/.default`` (v2), or the resource (v1)."""
    if resource := form.get("resource"):
        return resource.rstrip("/")
    scope = form.get("scope", "").split(" ")[0]
    if not scope.endswith("/.default"):
        raise SignInError(
            1002012,
            f"The provided value for scope '{scope}' is not valid. Client credential flows must have a scope value"
            " with /.default suffixed to the resource identifier.",
            "invalid_scope",
            400,
        )
    return scope.removesuffix("/.default").rstrip("/")
