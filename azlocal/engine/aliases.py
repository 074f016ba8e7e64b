"""Keeping the cost of aliases down.

Every azure-native resource names its type in all other API versions as an alias: 113 for a managed cluster. For
each the SDK builds several asynchronous outputs, which is nine tenths of what registering a resource costs, and
most of that work is for monitors that know no alias specifications. This monitor knows them. While a program
runs, two functions of the SDK are replaced: the one whose results only such older monitors need, and the one
that resolves plain aliases the long way. What aliases mean does not change: the same specifications are sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from pulumi import resource as sdk_resource
from pulumi.runtime import resource as sdk_runtime
from pulumi.runtime.proto import alias_pb2


@contextlib.contextmanager
def cheap_aliases() -> Iterator[None]:
    """Replace the SDK's alias bookkeeping while a program runs."""
    collapse, prepare = sdk_resource.collapse_alias_to_urn, sdk_runtime.prepare_aliases

    async def prepare_fast(resource: Any, options: Any, supports_alias_specs: bool) -> list[Any]:  # noqa: FBT001
        if not supports_alias_specs or options is None or not options.aliases:
            return await prepare(resource, options, supports_alias_specs)
        prepared = [_specification(alias) for alias in options.aliases]
        if any(alias is None for alias in prepared):
            return await prepare(resource, options, supports_alias_specs)
        return prepared

    # ``Resource._aliases`` is read by ``all_aliases`` alone, which alias specifications make unnecessary.
    sdk_resource.collapse_alias_to_urn = lambda alias, *_: alias  # type: ignore[assignment]
    sdk_runtime.prepare_aliases = prepare_fast
    try:
        yield
    finally:
        sdk_resource.collapse_alias_to_urn = collapse
        sdk_runtime.prepare_aliases = prepare


def _specification(alias: Any) -> Any:
    """The specification of an alias that differs in name or type alone; None for any other."""
    if not isinstance(alias, sdk_resource.Alias):
        return None
    if not (alias.parent is ... and alias.project is ... and alias.stack is ...):
        return None
    name = "" if alias.name is ... or alias.name is None else alias.name
    type_ = "" if alias.type_ is ... or alias.type_ is None else alias.type_
    if not isinstance(name, str) or not isinstance(type_, str):
        return None
    return alias_pb2.Alias(spec=alias_pb2.Alias.Spec(name=name, type=type_))
