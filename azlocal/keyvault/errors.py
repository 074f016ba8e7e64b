"""Refusals in Key Vault's form: ``{"error": {"code", "message", "innererror": {"code"}}}``."""

from __future__ import annotations

from typing import Any

from azlocal.entra.principals import TENANT_ID, Principal
from azlocal.entra.tokens import issuer

CHALLENGE = f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="https://vault.azure.net"'


class VaultError(Exception):
    """A refusal: HTTP status, code, message, the inner code, and headers to add."""

    def __init__(
        self, status: int, code: str, message: str, *, inner: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.inner = inner
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return {"error": error}


def unauthorized(message: str, *, invalid: bool = False) -> VaultError:
    """No token, or one that is not believed: a challenge that tells clients where to get one."""
    error = ', error="invalid_token"' if invalid else ""
    return VaultError(401, "Unauthorized", message, headers={"www-authenticate": CHALLENGE + error})


def no_vault(name: str) -> VaultError:
    """A vault nobody made. In Azure its name would not resolve; here a host name always does."""
    return VaultError(404, "VaultNotFound", f"No key vault is named '{name}'.")


def no_secret(name: str, version: str = "") -> VaultError:
    """A secret that is not there, or deleted."""
    return VaultError(
        404,
        "SecretNotFound",
        f"A secret with (name/id) {name}{'/' + version if version else ''} was not found in this key vault. If you"
        " recently deleted this secret you may be able to recover it using the correct recovery command. For help"
        " resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182",
    )


def no_deleted_secret(name: str) -> VaultError:
    """A secret that is not in the deleted state."""
    return VaultError(404, "SecretNotFound", f"Deleted Secret not found: {name}")


def bad_parameter(message: str) -> VaultError:
    """A request that is not well-formed."""
    return VaultError(400, "BadParameter", message)


def deleted_conflict(name: str) -> VaultError:
    """A name that a deleted secret still holds."""
    return VaultError(
        409,
        "Conflict",
        f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state,"
        " the secret can only be recovered or purged.",
        inner="ObjectIsDeletedButRecoverable",
    )


def disabled() -> VaultError:
    """A version that is switched off."""
    return VaultError(403, "Forbidden", "Operation get is not allowed on a disabled secret.", inner="SecretDisabled")


def forbidden_by_role(principal: Principal, action: str, scope: str, vault: str) -> VaultError:
    """No role permits it."""
    return VaultError(
        403,
        "Forbidden",
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role"
        " definitions were changed recently, please observe propagation time.\r\n"
        f"Caller: appid={principal.client_id};oid={principal.object_id};iss={issuer()}\r\n"
        f"Action: '{action}'\r\nResource: '{scope}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\n"
        f"DecisionReason: null \r\nVault: {vault}\r\n",
        inner="ForbiddenByRbac",
    )


def forbidden_by_policy(principal: Principal, permission: str, vault: str) -> VaultError:
    """No access policy permits it."""
    return VaultError(
        403,
        "Forbidden",
        f"The user, group or application 'appid={principal.client_id};oid={principal.object_id};iss={issuer()}' does"
        f" not have secrets {permission} permission on key vault '{vault}'. For help resolving this issue, please see"
        " https://go.microsoft.com/fwlink/?linkid=2125287",
        inner="AccessDenied",
    )


def purge_protected(vault: str) -> VaultError:
    """A vault whose deleted secrets stay for their whole retention."""
    return VaultError(
        403,
        "Forbidden",
        f"Operation 'purge' is not allowed: purge protection is enabled on key vault '{vault}'.",
        inner="ForbiddenByPolicy",
    )


def not_served(operation: str) -> VaultError:
    """What azlocal does not do, said plainly."""
    return VaultError(
        501, "NotImplemented", f"azlocal, a local stand-in for Azure, does not serve this operation: {operation}."
    )
