"""Keeping the SDK's own cost of a resource down, while a program runs.

Every azure-native resource names its type in all other API versions as an alias: 113 for a managed cluster. For
each the SDK builds several asynchronous outputs, which is nine tenths of what registering a resource costs, and
most of that work is for monitors that know no alias specifications. This monitor knows them. Three functions of
the SDK are replaced: the one whose results only such older monitors need, the one that resolves plain aliases
the long way, and the one that collects source positions, which this monitor does not show. What aliases mean
does not change: the same specifications are sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pulumi
from pulumi import resource as _resource
from pulumi.runtime import resource as _runtime
from pulumi.runtime.proto import alias_pb2, source_pb2

# Plain names for modules whose functions are replaced: their stubs don't foresee that.
sdk_resource: Any = _resource
sdk_runtime: Any = _runtime


@contextlib.contextmanager
def shortcuts() -> Iterator[None]:
    """Replace the three functions, and put them back."""
    prepare = sdk_runtime.prepare_aliases

    async def prepare_aliases(resource: Any, options: Any, supports_alias_specs: bool) -> Any:  # noqa: FBT001
        if not supports_alias_specs or options is None or not options.aliases:
            return await prepare(resource, options, supports_alias_specs)
        prepared = [_specification(alias) for alias in options.aliases]
        if any(alias is None for alias in prepared):
            return await prepare(resource, options, supports_alias_specs)
        return prepared

    # ``Resource._aliases`` is read by ``all_aliases`` alone, which alias specifications make unnecessary.
    with (
        _replaced(sdk_resource, "collapse_alias_to_urn", lambda alias, *_: alias),
        _replaced(sdk_runtime, "prepare_aliases", prepare_aliases),
        _replaced(sdk_runtime, "_get_stack_trace", source_pb2.StackTrace),
    ):
        yield


@contextlib.contextmanager
def _replaced(module: Any, name: str, function: Callable[..., Any]) -> Iterator[None]:
    original = getattr(module, name)
    setattr(module, name, function)
    try:
        yield
    finally:
        setattr(module, name, original)


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
