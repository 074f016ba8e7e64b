"""Jobs: sent, read, canceled. What runs them is ``azlocal.machinelearning.jobs``; here is what Azure answers.

A job shows its run: status, tags, names and properties are the run's, so that what one view changes all show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.arm.operations import Operation
from azlocal.arm.present import body_of, not_found, require_group
from azlocal.arm.providers.machinelearning.paging import page
from azlocal.arm.providers.machinelearning.versions import WORKSPACE
from azlocal.arm.types import Action, NameRule, ResourceType
from azlocal.machinelearning.jobs import checks, events
from azlocal.machinelearning.runs import Run, Runs
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

JOB = f"{WORKSPACE}/jobs"
_MAY_CHANGE = frozenset(
    {"tags", "displayName", "description", "properties", "isArchived", "status", "services", "provisioningState"}
)


def _check(call: Call, new: Resource, old: Resource | None) -> None:
    if old is None:
        if Runs(call.state).get(_workspace(call), new.name):
            raise ArmError(409, "Conflict", f"A run named '{new.name}' exists already. Choose another name.")
        checks.check(call.state, _workspace(call), new.properties)
        return
    for key in ("jobType", "command", "environmentId", "codeId", "computeId"):
        value = new.properties.get(key)
        if value is not None and value != old.properties.get(key):
            raise bad_request(
                f"A job named '{new.name}' exists, and its '{key}' cannot change. Send the job under another name.",
                "UserError",
                f"properties.{key}",
            )


def _workspace(call: Call) -> str:
    return call.path.path.lower().split("/jobs")[0]


def _complete(_call: Call, new: Resource, old: Resource | None) -> None:
    properties = new.properties
    if old is not None:  # what a job does is what it was sent with
        new.body["properties"] = {**old.properties, **{k: v for k, v in properties.items() if k in _MAY_CHANGE}}
    new.properties["experimentName"] = new.properties.get("experimentName") or "Default"


def _committed(call: Call, new: Resource, old: Resource | None) -> None:
    """Make the run with the job, in one transaction; then let it begin."""
    runs, properties = Runs(call.state), new.properties
    if old is not None:
        runs.change(_workspace(call), new.name, lambda run: _rename(run, properties))
        return
    kind = "azureml.PipelineRun" if properties["jobType"] == "Pipeline" else "azureml.commandjob"
    runs.create(
        _workspace(call),
        new.name,
        properties["experimentName"],
        kind=kind,
        creator=call.principal.object_id,
        creator_name=call.principal.name,
        target=str(properties.get("computeId") or "").rsplit("/", 1)[-1] or None,
        display_name=properties.get("displayName") or new.name,
        description=properties.get("description"),
        tags=dict(properties.get("tags") or {}),
        properties={**(properties.get("properties") or {}), "_azureml.ComputeTargetType": "local"},
        parameters=_literals(properties),
        inputs=properties.get("inputs") or {},
        hidden=bool(properties.get("isArchived")),
    )
    events.tell(call, events.SUBMITTED, new)


def _literals(properties: dict[str, Any]) -> dict[str, str]:
    """The literal inputs, which run history shows as parameters."""
    inputs = properties.get("inputs") or {}
    return {
        name: str(one.get("value"))
        for name, one in inputs.items()
        if one.get("jobInputType") == "literal" and one.get("value") is not None
    }


def _rename(run: Run, properties: dict[str, Any]) -> None:
    run.tags = dict(properties.get("tags") or {})
    run.display_name = properties.get("displayName") or run.display_name
    run.description = properties.get("description")
    run.properties |= properties.get("properties") or {}
    run.hidden = bool(properties.get("isArchived"))


def _present(call: Call, resource: Resource, body: dict[str, Any]) -> None:
    run = Runs(call.state).get(resource.key.split("/jobs/")[0], resource.name)
    if run is None:
        return
    properties = dict(body["properties"])
    properties |= {
        "status": run.status,
        "displayName": run.display_name,
        "description": run.description,
        "tags": run.tags,
        "properties": run.properties,
        "isArchived": run.hidden,
        "outputs": _outputs(properties.get("outputs") or {}, run),
        "services": _services(call, resource, run),
    }
    body["properties"] = properties


def _outputs(declared: dict[str, Any], run: Run) -> dict[str, Any]:
    """The outputs as declared, with where each of them is once it is written."""
    return {
        name: {**(one or {}), "uri": run.outputs.get(name, {}).get("uri") or (one or {}).get("uri")}
        for name, one in declared.items()
    }


def _services(call: Call, job: Resource, run: Run) -> dict[str, Any]:
    workspace_id = job.id.split("/jobs/")[0]
    workspace = call.state.get(workspace_id.lower())
    tracking = workspace.properties["mlFlowTrackingUri"] if workspace else ""
    studio = f"https://ml.azure.com/runs/{run.id}?wsid={workspace_id}"
    endpoints = {"Studio": studio, "Tracking": f"{tracking}?"}
    return {
        name: {"jobServiceType": name, "endpoint": endpoint, "status": None, "port": None, "errorMessage": None}
        for name, endpoint in endpoints.items()
    }


def _get(call: Call) -> ArmResponse:
    """A job; a child run is one too, but says nothing about itself here (its ``properties`` are null)."""
    resource = call.state.get(call.key)
    if resource is not None:
        return ArmResponse(200, body_of(call, resource), {"etag": f'"{resource.etag}"'})
    require_group(call)
    run = Runs(call.state).get(_workspace(call), call.path.names[-1])
    if run is None:
        raise not_found(call)
    return ArmResponse(200, {"id": call.path.path, "name": run.id, "type": JOB, "properties": None})


def _list(call: Call) -> ArmResponse:
    """The jobs, latest first, by ``listViewType``, ``jobType`` and ``tag``."""
    require_group(call)
    query = call.request.query
    found = sorted(call.state.children(_workspace(call), JOB), key=lambda one: one.created, reverse=True)
    shown = [body_of(call, one) for one in found]
    view = query.get("listViewType", "ActiveOnly").lower()
    if view != "all":
        shown = [one for one in shown if bool(one["properties"]["isArchived"]) is (view == "archivedonly")]
    if kind := query.get("jobType"):
        shown = [one for one in shown if one["properties"]["jobType"] == kind]
    if tag := query.get("tag"):
        name, _, value = tag.partition("=")
        shown = [
            one for one in shown if name in one["properties"]["tags"] and value in {"", one["properties"]["tags"][name]}
        ]
    return page(call, shown)


def _cancel(call: Call, job: Resource) -> ArmResponse:
    """Ask the server to end a job: 202, over when nothing of it is left; 200 for one that is over."""
    workspace = _workspace(call)
    run = Runs(call.state).change(workspace, job.name, _request_cancel)
    effects = call.control.effects.get(events.CANCELED)
    if run is None or run.done or effects is None or effects.put is None or call.control.spawn is None:
        return ArmResponse(200)
    operations = call.control.operations
    operation: Operation = operations.active(job.key) or operations.start(
        job.key, "POST", call.path.subscription or "", 0.0, effect=True
    )
    call.control.run_effect(call.control.effect(operation, effects.put(job)))
    return ArmResponse(202, None, operations.headers(operation, call.api_version, location=True))


def _request_cancel(run: Run) -> None:
    if not run.done:
        run.status = "CancelRequested"


def _deleting(call: Call, job: Resource) -> None:
    runs, workspace = Runs(call.state), _workspace(call)
    run = runs.get(workspace, job.name)
    if run and not run.done:
        raise ArmError(409, "Conflict", f"The job '{job.name}' is {run.status}. Cancel it, then delete it.")
    runs.delete(workspace, job.name)


TYPE = ResourceType(
    name=JOB,
    system_data=True,
    provisioning=False,
    name_rule=NameRule(r"[A-Za-z0-9_-]+", 1, 255, "1-255 letters, digits, underscores and hyphens", code="UserError"),
    required=("properties.jobType",),
    check=_check,
    complete=_complete,
    committed=_committed,
    present=_present,
    get=_get,
    list=_list,
    deleting=_deleting,
    actions={"cancel": Action(_cancel)},
)
