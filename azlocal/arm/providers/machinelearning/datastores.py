"""Datastores: named places in storage accounts, and how a workspace signs in to them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import bad_request, not_served
from azlocal.arm.generic import collect
from azlocal.arm.messages import ArmResponse
from azlocal.arm.providers.machinelearning.versions import WORKSPACE
from azlocal.arm.types import Action, NameRule, ResourceType
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

DATASTORE = f"{WORKSPACE}/datastores"
ARTIFACT_STORE = "workspaceartifactstore"
ARTIFACT_CONTAINER = "azureml"
_PLACE = {
    "AzureBlob": ("accountName", "containerName"),
    "AzureDataLakeGen2": ("accountName", "filesystem"),
    "AzureFile": ("accountName", "fileShareName"),
}


def create_defaults(call: Call, workspace: Resource) -> None:
    """The four stores that come with a workspace, in its own storage account."""
    properties = workspace.properties
    guid = properties["workspaceId"]
    identity = str(properties.get("systemDatastoresAuthMode", "")).lower() == "identity"
    stores = (
        ("workspaceblobstore", "AzureBlob", "containerName", f"azureml-blobstore-{guid}", True),
        (ARTIFACT_STORE, "AzureBlob", "containerName", ARTIFACT_CONTAINER, False),
        ("workspacefilestore", "AzureFile", "fileShareName", f"azureml-filestore-{guid}", False),
        ("workspaceworkingdirectory", "AzureFile", "fileShareName", f"code-{guid}", False),
    )
    account = str(properties["storageAccount"]).rsplit("/", 1)[-1]
    for name, kind, place_name, place, default in stores:
        body = {
            "properties": {
                "datastoreType": kind,
                "accountName": account,
                place_name: place,
                "endpoint": "core.windows.net",
                "protocol": "https",
                "credentials": {"credentialsType": "None" if identity else "AccountKey"},
                "isDefault": default,
                "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity" if identity else "None",
                "subscriptionId": call.path.subscription,
                "resourceGroup": call.path.resource_group,
                "description": None,
                "tags": {},
                "properties": {},
            },
            "systemData": workspace.body.get("systemData", {}),
        }
        call.state.put(Resource(f"{workspace.id}/datastores/{name}", DATASTORE, body, etag=str(uuid.uuid4())))


def _check(_call: Call, new: Resource, old: Resource | None) -> None:
    properties = new.properties
    kind = str(properties.get("datastoreType"))
    if kind not in _PLACE:
        raise not_served(f"PUT {DATASTORE} of datastoreType '{kind}' (served are {', '.join(_PLACE)})")
    for name in _PLACE[kind]:
        if not properties.get(name):
            raise bad_request(
                f"A datastore of type '{kind}' needs 'properties.{name}'.", "UserError", f"properties.{name}"
            )
    credentials = properties.setdefault("credentials", {"credentialsType": "None"})
    if old and not credentials.get("secrets"):
        kept = old.properties.get("credentials") or {}
        if kept.get("credentialsType") == credentials.get("credentialsType") and kept.get("secrets"):
            credentials["secrets"] = kept["secrets"]


def _committed(call: Call, new: Resource, _old: Resource | None) -> None:
    """One datastore is the default."""
    if not new.properties.get("isDefault"):
        return
    for other in call.state.children(call.path.parent.lower(), DATASTORE):
        if other.key != new.key and other.properties.get("isDefault"):
            other.properties["isDefault"] = False
            call.state.put(other)


def _list(call: Call) -> ArmResponse:
    response = collect(call)
    query = call.request.query
    wanted = {"true": True, "false": False}.get(query.get("isDefault", "").lower())
    if wanted is not None:
        response.body["value"] = [
            one for one in response.body["value"] if bool(one["properties"].get("isDefault")) is wanted
        ]
    return response


def secrets_of(call: Call, datastore: Resource) -> dict[str, Any]:
    """What signs in to a datastore: its own secrets, or the key of the workspace's account.

    Raises:
        ArmError: 400 for a datastore without credentials.
    """
    from azlocal.arm.providers.machinelearning.workspaces import account_key

    credentials = datastore.properties.get("credentials") or {}
    kind = credentials.get("credentialsType", "None")
    secrets = credentials.get("secrets") or {}
    if kind == "AccountKey" and not secrets.get("key"):
        workspace = call.state.get(datastore.key.rsplit("/", 2)[0])
        if workspace:
            return {"secretsType": "AccountKey", "key": account_key(call, workspace.properties["storageAccount"])}
    if kind == "None" or not secrets:
        raise bad_request(
            f"The datastore '{datastore.name}' has no credentials: it is reached with the identity of whoever reads"
            " it.",
            "UserError",
        )
    return {"secretsType": kind, **secrets}


def _list_secrets(call: Call, datastore: Resource) -> ArmResponse:
    return ArmResponse(200, secrets_of(call, datastore))


TYPE = ResourceType(
    name=DATASTORE,
    system_data=True,
    name_rule=NameRule(r"[A-Za-z0-9_]+", 1, 255, "letters, digits and underscores", code="UserError"),
    required=("properties.datastoreType",),
    defaults={
        "properties.endpoint": "core.windows.net",
        "properties.protocol": "https",
        "properties.isDefault": False,
        "properties.serviceDataAccessAuthIdentity": "None",
    },
    write_only=("properties.credentials.secrets",),
    provisioning=False,
    create_only=("properties.datastoreType",),
    actions={"listSecrets": Action(_list_secrets)},
    check=_check,
    committed=_committed,
    list=_list,
)
