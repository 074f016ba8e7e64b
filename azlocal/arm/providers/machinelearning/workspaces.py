"""Workspaces: what they must refer to, what Azure fills in, and the stores each one is born with."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlocal.arm import writes
from azlocal.arm.errors import ArmError, bad_request, not_served
from azlocal.arm.locations import normalize
from azlocal.arm.messages import ArmResponse
from azlocal.arm.providers.machinelearning import outboundrules, softdelete
from azlocal.arm.providers.machinelearning.datastores import create_defaults
from azlocal.arm.providers.machinelearning.versions import WORKSPACE
from azlocal.arm.types import Action, NameRule, Reference, ResourceType
from azlocal.entra.principals import TENANT_ID
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

_FIXED = ("workspaceId", "discoveryUrl", "mlFlowTrackingUri", "tenantId", "storageHnsEnabled")
_NEEDED = ("storageAccount", "keyVault", "applicationInsights")


def _check(call: Call, new: Resource, old: Resource | None) -> None:
    """The rules between properties (Microsoft Learn, "Manage Azure Machine Learning workspaces")."""
    kind = str(new.body.get("kind") or "Default")
    if kind.lower() != "default":
        raise not_served(f"PUT {WORKSPACE} of kind '{kind}' (only 'Default' is)")
    properties = new.properties
    missing = [name for name in _NEEDED if not properties.get(name)]
    if missing:
        raise bad_request(
            f"Missing dependent resources in workspace json: {', '.join(missing)}. Give the resource ids of the"
            " storage account, the key vault and the Application Insights component.",
            "ValidationError",
            f"properties.{missing[0]}",
        )
    _check_storage(call, properties["storageAccount"], str(properties.get("systemDatastoresAuthMode") or "AccessKey"))
    _check_user_identity(new)
    outboundrules.check_network(call, new, old)
    _check_key(call, new)
    if old is not None:
        _check_same_encryption(call, new, old)
    else:
        softdelete.check_name_free(call, new)


def _check_storage(call: Call, storage_id: str, mode: str) -> None:
    """A hierarchical namespace cannot be the workspace's own store, nor one without keys be opened with them.

    Microsoft Learn, "Disable shared key access for your workspace's storage account".
    """
    storage = call.state.get(storage_id.lower())
    if storage and storage.properties.get("isHnsEnabled"):
        raise bad_request(
            f"The storage account '{storage_id}' has a hierarchical namespace, which a workspace's default storage"
            " account must not have. Attach it as a datastore instead.",
            "ValidationError",
            "properties.storageAccount",
        )
    if storage and storage.properties.get("allowSharedKeyAccess") is False and mode.lower() == "accesskey":
        raise bad_request(
            f"Key based authentication is not permitted on this storage account: '{storage_id}', and"
            " 'systemDatastoresAuthMode' is AccessKey.",
            "KeyBasedAuthenticationNotPermitted",
            "properties.systemDatastoresAuthMode",
        )


def _check_same_encryption(call: Call, new: Resource, old: Resource) -> None:
    """A workspace is made with a key of its owner's or without (Microsoft Learn, "Customer-managed keys for Azure
    Machine Learning", "Limitations").
    """
    before, after = ((one.properties.get("encryption") or {}).get("status") == "Enabled" for one in (old, new))
    if before != after:
        raise ArmError(
            409,
            "PropertyChangeNotAllowed",
            f"Changing property 'properties.encryption.status' of '{call.path.path}' is not allowed: customer-managed"
            " keys are chosen when a workspace is created. The resource has to be replaced.",
            target="properties.encryption.status",
        )


def _check_user_identity(new: Resource) -> None:
    primary = new.properties.get("primaryUserAssignedIdentity")
    assigned = {key.lower() for key in (new.body.get("identity") or {}).get("userAssignedIdentities") or {}}
    if primary and primary.lower() not in assigned:
        raise bad_request(
            f"'properties.primaryUserAssignedIdentity' is '{primary}', which 'identity.userAssignedIdentities' does"
            " not list.",
            "ValidationError",
            "properties.primaryUserAssignedIdentity",
        )


def _check_key(call: Call, new: Resource) -> None:
    """A key of one's own (Microsoft Learn, "Customer-managed keys for Azure Machine Learning", Prerequisites)."""
    encryption = new.properties.get("encryption") or {}
    if encryption.get("status") != "Enabled":
        return
    given = encryption.get("keyVaultProperties") or {}
    vault = call.state.get(str(given.get("keyVaultArmId") or "").lower())
    if vault is None:
        raise _no_key(f"The key vault '{given.get('keyVaultArmId')}' was not found.", "keyVaultArmId")
    if not vault.properties.get("enablePurgeProtection"):
        raise _no_key(
            f"The key vault '{vault.name}' has no purge protection, which a customer-managed key needs.",
            "keyVaultArmId",
        )
    identifier = str(given.get("keyIdentifier") or "")
    parts = identifier.removeprefix(str(vault.properties.get("vaultUri"))).split("/")
    if parts[0] != "keys" or len(parts) < 2 or call.state.get(f"{vault.key}/keys/{parts[1].lower()}") is None:
        raise _no_key(f"The key '{identifier}' was not found in the vault '{vault.name}'.", "keyIdentifier")
    _check_key_access(call, encryption, vault)


