"""Keeping the SDK's own cost of a resource down, while a program runs.

Every azure-native resource names its type in all other API versions as an alias: 113 for a managed cluster. For
each the SDK builds several asynchronous outputs, which is nine tenths of what registering a resource costs, and
most of that work is for monitors that know no alias specifications. This monitor knows them. Three functions of
the SDK are replaced: the one whose results only such older monitors need, the one that resolves plain aliases
the long way, and the one that collects source positions, which this monitor does not show. What aliases mean
does not change: the same specifications are sent.

And one thing is mended: to serialize a dynamic resource's provider the SDK wraps a method of the standard pickler
and leaves it wrapped (``serialize_provider`` of ``pulumi.dynamic``), so that each such resource costs more than the
one before, and the thousandth of a process ends in a RecursionError.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pulumi
from pulumi import resource as _resource
from pulumi.dynamic import dynamic as _dynamic
from pulumi.runtime import resource as _runtime
from pulumi.runtime.proto import alias_pb2, source_pb2

# Plain names for modules whose functions are replaced: their stubs don't foresee that.
sdk_resource: Any = _resource
sdk_runtime: Any = _runtime
sdk_dynamic: Any = _dynamic
standard: Any = pickle


@contextlib.contextmanager
def shortcuts() -> Iterator[None]:
    """Replace these functions, and put them back."""
    prepare = sdk_runtime.prepare_aliases
    serialize = sdk_dynamic.serialize_provider

    async def prepare_aliases(resource: Any, options: Any, supports_alias_specs: bool) -> Any:  # noqa: FBT001
        if not supports_alias_specs or options is None or not options.aliases:
            return await prepare(resource, options, supports_alias_specs)
        prepared = [_specification(alias) for alias in options.aliases]
        if any(alias is None for alias in prepared):
            return await prepare(resource, options, supports_alias_specs)
        return prepared

    def serialize_provider(provider: Any) -> str:
        pickler = standard._Pickler  # noqa: SLF001
        with (
            _replaced(pickler, "_batch_setitems", pickler._batch_setitems),  # noqa: SLF001
            _replaced(pickler, "save_dict", pickler.save_dict),
        ):
            return str(serialize(provider))

    # ``Resource._aliases`` is read by ``all_aliases`` alone, which alias specifications make unnecessary.
    with (
        _replaced(sdk_resource, "collapse_alias_to_urn", lambda alias, *_: alias),
        _replaced(sdk_runtime, "prepare_aliases", prepare_aliases),
        _replaced(sdk_runtime, "_get_stack_trace", source_pb2.StackTrace),
        _replaced(sdk_dynamic, "serialize_provider", serialize_provider),
    ):
        yield


@contextlib.contextmanager
def _replaced(owner: Any, name: str, function: Callable[..., Any]) -> Iterator[None]:
    original = getattr(owner, name)
    setattr(owner, name, function)
    try:
        yield
    finally:
        setattr(owner, name, original)


def _specification(alias: Any) -> Any:
    """The specification of an alias that differs in name or type alone; None for any other."""
    if not isinstance(alias, pulumi.Alias):
        return None
    parts: Any = alias
    if not (parts.parent is ... and parts.project is ... and parts.stack is ...):
        return None
    name = "" if parts.name is ... or parts.name is None else parts.name
    type_ = "" if parts.type_ is ... or parts.type_ is None else parts.type_
    if not isinstance(name, str) or not isinstance(type_, str):
        return None
    return alias_pb2.Alias(spec=alias_pb2.Alias.Spec(name=name, type=type_, parentUrn=""))
