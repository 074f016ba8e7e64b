"""Access tokens: what Entra ID issues and every service checks."""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Any

import jwt

from azlocal.entra.directory import Directory
from azlocal.entra.keys import Keys
from azlocal.entra.principals import TENANT_ID, Principal

LIFETIME = 3600  # seconds; Entra's default is 60 to 90 minutes
_REMEMBERED = 4096

MANAGEMENT = ("https://management.azure.com", "https://management.core.windows.net")
STORAGE = ("https://storage.azure.com",)
VAULT = ("https://vault.azure.net", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093")
MACHINE_LEARNING = ("https://ml.azure.com", *MANAGEMENT)
SYNAPSE = ("https://dev.azuresynapse.net",)
LOGS = ("https://api.loganalytics.io",)
KUBERNETES = ("6dae42f8-4368-4678-94ff-3960e28e3630",)  # Azure Kubernetes Service AAD Server


class TokenError(Exception):
    """A token that is not to be believed, and why."""


def issuer(tenant: str = TENANT_ID) -> str:
    """The issuer of a tenant's v1 tokens, which Azure's own services ask for."""
    return f"https://sts.windows.net/{tenant}/"


class Authority:
    """Issues and verifies the tokens of the one tenant."""

    def __init__(self, keys: Keys, directory: Directory, clock: Callable[[], float] = time.time) -> None:
        self.keys = keys
        self.directory = directory
        self._clock = clock
        self._verified: OrderedDict[str, tuple[Principal, str, float]] = OrderedDict()

    def issue(self, principal: Principal, audience: str, *, lifetime: int = LIFETIME) -> str:
        """An access token of a principal for an audience, valid for ``lifetime`` seconds."""
        now = int(self._clock())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": issuer(),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "appid": principal.client_id,
            "appidacr": "1",
            "idp": issuer(),
            "idtyp": "app",
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": TENANT_ID,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        if principal.groups:
            claims["groups"] = list(principal.groups)
        return self.keys.sign(claims)

    def verify(self, token: str, audiences: Collection[str]) -> Principal:
        """Who a token speaks for.

        Raises:
            TokenError: bad signature, foreign issuer, wrong audience, expired, or a principal that is gone.
        """
        principal, audience, expires = self._verified.get(token) or self._check(token)
        if expires < self._clock():
            raise TokenError("The access token expiry UTC time is earlier than current UTC time.")
        if audience.rstrip("/") not in audiences:
            raise TokenError(
                f"The access token has been obtained for wrong audience or resource '{audience}'. It should exactly"
                f" match with one of the allowed audiences {', '.join(repr(one) for one in sorted(audiences))}."
            )
        return principal

    def _check(self, token: str) -> tuple[Principal, str, float]:
        try:
            claims = self.keys.check(token, issuer(), [_audience(token)])
        except jwt.ExpiredSignatureError:
            raise TokenError("The access token expiry UTC time is earlier than current UTC time.") from None
        except jwt.InvalidIssuerError:
            raise TokenError(
                f"The access token is from the wrong issuer. It must match the tenant '{issuer()}' associated with"
                " this subscription."
            ) from None
        except jwt.InvalidTokenError as error:
            raise TokenError(f"The access token is invalid: {error}.") from None
        principal = self.directory.by_object_id(claims["oid"])
        if principal is None:
            raise TokenError(f"The principal '{claims['oid']}' of the access token does not exist.")
        entry = (principal, str(claims["aud"]), float(claims["exp"]))
        self._verified[token] = entry
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)
        return entry

    def forget(self) -> None:
        """Forget which tokens were verified: a principal has gone."""
        self._verified.clear()


def _audience(token: str) -> str:
    """The audience a token claims; the signature is checked right after."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return str(claims.get("aud", ""))
