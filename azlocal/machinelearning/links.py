"""Links that carry their own right: to logs, artifacts and the place code is uploaded to."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote, urlencode

from azlocal.arm.errors import ArmError
from azlocal.azure import Azure
from azlocal.machinelearning import identities
from azlocal.machinelearning.places import Place
from azlocal.storage import sas
from azlocal.storage.accounts import Account, Accounts
from azlocal.storage.errors import StorageError

HOURS = 24.0
_FIELDS = ("si", "sip", "spr", "sv", "sr", "snapshot", "ses", "rscc", "rscd", "rsce", "rscl", "rsct")


class Links:
    """Signs links in the workspace's name: with its account's key, or where keys are off as its identity."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._accounts = Accounts(azure)

    def to(self, workspace: str, place: Place, permissions: str = "r", hours: float = HOURS) -> str:
        """A link to a blob, or to the whole container where the place has no path.

        Raises:
            ArmError: 400 UserError, the account is gone, or has no keys and the workspace no identity.
        """
        try:
            account = self._accounts.get(place.account)
        except StorageError as error:
            raise ArmError(400, "UserError", error.message) from None
        target = sas.Place(account.name, place.container, place.path)
        if account.shared_keys:
            token = _with_key(account, target, permissions, hours)
        else:
            token = sas.make_delegated(self._azure, self._identity(workspace), target, permissions, min(hours, 168.0))
        path = f"{place.container}/{quote(place.path)}" if place.path else place.container
        return f"https://{account.name}.blob.core.windows.net/{path}?{token}"

    def account_id(self, name: str) -> str:
        """The ARM id of a storage account."""
        return self._accounts.get(name).id

    def _identity(self, workspace: str) -> str:
        resource = self._azure.state.get(workspace)
        principal = identities.of_workspace(self._azure.control, resource) if resource else None
        if principal is None:
            raise ArmError(
                400, "UserError", "The workspace's storage account permits no keys, and the workspace has no identity."
            )
        return principal.object_id


def _with_key(account: Account, place: sas.Place, permissions: str, hours: float) -> str:
    """A service signature (Microsoft Learn, "Create a service SAS")."""
    start = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    query = {
        "sp": permissions,
        "st": sas.iso(start),
        "se": sas.iso(start + dt.timedelta(hours=hours, minutes=5)),
        "sv": sas.MINE,
        "sr": "b" if place.blob else "c",
    }
    head = (permissions, query["st"], query["se"], sas.resource(query, place))
    text = "\n".join((*head, *(query.get(field, "") for field in _FIELDS)))
    query["sig"] = sas.sign(account.keys[0], text)
    return urlencode(query)
