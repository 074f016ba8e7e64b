"""What a declaration asks of a body, checked one question at a time; each refusal carries Azure's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.ids import parse
from azlocal.arm.locations import KNOWN, LACKING, normalize
from azlocal.arm.present import scope_of
from azlocal.arm.types import Reference, ResourceType, each, read_path
from azlocal.arm.zones import check_zones
from azlocal.state import Resource, State
from azlocal.words import with_article

if TYPE_CHECKING:
    from azlocal.arm.control import Call


def check_scope(call: Call) -> None:
    """The scope must be one the type may live in."""
    scope = scope_of(call.path.scope)
    if scope not in call.type.scopes:
        allowed = ", ".join(sorted(one.value for one in call.type.scopes))
        raise bad_request(
            f"The resource type '{call.type.name}' cannot be deployed at the scope of {with_article(scope.value)};"
            f" it belongs to: {allowed}.",
            "InvalidResourceScope",
        )


def check_preconditions(call: Call, old: Resource | None) -> None:
    """``If-Match`` and ``If-None-Match`` (ARM RPC, "ETags for Resources")."""
    match = call.request.headers.get("if-match")
    none_match = call.request.headers.get("if-none-match")
    if none_match == "*" and old:
        raise ArmError(412, "PreconditionFailed", f"'{call.path.path}' exists, and If-None-Match is '*'.")
    if match and not old:
        raise ArmError(412, "PreconditionFailed", f"'{call.path.path}' does not exist, and If-Match is {match}.")
    if match and match != "*" and old and match.removeprefix("W/").strip('"') != old.etag:
        raise ArmError(412, "PreconditionFailed", f'If-Match is {match}; the current etag is "{old.etag}".')


def check_name(call: Call) -> None:
    """Length and characters, and uniqueness in the world where the name is part of a host name."""
    rule, name = call.type.name_rule, call.path.names[-1]
    if rule and not rule.accepts(name):
        raise bad_request(f"'{name}' is not a valid name for {call.type.name}: {rule.says}.", rule.code, "name")
    if call.type.dns_suffix and any(user != call.key for user in holders(call.state, call.type, name)):
        raise ArmError(
            409,
            rule.taken if rule else "NameNotAvailable",
            f"The name '{name}' is already taken: {name}.{call.type.dns_suffix} is unique in all of Azure.",
            target="name",
        )


def host_name(declared: ResourceType, name: str) -> set[str]:
    """What a resource with a global name holds: a reference to its host name, which finds it by index."""
    return {f"dns:{name}.{declared.dns_suffix}".lower()} if declared.dns_suffix else set()


def holders(state: State, declared: ResourceType, name: str) -> list[str]:
    """The keys of the resources that hold a global name."""
    return [holder for host in host_name(declared, name) for holder in state.referrers(host)]


def check_location(call: Call, body: dict[str, Any], old: Resource | None) -> None:
    """A tracked resource has a location that exists and never moves."""
    if not call.type.tracked:
        return
    location = body.get("location")
    if location is None and old:
        body["location"] = old.body.get("location")
        return
    if not location:
        raise bad_request("The location property is required for this definition.", "LocationRequired", "location")
    lacking = LACKING.get(call.namespace.name.lower(), frozenset())
    if normalize(location) not in KNOWN or normalize(location) in lacking:
        raise bad_request(
            f"The provided location '{location}' is not available for resource type '{call.type.name}'.",
            "LocationNotAvailableForResourceType",
            "location",
        )
    check_zones(body, call.path.path)
    if old and normalize(old.body.get("location", "")) != normalize(location):
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{call.path.names[-1]}' already exists in location '{old.body.get('location')}' in resource"
            f" group '{call.path.resource_group}'. A resource with the same name cannot be created in location"
            f" '{location}'. Please select a new resource name.",
        )


def check_required(call: Call, body: dict[str, Any]) -> None:
    """Every property that Azure needs must be there."""
    for path in call.type.required:
        if read_path(body, path) in (None, "", [], {}):
            raise bad_request(f"The required property '{path}' of {call.type.name} is missing or empty.", target=path)


def check_enums(call: Call, body: dict[str, Any]) -> None:
    """A property with a fixed set of values must hold one of them, whatever its case."""
    for path, allowed in call.type.enums.items():
        for value in each(body, path):
            if value and value not in allowed and value.lower() not in {one.lower() for one in allowed}:
                raise bad_request(
                    f"The value '{value}' of '{path}' is not allowed for {call.type.name}."
                    f" Allowed values: {', '.join(allowed)}.",
                    "InvalidParameter",
                    path,
                )


def check_references(call: Call, body: dict[str, Any]) -> None:
    """What a body points to must exist, and be of the type it has to be."""
    for reference in call.type.references:
        for target in filter(None, each(body, reference.path)):  # templates leave an id empty for none
            _check_reference(call, reference, target)


def _check_reference(call: Call, reference: Reference, target: str) -> None:
    path = parse(target)
    if reference.type and path.type.lower() != reference.type.lower():
        raise bad_request(
            f"'{reference.path}' of '{call.path.path}' must be the id of {with_article(reference.type)}, not"
            f" '{target}'.",
            "LinkedInvalidPropertyId",
            reference.path,
        )
    known = path.type.lower() in call.control.types
    if known and not call.state.exists(target.lower()) and not target.lower().startswith(call.key + "/"):
        raise ArmError(
            reference.status,
            reference.code,
            f"Resource {target} referenced by resource {call.path.path} was not found. Please make sure that the"
            " referenced resource exists, and that both resources are in the same region.",
            target=reference.path,
        )


def referenced(declared: ResourceType, body: dict[str, Any]) -> set[str]:
    """The lower-cased ids a body points to."""
    return {target.lower() for reference in declared.references for target in each(body, reference.path) if target}


def check_create_only(call: Call, body: dict[str, Any], old: Resource) -> None:
    """What Azure fixes at creation cannot change in place."""
    for path in call.type.create_only:
        before, after = read_path(old.body, path), read_path(body, path)
        if before is not None and after is not None and not same(before, after):
            raise ArmError(
                409,
                "PropertyChangeNotAllowed",
                f"Changing property '{path}' of '{call.path.path}' from '{before}' to '{after}' is not allowed."
                " The resource has to be replaced.",
                target=path,
            )


def same(one: Any, other: Any) -> bool:
    """Equal, with strings compared without case as Azure compares ids and enums."""
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return bool(one == other)
