"""Finding out who calls: the bearer token of a request."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from azlocal.arm.errors import ArmError
from azlocal.entra.principals import Principal
from azlocal.entra.tokens import Authority, TokenError


def bearer(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The bearer token in ASGI headers, or None."""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" else None
    return None


def authenticate(authority: Authority, headers: Iterable[tuple[bytes, bytes]], audiences: Collection[str]) -> Principal:
    """The principal of a request.

    Raises:
        ArmError: 401 AuthenticationFailed without a token, InvalidAuthenticationToken with a bad one.
    """
    token = bearer(headers)
    if not token:
        raise ArmError(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
    try:
        return authority.verify(token, audiences)
    except TokenError as error:
        raise ArmError(401, "InvalidAuthenticationToken", str(error)) from None
