"""Secrets: versions, attributes, the deleted state; values are encrypted where they are stored."""

from __future__ import annotations

import base64
import os
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from azlocal.azure import Azure
from azlocal.keyvault.errors import (
    bad_parameter,
    deleted_conflict,
    disabled,
    no_deleted_secret,
    no_secret,
    purge_protected,
)
from azlocal.keyvault.vaults import TYPE, Vault
from azlocal.state import Resource

Json = dict[str, Any]

KIND = "secret"
VALUE_LIMIT = 25_600  # bytes: Key Vault's largest secret
TAG_LIMIT = 15
_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
_ATTRIBUTES = ("enabled", "nbf", "exp")
_DAY = 86_400


class Secrets:
    """The secrets of every vault, one document each: all its versions, oldest first."""

    def __init__(self, azure: Azure, clock: Callable[[], float] = time.time) -> None:
        self._state = azure.state
        self._clock = clock
        # The secret is 32 random bytes in URL-safe base64 without its padding.
        self._cipher = AESGCM(base64.urlsafe_b64decode(azure.folder.secret("keyvault") + "="))

    def set(self, vault: Vault, name: str, given: Json) -> Json:
        """Add a version; answers the secret with its value.

        Raises:
            VaultError: 400 for a bad name or value; 409 while the name is deleted.
        """
        value = given.get("value")
        if not isinstance(value, str):
            raise bad_parameter("Property  has invalid value\r\nThe property 'value' is required and must be a string.")
        if len(value.encode()) > VALUE_LIMIT:
            raise bad_parameter(f"Secret value exceeds maximum size of {VALUE_LIMIT} bytes.")
        secret = self._load(vault, check_name(name)) or {"name": name, "versions": []}
        if secret.get("deleted"):
            raise deleted_conflict(name)
        now = int(self._clock())
        identifier = uuid.uuid4().hex
        version = {
            "version": identifier,
            "value": self._seal(vault, name, identifier, value),
            "contentType": given.get("contentType"),
            "tags": check_tags(given.get("tags")),
            "attributes": {"enabled": True, **check_attributes(given), "created": now, "updated": now},
        }
        secret["versions"].append(version)
        self._save(vault, secret)
        return {"value": value, **self._show(vault, secret, version)}

    def get(self, vault: Vault, name: str, version: str = "") -> Json:
        """A version, the newest by default, with its value.

        Raises:
            VaultError: 404; 403 for a disabled one.
        """
        secret, found = self._version(vault, name, version)
        if not found["attributes"]["enabled"]:
            raise disabled()
        value = self._open(vault, secret["name"], found["version"], found["value"])
        return {"value": value, **self._show(vault, secret, found)}

    def update(self, vault: Vault, name: str, version: str, given: Json) -> Json:
        """Change content type, tags or attributes of a version; what is not given stays."""
        secret, found = self._version(vault, name, version)
        found["attributes"] |= {**check_attributes(given), "updated": int(self._clock())}
        if given.get("contentType") is not None:
            found["contentType"] = given["contentType"]
        if given.get("tags") is not None:
            found["tags"] = check_tags(given["tags"])
        self._save(vault, secret)
        return self._show(vault, secret, found)

    def all(self, vault: Vault, *, deleted: bool = False) -> list[Json]:
        """Every secret by name without its value; those in the deleted state or those that are not."""
        shown = []
        for _, secret in self._state.documents(KIND, _prefix(vault)):
            if bool(secret.get("deleted")) == deleted and not self._over(secret):
                item = self._show(vault, secret, secret["versions"][-1])
                item["id"] = vault.url("secrets", secret["name"])
                shown.append({**item, **self._deletion(vault, secret)})
        return shown

    def versions(self, vault: Vault, name: str) -> list[Json]:
        """Every version of a secret without its value; none for a secret that is not there."""
        secret = self._load(vault, check_name(name))
        if secret is None or secret.get("deleted"):
            return []
        return [self._show(vault, secret, version) for version in secret["versions"]]

    def delete(self, vault: Vault, name: str) -> Json:
        """Move a secret with all its versions to the deleted state."""
        secret, newest = self._version(vault, name, "")
        now = int(self._clock())
        secret["deleted"] = {"deletedDate": now, "scheduledPurgeDate": now + vault.days * _DAY}
        self._save(vault, secret)
        return {**self._show(vault, secret, newest), **self._deletion(vault, secret)}

    def deleted(self, vault: Vault, name: str) -> Json:
        """A secret in the deleted state.

        Raises:
            VaultError: 404.
        """
        secret = self._gone(vault, name)
        return {**self._show(vault, secret, secret["versions"][-1]), **self._deletion(vault, secret)}

    def recover(self, vault: Vault, name: str) -> Json:
        """Bring a deleted secret back with all its versions."""
        secret = self._gone(vault, name)
        del secret["deleted"]
        self._save(vault, secret)
        return self._show(vault, secret, secret["versions"][-1])

    def purge(self, vault: Vault, name: str) -> None:
        """Forget a deleted secret for good.

        Raises:
            VaultError: 403 where the vault protects against it.
        """
        secret = self._gone(vault, name)
        if vault.protected:
            raise purge_protected(vault.name)
        self._state.delete_document(KIND, _key(vault, secret["name"]))

    def forget(self, vault_id: str) -> None:
        """A vault was purged: its secrets go with it."""
        with self._state.transaction():
            for key, _ in self._state.documents(KIND, vault_id.lower() + "/"):
                self._state.delete_document(KIND, key)

    def _load(self, vault: Vault, name: str) -> Json | None:
        secret: Json | None = self._state.document(KIND, _key(vault, name))
        if secret and self._over(secret):
            self._state.delete_document(KIND, _key(vault, name))
            return None
        return secret

    def _over(self, secret: Json) -> bool:
        """Whether a deleted secret's retention is over."""
        return bool(secret.get("deleted")) and secret["deleted"]["scheduledPurgeDate"] <= self._clock()

    def _save(self, vault: Vault, secret: Json) -> None:
        """Store a secret, and have ARM know of it as long as it is not deleted: roles may be held on it."""
        with self._state.transaction():
            self._state.put_document(KIND, _key(vault, secret["name"]), secret)
            self._record(vault, secret)

    def _record(self, vault: Vault, secret: Json) -> None:
        scope = vault.secret(secret["name"])
        if secret.get("deleted"):
            self._state.delete(scope.lower())
            return
        newest = secret["versions"][-1]
        properties = {
            "attributes": newest["attributes"],
            "secretUri": vault.url("secrets", secret["name"]),
            "secretUriWithVersion": vault.url("secrets", secret["name"], newest["version"]),
        }
        if newest.get("contentType") is not None:
            properties["contentType"] = newest["contentType"]
        body = {"tags": newest["tags"], "properties": properties}
        self._state.put(Resource(scope, f"{TYPE}/secrets", body, etag=newest["version"]))

    def _version(self, vault: Vault, name: str, version: str) -> tuple[Json, Json]:
        secret = self._load(vault, check_name(name))
        if secret is None or secret.get("deleted"):
            raise no_secret(name, version)
        for found in reversed(secret["versions"]):
            if version in {"", found["version"]}:
                return secret, found
        raise no_secret(name, version)

    def _gone(self, vault: Vault, name: str) -> Json:
        secret = self._load(vault, check_name(name))
        if secret is None or not secret.get("deleted"):
            raise no_deleted_secret(name)
        return secret

    def _show(self, vault: Vault, secret: Json, version: Json) -> Json:
        shown: Json = {
            "id": vault.url("secrets", secret["name"], version["version"]),
            "attributes": {
                **version["attributes"],
                "recoveryLevel": vault.recovery_level,
                "recoverableDays": vault.days,
            },
            "tags": version["tags"],
        }
        if version.get("contentType") is not None:
            shown["contentType"] = version["contentType"]
        return shown

    def _deletion(self, vault: Vault, secret: Json) -> Json:
        if not secret.get("deleted"):
            return {}
        return {"recoveryId": vault.url("deletedsecrets", secret["name"]), **secret["deleted"]}

    def _seal(self, vault: Vault, name: str, version: str, value: str) -> str:
        nonce = os.urandom(12)
        place = f"{_key(vault, name)}/{version}".encode()  # a value moved elsewhere in the database does not open
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, value.encode(), place)).decode()

    def _open(self, vault: Vault, name: str, version: str, sealed: str) -> str:
        raw = base64.b64decode(sealed)
        place = f"{_key(vault, name)}/{version}".encode()
        return self._cipher.decrypt(raw[:12], raw[12:], place).decode()


