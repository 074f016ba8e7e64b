"""Microsoft.KeyVault: vaults, what becomes of them when they are deleted, and secrets made through ARM."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING

from azlocal.arm import privatelink
from azlocal.arm.checks import host_name
from azlocal.arm.deletes import remove
from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.locations import normalize
from azlocal.arm.messages import ArmResponse
from azlocal.arm.operations import iso
from azlocal.arm.present import body_of
from azlocal.arm.types import Action, Json, NameRule, Namespace, ResourceType, Scope, ScopeAction
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

VAULT = "Microsoft.KeyVault/vaults"
DELETED = "Microsoft.KeyVault/locations/deletedVaults"
SECRET = f"{VAULT}/secrets"
KEY = f"{VAULT}/keys"
SUFFIX = "vault.azure.net"
RULE = NameRule(
    r"[a-zA-Z](-?[a-zA-Z0-9])*",
    3,
    24,
    "3-24 letters, digits and single hyphens, beginning with a letter and ending with a letter or digit",
    code="VaultNameNotValid",
    taken="VaultAlreadyExists",
)
RETENTION_DAYS = (7, 90)


def deleted_id(subscription: str, location: str, name: str) -> str:
    """The id of a vault in its deleted state."""
    return (
        f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{normalize(location)}"
        f"/deletedVaults/{name}"
    )


def find_deleted(call: Call, name: str) -> Resource | None:
    """A soft-deleted vault of this name, wherever it was."""
    declared = call.control.types[VAULT.lower()][1]
    for host in host_name(declared, name):
        for key in call.state.referrers(host):
            found = call.state.get(key)
            if found and found.type.lower() == DELETED.lower():
                return found
    return None


def _put(call: Call) -> ArmResponse:
    """A vault's PUT: over a soft-deleted one of its name only as a recovery."""
    from azlocal.arm import writes

    body = call.request.body if isinstance(call.request.body, dict) else {}
    properties = body.get("properties") or {}
    recover = str(properties.get("createMode", "default")).lower() == "recover"
    deleted = None if call.state.exists(call.key) else find_deleted(call, call.path.names[-1])
    if deleted is None:
        if recover and not call.state.exists(call.key):
            raise bad_request(
                f"There is no deleted vault '{call.path.names[-1]}' to recover.",
                "DeletedVaultNotFound",
                "createMode",
            )
        return writes.put(call)
    if not recover or deleted.properties["vaultId"].lower() != call.key:
        raise ArmError(
            409,
            "ConflictError",
            f"A vault with the same name ({call.path.names[-1]}) already exists in deleted state. You need to either"
            " recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for"
            " more information on soft delete.",
        )
    vault = call.state.document(_KEPT, deleted.key)
    merged = writes.merge(vault, {k: v for k, v in body.items() if k == "tags"})
    with call.state.transaction():
        call.state.delete(deleted.key)
        call.state.delete_document(_KEPT, deleted.key)
        return writes.write(call, None, merged)


_KEPT = "deletedVault"  # document: the body of a vault while it is deleted


def _check(_call: Call, new: Resource, old: Resource | None) -> None:
    properties = new.properties
    properties.pop("createMode", None)
    days = properties["softDeleteRetentionInDays"]
    if not isinstance(days, int) or not RETENTION_DAYS[0] <= days <= RETENTION_DAYS[1]:
        raise bad_request(
            f"The property \"softDeleteRetentionInDays\" has an invalid value '{days}'. It must be between"
            f" {RETENTION_DAYS[0]} and {RETENTION_DAYS[1]}.",
            "BadRequest",
            "softDeleteRetentionInDays",
        )
    if properties.get("enablePurgeProtection") is False:
        raise bad_request(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is'
            " an irreversible action. Leave it out instead.",
            "BadRequest",
            "enablePurgeProtection",
        )
    if properties["enableSoftDelete"] is False:
        raise bad_request(
            'The property "enableSoftDelete" can be set to false only for vaults that were made before soft delete was'
            " always on. Set it to true or leave it out.",
            "BadRequest",
            "enableSoftDelete",
        )
    if old and old.properties.get("enablePurgeProtection"):
        properties["enablePurgeProtection"] = True
    if not properties.get("enableRbacAuthorization") and properties.get("accessPolicies") is None:
        raise bad_request(
            'The parameter "accessPolicies" is not specified. Give it, or set enableRbacAuthorization to true.',
            "BadRequest",
            "accessPolicies",
        )
    properties.setdefault("accessPolicies", [])


def _complete(_call: Call, new: Resource, _old: Resource | None) -> None:
    new.properties["vaultUri"] = f"https://{new.name.lower()}.{SUFFIX}/"


def _show(call: Call, resource: Resource, body: Json) -> None:
    if call.state.children(resource.key, f"{VAULT}/{privatelink.CONNECTIONS}", limit=1):
        privatelink.show(call, resource, body)


