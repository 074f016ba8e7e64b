"""The resources that the program has made so far, found by walking the tree of parents.

What covers every resource of a kind, as diagnostics and locks do, asks here instead of keeping a list of its own,
so that nothing can be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi

PROVIDER = "azure-native:"

# Inputs that make the address of what lies on another resource: of its children, and of what extends it.
_ADDRESS = ("account_name", "registry_name", "resource_id", "resource_uri", "scope", "vault_name", "workspace_name")


def kind_of(resource: pulumi.Resource) -> str:
    """Module and type of an azure-native resource, `storage:StorageAccount`; of another, its whole token."""
    return resource.pulumi_resource_type.removeprefix(PROVIDER)


def created() -> list[pulumi.CustomResource]:
    """All custom resources below the stack, by type and name.

    A resource is there from the moment it is registered, whether its outputs are known or, in a preview, not.
    """
    root = pulumi.runtime.get_root_resource()
    found = [] if root is None else [one for one in _below(root) if isinstance(one, pulumi.CustomResource)]
    return sorted(found, key=lambda one: (one.pulumi_resource_type, one.pulumi_resource_name))


def _below(resource: pulumi.Resource) -> Iterator[pulumi.Resource]:
    # The SDK's own record of who is whose child, by which it waits for a component's resources; it has no public name.
    for child in vars(resource)["_childResources"]:
        yield child
        yield from _below(child)


class Addresses:
    """What each resource from now on lies on: roles and settings on a resource, children, and what lies on those.

    Ids tell it too, but only once they are known: the first preview knows none.
    """

    def __init__(self) -> None:
        self._given: dict[pulumi.Resource, list[Any]] = {}
        pulumi.runtime.register_stack_transformation(self._note)

    def _note(self, args: pulumi.ResourceTransformationArgs) -> None:
        if args.type_.startswith(PROVIDER):
            self._given[args.resource] = [args.props[name] for name in _ADDRESS if args.props.get(name) is not None]

    def on(self, *targets: pulumi.CustomResource) -> dict[pulumi.CustomResource, pulumi.Output[list[pulumi.Resource]]]:
        """Everything made so far that lies on each resource, by name."""
        given = dict(self._given)  # what is made from now on, the locks themselves, is not meant
        return {one: pulumi.Output.from_input(_on(one, given)) for one in targets}


async def _on(target: pulumi.Resource, given: dict[pulumi.Resource, list[Any]]) -> list[pulumi.Resource]:
    ways: dict[pulumi.Resource, set[pulumi.Resource]] = {}
    for one, inputs in given.items():
        ways[one] = set().union(*[await pulumi.Output.from_input(value).resources() for value in inputs])
    found, grown = {target}, True
    while grown:
        more = {one for one, lies in ways.items() if one not in found and not found.isdisjoint(lies)}
        found, grown = found | more, bool(more)
    return sorted(found - {target}, key=lambda one: one.pulumi_resource_name)
