"""The resource monitor that the Pulumi SDK talks to, in this process and without a wire.

The SDK calls ``RegisterResource`` and its relatives with the protobuf messages it would send to the Pulumi
engine, each in a thread of its own; a call may block until the resource is there, and the SDK lets whatever
depends on it wait. Method names are the SDK's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import resource_pb2

from azlocal.engine.deployment import Deployment
from azlocal.engine.errors import ArmCallError, EngineError, RefusedError, ResourceError
from azlocal.engine.provider import HOUR, Json, Timeouts
from azlocal.engine.registration import Outcome, Registration
from azlocal.engine.transforms import Transforms
from azlocal.engine.urns import STACK_TYPE, Alias, Named, make_urn
from azlocal.engine.values import decode, reveal, to_struct

FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    # With alias specifications the SDK need not compute each alias of each parent for each child.
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
)

REFUSED_TYPES = {
    "pulumi:pulumi:StackReference": "read the other stack's outputs file in the program instead",
}

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_SECONDS = {"h": HOUR, "m": 60.0, "s": 1.0, "ms": 0.001}


class NoMocks(Mocks):
    """The SDK wants mocks beside a monitor; this monitor asks them nothing."""

    def call(self, args: MockCallArgs) -> Any:
        """Never called."""
        raise NotImplementedError(args.token)

    def new_resource(self, args: MockResourceArgs) -> Any:
        """Never called."""
        raise NotImplementedError(args.typ)


class Monitor(MockMonitor):
    """Turns the SDK's messages into registrations of a deployment, and its outcomes into answers."""

    def __init__(self, deployment: Deployment, project: str, stack: str) -> None:
        super().__init__(NoMocks())
        self._deployment = deployment
        self._project = project
        self._stack = stack
        self._transforms = Transforms()
        self.outputs: Json = {}
        self.stack_urn = make_urn(stack, project, "", STACK_TYPE, f"{project}-{stack}")

    def run_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop on which the program, and with it any transform, runs."""
        self._transforms.loop = loop

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Bring one resource where the program wants it."""
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=self.stack_urn)
        request = self._transforms.resource(request)
        urn = make_urn(self._stack, self._project, request.parent, request.type, request.name)
        _refuse(request)
        outcome = self._deployment.register(self._registration(urn, request))
        return _answer(outcome, request)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Look up a resource that is not the stack's."""
        urn = make_urn(self._stack, self._project, request.parent, request.type, request.name)
        _refuse_type(request)
        want = Registration(
            urn,
            request.type,
            request.name,
            custom=True,
            inputs=decode(request.properties),
            parent=request.parent,
            provider=request.provider,
            dependencies=list(request.dependencies),
        )
        outcome = self._deployment.read(want, request.id)
        if outcome.failed and not self._deployment.planning:
            # A read has no way to report a failure other than stopping the program; a plan's unknowns do.
            failure = self._deployment.summary.failures[-1]
            raise EngineError(f"reading {request.id}: {failure.message}")
        return resource_pb2.ReadResourceResponse(urn=urn, id=outcome.id, properties=to_struct(outcome.outputs))

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Answer a function."""
        request = self._transforms.invoke(request)
        try:
            found = self._deployment.invoke(request.tok, reveal(decode(request.args)), request.provider)
        except ResourceError as error:
            raise self._refused_call(request.tok, error) from None
        if found is None:
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        return resource_pb2.ResourceInvokeResponse(**{"return": to_struct(found)})

    def _refused_call(self, token: str, error: ResourceError) -> EngineError:
        """Of which resource of the program a function was asked, and the way out."""
        from azlocal.engine.plan.catalogue import advice

        asked = error.asked if isinstance(error, ArmCallError) else ""
        records = list(self._deployment.state.records.values())  # other threads add to them
        of = next((one.name for one in records if asked and one.id.lower() == asked.lower()), "")
        where = f" of {of}" if of else ""
        if of and isinstance(error, ArmCallError) and error.status == 404:
            hint = f"{of} was deleted outside of the program: `azlocal up {self._stack} --refresh` makes it anew"
        else:
            hint = advice(error.code).fix
        return EngineError(f"{token}{where} failed: {error.code}: {error.message}", hint)

    def Call(self, request: Any) -> Any:  # noqa: N802
        """Methods of remote components."""
        raise RefusedError(f"calling the method '{request.tok}' is not served by this engine")

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Outputs of a component, or of the stack itself."""
        if request.urn == self.stack_urn:
            self.outputs = {**self.outputs, **decode(request.outputs)}
        return empty_pb2.Empty()

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802
        """From now on every resource goes through this transform."""
        self._transforms.for_resources.append(request.token)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: Any) -> Any:  # noqa: N802
        """From now on every function call goes through this transform."""
        self._transforms.for_invokes.append(request.token)
        return empty_pb2.Empty()

    def RegisterPackage(self, request: Any) -> Any:  # noqa: N802
        """Packages generated for one api-version."""
        raise RefusedError(
            f"the parameterized package '{request.parameterization.name or request.name}' is not served",
            "use the modules of pulumi-azure-native itself",
        )

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        """Older SDKs ask feature by feature; this one asks GetDeploymentInfo."""
        return SimpleNamespace(hasSupport=False)

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802
        """What this monitor can do; the SDK refuses by name what is not in it."""
        return resource_pb2.DeploymentInfo(supportedFeatures=FEATURES)

    def _registration(self, urn: str, request: Any) -> Registration:
        trigger = request.replacement_trigger
        return Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            custom=request.custom,
            inputs=decode(request.object),
            parent=request.parent,
            provider=request.provider,
            dependencies=list(request.dependencies),
            property_dependencies={name: list(deps.urns) for name, deps in request.propertyDependencies.items()},
            named=Named(
                self._stack, self._project, request.parent, request.type, request.name, _aliases(request.aliases)
            ),
            protect=request.protect,
            ignore_changes=list(request.ignoreChanges),
            replace_on_changes=list(request.replaceOnChanges),
            delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
            retain=request.retainOnDelete,
            deleted_with=request.deletedWith,
            replace_with=list(request.replace_with),
            trigger=_trigger(trigger) if request.HasField("replacement_trigger") else None,
            import_id=request.importId,
            timeouts=_timeouts(request.customTimeouts),
            secret_outputs=list(request.additionalSecretOutputs),
        )