def _deleted(control: ControlPlane, vault: Resource) -> None:
    """What is deleted stays for its retention, with its name (Microsoft Learn, "Key Vault soft-delete overview")."""
    subscription = vault.id.split("/")[2]
    properties = vault.properties
    now = control.clock()
    body: Json = {
        "vaultId": vault.id,
        "location": vault.body["location"],
        "tags": vault.body.get("tags", {}),
        "deletionDate": iso(now),
        "scheduledPurgeDate": iso(now + dt.timedelta(days=properties["softDeleteRetentionInDays"]).total_seconds()),
        "purgeProtectionEnabled": properties.get("enablePurgeProtection"),
    }
    gone = Resource(deleted_id(subscription, vault.body["location"], vault.name), DELETED, {"properties": body})
    declared = control.types[VAULT.lower()][1]
    control.state.put(gone, host_name(declared, vault.name))
    control.state.put_document(_KEPT, gone.key, vault.body)


def _list_deleted(call: Call) -> ArmResponse:
    found = call.state.of_type(DELETED, call.path.scope.lower())
    return ArmResponse(200, {"value": [_deleted_body(one) for one in found]})


def _deleted_body(resource: Resource) -> Json:
    return {
        "id": resource.id,
        "name": resource.name,
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": resource.properties,
    }


def _get_deleted(call: Call) -> ArmResponse:
    found = call.state.get(call.key)
    if found is None:
        raise ArmError(
            404,
            "DeletedVaultNotFound",
            f"The specified deleted vault '{call.path.names[-1]}' does not exist.",
        )
    return ArmResponse(200, _deleted_body(found))


def _purge(call: Call, vault: Resource) -> ArmResponse:
    """Remove a deleted vault for good.

    Raises:
        ArmError: 409 where purge protection holds it until its date.
    """
    if vault.properties.get("purgeProtectionEnabled"):
        raise ArmError(
            409,
            "MethodNotAllowed",
            f"Operation 'DeletedVaultPurge' is not allowed: purge protection is on for '{vault.name}' until"
            f" {vault.properties['scheduledPurgeDate']}.",
        )
    response = remove(call, vault)
    return response if response.status == 202 else ArmResponse(200)


def _purged(control: ControlPlane, vault: Resource) -> None:
    control.state.delete_document(_KEPT, vault.key)


def check_name(call: Call, _match: re.Match[str]) -> ArmResponse:
    """``checkNameAvailability``: taken by a vault, or by one in its deleted state."""
    name = str((call.request.body or {}).get("name", ""))
    declared = call.control.types[VAULT.lower()][1]
    if not RULE.accepts(name):
        return _unavailable("AccountNameInvalid", f"The vault name '{name}' is invalid: {RULE.says}.")
    if any(call.state.referrers(host) for host in host_name(declared, name)):
        return _unavailable("AlreadyExists", f"The vault name '{name}' is already in use.")
    return ArmResponse(200, {"nameAvailable": True})


def _unavailable(reason: str, message: str) -> ArmResponse:
    return ArmResponse(200, {"nameAvailable": False, "reason": reason, "message": message})


def _deleted_in_subscription(call: Call, _match: re.Match[str]) -> ArmResponse:
    return _list_deleted(call)


def _check_secret(call: Call, new: Resource, _old: Resource | None) -> None:
    if "value" not in new.properties:
        raise bad_request(f"The secret '{new.name}' has no value.", "BadRequest", "properties.value")
    vault = new.id.rpartition("/secrets/")[0].rsplit("/", 1)[-1].lower()
    new.properties["secretUri"] = f"https://{vault}.{SUFFIX}/secrets/{new.name}"
    attributes = new.properties.setdefault("attributes", {})
    attributes.setdefault("enabled", True)
    attributes["updated"] = int(call.control.clock())
    attributes.setdefault("created", attributes["updated"])


_KEY_KINDS = ("EC", "EC-HSM", "RSA", "RSA-HSM")
_KEY_SIZES = (2048, 3072, 4096)


def _put_key(call: Call) -> ArmResponse:
    """A key that exists stays as it is: its PUT changes nothing (REST reference, "Keys - Create If Not Exist")."""
    from azlocal.arm import writes

    existing = call.state.get(call.key)
    if existing is not None:
        return ArmResponse(200, body_of(call, existing))
    return writes.put(call)


def _check_key(call: Call, new: Resource, _old: Resource | None) -> None:
    vault = call.state.get(call.path.parent.lower())
    properties = new.properties
    kind = properties.setdefault("kty", "RSA")
    if kind not in _KEY_KINDS:
        raise bad_request(f"The key type '{kind}' is none of {', '.join(_KEY_KINDS)}.", "BadRequest", "kty")
    tier = str(vault.properties["sku"]["name"]).lower() if vault else ""
    if kind.endswith("-HSM") and tier != "premium":
        raise bad_request(
            f"Keys of type {kind} need a vault of sku premium; '{vault.name if vault else ''}' is {tier}.",
            "BadRequest",
            "kty",
        )
    size = properties.setdefault("keySize", 2048) if kind.startswith("RSA") else None
    if size is not None and size not in _KEY_SIZES:
        raise bad_request(f"keySize is {size}; it must be one of {_KEY_SIZES}.", "BadRequest", "keySize")
    name = call.path.parent.rsplit("/", 1)[-1].lower()
    properties["keyUri"] = f"https://{name}.{SUFFIX}/keys/{new.name}"
    properties["keyUriWithVersion"] = f"{properties['keyUri']}/{uuid.uuid4().hex}"
    attributes = properties.setdefault("attributes", {})
    attributes.setdefault("enabled", True)
    attributes.setdefault("exportable", False)
    attributes["created"] = attributes["updated"] = int(call.control.clock())
    attributes["recoveryLevel"] = "Recoverable+Purgeable"
    if vault and vault.properties.get("enablePurgeProtection"):
        attributes["recoveryLevel"] = "Recoverable"


