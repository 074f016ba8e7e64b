"""The Azure Machine Learning workspace: where models are built, trained and registered."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra import settings
from infra.access import isolation_mode
from infra.block import Block, Placement
from infra.identities.identity import Account
from infra.machinelearning import outbound_rules
from infra.resource_ids import group_of, subscription_of
from infra.vault import Key

FIXED = (
    "encryption.status",
    "encryption.keyVaultProperties.keyVaultArmId",
    "enableServiceSideCMKEncryption",
    "hbiWorkspace",
    "keyVault",
    "storageAccount",
)
"""What is chosen when a workspace is made: Azure refuses to change it (machine-learning/concept-customer-managed-keys,
"Limitations"; REST reference, "Workspaces - Create Or Update")."""


@dataclass(frozen=True)
class WorkspaceArgs:
    """What the workspace rests on.

    Args:
        placement: where it goes.
        workspace: its settings.
        network: whether its public end point answers, and whose network its computes are in.
        shared_keys: whether its storage still takes keys.
        storage_id, vault_id, registry_id, insights_id: the services it uses.
        identity: the workspace's own.
        lake_id, lake_account: the storage account of the datastores.
        filesystems: file system of the lake for each zone.
        roles: role assignments of the identity; without them Azure refuses the workspace.
        key: what the workspace's data is encrypted with, unless Microsoft manages it.
    """

    placement: Placement
    workspace: settings.Workspace
    network: settings.Network
    shared_keys: bool
    storage_id: pulumi.Input[str]
    vault_id: pulumi.Input[str]
    registry_id: pulumi.Input[str]
    insights_id: pulumi.Input[str]
    identity: Account
    lake_id: pulumi.Input[str]
    lake_account: pulumi.Input[str]
    filesystems: dict[str, pulumi.Input[str]]
    roles: list[pulumi.Resource]
    key: Key | None = None


class Workspace(Block):
    """Workspace with a datastore for each zone of the lake, both without keys."""

    def __init__(self, name: str, args: WorkspaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        self._workspace = self._make_workspace()
        self.id: pulumi.Output[str] = self._workspace.id
        self.name: pulumi.Output[str] = self._workspace.name
        self.datastores: dict[str, pulumi.Output[str]] = {
            zone: self._make_datastore(zone, filesystem).name for zone, filesystem in args.filesystems.items()
        }
        self.register_outputs({"id": self.id, "name": self.name})

    def _make_workspace(self) -> ml.Workspace:
        args, place = self._args, self._args.placement
        chosen = args.workspace.customer_key
        return ml.Workspace(
            f"{self._name}-workspace",
            resource_group_name=place.resource_group,
            workspace_name=place.names.of("machine_learning_workspace"),
            location=place.location,
            kind="Default",
            sku=ml.SkuArgs(name="Basic", tier=ml.SkuTier.BASIC),
            friendly_name=f"{place.names.platform} {place.names.environment}",
            identity=ml.ManagedServiceIdentityArgs(type="UserAssigned", user_assigned_identities=[args.identity.id]),
            primary_user_assigned_identity=args.identity.id,
            storage_account=args.storage_id,
            key_vault=args.vault_id,
            container_registry=args.registry_id,
            application_insights=args.insights_id,
            system_datastores_auth_mode="AccessKey" if args.shared_keys else "Identity",
            public_network_access=args.network.public_access,
            managed_network=self._managed_network(),
            encryption=self._encryption(),
            enable_service_side_cmk_encryption=chosen.service_side if chosen else None,
            image_build_compute=args.workspace.image_build_compute,
            hbi_workspace=args.workspace.high_business_impact,
            v1_legacy_mode=False,
            tags=place.tags,
            opts=self.child(depends_on=args.roles, replace_on_changes=self._fixed(), delete_before_replace=True),
        )

    def _fixed(self) -> list[str]:
        """What makes the workspace anew. Azure never takes a managed network away (machine-learning/
        how-to-managed-network, "Limitations").
        """
        off = isolation_mode(self._args.network, self._args.workspace) == "Disabled"
        return [*FIXED, *(["managedNetwork.isolationMode"] if off else [])]

    def _managed_network(self) -> ml.ManagedNetworkSettingsArgs:
        """The workspace's own network, made at once: the first job would wait for it otherwise."""
        args = self._args
        mode, given = isolation_mode(args.network, args.workspace), args.workspace.managed_network
        if mode == "Disabled":
            return ml.ManagedNetworkSettingsArgs(isolation_mode=mode)
        return ml.ManagedNetworkSettingsArgs(
            isolation_mode=mode,
            # The firewall is there for hosts, which only this mode knows.
            firewall_sku=given.firewall_sku if mode == "AllowOnlyApprovedOutbound" else None,
            outbound_rules=outbound_rules.rules(
                args.workspace, {outbound_rules.LAKE: args.lake_id, outbound_rules.STORAGE: args.storage_id}
            ),
            status=ml.ManagedNetworkProvisionStatusArgs(spark_ready=given.include_spark, status="Active"),
        )

    def _encryption(self) -> ml.EncryptionPropertyArgs | None:
        key = self._args.key
        if key is None:
            return None
        return ml.EncryptionPropertyArgs(
            status="Enabled",
            identity=ml.IdentityForCmkArgs(user_assigned_identity=self._args.identity.id),
            key_vault_properties=ml.KeyVaultPropertiesArgs(
                key_vault_arm_id=self._args.vault_id,
                key_identifier=key.identifier,
                identity_client_id=self._args.identity.client_id,
            ),
        )

    def _make_datastore(self, zone: str, filesystem: pulumi.Input[str]) -> ml.Datastore:
        args, place = self._args, self._args.placement
        lake = pulumi.Output.from_input(args.lake_id)  # another team's is in a group of theirs
        return ml.Datastore(
            f"{self._name}-datastore-{zone}",
            resource_group_name=place.resource_group,
            workspace_name=self._workspace.name,
            name=zone,
            # Validation reads the storage with the caller's identity, which a pipeline's need not have.
            skip_validation=True,
            properties=ml.AzureDataLakeGen2DatastoreArgs(
                datastore_type="AzureDataLakeGen2",
                description=f"zone {zone} of the data lake",
                account_name=args.lake_account,
                filesystem=filesystem,
                protocol="https",
                endpoint="core.windows.net",
                subscription_id=lake.apply(subscription_of),
                resource_group=lake.apply(group_of),
                credentials=ml.NoneDatastoreCredentialsArgs(credentials_type="None"),
                service_data_access_auth_identity="WorkspaceUserAssignedIdentity",
            ),
            opts=self.child(),
        )
