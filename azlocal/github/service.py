"""``token.actions.githubusercontent.com``, and where a job asks for its tokens."""

from __future__ import annotations

import time

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, Router

from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.github.tokens import ISSUER, REQUESTS, Workflow


class GitHub:
    """The issuer: discovery, keys, and tokens for jobs. It signs with the installation's key."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self._router = Router(
            [
                Route("/.well-known/openid-configuration", self._configuration),
                Route("/.well-known/jwks", self._keys),
                Route("/idtoken", self._token),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._router(scope, receive, send)

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def _configuration(self, _request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": ISSUER,
                "jwks_uri": f"{ISSUER}/.well-known/jwks",
                "subject_types_supported": ["public", "pairwise"],
                "response_types_supported": ["id_token"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid"],
                "claims_supported": [
                    "sub",
                    "aud",
                    "exp",
                    "iat",
                    "iss",
                    "jti",
                    "nbf",
                    "repository",
                    "repository_id",
                    "repository_owner",
                    "repository_owner_id",
                    "environment",
                    "runner_environment",
                ],
            }
        )

    async def _keys(self, _request: Request) -> JSONResponse:
        return JSONResponse(self.azure.authority.keys.jwks())

    async def _token(self, request: Request) -> JSONResponse:
        """The job's token; the audience is the owner's page where the job asks for none."""
        shown = request.headers.get("authorization", "").removeprefix("Bearer ").removeprefix("bearer ")
        keys = self.azure.authority.keys
        try:
            workflow = Workflow.from_request(keys.check(shown, REQUESTS, [REQUESTS]))
        except jwt.InvalidTokenError as error:
            return JSONResponse({"message": f"the request token is not valid: {error}"}, 401)
        audience = request.query_params.get("audience") or f"https://github.com/{workflow.owner}"
        return JSONResponse({"count": 1, "value": keys.sign(workflow.id_token(audience, int(time.time())))})
