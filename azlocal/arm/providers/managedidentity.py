"""Microsoft.ManagedIdentity: user-assigned identities and the workloads they trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.arm.types import NameRule, Namespace, ResourceType, Scope
from azlocal.entra.principals import TENANT_ID
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
CREDENTIAL = f"{IDENTITY}/federatedIdentityCredentials"
MAX_CREDENTIALS = 20


def _identity(call: Call, new: Resource, _old: Resource | None) -> None:
    principal = call.control.directory.managed_identity(new.id, new.name)
    new.properties.update(tenantId=TENANT_ID, principalId=principal.object_id, clientId=principal.client_id)


def _check_credential(call: Call, new: Resource, old: Resource | None) -> None:
    """One audience, and no two credentials of an identity for the same workload.

    Raises:
        ArmError: 400 or 409, as Microsoft Entra answers.
    """
    properties = new.properties
    if len(properties["audiences"]) != 1:
        raise bad_request(
            f"A federated identity credential has exactly one audience, and {len(properties['audiences'])} were given.",
            "BadRequest",
            "audiences",
        )
    if not properties["issuer"].lower().startswith("https://"):
        raise bad_request(f"The issuer '{properties['issuer']}' must be an https address.", "BadRequest", "issuer")
    others = [one for one in call.state.children(call.path.parent.lower(), CREDENTIAL) if one.key != new.key]
    if old is None and len(others) >= MAX_CREDENTIALS:
        raise bad_request(
            f"Too many federated identity credentials are configured for the identity: {MAX_CREDENTIALS} at most.",
            "BadRequest",
        )
    for other in others:
        if all(other.properties[name] == properties[name] for name in ("issuer", "subject")):
            raise ArmError(
                409,
                "Conflict",
                f"Issuer and subject combination already exists for this Managed Identity: '{other.name}'.",
            )


def _system_assigned(call: Call) -> ArmResponse:
    """The identity of the resource that the path stands on."""
    owner = call.state.get(call.path.scope.lower())
    identity = (owner.body.get("identity") if owner else None) or {}
    if owner is None or "principalId" not in identity:
        raise ArmError(404, "ResourceNotFound", f"'{call.path.scope}' has no system-assigned identity.")
    principal = call.control.directory.managed_identity(owner.id, owner.name)
    return ArmResponse(
        200,
        {
            "id": f"{owner.id}/providers/Microsoft.ManagedIdentity/identities/default",
            "name": "default",
            "type": "Microsoft.ManagedIdentity/identities",
            "location": owner.body.get("location", "global"),
            "properties": {
                "tenantId": TENANT_ID,
                "principalId": principal.object_id,
                "clientId": principal.client_id,
            },
        },
    )


NAMESPACE = Namespace(
    "Microsoft.ManagedIdentity",
    (
        "2018-11-30",
        "2021-09-30-preview",
        "2022-01-31-preview",
        "2023-01-31",
        "2023-07-31-preview",
        "2024-11-30",
    ),
    (
        ResourceType(
            name=IDENTITY,
            tracked=True,
            provisioning=False,
            name_rule=NameRule(
                r"[a-zA-Z0-9][\w-]*",
                3,
                128,
                "3-128 letters, digits, underscores and hyphens, a letter or digit first",
            ),
            duration=3,
            complete=_identity,
        ),
        ResourceType(
            name=CREDENTIAL,
            provisioning=False,
            name_rule=NameRule(
                r"[a-zA-Z0-9][\w-]*",
                3,
                120,
                "3-120 letters, digits, underscores and hyphens, a letter or digit first",
            ),
            required=("properties.issuer", "properties.subject", "properties.audiences"),
            duration=3,
            check=_check_credential,
        ),
        ResourceType(
            name="Microsoft.ManagedIdentity/identities",
            scopes=frozenset({Scope.RESOURCE}),
            provisioning=False,
            get=_system_assigned,
        ),
    ),
)
