"""Computes: clusters, instances, attached Kubernetes and Synapse Spark pools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from azlocal.arm import offers
from azlocal.arm.errors import ArmError, bad_request, not_served
from azlocal.arm.locations import normalize
from azlocal.arm.messages import ArmResponse
from azlocal.arm.operations import Operation, iso
from azlocal.arm.providers.machinelearning import instances, kubernetes, outboundrules, vmsizes
from azlocal.arm.providers.machinelearning.versions import WORKSPACE
from azlocal.arm.types import Action, NameRule, Reference, ResourceType, set_path
from azlocal.machinelearning.jobs import events
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

COMPUTE = f"{WORKSPACE}/computes"
NODES = "computeNodes"  # document kind: how many nodes of a compute run jobs right now
_START_SECONDS = 90.0  # what Azure takes to start or stop an instance


def _check(call: Call, new: Resource, old: Resource | None) -> None:
    kind = str(new.properties.get("computeType"))
    check = _KINDS.get(kind)
    if check is None:
        raise not_served(f"PUT {COMPUTE} of computeType '{kind}' (served are {', '.join(_KINDS)})")
    _check_identity(new, kind)
    outboundrules.check_place(call, new)
    check(call, new, old)


def _check_identity(new: Resource, kind: str) -> None:
    """A cluster takes one system-assigned identity or user-assigned ones, not both (Microsoft Learn, AmlCompute)."""
    identity = str((new.body.get("identity") or {}).get("type", "None")).replace(" ", "").lower()
    if kind == "AmlCompute" and {"systemassigned", "userassigned"} <= set(identity.split(",")):
        raise bad_request(
            "A compute cluster has either a system-assigned identity or user-assigned ones, not both.",
            "UserError",
            "identity.type",
        )


def _check_cluster(call: Call, new: Resource, _old: Resource | None) -> None:
    inner = _inner(new)
    _check_size(call, new)
    scale = inner.setdefault("scaleSettings", {})
    low, high = int(scale.setdefault("minNodeCount", 0)), int(scale.setdefault("maxNodeCount", 1))
    scale.setdefault("nodeIdleTimeBeforeScaleDown", "PT120S")
    if low < 0 or high < max(low, 1):
        raise bad_request(
            f"The scale settings are minNodeCount {low} and maxNodeCount {high}; the least must not be below 0, and"
            " the most not below 1 or the least.",
            "UserError",
            "properties.properties.scaleSettings",
        )
    for name, default in _CLUSTER_DEFAULTS.items():
        inner.setdefault(name, default)


_CLUSTER_DEFAULTS: Mapping[str, Any] = {
    "osType": "Linux",
    "vmPriority": "Dedicated",
    "isolatedNetwork": False,
    "enableNodePublicIp": True,
    "remoteLoginPortPublicAccess": "NotSpecified",
    "allocationState": "Steady",
    "errors": None,
}


def _check_instance(call: Call, new: Resource, old: Resource | None) -> None:
    inner = _inner(new)
    _check_size(call, new)
    inner["state"] = _inner(old)["state"] if old else "Running"
    instances.check(call, new, inner)


def _check_size(call: Call, new: Resource) -> None:
    size, workspace = _inner(new).get("vmSize"), call.state.get(new.key.rpartition("/computes/")[0])
    region = normalize(str(new.body.get("location") or (workspace.body["location"] if workspace else "")))
    if not size:
        path = "properties.properties.vmSize"
        raise bad_request(f"The compute needs '{path}'.", "UserError", path)
    if str(size).lower() not in vmsizes.BY_NAME or offers.offered(str(size), region) is False:
        raise bad_request(
            f"The VM size '{size}' is not offered {offers.why_not(str(size), region)}. The sizes are listed at"
            " /subscriptions/{id}/providers/Microsoft.MachineLearningServices/locations/{location}/vmSizes.",
            "VmSizeNotSupported",
            "properties.properties.vmSize",
        )


def _check_spark(call: Call, new: Resource, _old: Resource | None) -> None:
    pool = call.state.get(str(new.properties.get("resourceId", "")).lower())
    if pool is None:
        raise bad_request(
            f"The Synapse Spark pool '{new.properties.get('resourceId')}' was not found.", "UserError", "resourceId"
        )
    inner = _inner(new)
    inner.setdefault("poolName", pool.name)
    inner.setdefault("workspaceName", pool.id.split("/")[-3])
    for name, source in _POOL.items():
        if source in pool.properties:
            inner.setdefault(name, pool.properties[source])


_POOL = {
    "nodeSize": "nodeSize",
    "nodeSizeFamily": "nodeSizeFamily",
    "nodeCount": "nodeCount",
    "sparkVersion": "sparkVersion",
    "autoScaleProperties": "autoScale",
    "autoPauseProperties": "autoPause",
}


_KINDS: Mapping[str, Callable[[Call, Resource, Resource | None], None]] = {
    "AmlCompute": _check_cluster,
    "ComputeInstance": _check_instance,
    "Kubernetes": kubernetes.check_attach,
    "SynapseSpark": _check_spark,
}


def _inner(resource: Resource) -> dict[str, Any]:
    inner = resource.properties.get("properties")
    if not isinstance(inner, dict):
        inner = resource.properties["properties"] = {}
    return inner


def _complete(call: Call, new: Resource, old: Resource | None) -> None:
    properties = new.properties
    now = iso(call.control.clock())
    workspace = call.state.get(call.path.parent.lower())
    properties["createdOn"] = old.properties.get("createdOn", now) if old else now
    properties["modifiedOn"] = now
    properties["isAttachedCompute"] = properties["computeType"] in {"Kubernetes", "SynapseSpark"}
    home = workspace.body.get("location") if workspace else None
    properties.setdefault("computeLocation", new.body.get("location") or home)
    properties.setdefault("disableLocalAuth", False)
    properties.setdefault("provisioningErrors", None)
    new.body.setdefault("location", home)


def _present(call: Call, resource: Resource, body: dict[str, Any]) -> None:
    """A cluster's nodes: those that run jobs, and those that its least keeps idle."""
    if resource.properties.get("computeType") != "AmlCompute":
        return
    inner = dict(_inner(resource))
    running = int(call.state.document(NODES, resource.key) or 0)
    total = max(running, int(inner["scaleSettings"]["minNodeCount"]))
    inner["currentNodeCount"] = inner["targetNodeCount"] = total
    inner["allocationStateTransitionTime"] = resource.properties["modifiedOn"]
    inner["nodeStateCounts"] = {
        "idleNodeCount": total - running,
        "runningNodeCount": running,
        "preparingNodeCount": 0,
        "unusableNodeCount": 0,
        "leavingNodeCount": 0,
        "preemptedNodeCount": 0,
    }
    body["properties"] = {**body["properties"], "properties": inner}


