"""Container registry: the images of jobs' environments and deployments."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import containerregistry

from infra import settings
from infra.access import address, default_action
from infra.block import Block, Placement


@dataclass(frozen=True)
class RegistryArgs:
    """Args: placement; registry: zones and retention; network: who reaches it."""

    placement: Placement
    registry: settings.Registry
    network: settings.Network


class Registry(Block):
    """A Premium registry without an administrator's password."""

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        registry = self._registry(name, args)
        self.id: pulumi.Output[str] = registry.id
        self.login_server: pulumi.Output[str] = registry.login_server
        self.register_outputs({"id": self.id, "login_server": self.login_server})

    def _registry(self, name: str, args: RegistryArgs) -> containerregistry.Registry:
        place, existing = args.placement, args.registry.existing_id
        if existing is not None:
            return containerregistry.Registry.get(
                f"{name}-registry", existing, opts=pulumi.ResourceOptions(parent=self)
            )
        return containerregistry.Registry(
            f"{name}-registry",
            resource_group_name=place.resource_group,
            registry_name=place.names.of("container_registry"),
            location=place.location,
            sku=containerregistry.SkuArgs(name="Premium"),
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            data_endpoint_enabled=True,
            zone_redundancy="Enabled" if args.registry.zone_redundant else "Disabled",
            public_network_access=args.network.public_access,
            network_rule_bypass_options="AzureServices",
            network_rule_set=containerregistry.NetworkRuleSetArgs(
                default_action=default_action(args.network),
                ip_rules=[
                    containerregistry.IPRuleArgs(i_p_address_or_range=address(given), action="Allow")
                    for given in args.network.allowed_ip_ranges
                ],
            ),
            policies=containerregistry.PoliciesArgs(
                retention_policy=containerregistry.RetentionPolicyArgs(
                    status="enabled", days=args.registry.untagged_retention_days
                ),
                # Nobody carries images off; Azure takes that for a registry without a public end point alone
                # (container-registry/data-loss-prevention).
                export_policy=containerregistry.ExportPolicyArgs(status="disabled")
                if args.network.public_access == "Disabled"
                else None,
            ),
            tags=place.tags,
            opts=self.child(),
        )
