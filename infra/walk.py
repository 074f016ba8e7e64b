"""The resources that the program has made so far, found by walking the tree of parents.

What covers every resource of a kind, as diagnostics and locks do, asks here instead of keeping a list of its own,
so that nothing can be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator

import pulumi

PROVIDER = "azure-native:"


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
