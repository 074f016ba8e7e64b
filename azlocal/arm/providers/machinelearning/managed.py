"""What Azure makes for a registry in a resource group of its own: its storage, once something is put there."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from azlocal.arm.deletes import purge
from azlocal.arm.providers.storage import keys
from azlocal.machinelearning.assets import shared
from azlocal.state import Resource, State

if TYPE_CHECKING:
    from azlocal.arm.control import ControlPlane

_ACCOUNT = "Microsoft.Storage/storageAccounts"


def storage(state: State, registry: Resource) -> str:
    """The name of the account of the registry's own region, made if need be."""
    (details, *_) = registry.properties["regionDetails"][0]["storageAccountDetails"]
    made = details["systemCreatedStorageAccount"]
    id_ = made["armResourceId"]["resourceId"]
    if not state.exists(id_.lower()):
        location, group = registry.body["location"], registry.properties["managedResourceGroup"]["resourceId"]
        body = {"location": location, "managedBy": registry.id, "properties": {"provisioningState": "Succeeded"}}
        account = {
            "location": location,
            "kind": "StorageV2",
            "sku": {"name": made["storageAccountType"], "tier": made["storageAccountType"].partition("_")[0]},
            "managedBy": registry.id,
            "properties": {"provisioningState": "Succeeded", "allowBlobPublicAccess": False, "isHnsEnabled": False},
        }
        with state.transaction():
            state.put(Resource(group, "Microsoft.Resources/resourceGroups", body, etag=str(uuid.uuid4())))
            state.put(Resource(id_, _ACCOUNT, account, etag=str(uuid.uuid4())))
            keys.make(state, id_.lower(), time.time())
    return str(made["storageAccountName"])


def forget(control: ControlPlane, registry: Resource) -> None:
    """Take it away with the registry, and what the registry held."""
    shared.forget(control.state, registry.key)
    purge(control, registry.properties["managedResourceGroup"]["resourceId"].lower())