def _no_delete(call: Call) -> ArmResponse:
    """ARM makes keys and does not delete them: that is the vault's own interface."""
    raise ArmError(405, "MethodNotAllowed", f"The resource '{call.key}' does not support the method DELETE.")


def _update_policies(call: Call) -> ArmResponse:
    """``accessPolicies/{add|replace|remove}``: change some of a vault's policies."""
    vault = call.state.get(call.path.parent.lower())
    if vault is None:
        raise ArmError(404, "ResourceNotFound", f"The vault '{call.path.parent}' was not found.")
    kind = call.path.names[-1].lower()
    given = ((call.request.body or {}).get("properties") or {}).get("accessPolicies") or []
    if kind not in {"add", "replace", "remove"}:
        raise bad_request(f"'{kind}' is no operation on access policies: add, replace or remove.", "BadRequest")
    who = {one["objectId"] for one in given}
    kept = [one for one in vault.properties.get("accessPolicies", []) if one["objectId"] not in who]
    if kind == "replace":
        kept = []
    vault.properties["accessPolicies"] = kept if kind == "remove" else [*kept, *given]
    call.state.put(vault)
    body = {
        "id": f"{vault.id}/accessPolicies/",
        "type": f"{VAULT}/accessPolicies",
        "properties": {"accessPolicies": vault.properties["accessPolicies"]},
    }
    return ArmResponse(200, body)


NAMESPACE = Namespace(
    "Microsoft.KeyVault",
    (
        "2015-11-01",
        "2018-02-14",
        "2019-09-01",
        "2020-04-01-preview",
        "2021-04-01-preview",
        "2021-06-01-preview",
        "2021-10-01",
        "2021-11-01-preview",
        "2022-07-01",
        "2023-02-01",
        "2023-07-01",
        "2024-11-01",
        "2025-05-01",
        "2026-02-01",
        "2026-05-15",
    ),
    (
        ResourceType(
            name=VAULT,
            tracked=True,
            system_data=True,
            name_rule=RULE,
            dns_suffix=SUFFIX,
            required=("properties.tenantId", "properties.sku.name", "properties.sku.family"),
            enums={
                "properties.sku.name": ("standard", "premium"),
                "properties.sku.family": ("A",),
                "properties.createMode": ("default", "recover"),
                "properties.publicNetworkAccess": ("Enabled", "Disabled"),
                "properties.networkAcls.defaultAction": ("Allow", "Deny"),
                "properties.networkAcls.bypass": ("AzureServices", "None"),
            },
            defaults={
                "properties.enableSoftDelete": True,
                "properties.softDeleteRetentionInDays": 90,
                "properties.enableRbacAuthorization": False,
                "properties.enabledForDeployment": False,
                "properties.publicNetworkAccess": "Enabled",
            },
            create_only=("properties.softDeleteRetentionInDays",),
            duration=85,
            delete_duration=10,
            create_status=200,
            put=_put,
            check=_check,
            complete=_complete,
            present=_show,
            deleted=_deleted,
        ),
        privatelink.connection_type(VAULT),
        privatelink.links_type(VAULT),
        ResourceType(name=f"{VAULT}/accessPolicies", provisioning=False, put=_update_policies),
        ResourceType(
            name=SECRET,
            provisioning=False,
            name_rule=NameRule(r"[a-zA-Z0-9-]+", 1, 127, "1-127 letters, digits and hyphens"),
            write_only=("properties.value",),
            check=_check_secret,
        ),
        ResourceType(
            name=KEY,
            provisioning=False,
            create_status=200,
            name_rule=NameRule(r"[a-zA-Z0-9-]+", 1, 127, "1-127 letters, digits and hyphens"),
            put=_put_key,
            delete=_no_delete,
            check=_check_key,
        ),
        ResourceType(
            name=DELETED,
            scopes=frozenset({Scope.SUBSCRIPTION}),
            provisioning=False,
            delete_duration=30,
            get=_get_deleted,
            list=_list_deleted,
            deleted=_purged,
            actions={"purge": Action(_purge)},
        ),
    ),
    (
        ScopeAction("POST", "checkNameAvailability", check_name, "Microsoft.KeyVault/checkNameAvailability/read"),
        ScopeAction("GET", "deletedVaults", _deleted_in_subscription, "Microsoft.KeyVault/deletedVaults/read"),
    ),
)
