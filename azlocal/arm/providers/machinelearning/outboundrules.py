"""Managed networks: their isolation, and the rules for what leaves them.

Microsoft Learn, "Workspace managed network isolation". The rules stand in the workspace's body and are children
of it; the children are the truth, as with subnets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlocal.arm import privatelink
from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.inline import child_call
from azlocal.arm.providers.machinelearning.versions import WORKSPACE
from azlocal.arm.types import Json, NameRule, ResourceType, read_path
from azlocal.arm.writes import prepare
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

RULE = f"{WORKSPACE}/outboundRules"
COMPUTE = f"{WORKSPACE}/computes"
OPEN, CLOSED, OFF = "AllowInternetOutbound", "AllowOnlyApprovedOutbound", "Disabled"
_PATH = "properties.managedNetwork"
_KINDS = {"FQDN", "PrivateEndpoint", "ServiceTag"}
_NODES = {"AmlCompute", "ComputeInstance"}
# Azure does not go from the one to the other.
_FORBIDDEN = {OPEN: (OFF,), CLOSED: (OFF, OPEN)}


def mode_of(workspace: Resource) -> str:
    """The isolation of a workspace's managed network."""
    return str(read_path(workspace.body, f"{_PATH}.isolationMode") or OFF)


def check_network(call: Call, new: Resource, old: Resource | None) -> None:
    """What a workspace says of its managed network.

    Raises:
        ArmError: 400 ValidationError.
    """
    network = new.properties.get("managedNetwork") or {}
    mode = mode_of(new)
    if old is not None:
        before = mode_of(old)
        if mode in _FORBIDDEN.get(before, ()):
            raise _invalid(
                f"The managed network's isolationMode cannot change from '{before}' to '{mode}'.", "isolationMode"
            )
        if before == OFF != mode:
            _check_no_nodes(call, new)
    if mode == OFF and network.get("outboundRules"):
        raise _invalid("There are outboundRules, and isolationMode is Disabled: there is no network.", "outboundRules")
    if network.get("firewallSku") and mode != CLOSED:
        raise _invalid(f"firewallSku is for isolationMode {CLOSED}; it is {mode}.", "firewallSku")


def _check_no_nodes(call: Call, workspace: Resource) -> None:
    held = [
        one.name for one in call.state.children(workspace.key, COMPUTE) if one.properties.get("computeType") in _NODES
    ]
    if held:
        raise _invalid(
            "A workspace takes a managed network before it has computes: delete these first, they are in another"
            f" network: {', '.join(held)}.",
            "isolationMode",
        )


def check_place(call: Call, compute: Resource) -> None:
    """A compute's own subnet is for workspaces without a managed network.

    Raises:
        ArmError: 400 UserError.
    """
    workspace = call.state.get(call.path.parent.lower())
    subnet = read_path(compute.body, "properties.properties.subnet.id")
    if subnet and workspace is not None and mode_of(workspace) != OFF:
        raise bad_request(
            f"The workspace '{workspace.name}' has a managed network ({mode_of(workspace)}), and compute"
            f" '{compute.name}' asks for the subnet '{subnet}'. Leave the subnet out.",
            "UserError",
            "properties.properties.subnet",
        )


def _check(call: Call, new: Resource, _old: Resource | None) -> None:
    """One rule: what its kind needs, and whether the network's isolation has such rules."""
    workspace = call.state.get(call.path.parent.lower())
    kind = str(new.properties.get("type"))
    if kind not in _KINDS:
        raise _invalid(f"Rule '{new.name}' is of type '{kind}': {', '.join(sorted(_KINDS))}.", "outboundRules")
    mode = mode_of(workspace) if workspace else OFF
    if mode == OFF:
        raise _invalid(f"Rule '{new.name}': the workspace has no managed network.", "outboundRules")
    if mode == OPEN and kind != "PrivateEndpoint":
        raise _invalid(
            f"Rule '{new.name}' is of type {kind}; with isolationMode {OPEN} everything may leave, and only"
            " PrivateEndpoint rules are taken.",
            "outboundRules",
        )
    new.properties.setdefault("category", "UserDefined")
    new.properties.setdefault("status", "Active")
    destination = new.properties.get("destination")
    if kind == "PrivateEndpoint" and isinstance(destination, dict):
        _check_private(call, new, workspace, destination)
    elif kind == "ServiceTag" and not (isinstance(destination, dict) and destination.get("serviceTag")):
        raise _invalid(f"Rule '{new.name}' names no destination.serviceTag.", "outboundRules")
    elif kind == "FQDN" and not (isinstance(destination, str) and destination):
        raise _invalid(f"Rule '{new.name}' names no host as its destination.", "outboundRules")


