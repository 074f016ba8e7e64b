"""The credentials of an endpoint: two keys, and the secret that its tokens are signed with."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azlocal.state import State

_KIND = "onlineEndpointKeys"
TOKEN_LIFE = 12 * 3600  # seconds
TOKEN_REFRESH = 6 * 3600  # seconds after which a client should ask for another
NAMES = {"primary": "primaryKey", "secondary": "secondaryKey"}


@dataclass(frozen=True, slots=True)
class Keys:
    """Both keys, and the secret of the tokens, which nobody is shown."""

    primary: str
    secondary: str
    secret: str

    def accepts(self, key: str) -> bool:
        """Whether this is one of the two keys, in a time that does not tell how much of it is right."""
        given = key.encode()
        first = hmac.compare_digest(given, self.primary.encode())
        return hmac.compare_digest(given, self.secondary.encode()) or first

    def shown(self) -> dict[str, str]:
        """What ``listKeys`` answers."""
        return {"primaryKey": self.primary, "secondaryKey": self.secondary}


def create(state: State, endpoint: str, given: Mapping[str, Any]) -> None:
    """Make the credentials of a new endpoint, with the keys that its creator may have chosen."""
    value = {
        "primaryKey": given.get("primaryKey") or _key(),
        "secondaryKey": given.get("secondaryKey") or _key(),
        "secret": secrets.token_hex(32),
    }
    state.put_document(_KIND, endpoint.lower(), value)


def read(state: State, endpoint: str) -> Keys | None:
    """The credentials of an endpoint."""
    value = state.document(_KIND, endpoint.lower())
    return Keys(value["primaryKey"], value["secondaryKey"], value["secret"]) if value else None


def forget(state: State, endpoint: str) -> None:
    """Remove the credentials of an endpoint that is gone."""
    state.delete_document(_KIND, endpoint.lower())


def regenerate(state: State, endpoint: str, which: str, wanted: str | None) -> None:
    """Replace one key: by the wanted value, or a fresh one where that is a key already.

    The Azure ML SDK sends the old key as the wanted value, and means a fresh one.
    """
    value = state.document(_KIND, endpoint.lower())
    known = {value["primaryKey"], value["secondaryKey"]}
    value[NAMES[which.lower()]] = wanted if wanted and wanted not in known else _key()
    state.put_document(_KIND, endpoint.lower(), value)


def token(keys: Keys, endpoint: str, principal: str, now: float) -> dict[str, Any]:
    """What ``token`` answers: a token for this endpoint alone, and when it ends."""
    import jwt  # a plan reads these declarations too, and never needs it

    expires = int(now) + TOKEN_LIFE
    claims = {"sub": principal, "endpoint": endpoint.lower(), "iat": int(now), "exp": expires}
    return {
        "accessToken": jwt.encode(claims, keys.secret, algorithm="HS256"),
        "expiryTimeUtc": expires,
        "refreshAfterTimeUtc": int(now) + TOKEN_REFRESH,
        "tokenType": "Bearer",
    }


def accepts_token(keys: Keys, endpoint: str, given: str, now: float | None = None) -> bool:
    """Whether a token was issued for this endpoint and is still good."""
    import jwt

    try:
        claims = jwt.decode(given, keys.secret, algorithms=["HS256"], options={"verify_exp": False})
    except jwt.InvalidTokenError:
        return False
    return claims.get("endpoint") == endpoint.lower() and claims["exp"] > (time.time() if now is None else now)


def _key() -> str:
    """A key of 32 letters and digits, as Azure's are."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(secrets.choice(alphabet) for _ in range(32))