def _committed(call: Call, new: Resource, _old: Resource | None) -> None:
    """Jobs that wait for a node may fit now."""
    events.tell(call, events.COMPUTE_CHANGED, new)


def _power(wanted: str, allowed_from: str) -> Callable[[Call, Resource], ArmResponse]:
    """Start or stop an instance: 202, then the state is what was wanted."""

    def run(call: Call, resource: Resource) -> ArmResponse:
        if resource.properties.get("computeType") != "ComputeInstance":
            raise bad_request(
                f"Compute '{resource.name}' is no compute instance: only those start and stop.", "UserError"
            )
        state = _inner(resource).get("state")
        if state not in {allowed_from, wanted}:
            raise ArmError(409, "Conflict", f"Compute instance '{resource.name}' is {state}.")

        def done(operation: Operation) -> None:
            current = call.state.get(resource.key)
            if current and not operation.error:
                set_path(current.body, "properties.properties.state", wanted)
                call.state.put(current)

        control = call.control
        operation = control.operations.start(
            resource.key, "POST", call.path.subscription or "", _START_SECONDS, on_done=done
        )
        headers = control.operations.headers(operation, call.api_version, location=True)
        control.operations.active(resource.key)  # not faithful: it is over at once
        return ArmResponse(202, None, headers)

    return run


def _restart(call: Call, resource: Resource) -> ArmResponse:
    if _inner(resource).get("state") != "Running":
        raise ArmError(409, "Conflict", f"Compute instance '{resource.name}' is not running.")
    return _power("Running", "Running")(call, resource)


def _list_nodes(call: Call, resource: Resource) -> ArmResponse:
    """One node for each that runs a job: all are processes of this machine."""
    running = int(call.state.document(NODES, resource.key) or 0)
    nodes = [
        {"nodeId": f"tvmps_{index}", "privateIpAddress": "127.0.0.1", "publicIpAddress": None, "port": None,
         "nodeState": "running", "runId": None}
        for index in range(running)
    ]  # fmt: skip
    return ArmResponse(200, {"nodes": nodes})


def _list_keys(_call: Call, _resource: Resource) -> ArmResponse:
    raise not_served(f"POST {COMPUTE}/listKeys (there are no machines to sign in to)")


def _deleting(call: Call, resource: Resource) -> None:
    """``underlyingResourceAction`` says whether what is attached goes too; only detaching is possible for that."""
    wanted = call.request.query.get("underlyingResourceAction", "Delete").lower()
    if wanted not in {"delete", "detach"}:
        raise bad_request(f"underlyingResourceAction is '{wanted}'; it must be Delete or Detach.", "UserError")
    call.state.delete_document(NODES, resource.key)
    events.tell(call, events.COMPUTE_CHANGED, resource)  # who waits for it waits no more


TYPE = ResourceType(
    name=COMPUTE,
    system_data=True,
    name_rule=NameRule(
        r"[A-Za-z](-?[A-Za-z0-9])+", 2, 32, "2-32 letters, digits and single hyphens, a letter first", code="UserError"
    ),
    required=("properties.computeType",),
    references=(Reference("properties.properties.subnet.id", "Microsoft.Network/virtualNetworks/subnets"),),
    create_only=(
        "properties.computeType",
        "properties.resourceId",
        "properties.properties.vmSize",
        "properties.properties.vmPriority",
        "properties.properties.osType",
        "properties.properties.subnet.id",
        "properties.properties.namespace",
        "properties.properties.isolatedNetwork",
    ),
    duration=20,
    delete_duration=20,
    actions={
        "start": Action(_power("Running", "Stopped")),
        "stop": Action(_power("Stopped", "Running")),
        "restart": Action(_restart),
        "listNodes": Action(_list_nodes),
        "listKeys": Action(_list_keys),
    },
    check=_check,
    complete=_complete,
    present=_present,
    committed=_committed,
    deleting=_deleting,
)