def _check_key_access(call: Call, encryption: dict[str, Any], vault: Resource) -> None:
    chosen = str((encryption.get("identity") or {}).get("userAssignedIdentity") or "")
    if not chosen:
        return  # the system-assigned identity is given its access by Azure
    found = call.state.get(chosen.lower())
    principal = call.control.directory.by_object_id(str(found.properties.get("principalId"))) if found else None
    wrap = "Microsoft.KeyVault/vaults/keys/wrap/action"
    if principal is None or not call.control.access.allows(principal, wrap, vault.key, data=True):
        raise _no_key(
            f"The identity '{chosen}' may not wrap with keys of the vault '{vault.name}': give it the role Key Vault"
            " Crypto Service Encryption User there.",
            "keyVaultArmId",
        )


def _no_key(message: str, field: str) -> ArmError:
    return bad_request(message, "ValidationError", f"properties.encryption.keyVaultProperties.{field}")


def _complete(call: Call, new: Resource, old: Resource | None) -> None:
    properties = new.properties
    for name in _FIXED:
        if old and name in old.properties:
            properties[name] = old.properties[name]
    region = normalize(new.body["location"])
    storage = call.state.get(str(properties["storageAccount"]).lower())
    recovered = softdelete.recovered_id(call, new) if old is None else None
    properties.setdefault("workspaceId", recovered or str(uuid.uuid4()))
    properties["discoveryUrl"] = f"https://{region}.api.azureml.ms/discovery"
    properties["mlFlowTrackingUri"] = f"azureml://{region}.api.azureml.ms/mlflow/v1.0{new.id}"
    properties["tenantId"] = TENANT_ID
    properties["storageHnsEnabled"] = bool(storage and storage.properties.get("isHnsEnabled"))
    properties["workspaceCollectionId"] = properties["workspaceId"]
    properties["notebookInfo"] = _notebooks(properties["workspaceId"], region, new.name)
    new.body.setdefault("kind", "Default")
    new.body.setdefault("sku", {"name": "Basic", "tier": "Basic"})


def _notebooks(workspace_id: str, region: str, name: str) -> dict[str, Any]:
    return {
        "resourceId": workspace_id.replace("-", ""),
        "fqdn": f"ml-{name}-{region}-{workspace_id}.{region}.notebooks.azure.net".lower(),
        "isPrivateLinkEnabled": False,
        "notebookPreparationError": None,
    }


def _committed(call: Call, new: Resource, old: Resource | None) -> None:
    outboundrules.sync(call, new)
    if old is None and not softdelete.restore(call, new):
        create_defaults(call, new)


def _patch(call: Call) -> ArmResponse:
    """An update is no long operation in the first api-versions: 200, which the later ones take as well."""
    answer = writes.patch(call)
    return ArmResponse(200, answer.body, {"etag": answer.headers["etag"]})


