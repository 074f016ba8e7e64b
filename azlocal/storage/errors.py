"""Refusals of Azure Storage: XML for Blob and Queue, JSON for Table and Data Lake, always ``x-ms-error-code``.

Codes and messages: Microsoft Learn, "Common REST API error codes" and "Blob Storage error codes".
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from xml.sax.saxutils import escape

from azlocal.entra.principals import TENANT_ID

CHALLENGE = (
    f"Bearer authorization_uri=https://login.microsoftonline.com/{TENANT_ID}/oauth2/authorize"
    " resource_id=https://storage.azure.com"
)


class StorageError(Exception):
    """A refusal: HTTP status, code and message, and headers to add."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def render(self, service: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body as a service of storage (``blob``, ``queue``, ``table``, ``dfs``) words it."""
        request_id = str(uuid.uuid4())
        now = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "0Z")
        message = f"{self.message}\nRequestId:{request_id}\nTime:{now}"
        headers = {"x-ms-error-code": self.code, "x-ms-request-id": request_id, **self.headers}
        if service == "dfs":
            body = json.dumps({"error": {"code": self.code, "message": message}})
            headers["content-type"] = "application/json;charset=utf-8"
        elif service == "table":
            text = {"lang": "en-US", "value": message}
            body = json.dumps({"odata.error": {"code": self.code, "message": text}})
            headers["content-type"] = "application/json;odata=minimalmetadata;charset=utf-8"
        else:
            body = (
                '\ufeff<?xml version="1.0" encoding="utf-8"?>'
                f"<Error><Code>{self.code}</Code><Message>{escape(message)}</Message></Error>"
            )
            headers["content-type"] = "application/xml"
        return self.status, headers, body.encode()


def no_account(name: str) -> StorageError:
    """An account nobody created. In Azure its name would not resolve; here a host name always does."""
    return StorageError(
        404, "ResourceNotFound", f"The specified account does not exist: no storage account is named '{name}'."
    )


def no_credentials() -> StorageError:
    """A request that says nothing about who asks."""
    return StorageError(
        401,
        "NoAuthenticationInformation",
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
        {"www-authenticate": CHALLENGE},
    )


def bad_token(reason: str) -> StorageError:
    """A bearer token that is not believed."""
    return StorageError(
        401,
        "InvalidAuthenticationInfo",
        f"Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
        f" {reason}",
        {"www-authenticate": f'{CHALLENGE} error="invalid_token"'},
    )


def bad_signature(reason: str) -> StorageError:
    """A signature that does not fit."""
    return StorageError(
        403,
        "AuthenticationFailed",
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly"
        f" including the signature. {reason}",
    )


def not_permitted(principal: str, action: str, scope: str) -> StorageError:
    """A principal without the role. Azure says only the first sentence."""
    return StorageError(
        403,
        "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission."
        f" The principal '{principal}' may not perform '{action}' on '{scope}'.",
    )


def sas_lacks(permission: str) -> StorageError:
    """A shared access signature that does not cover the operation."""
    return StorageError(
        403,
        "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission."
        f" The shared access signature needs one of '{permission}'.",
    )


def keys_refused() -> StorageError:
    """Shared keys are off: neither keys nor signatures made with them."""
    return StorageError(
        403, "KeyBasedAuthenticationNotPermitted", "Key based authentication is not permitted on this storage account."
    )


def not_served(operation: str) -> StorageError:
    """What azlocal does not do, said plainly."""
    return StorageError(
        501, "NotImplemented", f"azlocal, a local stand-in for Azure, does not serve this operation: {operation}."
    )


def unavailable(reason: str) -> StorageError:
    """Azurite cannot be reached."""
    return StorageError(503, "ServerBusy", f"The server is currently unable to receive requests: {reason}")
