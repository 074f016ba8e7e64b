"""The vault hosts: ``{vault}.vault.azure.net``, secrets only."""

from __future__ import annotations

import json
import sqlite3
import uuid
from typing import Any
from urllib.parse import parse_qsl

from azlocal.arm.errors import ArmError, storage_failure
from azlocal.arm.messages import ArmResponse
from azlocal.arm.service import read_body, send_json
from azlocal.arm.types import Effects
from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.entra.http import bearer
from azlocal.entra.principals import Principal
from azlocal.entra.tokens import VAULT, TokenError
from azlocal.keyvault.errors import VaultError, bad_parameter, not_served, unauthorized
from azlocal.keyvault.secrets import Json, Secrets
from azlocal.keyvault.vaults import TYPE, Vault, find, require
from azlocal.state import Resource

BODY_LIMIT = 256 * 1024  # bytes; a secret has at most 25 KiB
PAGE = 25  # Key Vault's largest page
_DELETED_VAULT = "microsoft.keyvault/locations/deletedvaults"


class KeyVault:
    """Every vault of this Azure."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._secrets = Secrets(azure)

    async def start(self) -> None:
        """Secrets made through ARM go into the vault; those of a purged vault are forgotten."""
        effects = self._azure.control.effects
        effects[f"{TYPE}/secrets".lower()] = Effects(put=self._take, prompt=frozenset({"PUT"}))
        effects[_DELETED_VAULT] = Effects(delete=self._purged)

    async def stop(self) -> None:
        """Nothing to end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to a vault."""
        headers = {"x-ms-request-id": str(uuid.uuid4()), "cache-control": "no-cache", "pragma": "no-cache"}
        try:
            response = self._answer(scope, await read_body(receive, BODY_LIMIT))
        except VaultError as error:
            response = ArmResponse(error.status, error.body(), error.headers)
        except ArmError as error:
            response = error.response()
        except sqlite3.OperationalError as error:
            response = storage_failure(error).response()
        response.headers |= headers
        await send_json(send, response, head=scope["method"] == "HEAD")

    def _answer(self, scope: Scope, body: bytes) -> ArmResponse:
        principal = self._authenticate(scope)
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        vault = find(self._azure, host.partition(".")[0])
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        if not query.get("api-version"):
            raise bad_parameter("The query parameter api-version is required, for instance api-version=7.4.")
        parts = scope["path"].strip("/").split("/")
        call = _Call(self._azure, self._secrets, principal, vault, query)
        return call.run(scope["method"], parts, _json(body))

    def _authenticate(self, scope: Scope) -> Principal:
        token = bearer(scope["headers"])
        if not token:
            raise unauthorized("AKV10000: Request is missing a Bearer or PoP token.")
        try:
            return self._azure.authority.verify(token, VAULT)
        except TokenError as error:
            raise unauthorized(f"AKV10032: {error}", invalid=True) from None

    async def _take(self, resource: Resource) -> None:
        """A secret written through ARM: its value moves into the vault and out of the resource."""
        value = resource.properties.get("value")
        if value is None:
            return
        vault_id = resource.id.rpartition("/secrets/")[0]
        vault = find(self._azure, vault_id.rsplit("/", 1)[-1])
        given = {"value": value, "tags": resource.body.get("tags"), **_settable(resource.properties)}
        try:
            self._secrets.set(vault, resource.name, given)
        except VaultError as error:
            raise ArmError(error.status, error.code, error.message) from None

    async def _purged(self, resource: Resource) -> None:
        self._secrets.forget(resource.properties["vaultId"])


class _Call:
    """One authenticated request to one vault."""

    def __init__(
        self, azure: Azure, secrets: Secrets, principal: Principal, vault: Vault, query: dict[str, str]
    ) -> None:
        self._azure = azure
        self._secrets = secrets
        self._principal = principal
        self._vault = vault
        self._query = query

    def run(self, method: str, parts: list[str], body: Json) -> ArmResponse:
        """Route by path and method.

        Raises:
            VaultError: any refusal; 501 for what is not served.
        """
        match (method, *parts):
            case ("GET", "secrets"):
                self._require("list")
                return self._page(parts, self._secrets.all(self._vault))
            case ("PUT", "secrets", name):
                self._require("set", name)
                return ArmResponse(200, self._secrets.set(self._vault, name, body))
            case ("DELETE", "secrets", name):
                self._require("delete", name)
                return ArmResponse(200, self._secrets.delete(self._vault, name))
            case ("GET", "secrets", name, "versions"):
                self._require("list", name)
                return self._page(parts, self._secrets.versions(self._vault, name))
            case (("GET" | "PATCH"), "secrets", name, *version) if len(version) <= 1 and version != ["backup"]:
                return self._one(method, name, version[0] if version else "", body)
            case (_, "deletedsecrets", *rest):
                return self._deleted(method, rest)
        raise not_served(f"Key Vault {method} {'/'.join(parts)}")

    def _one(self, method: str, name: str, version: str, body: Json) -> ArmResponse:
        if method == "PATCH":
            self._require("update", name)
            return ArmResponse(200, self._secrets.update(self._vault, name, version, body))
        self._require("get", name)
        return ArmResponse(200, self._secrets.get(self._vault, name, version))

    def _deleted(self, method: str, rest: list[str]) -> ArmResponse:
        match (method, *rest):
            case ("GET",):
                self._require("list")
                return self._page(["deletedsecrets"], self._secrets.all(self._vault, deleted=True))
            case ("GET", name):
                self._require("read deleted", name)
                return ArmResponse(200, self._secrets.deleted(self._vault, name))
            case ("DELETE", name):
                self._require("purge", name)
                self._secrets.purge(self._vault, name)
                return ArmResponse(204)
            case ("POST", name, "recover"):
                self._require("recover", name)
                return ArmResponse(200, self._secrets.recover(self._vault, name))
        raise not_served(f"Key Vault {method} deletedsecrets/{'/'.join(rest)}")

    def _require(self, operation: str, name: str = "") -> None:
        require(self._azure, self._principal, self._vault, operation, name)

    def _page(self, parts: list[str], items: list[Json]) -> ArmResponse:
        """Up to 25 at a time, and where the next ones are."""
        wanted = self._query.get("maxresults", str(PAGE))
        if not wanted.isdigit() or not 1 <= int(wanted) <= PAGE:
            raise bad_parameter(f"maxresults is a number from 1 to {PAGE}, not '{wanted}'.")
        token = self._query.get("$skiptoken", "0")
        if not token.isdigit():
            raise bad_parameter(f"'{token}' is no $skiptoken of this vault.")
        start = int(token)
        end = start + int(wanted)
        body: Json = {"value": items[start:end], "nextLink": None}
        if end < len(items):
            query = f"api-version={self._query['api-version']}&$skiptoken={end}&maxresults={wanted}"
            body["nextLink"] = f"{self._vault.url(*parts)}?{query}"
        return ArmResponse(200, body)


def _settable(properties: dict[str, Any]) -> Json:
    attributes = properties.get("attributes") or {}
    kept = {name: value for name, value in attributes.items() if name in {"enabled", "nbf", "exp"}}
    return {"contentType": properties.get("contentType"), "attributes": kept}


def _json(body: bytes) -> Json:
    try:
        value = json.loads(body) if body else {}
    except ValueError as error:
        raise bad_parameter(f"The request body is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise bad_parameter("The request body must be a JSON object.")
    return value