def _list_keys(call: Call, workspace: Resource) -> ArmResponse:
    """The keys of what the workspace refers to."""
    properties = workspace.properties
    answer: dict[str, Any] = {
        "userStorageResourceId": properties["storageAccount"],
        "userStorageKey": account_key(call, properties["storageAccount"]),
        "appInsightsInstrumentationKey": None,
        "containerRegistryCredentials": None,
        "notebookAccessKeys": None,
    }
    insights = call.state.get(str(properties.get("applicationInsights", "")).lower())
    if insights:
        answer["appInsightsInstrumentationKey"] = insights.properties.get("InstrumentationKey")
    return ArmResponse(200, answer)


def account_key(call: Call, storage_id: str) -> str:
    """The first key of a storage account.

    Raises:
        ArmError: the account cannot be asked.
    """
    answer = call.control.internal("POST", f"{storage_id}/listKeys")
    if answer.status != 200:
        error = (answer.body or {}).get("error", {})
        raise ArmError(
            400, "StorageAccountKeysUnavailable", f"The keys of '{storage_id}' cannot be read: {error.get('message')}"
        )
    return str(answer.body["keys"][0]["value"])


def _resync(_call: Call, _workspace: Resource) -> ArmResponse:
    """Keys are read when they are used, so that there is never an old copy."""
    return ArmResponse(200)


def _no_notebooks(_call: Call, _workspace: Resource) -> ArmResponse:
    raise not_served(f"{WORKSPACE}/listNotebookAccessToken (there are no notebooks here)")


# A registry's name follows it too.
NAME_RULE = NameRule(
    r"[A-Za-z0-9][A-Za-z0-9_-]{2,32}",
    3,
    33,
    "3-33 letters, digits, hyphens and underscores, a letter or digit first",
    code="ValidationError",
)

TYPE = ResourceType(
    name=WORKSPACE,
    tracked=True,
    system_data=True,
    name_rule=NAME_RULE,
    enums={
        "properties.publicNetworkAccess": ("Enabled", "Disabled"),
        "properties.systemDatastoresAuthMode": ("AccessKey", "Identity", "UserDelegationSAS"),
        "properties.managedNetwork.isolationMode": (
            "Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound",
        ),
        "properties.managedNetwork.firewallSku": ("Basic", "Standard"),
        "properties.encryption.status": ("Enabled", "Disabled"),
    },
    required=("identity.type",),
    references=(
        Reference("properties.storageAccount", "Microsoft.Storage/storageAccounts"),
        Reference("properties.keyVault", "Microsoft.KeyVault/vaults"),
        Reference("properties.applicationInsights", "Microsoft.Insights/components"),
        Reference("properties.containerRegistry", "Microsoft.ContainerRegistry/registries"),
        Reference("properties.primaryUserAssignedIdentity", "Microsoft.ManagedIdentity/userAssignedIdentities"),
    ),
    defaults={
        "properties.publicNetworkAccess": "Enabled",
        "properties.hbiWorkspace": False,
        "properties.v1LegacyMode": False,
        "properties.systemDatastoresAuthMode": "AccessKey",
        "properties.managedNetwork.isolationMode": "Disabled",
        "properties.enableDataIsolation": False,
    },
    create_only=(
        "properties.storageAccount",
        "properties.keyVault",
        "properties.hbiWorkspace",
        "properties.enableDataIsolation",
        "properties.encryption.status",
        "properties.encryption.keyVaultProperties.keyVaultArmId",
        "properties.enableServiceSideCMKEncryption",
    ),
    duration=60,
    delete_duration=30,
    create_status=200,
    pending_status=202,
    actions={
        "listKeys": Action(_list_keys),
        "resyncKeys": Action(_resync),
        "listNotebookAccessToken": Action(_no_notebooks),
    },
    check=_check,
    complete=_complete,
    committed=_committed,
    present=outboundrules.show,
    patch=_patch,
    delete=softdelete.delete,
)  # fmt: skip