def check_name(name: str) -> str:
    """A secret's name.

    Raises:
        VaultError: 400 BadParameter.
    """
    if not _NAME.fullmatch(name):
        raise bad_parameter(
            f"The request URI contains an invalid name: {name}. It has 1 to 127 letters, digits and hyphens."
        )
    return name


def check_attributes(given: Json) -> Json:
    """The attributes a caller may set: enabled, not before and expiry, both Unix seconds.

    Raises:
        VaultError: 400 BadParameter.
    """
    attributes = given.get("attributes") or {}
    found = {name: attributes[name] for name in _ATTRIBUTES if attributes.get(name) is not None}
    if not isinstance(found.get("enabled", True), bool):
        raise bad_parameter(f"attributes.enabled is true or false, not '{found['enabled']}'.")
    for name in ("nbf", "exp"):
        if not isinstance(found.get(name, 0), int):
            raise bad_parameter(f"attributes.{name} is a number of seconds since 1970, not '{found[name]}'.")
    if found.get("nbf", 0) > found.get("exp", found.get("nbf", 0)):
        raise bad_parameter("attributes.nbf must not be later than attributes.exp.")
    return found


def check_tags(tags: Any) -> dict[str, str]:
    """Tags as Key Vault takes them.

    Raises:
        VaultError: 400 BadParameter.
    """
    if tags is None:
        return {}
    if not isinstance(tags, dict) or len(tags) > TAG_LIMIT or not all(isinstance(one, str) for one in tags.values()):
        raise bad_parameter(f"tags are at most {TAG_LIMIT} names with strings.")
    return tags


def _prefix(vault: Vault) -> str:
    return vault.id.lower() + "/"


def _key(vault: Vault, name: str) -> str:
    return _prefix(vault) + name.lower()
