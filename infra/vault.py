"""Key Vault: the secrets that remain where identities cannot do without."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import keyvault

from infra import settings
from infra.access import address, default_action
from infra.block import Block, Placement


@dataclass(frozen=True)
class VaultArgs:
    """Args: placement; vault: tier and retention; network: who reaches it; tenant_id: whose identities."""

    placement: Placement
    vault: settings.Vault
    network: settings.Network
    tenant_id: str


@dataclass(frozen=True)
class Key:
    """A key in the vault, by the version it has now."""

    identifier: pulumi.Output[str]


class Vault(Block):
    """A vault that knows roles and no access policies."""

    def __init__(self, name: str, args: VaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        place = args.placement
        self._vault = vault = keyvault.Vault(
            f"{name}-vault",
            resource_group_name=place.resource_group,
            vault_name=place.names.of("key_vault"),
            location=place.location,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=args.tenant_id,
                create_mode=keyvault.CreateMode.RECOVER if args.vault.recover else None,
                sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName(args.vault.sku)),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                soft_delete_retention_in_days=args.vault.soft_delete_days,
                # Azure takes true or nothing: false is refused, for the protection cannot be taken back.
                enable_purge_protection=args.vault.purge_protection or None,
                enabled_for_deployment=False,
                enabled_for_disk_encryption=False,
                enabled_for_template_deployment=False,
                public_network_access=args.network.public_access,
                network_acls=keyvault.NetworkRuleSetArgs(
                    bypass="AzureServices",
                    default_action=default_action(args.network),
                    ip_rules=[keyvault.IPRuleArgs(value=address(given)) for given in args.network.allowed_ip_ranges],
                ),
            ),
            tags=place.tags,
            opts=self.child(),
        )
        self.id: pulumi.Output[str] = vault.id
        self.name: pulumi.Output[str] = vault.name
        self.uri: pulumi.Output[str] = vault.properties.apply(lambda properties: properties.vault_uri or "")
        self.register_outputs({"id": self.id, "uri": self.uri})

    def key(self, name: str, given: settings.CustomerKey) -> Key:
        """A key for encryption at rest, with a new version each period; in hardware where the vault has it."""
        kind = "RSA-HSM" if self._args.vault.sku == "premium" else "RSA"
        made = keyvault.Key(
            f"{self._name}-key-{name}",
            resource_group_name=self._args.placement.resource_group,
            vault_name=self._vault.name,
            key_name=name,
            properties=keyvault.KeyPropertiesArgs(
                kty=kind,
                key_size=3072,
                key_ops=["wrapKey", "unwrapKey"],
                attributes=keyvault.KeyAttributesArgs(enabled=True, exportable=False),
                rotation_policy=keyvault.RotationPolicyArgs(
                    attributes=keyvault.KeyRotationPolicyAttributesArgs(expiry_time=given.expire_after),
                    lifetime_actions=[
                        keyvault.LifetimeActionArgs(
                            trigger=keyvault.TriggerArgs(time_after_create=given.rotate_after),
                            action=keyvault.ActionArgs(type=keyvault.KeyRotationPolicyActionType.ROTATE),
                        )
                    ],
                ),
            ),
            tags=self._args.placement.tags,
            opts=self.child(),
        )
        return Key(made.key_uri_with_version)
