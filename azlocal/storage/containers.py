"""Containers, queues and tables are one thing seen from two sides: ARM's resources and the data plane.

What ARM makes or deletes happens in Azurite as an effect; what the data plane makes or deletes is written
through to ARM's records.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree

from azlocal.arm.errors import ArmError
from azlocal.arm.types import Effects, set_path
from azlocal.azure import Azure
from azlocal.state import Resource
from azlocal.storage.accounts import TYPE, Account, Accounts
from azlocal.storage.backend import backend_of, expect
from azlocal.storage.dfs import properties
from azlocal.storage.errors import StorageError
from azlocal.storage.operations import Operation
from azlocal.storage.request import StorageRequest

_SETTLED = (200, 201, 202, 204, 404, 409)  # made or gone, whether now or before


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the three: its ARM type and how Azurite is asked to list, to make and to delete it."""

    type: str
    service: str
    list: str
    put: tuple[str, str]  # method and target, {} is the name
    delete: tuple[str, str]


KINDS = (
    Kind(
        f"{TYPE}/blobServices/containers",
        "blob",
        "/?comp=list",
        ("PUT", "/{}?restype=container"),
        ("DELETE", "/{}?restype=container"),
    ),
    Kind(f"{TYPE}/queueServices/queues", "queue", "/?comp=list", ("PUT", "/{}"), ("DELETE", "/{}")),
    Kind(f"{TYPE}/tableServices/tables", "table", "/Tables", ("POST", "/Tables"), ("DELETE", "/Tables('{}')")),
)
_JSON = {"accept": "application/json;odata=nometadata"}  # tables answer in Atom otherwise, which Azurite refuses
_WRITTEN_THROUGH = {
    "Create Container": "put",
    "Delete Container": "delete",
    "Create Queue": "put",
    "Delete Queue": "delete",
    "Delete Table": "delete",
}


class Containers:
    """Keeps both sides the same."""

    def __init__(self, azure: Azure, accounts: Accounts) -> None:
        self._azure = azure
        self._accounts = accounts
        self._backend = backend_of(azure)

    def register(self) -> None:
        """Tell the control plane what a running server does about accounts and what they hold."""
        effects = self._azure.control.effects
        effects[TYPE.lower()] = Effects(put=self._begin, delete=self._empty, prompt=frozenset({"DELETE"}))
        for kind in KINDS:
            effects[kind.type.lower()] = Effects(
                put=self._put(kind), delete=self._delete(kind), prompt=frozenset({"PUT", "DELETE"})
            )

    def note(self, operation: Operation, request: StorageRequest, account: Account, status: int) -> None:
        """Write through what a request to the data plane just did."""
        change = _WRITTEN_THROUGH.get(operation.name)
        if change is None or status not in {201, 202, 204}:
            return
        name = request.container
        if request.service == "table":
            name = request.container.partition("'")[2].partition("'")[0]
        place = {"blob": account.container, "queue": account.queue, "table": account.table}[request.service]
        if change == "put":
            self.record(place(name), next(kind.type for kind in KINDS if kind.service == request.service))
        else:
            self._azure.state.delete(place(name).lower())

    def note_table(self, account: Account, body: bytes, status: int) -> None:
        """Write through Create Table, whose name is in its body."""
        if status in {201, 204}:
            self.record(account.table(str(json.loads(body).get("TableName"))), KINDS[2].type)

    def record(self, resource_id: str, type_name: str) -> None:
        """Have ARM know of something, with the type's defaults."""
        if self._azure.state.exists(resource_id.lower()):
            return
        body: dict[str, object] = {"properties": {}}
        for path, value in self._azure.control.types[type_name.lower()][1].defaults.items():
            set_path(body, path, copy.deepcopy(value))
        self._azure.state.put(Resource(resource_id, type_name, body, etag=str(uuid.uuid4())))

    async def reconcile(self) -> None:
        """After a start: record containers that Azurite has and ARM missed when azlocal was killed in between."""
        for account in self._accounts.all():
            for name in await self._listed(account, KINDS[0]):
                self.record(account.container(name), KINDS[0].type)

    async def _listed(self, account: Account, kind: Kind) -> list[str]:
        """Every name of a kind in an account, page by page."""
        found: list[str] = []
        page: str | None = ""
        while page is not None:
            answer = await self._backend.trusted(account, kind.service, "GET", f"{kind.list}{page}", headers=_JSON)
            next_table = answer.headers.get("x-ms-continuation-NextTableName")
            body = await expect(answer, 200)
            if kind.service == "table":
                found += [one["TableName"] for one in json.loads(body)["value"]]
                page = f"?NextTableName={quote(next_table)}" if next_table else None
                continue
            root = ElementTree.fromstring(body.decode("utf-8-sig"))  # noqa: S314 (Azurite's own answer)
            found += [element.text or "" for element in root.iterfind("*/*/Name")]
            marker = root.findtext("NextMarker")
            page = f"&marker={quote(marker, safe='')}" if marker else None
        return found

    def _put(self, kind: Kind) -> Callable[[Resource], Awaitable[None]]:
        async def put(resource: Resource) -> None:
            method, target = kind.put
            body = json.dumps({"TableName": resource.name}).encode() if kind.service == "table" else b""
            await self._do(kind, resource, method, target, body)

        return put

    def _delete(self, kind: Kind) -> Callable[[Resource], Awaitable[None]]:
        async def delete(resource: Resource) -> None:
            await self._do(kind, resource, *kind.delete, b"")
            if kind.service == "blob":
                account = self._account_of(resource)
                properties.forget_all(self._azure.state, f"{account.name}/{resource.name}/")

        return delete

    async def _do(self, kind: Kind, resource: Resource, method: str, target: str, body: bytes) -> None:
        account = self._account_of(resource)
        headers = {**_JSON, "content-type": "application/json"} if body else _JSON
        try:
            response = await self._backend.trusted(
                account, kind.service, method, target.format(quote(resource.name)), headers=headers, body=body
            )
            await expect(response, *_SETTLED)
        except StorageError as error:
            raise ArmError(error.status, error.code, error.message) from None

    def _account_of(self, resource: Resource) -> Account:
        return self._accounts.get(resource.id.split("/")[8])

    async def _begin(self, _resource: Resource) -> None:
        """The first account wakes Azurite, which starts while Azure's clients go on with other things."""
        self._azure.spawn(self._backend.azurite.warm())

    async def _empty(self, resource: Resource) -> None:
        """An account is going: an account of the same name must start empty."""
        properties.forget_all(self._azure.state, f"{resource.name.lower()}/")
        azurite = self._backend.azurite
        if not azurite.used:
            return
        account = self._accounts.get(resource.name)
        for kind in KINDS:
            method, target = kind.delete
            for name in await self._listed(account, kind):
                answer = await self._backend.trusted(
                    account, kind.service, method, target.format(quote(name)), headers=_JSON
                )
                await expect(answer, 202, 204, 404)
        await azurite.forget(account.name)
