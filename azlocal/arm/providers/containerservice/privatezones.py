"""The private DNS zone of a private cluster (Microsoft Learn, "Create a private AKS cluster")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.ids import parse
from azlocal.arm.locations import normalize
from azlocal.arm.providers.containerservice.pools import invalid
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

ZONE = "Microsoft.Network/privateDnsZones"
_WORDS = ("system", "none")
_TARGET = "apiServerAccessProfile.privateDNSZone"
_WRITE = "Microsoft.Network/privateDnsZones/A/write"


def check(call: Call, cluster: Resource, given: str) -> None:
    """``system``, ``none``, or a zone of the right name that the cluster's own identity may write.

    Raises:
        ArmError: 400 with AKS' code.
    """
    if given.lower() in _WORDS:
        return
    suffix = f"privatelink.{normalize(cluster.body['location'])}.azmk8s.io"
    if not given.startswith("/") or parse(given).type.lower() != ZONE.lower():
        raise invalid(f"'{given}' is neither {' nor '.join(_WORDS)} nor the id of a private DNS zone.", _TARGET)
    name = given.rsplit("/", 1)[-1].lower()
    if name != suffix and not name.endswith(f".{suffix}"):
        raise invalid(f"The zone is '{name}'; it must be {suffix} or a part of it.", _TARGET)
    if call.state.get(given.lower()) is None:
        raise ArmError(400, "ResourceNotFound", f"The private DNS zone '{given}' was not found.", target=_TARGET)
    identities = (cluster.body.get("identity") or {}).get("userAssignedIdentities") or {}
    if not identities:
        raise invalid("A zone of one's own needs a user-assigned identity.", _TARGET)
    principal = call.control.directory.by_object_id(_principal(call, next(iter(identities))))
    if principal is None or not call.control.access.allows(principal, _WRITE, given):
        raise bad_request(
            f"The cluster's identity must be allowed {_WRITE} on the private DNS zone {given}: give it the role"
            " Private DNS Zone Contributor there.",
            "CustomPrivateDNSZoneMissingPermissionError",
            _TARGET,
        )


def _principal(call: Call, identity_id: str) -> str:
    found = call.state.get(identity_id.lower())
    return str(found.properties.get("principalId")) if found else ""
