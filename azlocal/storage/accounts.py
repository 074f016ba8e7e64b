"""Storage accounts as the data plane sees them: looked up by their global name in what ARM has stored."""

from __future__ import annotations

from dataclasses import dataclass

from azlocal.arm.providers.storage import keys
from azlocal.azure import Azure
from azlocal.state import Resource
from azlocal.storage.errors import no_account

TYPE = "Microsoft.Storage/storageAccounts"
CONTAINER_TYPE = f"{TYPE}/blobServices/containers"


@dataclass(frozen=True, slots=True)
class Account:
    """One storage account. ``keys`` are base64, the two of them."""

    id: str
    name: str
    keys: tuple[str, ...]
    shared_keys: bool
    public_blobs: bool
    hierarchical: bool

    def container(self, name: str) -> str:
        """The ARM id of a container or file system: the scope that roles are checked at."""
        return f"{self.id}/blobServices/default/containers/{name}"

    def queue(self, name: str) -> str:
        """The ARM id of a queue."""
        return f"{self.id}/queueServices/default/queues/{name}"

    def table(self, name: str) -> str:
        """The ARM id of a table."""
        return f"{self.id}/tableServices/default/tables/{name}"


class Accounts:
    """Finds accounts by name; remembers them until anything in the state changes."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._where: dict[str, str] = {}  # name → lower-cased id
        self._known: dict[str, Account] = {}  # by name, as of
        self._changes = -1

    def get(self, name: str) -> Account:
        """The account with this name.

        Raises:
            StorageError: 404, nobody made it.
        """
        changes = self._azure.state.changes
        if changes != self._changes:
            self._known, self._changes = {}, changes
        account = self._known.get(name)
        if account is None:
            resource = self._find(name.lower())
            if resource is None:
                raise no_account(name)
            account = self._known[name] = self._read(resource)
        return account

    def all(self) -> list[Account]:
        """Every account there is."""
        return [self._read(resource) for resource in self._azure.state.of_type(TYPE)]

    def _find(self, name: str) -> Resource | None:
        state = self._azure.state
        if (key := self._where.get(name)) and (resource := state.get(key)):
            return resource
        for resource in state.of_type(TYPE):
            if resource.name.lower() == name:
                self._where[name] = resource.key
                return resource
        return None

    def _read(self, resource: Resource) -> Account:
        properties = resource.properties
        return Account(
            id=resource.id,
            name=resource.name.lower(),
            keys=tuple(keys.of_account(self._azure.state, resource.key).values()),
            shared_keys=properties.get("allowSharedKeyAccess") is not False,
            public_blobs=properties.get("allowBlobPublicAccess") is True,
            hierarchical=properties.get("isHnsEnabled") is True,
        )
