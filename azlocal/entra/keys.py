"""The installation's signing key: RS256, made once, in the state folder, and published as a JWKS."""

from __future__ import annotations

import base64
import functools
import hashlib
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from azlocal.state.folder import StateFolder, write_private

_BITS = 2048


class Keys:
    """Signs and checks tokens. Entra and the clusters' service-account issuers share the key, never the issuer."""

    def __init__(self, folder: StateFolder) -> None:
        path = folder.sub("keys") / "signing.pem"
        if not path.exists():
            key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
            write_private(path, _pem(key))
        # Made here and kept where nobody else writes: proving its primes anew would be a tenth of every start.
        loaded = serialization.load_pem_private_key(
            path.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True
        )
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise TypeError(f"{path} holds no RSA key")
        self._private = loaded
        self._public = loaded.public_key()

    def sign(self, claims: dict[str, Any]) -> str:
        """A token with these claims."""
        return jwt.encode(claims, self._private, algorithm="RS256", headers={"kid": self.key_id})

    def check(self, token: str, issuer: str, audiences: list[str]) -> dict[str, Any]:
        """The claims of a token that this key signed for an issuer and one of the audiences.

        Raises:
            jwt.InvalidTokenError: the signature, issuer, audience or time does not hold.
        """
        claims: dict[str, Any] = jwt.decode(
            token, self._public, algorithms=["RS256"], issuer=issuer, audience=audiences, leeway=30
        )
        return claims

    @functools.cached_property
    def key_id(self) -> str:
        """The key's id: the start of its modulus' hash."""
        return hashlib.sha256(self._public.public_numbers().n.to_bytes(_BITS // 8)).hexdigest()[:24]

    def jwks(self) -> dict[str, Any]:
        """The public key as JSON Web Key Set (RFC 7517)."""
        numbers = self._public.public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "use": "sig",
                    "alg": "RS256",
                    "kid": self.key_id,
                    "n": _base64url(numbers.n),
                    "e": _base64url(numbers.e),
                }
            ]
        }


def _base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
