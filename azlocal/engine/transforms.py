"""Transforms: functions of the program that may change a resource or a call before it is registered.

The SDK serves them to the Pulumi engine over gRPC; here they are called in the process, on the program's loop,
with the same messages (``pulumi.runtime._callbacks``).
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from pulumi.runtime import _callbacks
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.sync_await import _sync_await

# A transform's options and the fields of a registration that they stand for.
_FIELDS = {
    "additional_secret_outputs": "additionalSecretOutputs",
    "aliases": "aliases",
    "custom_timeouts": "customTimeouts",
    "delete_before_replace": "deleteBeforeReplace",
    "deleted_with": "deletedWith",
    "depends_on": "dependencies",
    "ignore_changes": "ignoreChanges",
    "import": "importId",
    "protect": "protect",
    "provider": "provider",
    "providers": "providers",
    "replace_on_changes": "replaceOnChanges",
    "replace_with": "replace_with",
    "retain_on_delete": "retainOnDelete",
}


class Transforms:
    """The program's transforms, by their tokens."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.for_resources: list[str] = []
        self.for_invokes: list[str] = []

    def resource(self, request: Any) -> Any:
        """The registration after its own transforms, and then the stack's."""
        tokens = [callback.token for callback in request.transforms] + self.for_resources
        for token in tokens:
            options = resource_pb2.TransformResourceOptions(
                **{name: getattr(request, sent) for name, sent in _FIELDS.items() if _given(request, sent)}
            )
            sent = resource_pb2.TransformRequest(
                type=request.type,
                name=request.name,
                custom=request.custom,
                parent=request.parent,
                properties=request.object,
                options=options,
            )
            answer = resource_pb2.TransformResponse.FromString(self._run(token, sent.SerializeToString()))
            request = _applied(request, answer)
        return request

    def invoke(self, request: Any) -> Any:
        """The call after the stack's transforms."""
        for token in self.for_invokes:
            sent = resource_pb2.TransformInvokeRequest(token=request.tok, args=request.args)
            answer = resource_pb2.TransformInvokeResponse.FromString(self._run(token, sent.SerializeToString()))
            changed = resource_pb2.ResourceInvokeRequest()
            changed.CopyFrom(request)
            changed.args.CopyFrom(answer.args)
            request = changed
        return request

    def _run(self, token: str, message: bytes) -> bytes:
        callback = _callback(token)
        coroutine = callback(message)
        if self.loop is None or self._on_loop():
            answer = _sync_await(coroutine)
        else:
            answer = asyncio.run_coroutine_threadsafe(cast(Any, coroutine), self.loop).result()
        return cast(bytes, answer.SerializeToString())

    def _on_loop(self) -> bool:
        try:
            return asyncio.get_running_loop() is self.loop
        except RuntimeError:
            return False


def _callback(token: str) -> Any:
    """The SDK's function behind a token; it keeps them in its callback servers and nowhere else."""
    servers: Any = vars(_callbacks)["_CallbackServicer"]
    return next(known[token] for known in map(_known, vars(servers)["_servicers"]) if token in known)


def _known(server: Any) -> Any:
    return vars(server)["_callbacks"]


def _given(request: Any, name: str) -> bool:
    field = request.DESCRIPTOR.fields_by_name[name]
    if field.is_repeated:
        return bool(getattr(request, name))
    return request.HasField(name) if field.has_presence else bool(getattr(request, name))


def _applied(request: Any, answer: Any) -> Any:
    changed = resource_pb2.RegisterResourceRequest()
    changed.CopyFrom(request)
    changed.object.CopyFrom(answer.properties)
    if answer.HasField("options"):
        for name, field in _FIELDS.items():
            changed.ClearField(field)  # type: ignore[arg-type]
            if _given(answer.options, name):
                value = getattr(answer.options, name)
                changed.MergeFrom(resource_pb2.RegisterResourceRequest(**{field: value}))
        changed.deleteBeforeReplaceDefined = _given(answer.options, "delete_before_replace")
    return changed