def _refuse_type(request: Any) -> None:
    """Types that Pulumi's own engine makes, by name."""
    for prefix, hint in REFUSED_TYPES.items():
        if request.type.startswith(prefix):
            raise RefusedError(f"'{request.type}' ({request.name}) is not served by this engine", hint)


def _refuse(request: Any) -> None:
    """What Pulumi knows and this engine doesn't, by name."""
    _refuse_type(request)
    if request.remote:
        raise RefusedError(
            f"the remote component '{request.type}' ({request.name}) is not served by this engine",
            "write it as a pulumi.ComponentResource of the program",
        )
    if request.envVarMappings:
        raise RefusedError(f"the option 'env_var_mappings' of {request.name} is not served by this engine")


def _answer(outcome: Outcome, request: Any) -> Any:
    if outcome.failed:
        return resource_pb2.RegisterResourceResponse(urn=outcome.urn, result=resource_pb2.FAIL)
    outputs = to_struct(outcome.outputs) if request.custom else request.object
    return resource_pb2.RegisterResourceResponse(urn=outcome.urn, id=outcome.id, object=outputs)


def _aliases(sent: Iterable[Any]) -> tuple[Alias, ...]:
    return tuple(
        Alias(urn=alias.urn)
        if alias.urn
        else Alias(
            name=alias.spec.name,
            type=alias.spec.type,
            project=alias.spec.project,
            stack=alias.spec.stack,
            parent=alias.spec.parentUrn,
            no_parent=alias.spec.noParent,
        )
        for alias in sent
    )


def _trigger(value: Any) -> Any:
    from google.protobuf import json_format

    return json_format.MessageToDict(value)


def _timeouts(sent: Any) -> Timeouts:
    return Timeouts(seconds(sent.create), seconds(sent.update), seconds(sent.delete))


def seconds(text: str) -> float:
    """A duration as Pulumi writes it (``5m``, ``1h30m``); an hour where none is given.

    Raises:
        EngineError: it is not one.
    """
    if not text:
        return HOUR
    if _DURATION.sub("", text):
        raise EngineError(f"'{text}' is no duration", "write it as 90s, 5m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))
