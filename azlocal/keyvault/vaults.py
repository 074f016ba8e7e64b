"""Vaults as the data plane sees them, and who may do what in one: by roles or by access policies.

Network rules of a vault block nothing here: every client is on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from azlocal.arm.checks import holders
from azlocal.azure import Azure
from azlocal.entra.principals import Principal
from azlocal.keyvault.errors import forbidden_by_policy, forbidden_by_role, no_vault

TYPE = "Microsoft.KeyVault/vaults"
_SECRETS = f"{TYPE}/secrets"

# What each operation needs: the data action of a role, the permission of an access policy (Microsoft Learn,
# "Azure permissions for Security" and "Assign a Key Vault access policy").
ACTIONS: dict[str, tuple[str, str]] = {
    "get": (f"{_SECRETS}/getSecret/action", "get"),
    "set": (f"{_SECRETS}/setSecret/action", "set"),
    "list": (f"{_SECRETS}/readMetadata/action", "list"),
    "update": (f"{_SECRETS}/update/action", "set"),
    "delete": (f"{_SECRETS}/delete", "delete"),
    "read deleted": (f"{_SECRETS}/readMetadata/action", "get"),
    "recover": (f"{_SECRETS}/recover/action", "recover"),
    "purge": (f"{_SECRETS}/purge/action", "purge"),
}


@dataclass(frozen=True, slots=True)
class Vault:
    """One vault. ``days`` is how long what is deleted can be recovered."""

    id: str
    name: str
    location: str
    properties: dict[str, Any]

    @property
    def days(self) -> int:
        """Retention of what is deleted, in days."""
        return int(self.properties.get("softDeleteRetentionInDays") or 90)

    @property
    def protected(self) -> bool:
        """Whether nothing deleted may be purged before its time."""
        return self.properties.get("enablePurgeProtection") is True

    @property
    def recovery_level(self) -> str:
        """How deletion works here, in Key Vault's words."""
        level = "Recoverable" if self.days == 90 else "CustomizedRecoverable"
        return level if self.protected else f"{level}+Purgeable"

    def secret(self, name: str) -> str:
        """The scope at which roles on one secret are held."""
        return f"{self.id}/secrets/{name}"

    def url(self, *parts: str) -> str:
        """An id of something inside."""
        return "/".join((f"https://{self.name.lower()}.vault.azure.net", *parts))


def find(azure: Azure, name: str) -> Vault:
    """The vault with this name.

    Raises:
        VaultError: 404, nobody made it or it is deleted.
    """
    declared = azure.control.types[TYPE.lower()][1]
    for key in holders(azure.state, declared, name):
        resource = azure.state.get(key)
        if resource and resource.type.lower() == TYPE.lower():
            return Vault(resource.id, resource.name, str(resource.body.get("location")), resource.properties)
    raise no_vault(name)


def require(azure: Azure, principal: Principal, vault: Vault, operation: str, name: str = "") -> None:
    """Refuse what neither a role nor, on vaults without roles, an access policy permits.

    Raises:
        VaultError: 403 Forbidden.
    """
    action, permission = ACTIONS[operation]
    if vault.properties.get("enableRbacAuthorization"):
        scope = vault.secret(name) if name else vault.id
        if not azure.control.access.allows(principal, action, scope, data=True):
            raise forbidden_by_role(principal, action, scope.lower(), f"{vault.name};location={vault.location}")
        return
    for policy in vault.properties.get("accessPolicies") or []:
        granted = {str(one).lower() for one in (policy.get("permissions") or {}).get("secrets") or []}
        if str(policy.get("objectId")).lower() in principal.assignees and granted & {permission, "all"}:
            return
    raise forbidden_by_policy(principal, permission, f"{vault.name};location={vault.location}")
