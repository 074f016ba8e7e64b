"""What the types of Microsoft.Network have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azlocal.arm.errors import bad_request
from azlocal.arm.locations import normalize
from azlocal.arm.types import Json, NameRule
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

NAMESPACE = "Microsoft.Network"


def name_rule(maximum: int) -> NameRule:
    """Microsoft.Network's rule, which differs only in length from type to type."""
    return NameRule(
        r"[a-zA-Z0-9]([\w.-]*\w)?",
        1,
        maximum,
        f"1-{maximum} letters, digits, underscores, periods and hyphens, beginning with a letter or digit and"
        " ending with one or an underscore",
        code="InvalidResourceName",
    )


def show_etag(_call: Call, resource: Resource, body: Json) -> None:
    """Microsoft.Network repeats the etag in the body, as a weak one."""
    body["etag"] = f'W/"{resource.etag}"'


def users(call: Call, resource: Resource, pattern: str) -> list[Json]:
    """The ids of the resources that refer to this one and whose own id matches: Azure's back references."""
    keys = [key for key in call.state.referrers(resource.key) if re.search(pattern, key)]
    found = [call.state.get(key) for key in keys]
    return [{"id": one.id} for one in sorted(filter(None, found), key=lambda one: one.created)]


def number_parts(new: Resource, path: str, segment: str, type_name: str) -> None:
    """Give the parts of a resource that are no resources of their own (a load balancer's probes) their ids."""
    for part in new.properties.get(path) or []:
        part["id"] = f"{new.id}/{segment}/{part.get('name', 'default')}"
        part["type"] = type_name
        part.setdefault("properties", {})["provisioningState"] = "Succeeded"


def check_region(call: Call, new: Resource, ids: list[str]) -> None:
    """What a network resource refers to stands in its own region.

    Raises:
        ArmError: 400 InvalidResourceReference, in the words Azure uses for a missing resource as well.
    """
    location = normalize(str(new.body.get("location") or ""))
    for target_id in ids:
        target = call.state.get(target_id.lower())
        if target and location and normalize(target.body.get("location", location)) != location:
            raise bad_request(
                f"Resource {target_id} referenced by resource {new.id} was not found. Please make sure that the"
                f" referenced resource exists, and that both resources are in the same region ({location}, not"
                f" {target.body.get('location')}).",
                "InvalidResourceReference",
            )