def _check_private(call: Call, rule: Resource, workspace: Resource | None, destination: Json) -> None:
    target_id = str(destination.get("serviceResourceId") or "")
    target = call.state.get(target_id.lower())
    if target is None:
        raise _invalid(f"Rule '{rule.name}': the resource '{target_id}' was not found.", "outboundRules")
    destination.setdefault("sparkEnabled", False)
    destination["sparkStatus"] = "Active" if destination["sparkEnabled"] else "Inactive"
    group = str(destination.get("subresourceTarget") or "")
    privatelink.check_group(rule.id, target, [group])
    for other in call.state.children(call.path.parent.lower(), RULE):
        same = other.properties.get("destination")
        if other.key == rule.key or not isinstance(same, dict):
            continue
        if (str(same.get("serviceResourceId")).lower(), same.get("subresourceTarget")) == (target.key, group):
            raise ArmError(
                409,
                "Conflict",
                f"Rule '{rule.name}': '{other.name}' has a private endpoint to {group} of '{target_id}' already.",
                target="outboundRules",
            )
    _check_approver(call, workspace, target)


def _check_approver(call: Call, workspace: Resource | None, target: Resource) -> None:
    """The workspace's identity approves the endpoint at its target."""
    identity = (workspace.body.get("identity") if workspace else None) or {}
    ids = [identity.get("principalId")]
    for key, one in (identity.get("userAssignedIdentities") or {}).items():
        found = call.state.get(key.lower())
        ids.append((one or {}).get("principalId") or (found.properties.get("principalId") if found else None))
    action = f"{target.type}/privateEndpointConnectionsApproval/action"
    for principal_id in filter(None, ids):
        principal = call.control.directory.by_object_id(str(principal_id))
        if principal and call.control.access.allows(principal, action, target.key):
            return
    raise _invalid(
        f"The workspace's identity may not approve private endpoints of '{target.id}' ({action}): give it the role"
        " Azure AI Enterprise Network Connection Approver there.",
        "outboundRules",
    )


def _invalid(message: str, field: str) -> ArmError:
    return bad_request(message, "ValidationError", f"{_PATH}.{field}")


def sync(call: Call, workspace: Resource) -> None:
    """Make the children what the workspace's body says; a body without rules leaves them as they are."""
    network: dict[str, Any] = workspace.properties.get("managedNetwork") or {}
    wanted = network.pop("outboundRules", None)
    if wanted is None:
        return
    call.state.put(workspace)
    for child in call.state.children(workspace.key, RULE):
        if child.name not in wanted:
            call.state.delete(child.key)
    for name, body in wanted.items():
        below = child_call(call, f"{workspace.id}/outboundRules/{name}", RULE)
        call.state.put(prepare(below, call.state.get(below.key), {"properties": dict(body)}))


def show(call: Call, workspace: Resource, body: Json) -> None:
    """Put the rules into a response body of the workspace."""
    children = call.state.children(workspace.key, RULE)
    if children:
        network = {**body["properties"].get("managedNetwork", {})}
        network["outboundRules"] = {child.name: child.properties for child in children}
        body["properties"] = {**body["properties"], "managedNetwork": network}


TYPE = ResourceType(
    name=RULE,
    provisioning=False,
    name_rule=NameRule(
        r"[A-Za-z0-9][A-Za-z0-9_-]*", 1, 100, "1-100 letters, digits, hyphens and underscores", code="ValidationError"
    ),
    required=("properties.type",),
    create_status=200,
    pending_status=202,
    duration=60,
    delete_duration=30,
    check=_check,
)
