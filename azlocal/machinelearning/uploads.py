"""Places in a workspace's storage that must be there before a client writes to them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError
from azlocal.machinelearning.places import Place
from azlocal.state import Resource
from azlocal.storage.errors import StorageError

if TYPE_CHECKING:
    from azlocal.machinelearning.service import MachineLearning

_HOURS = 24.0
_STORES = ("workspaceblobstore", "workspaceartifactstore")


async def prepare(service: MachineLearning, workspace: Resource) -> None:
    """Make the containers of a workspace's own datastores.

    Raises:
        ArmError: 400, its storage account cannot be used.
    """
    for name in _STORES:
        place = service.places.in_datastore(workspace.key, name, "")
        await make_container(service, workspace, place)


async def pending(service: MachineLearning, code: Resource) -> None:
    """A container of its own for one code asset; fills in what ``startPendingUpload`` answers."""
    workspace_key = code.key.split("/codes/")[0]
    workspace = service.azure.state.get(workspace_key)
    if workspace is None:
        raise ArmError(404, "ResourceNotFound", "The workspace was not found.")
    account = str(workspace.properties["storageAccount"]).rsplit("/", 1)[-1].lower()
    place = Place(account, f"{workspace.properties['workspaceId'][:8]}-{uuid.uuid4()}", "")
    await make_container(service, workspace, place)
    upload_id = str(uuid.uuid4())
    code.body.update({
        "pendingUploadId": upload_id,
        "pendingUploadType": "TemporaryBlobReference",
        "blobReferenceForConsumption": {
            "blobUri": f"https://{account}.blob.core.windows.net/{place.container}",
            "storageAccountArmId": service.links.account_id(account),
            "credential": {"credentialType": "SAS", "sasUri": service.links.to(workspace_key, place, "racwl", _HOURS)},
        },
    })  # fmt: skip


async def make_container(service: MachineLearning, workspace: Resource, place: Place) -> None:
    """Make a container in the storage itself.

    Raises:
        ArmError: 400, it cannot be made.
    """
    try:
        await service.data.blobs.make_container(place.account, place.container)
    except StorageError as error:
        raise ArmError(
            400,
            "UserError",
            f"The storage account of the workspace '{workspace.name}' cannot be used: {error.code}: {error.message}",
        ) from None
