"""Microsoft.Resources/deployments: a template's resources, written one after the other as whoever asked."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

from azlocal.arm import writes
from azlocal.arm.errors import ArmError
from azlocal.arm.messages import ArmRequest, ArmResponse
from azlocal.arm.operations import iso
from azlocal.arm.present import body_of, require_group
from azlocal.arm.template.expressions import Functions, Later, invalid
from azlocal.arm.template.template import NESTED, Step, Template
from azlocal.arm.types import Action, Json, NameRule, ResourceType, Scope
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

OPERATION = "Microsoft.Resources/deployments/operations"
_OPERATIONS = "deploymentOperation"  # records: what a deployment did, by its key and its run
_REQUEST = "deploymentRequest"  # document: what a deployment going on was asked, and by whom
_POLL_SECONDS = 0.02
_FAILED = (
    "At least one resource deployment operation failed. Please list deployment operations for details. Please see"
    " https://aka.ms/arm-deployment-operations for usage details."
)


def _put(call: Call) -> ArmResponse:
    """Take a deployment on: 201, and the operation to poll."""
    body = call.request.body if isinstance(call.request.body, dict) else {}
    properties = body.get("properties") or {}
    template = properties.get("template")
    if not isinstance(template, dict):
        raise invalid("the deployment has no template; a template link is not served")
    if str(properties.get("mode", "incremental")).lower() != "incremental":
        raise ArmError(
            501,
            "NotImplemented",
            "azlocal, a local stand-in for Azure, does not serve this operation: deployments of mode Complete.",
        )
    require_group(call)
    writes.check_not_busy(call)
    old = call.state.get(call.key)
    run = _Run(call, properties)
    deployment = _resource(call, properties, run.id)
    call.state.put(deployment)
    if call.control.spawn is None:
        for step in run.steps():
            call.control.operations.active(step.id.lower())
        run.end(None)
        return ArmResponse(201, body_of(call, call.state.get(call.key) or deployment))
    _remember(call, properties)
    operations = call.control.operations
    operation = operations.start(
        call.key, "PUT", call.path.subscription or "", 0, effect=True, on_done=writes.settle(call.control, call.key)
    )
    call.control.start_effect(operation, run.wait(), prompt=False)
    headers = operations.headers(operation, call.api_version, location=False)
    return ArmResponse(200 if old else 201, body_of(call, deployment), headers)


def _remember(call: Call, properties: Json) -> None:
    """Keep what was asked until it is done: a crash may come in the middle."""
    asked = {"properties": properties, "principal": call.principal.object_id, "version": call.api_version}
    call.state.put_document(_REQUEST, call.key, asked)


def again(control: ControlPlane) -> Callable[[Resource], Awaitable[None]]:
    """Runs a deployment that a crash interrupted once more: every step is a PUT, and bears being repeated."""
    from azlocal.arm.control import Call
    from azlocal.arm.ids import parse

    async def run(deployment: Resource) -> None:
        asked = control.state.document(_REQUEST, deployment.key)
        principal = control.directory.by_object_id(asked["principal"]) if asked else None
        if asked is None or principal is None:
            raise ArmError(409, "DeploymentFailed", "The deployment was interrupted and cannot be taken up again.")
        query, properties = {"api-version": asked["version"]}, asked["properties"]
        request = ArmRequest("PUT", deployment.id, query, {"properties": properties}, {}, principal)
        call = Call(control, request, parse(deployment.id), *control.types[NESTED.lower()])
        run = _Run(call, properties)
        control.state.put(_resource(call, properties, run.id))
        await run.wait()

    return run


def _resource(call: Call, properties: Json, run: str) -> Resource:
    given = {
        "mode": "Incremental",
        "parameters": _shown(properties.get("template") or {}, properties.get("parameters") or {}),
        "timestamp": iso(call.control.clock()),
        "correlationId": run,
        "duration": "PT0S",
        "providers": [],
        "dependencies": [],
        "outputResources": [],
    }
    return Resource(call.path.path, NESTED, {"properties": given}, etag=str(uuid.uuid4()))


def _shown(template: Json, given: Json) -> Json:
    """The parameters as a GET shows them: secure ones without their value."""
    kinds = {name.lower(): str(one.get("type", "")) for name, one in (template.get("parameters") or {}).items()}
    shown: Json = {}
    for name, one in given.items():
        kind = kinds.get(name.lower(), "String")
        shown[name] = {"type": kind} if kind.lower().startswith("secure") else {"type": kind, **_value(one)}
    return shown


def _value(given: Any) -> Json:
    return {"value": given["value"]} if isinstance(given, dict) and "value" in given else {"value": given}


class _Run:
    """One run of a template."""

    def __init__(self, call: Call, properties: Json, outer: Functions | None = None) -> None:
        self._call = call
        self.id = str(uuid.uuid4())
        self._started = call.control.clock()
        inner = (properties.get("expressionEvaluationOptions") or {}).get("scope", "outer").lower() == "inner"
        shared = None if outer is None or inner else outer
        self._template = Template(
            properties["template"], properties.get("parameters") or {}, call.path.scope, self._read, shared
        )
        self._made: list[Json] = []

    def _read(self, key: str) -> Json | None:
        found = self._call.state.get(key)
        return body_of(self._call, found) if found else None

    def steps(self) -> Iterator[Step]:
        """Write each resource and yield it, so that whoever runs this can wait for it.

        Raises:
            ArmError: what the first resource that fails is refused with.
        """
        for step in self._template.steps():
            if step.type.lower() == NESTED.lower():
                yield from self._nested(step)
                continue
            answer = self._write(step)
            self._record(step, answer)
            if answer.status >= 400:
                error = answer.body["error"]
                raise ArmError(answer.status, error["code"], error["message"], target=step.id)
            self._made.append({"id": step.id})
            yield step

    def _write(self, step: Step) -> ArmResponse:
        request = ArmRequest(
            "PUT", step.id, {"api-version": step.api_version}, step.body, {}, self._call.request.principal
        )
        return self._call.control.handle(request)

    def _nested(self, step: Step) -> Iterator[Step]:
        import dataclasses

        from azlocal.arm.ids import parse

        path = parse(step.id)
        inner = _Run(dataclasses.replace(self._call, path=path), step.body["properties"], self._template.functions)
        deployment = _resource(inner._call, step.body["properties"], inner.id)  # of the same class
        self._call.state.put(deployment)
        self._record(step, ArmResponse(201))
        yield from inner.steps()
        inner.end(None)

    def _record(self, step: Step, answer: ArmResponse) -> None:
        failed = answer.status >= 400
        entry = {
            "operationId": uuid.uuid4().hex.upper()[:16],
            "properties": {
                "provisioningOperation": "Create",
                "provisioningState": "Failed" if failed else "Succeeded",
                "timestamp": iso(self._call.control.clock()),
                "duration": "PT1S",
                "serviceRequestId": answer.headers.get("x-ms-request-id", self.id),
                "statusCode": {200: "OK", 201: "Created", 202: "Accepted"}.get(answer.status, "BadRequest"),
                "targetResource": {
                    "id": step.id,
                    "resourceType": step.type,
                    "resourceName": step.id.rsplit("/", 1)[-1],
                },
                **({"statusMessage": answer.body} if failed else {}),
            },
        }
        self._call.state.append(_OPERATIONS, f"{self._call.key}|{self.id}", [entry])

    async def wait(self) -> None:
        """Run all steps, each after the one before is done."""
        operations = self._call.control.operations
        try:
            for step in self.steps():
                key = step.id.lower()
                while (going := operations.active(key)) is not None:
                    await asyncio.sleep(_POLL_SECONDS)
                    if going.error:
                        break
                self._check(step)
            self.end(None)
        except ArmError as error:
            self.end(error)
            details = [{"code": error.code, "message": error.message, "target": error.target or ""}]
            raise ArmError(409, "DeploymentFailed", _FAILED, target=self._call.path.path, details=details) from None

    def _check(self, step: Step) -> None:
        found = self._call.state.get(step.id.lower())
        if found is None or found.properties.get("provisioningState") == "Failed":
            raise ArmError(
                409,
                "ResourceDeploymentFailure",
                f"The resource '{step.id}' provisioning operation failed.",
                target=step.id,
            )

    def end(self, error: ArmError | None) -> None:
        """Write down how it went."""
        self._call.state.delete_document(_REQUEST, self._call.key)
        deployment = self._call.state.get(self._call.key)
        if deployment is None:
            return
        seconds = max(self._call.control.clock() - self._started, 0.0)
        deployment.properties.update(
            outputResources=self._made,
            duration=f"PT{seconds:.4f}S",
            provisioningState="Failed" if error else "Succeeded",
        )
        if error is None:
            deployment.properties["outputs"] = self._template.outputs()
        else:
            details = [{"code": error.code, "message": error.message}]
            deployment.properties["error"] = {"code": "DeploymentFailed", "message": _FAILED, "details": details}
        self._call.state.put(deployment)


def _show(_call: Call, _resource: Resource, body: Json) -> None:
    if body["properties"]["provisioningState"] in {"Creating", "Updating"}:
        body["properties"]["provisioningState"] = "Running"


def _operations(call: Call) -> ArmResponse:
    """What the last run did, oldest first."""
    name = call.path.names[0]
    key = f"{call.path.scope}/providers/Microsoft.Resources/deployments/{name}".lower()
    deployment = call.state.get(key)
    if deployment is None:
        raise ArmError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
    run = deployment.properties.get("correlationId")
    value = [
        {"id": f"{deployment.id}/operations/{one['operationId']}", **one}
        for one in call.state.records(_OPERATIONS, f"{key}|{run}")
    ]
    return ArmResponse(200, {"value": value})


def _validate(call: Call, _deployment: Resource) -> ArmResponse:
    """Whether the template can be read at all: parameters, conditions, names. What is referred to need not be there."""
    properties: Json = (call.request.body or {}).get("properties") or {}
    if not isinstance(properties.get("template"), dict):
        raise invalid("the deployment has no template; a template link is not served")
    run = Template(properties["template"], properties.get("parameters") or {}, call.path.scope, Later)
    resources = [{"id": one.id} for one in run.steps()]
    shown = _resource(call, properties, str(uuid.uuid4()))
    shown.properties.update(validatedResources=resources, provisioningState="Succeeded")
    return ArmResponse(200, {"id": call.path.path, "name": call.path.names[-1], "type": NESTED, **shown.body})


TYPES = (
    ResourceType(
        name=NESTED,
        scopes=frozenset({Scope.GROUP, Scope.SUBSCRIPTION}),
        name_rule=NameRule(
            r"[-\w.()]+",
            1,
            64,
            "1-64 letters, digits, hyphens, underscores, periods and parentheses",
            code="InvalidDeploymentName",
        ),
        put=_put,
        present=_show,
        delete_status=204,
        actions={"validate": Action(_validate, "validate/action", before=True)},
    ),
    ResourceType(name=OPERATION, provisioning=False, list=_operations),
)
