"""The storage hosts: ``{account}.blob|queue|table|dfs.core.windows.net``."""

from __future__ import annotations

import logging
import sqlite3

from azlocal.arm.errors import storage_failure
from azlocal.azure import Azure, Receive, Scope, Send
from azlocal.storage import delegation
from azlocal.storage.accounts import Account, Accounts
from azlocal.storage.authorize import Caller, Guard
from azlocal.storage.backend import backend_of
from azlocal.storage.containers import Containers
from azlocal.storage.dfs.service import DataLake
from azlocal.storage.errors import StorageError, bad_signature, not_served
from azlocal.storage.folders import Folders
from azlocal.storage.forward import answer, body_of, forward, hns_header, read_all, reply
from azlocal.storage.operations import Operation, operation
from azlocal.storage.request import Exchange, StorageRequest, parse

_SMALL_BODY = 4 << 20  # bytes of a body that has to be read here

logger = logging.getLogger("azlocal.storage")


class Storage:
    """Every storage account of this Azure."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._accounts = Accounts(azure)
        self._guard = Guard(azure)
        self._backend = backend_of(azure)
        self._containers = Containers(azure, self._accounts)
        self._folders = Folders(self._backend)
        self._lake = DataLake(azure, self._guard, self._backend, self._containers)

    async def start(self) -> None:
        """Register effects; where accounts exist, bring Azurite up beside the requests."""
        self._containers.register()
        if self._accounts.all():
            self._azure.spawn(self._warm())

    async def stop(self) -> None:
        """End Azurite, everything saved."""
        await self._backend.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to an account."""
        service = "blob"
        try:
            request = parse(scope)
            service = request.service
            account = self._accounts.get(request.account)
            exchange = Exchange(request, account, receive, send)
            await (self._lake(exchange) if service == "dfs" else self._answer(exchange))
        except StorageError as error:
            await _refuse(send, error, service, head=scope["method"] == "HEAD")
        except sqlite3.OperationalError as error:
            found = storage_failure(error)
            failure = StorageError(found.status, found.code, found.message)
            await _refuse(send, failure, service, head=scope["method"] == "HEAD")

    async def _warm(self) -> None:
        try:
            await self._containers.reconcile()
        except StorageError as error:
            logger.warning("Storage is not available: %s", error.message)

    async def _answer(self, exchange: Exchange) -> None:
        request, account = exchange.request, exchange.account
        if request.method == "OPTIONS":  # a preflight is anonymous, and Azurite knows the CORS rules
            response = await forward(self._backend, request, account, None, trusted=False)
            await answer(exchange.send, response, head=False)
            return
        caller = self._guard.identify(request, account)
        wanted = _wanted(request, account, caller)
        self._guard.permit(caller, wanted)
        self._guard.permit_source(caller, request, self._accounts)
        if wanted.name == "Get User Delegation Key":
            await self._delegate(exchange, caller)
        elif wanted.name == "Create Table":
            await self._create_table(exchange, trusted=caller.principal is not None)
        else:
            await self._pass(exchange, wanted, trusted=caller.principal is not None)

    async def _pass(self, exchange: Exchange, wanted: Operation, *, trusted: bool) -> None:
        request, account = exchange.request, exchange.account
        body = await body_of(exchange.receive, request.headers.get("content-length"))
        response = await forward(self._backend, request, account, body, trusted=trusted)
        missing = response.status == 404 and account.hierarchical and wanted.name.startswith("Get Blob")
        if missing and await self._folders.reveal(account, request.container, request.name):
            response.release()
            response = await forward(self._backend, request, account, body, trusted=trusted)
        if response.status == 403 and response.headers.get("x-ms-error-code") == "AuthorizationFailure":
            response.release()  # Azurite's word for a signature that does not fit
            raise bad_signature("The signature or its time frame is not valid.")
        self._containers.note(wanted, request, account, response.status)
        extra = hns_header(account) if request.service == "blob" else {}
        await answer(exchange.send, response, head=request.method == "HEAD", extra=extra)

    async def _create_table(self, exchange: Exchange, *, trusted: bool) -> None:
        body = await read_all(exchange.receive, _SMALL_BODY)
        response = await forward(self._backend, exchange.request, exchange.account, body, trusted=trusted)
        self._containers.note_table(exchange.account, body, response.status)
        await answer(exchange.send, response, head=False)

    async def _delegate(self, exchange: Exchange, caller: Caller) -> None:
        if caller.principal is None or caller.kind != "token":
            raise StorageError(
                403, "AuthenticationFailed", "Only authentication scheme Bearer is supported for this operation."
            )
        version = exchange.request.headers.get("x-ms-version", "2018-11-09")
        body = await read_all(exchange.receive, _SMALL_BODY)
        key = delegation.answer_key(self._azure, exchange.account, caller.principal, version, body)
        await reply(exchange.send, 200, {"content-type": "application/xml"}, key)


async def _refuse(send: Send, error: StorageError, service: str, *, head: bool) -> None:
    status, headers, body = error.render(service)
    await reply(send, status, headers, body, head=head)


def _wanted(request: StorageRequest, account: Account, caller: Caller) -> Operation:
    """The operation; where only Azurite can tell who asks, it also decides about what is in none of the tables."""
    if request.query.get("restype", "").lower() == "account":
        return Operation("Get Account Information", account.id, ((),))
    if request.comp == "batch":
        if caller.principal:
            raise not_served("Blob Batch with a bearer token: send one request for each blob")
        return Operation("Blob Batch", account.id, ())
    return operation(request, account)
