"""Who asks, and whether they may: keys, signatures, tokens and nothing at all, in that order of reading.

Network rules (``publicNetworkAccess``, ``networkAcls``, private endpoints) block nothing here: every client is on
this machine, which no rule of a virtual network knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from azlocal.azure import Azure
from azlocal.entra.principals import Principal
from azlocal.entra.tokens import STORAGE, TokenError
from azlocal.storage import sas
from azlocal.storage.accounts import Account, Accounts
from azlocal.storage.errors import (
    StorageError,
    bad_signature,
    bad_token,
    keys_refused,
    no_credentials,
    not_permitted,
    not_served,
    sas_lacks,
)
from azlocal.storage.operations import BLOBS, Operation
from azlocal.storage.request import StorageRequest

_CHALLENGED_SINCE = "2019-12-12"  # from this version on a request without credentials is answered with a challenge


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request comes with. ``principal`` is None for a key, a signature made with one, or nobody.

    ``letters`` are the permissions of a user delegation signature, or None where there is none.
    """

    kind: str  # token, delegated, key, signature, anonymous
    principal: Principal | None = None
    letters: str | None = None


class Guard:
    """Authenticates and authorizes requests to one Azure's storage."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    def identify(self, request: StorageRequest, account: Account) -> Caller:
        """Who asks, as far as it can be known here; Azurite checks what was signed with a key.

        Raises:
            StorageError: 401 or 403.
        """
        scheme, _, credential = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return Caller("token", self._principal(account, credential.strip()))
        if scheme.lower() in {"sharedkey", "sharedkeylite"}:
            if not account.shared_keys:
                raise keys_refused()
            return Caller("key")
        if scheme:
            raise bad_signature(f"The authentication scheme '{scheme}' is not supported.")
        if request.signed:
            return self._signed(request, account)
        if account.public_blobs and request.service == "blob" and request.method in {"GET", "HEAD"}:
            return Caller("anonymous")
        if request.headers.get("x-ms-version", "") >= _CHALLENGED_SINCE or request.service != "blob":
            raise no_credentials()
        raise StorageError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")

    def permit(self, caller: Caller, operation: Operation) -> None:
        """Refuse what neither roles nor the letters of a signature cover.

        Raises:
            StorageError: 403 AuthorizationPermissionMismatch.
        """
        if caller.principal is None:
            return
        if caller.letters is not None and not set(caller.letters) & set(operation.letters):
            raise sas_lacks(operation.letters or "none")
        allows = self._azure.control.access.allows
        for actions in operation.needs:
            if all(allows(caller.principal, action, operation.scope, data=operation.data) for action in actions):
                return
        raise not_permitted(caller.principal.name, operation.needs[0][0], operation.scope)

    def permit_source(self, caller: Caller, request: StorageRequest, accounts: Accounts) -> None:
        """A copy also reads: its source must be readable to who asks, and in an account that is here.

        Raises:
            StorageError: 403 AuthorizationPermissionMismatch, or 501 for a copy between accounts.
        """
        url = request.headers.get("x-ms-copy-source")
        if url is None or request.service != "blob":
            return
        parts = urlsplit(url)
        if (parts.hostname or "").partition(".")[0] != request.account:
            raise not_served("a copy from another account or server: download and upload it")
        container = unquote(parts.path.lstrip("/")).partition("/")[0]
        source = accounts.get(request.account).container(container)
        self.permit(caller, Operation("Read copy source", source, ((f"{BLOBS}/read",),), letters="r"))

    def _principal(self, account: Account, token: str) -> Principal:
        hosts = (f"https://{account.name}.{one}.core.windows.net" for one in ("blob", "queue", "table", "dfs"))
        try:
            return self._azure.authority.verify(token, (*STORAGE, *hosts))
        except TokenError as error:
            raise bad_token(str(error)) from None

    def _signed(self, request: StorageRequest, account: Account) -> Caller:
        if "skoid" not in request.query:
            if not account.shared_keys:
                raise keys_refused()
            return Caller("signature")
        place = sas.Place(account.name, request.container, request.name)
        object_id = sas.check_delegated(self._azure, place, request.query, request.headers)
        principal = self._azure.control.directory.by_object_id(object_id)
        if principal is None:
            raise bad_signature("The principal that delegated it does not exist.")
        return Caller("delegated", principal, request.query.get("sp", ""))
