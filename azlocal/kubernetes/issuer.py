"""A cluster as token issuer: its discovery document, and the tokens of its service accounts.

A pod's projected token and what ``TokenRequest`` answers are the same (Kubernetes documentation, "Service account
token volume projection"); Entra ID trusts them through a federated credential.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from azlocal.kubernetes.status import Json, StatusError

if TYPE_CHECKING:
    from azlocal.entra.keys import Keys

DEFAULT_SECONDS = 3600
LEAST_SECONDS, MOST_SECONDS = 600, 86_400


def discovery(issuer: str) -> Json:
    """``{issuer}.well-known/openid-configuration``."""
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}openid/v1/jwks",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def token(
    keys: Keys, issuer: str, account: Json, *, audiences: list[str], seconds: int = DEFAULT_SECONDS
) -> tuple[str, int]:
    """A token of a service account (its object), and when it ends in seconds since the epoch."""
    now = int(time.time())
    metadata = account["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    claims: dict[str, Any] = {
        "aud": audiences,
        "exp": now + seconds,
        "iat": now,
        "iss": issuer,
        "jti": str(uuid.uuid4()),
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": metadata.get("uid", "")}},
        "nbf": now,
        "sub": f"system:serviceaccount:{namespace}:{name}",
    }
    return keys.sign(claims), now + seconds


def answer_request(keys: Keys, issuer: str | None, account: Json, body: Any) -> Json:
    """``TokenRequest``.

    Raises:
        StatusError: 422 where the cluster has no issuer or the time is out of range.
    """
    spec: Json = (body or {}).get("spec") or {}
    seconds = spec.get("expirationSeconds") or DEFAULT_SECONDS
    if not LEAST_SECONDS <= seconds <= 2**32:
        raise StatusError(
            422,
            "Invalid",
            f"spec.expirationSeconds: Invalid value: {seconds}: may not specify a duration less than 10 minutes",
        )
    if issuer is None:
        raise StatusError(422, "Invalid", "the cluster has no OIDC issuer: set oidcIssuerProfile.enabled")
    audiences = spec.get("audiences") or [issuer]
    signed, ends = token(keys, issuer, account, audiences=audiences, seconds=min(seconds, MOST_SECONDS))
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends))
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": account["metadata"]["name"], "namespace": account["metadata"]["namespace"]},
        "spec": {**spec, "audiences": audiences, "expirationSeconds": seconds},
        "status": {"token": signed, "expirationTimestamp": stamp},
    }
