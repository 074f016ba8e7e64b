"""What all blocks of the architecture share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pulumi
from pulumi_azure_native.provider import Provider

from infra.naming import Names


@dataclass(frozen=True)
class Placement:
    """Where a block's resources go and what they are called.

    Args:
        resource_group: name of the resource group, from the group itself, so that everything waits for it.
        location: the Azure region.
        names: the environment's names.
        tags: on everything that takes tags.
        subscription_id: the subscription that is deployed to.
    """

    resource_group: pulumi.Input[str]
    location: str
    names: Names
    tags: dict[str, str]
    subscription_id: str


class Block(pulumi.ComponentResource):
    """A component named after a block of the diagram.

    The type token is part of each stack's state: a renamed class needs an alias.
    """

    package: ClassVar[str] = "azure-ml-platform"

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        # Named although it is the default: only a parent that is named knows its children (see walk.py).
        stack = pulumi.ResourceOptions(parent=pulumi.runtime.get_root_resource())
        super().__init__(
            f"{self.package}:index:{type(self).__name__}", name, None, pulumi.ResourceOptions.merge(stack, opts)
        )

    def child(
        self,
        *,
        depends_on: list[pulumi.Resource] | None = None,
        provider: pulumi.ProviderResource | None = None,
        replace_on_changes: list[str] | None = None,
        delete_before_replace: bool | None = None,
        secret_outputs: list[str] | None = None,
        former_name: str | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child of this block."""
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=depends_on,
            provider=provider,
            replace_on_changes=replace_on_changes,
            delete_before_replace=delete_before_replace,
            additional_secret_outputs=secret_outputs,
            aliases=[pulumi.Alias(name=former_name)] if former_name else None,
        )

    def within(self, name: str, place: Placement, theirs: str) -> Provider | None:
        """The provider for what is made within something of another team's, by its id; none in one's own subscription.

        azure-native takes the subscription of what it makes from its provider, whatever the resource group is.
        """
        subscription = theirs.split("/")[2]
        if subscription.lower() == place.subscription_id.lower():
            return None
        return Provider(f"{name}-subscription", subscription_id=subscription, opts=self.child())
