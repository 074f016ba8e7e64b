"""The data lake: where data of every shape lands and is refined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import storage

from infra import settings
from infra.block import Block, Placement
from infra.data.lake_tables import ACCESS, WRITES
from infra.data.storage_account import account, blob_service, defended
from infra.lake_access import ZoneAccess
from infra.resource_ids import group_of

ZONES = ("raw", "curated", "features", "scores")
"""As delivered, cleaned, ready for models, and what the models said."""
SPARK_FILESYSTEM = "synapse"
"""Synapse's own files: every Synapse workspace has a file system that it calls its primary one."""


@dataclass(frozen=True)
class DataLakeArgs:
    """What the lake is made of.

    Args:
        placement: where it goes.
        lake: redundancy, retention and what becomes of old data.
        network: who reaches it.
        defender: whether Defender for Storage watches it; another team's account is theirs to watch.
        groups: object id of each persona that is a group: lists are for groups.
        owners: roles on the account that whoever sets its access control lists needs first.
    """

    placement: Placement
    lake: settings.Lake
    network: settings.Network
    defender: settings.StorageDefender | None
    groups: Mapping[str, str]
    owners: Callable[[pulumi.Input[str]], list[pulumi.Resource]]


class DataLake(Block):
    """ADLS Gen2 account with a file system for each zone."""

    def __init__(self, name: str, args: DataLakeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        lake, group = self._account(name, args)
        theirs = self.within(name, args.placement, args.lake.existing_id) if args.lake.existing_id else None
        self.id: pulumi.Output[str] = lake.id
        self.account: pulumi.Output[str] = lake.name
        self.blob_endpoint: pulumi.Output[str] = lake.primary_endpoints.blob
        self.dfs_endpoint: pulumi.Output[str] = lake.primary_endpoints.dfs
        self.filesystems: dict[str, storage.BlobContainer] = {
            zone: storage.BlobContainer(
                f"{name}-{zone}",
                resource_group_name=group,
                account_name=lake.name,
                container_name=zone,
                public_access=storage.PublicAccess.NONE,
                opts=self.child(provider=theirs),
            )
            for zone in (*ZONES, SPARK_FILESYSTEM)
        }
        if args.lake.existing_id is None:
            self._age(name, args.placement, args.lake, lake)
        for zone, access in ACCESS.items():
            ZoneAccess(
                f"{name}-{zone}-access",
                account=lake.name,
                account_id=lake.id,
                endpoint=lake.primary_endpoints.dfs,
                zone=self.filesystems[zone].name,
                groups=_by_group(args.groups, access),
                opts=self.child(depends_on=args.owners(lake.id)),
            )
        self.register_outputs({"id": self.id, "account": self.account})

    def _account(self, name: str, args: DataLakeArgs) -> tuple[storage.StorageAccount, pulumi.Input[str]]:
        """The account and its resource group. What another team's account keeps, and how long, is theirs to say."""
        place, existing = args.placement, args.lake.existing_id
        if existing is not None:
            found = storage.StorageAccount.get(f"{name}-account", existing, opts=pulumi.ResourceOptions(parent=self))
            return found, group_of(existing)
        lake = account(
            f"{name}-account",
            place,
            account_name=place.names.of("data_lake"),
            redundancy=args.lake.redundancy,
            network=args.network,
            hierarchical=True,
            shared_keys=False,
            opts=self.child(),
        )
        blob_service(
            f"{name}-blobs",
            place,
            lake.name,
            days=args.lake.soft_delete_days,
            track_last_access=args.lake.track_last_access,
            opts=self.child(),
        )
        if args.defender:
            defended(f"{name}-defender", lake.id, args.defender, self.child())
        return lake, place.resource_group

    def _age(self, name: str, place: Placement, lake: settings.Lake, account: storage.StorageAccount) -> None:
        """One lifecycle rule for each zone that has one; Azure takes no policy without rules."""
        rules = [
            rule for zone in ZONES if (rule := _lifecycle(zone, getattr(lake.zones, zone), lake.track_last_access))
        ]
        if rules:
            storage.ManagementPolicy(
                f"{name}-lifecycle",
                resource_group_name=place.resource_group,
                account_name=account.name,
                management_policy_name="default",
                policy=storage.ManagementPolicySchemaArgs(rules=rules),
                opts=self.child(),
            )


def _lifecycle(zone: str, life: settings.Lifecycle, by_access: bool) -> storage.ManagementPolicyRuleArgs | None:  # noqa: FBT001
    if life.cool_after_days is None and life.delete_after_days is None:
        return None
    cool = (
        storage.DateAfterModificationArgs(days_after_last_access_time_greater_than=life.cool_after_days)
        if by_access
        else storage.DateAfterModificationArgs(days_after_modification_greater_than=life.cool_after_days)
    )
    delete = storage.DateAfterModificationArgs(days_after_modification_greater_than=life.delete_after_days)
    return storage.ManagementPolicyRuleArgs(
        name=zone,
        enabled=True,
        type="Lifecycle",
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(blob_types=["blockBlob"], prefix_match=[f"{zone}/"]),
            actions=storage.ManagementPolicyActionArgs(
                base_blob=storage.ManagementPolicyBaseBlobArgs(
                    tier_to_cool=cool if life.cool_after_days is not None else None,
                    delete=delete if life.delete_after_days is not None else None,
                )
            ),
        ),
    )


def _by_group(groups: Mapping[str, str], access: Mapping[str, str]) -> dict[str, str]:
    """What each group may do in a zone: of the personas that it stands for, the one that may more."""
    found: dict[str, str] = {}
    for persona, may in access.items():
        if (group := groups.get(persona)) is not None and found.get(group) != WRITES:
            found[group] = may
    return found
