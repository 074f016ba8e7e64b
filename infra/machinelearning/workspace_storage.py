"""The storage account of the workspace: code snapshots, logs, models, notebooks."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import storage

from infra import settings
from infra.block import Block, Placement
from infra.data.storage_account import account, blob_service, defended


@dataclass(frozen=True)
class WorkspaceStorageArgs:
    """Args: placement; storage: redundancy, retention, keys; network: who reaches it; defender: who watches it."""

    placement: Placement
    storage: settings.WorkspaceStorage
    network: settings.Network
    defender: settings.StorageDefender | None


class WorkspaceStorage(Block):
    """A flat account: Azure ML does not take one with a hierarchical namespace as its default storage."""

    def __init__(self, name: str, args: WorkspaceStorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place, days = args.placement, args.storage.soft_delete_days
        made = account(
            f"{name}-account",
            place,
            account_name=place.names.of("storage_account"),
            redundancy=args.storage.redundancy,
            network=args.network,
            hierarchical=False,
            shared_keys=args.storage.shared_keys,
            opts=self.child(),
        )
        blob_service(f"{name}-blobs", place, made.name, days=days, opts=self.child())
        storage.FileServiceProperties(
            f"{name}-files",
            resource_group_name=place.resource_group,
            account_name=made.name,
            file_services_name="default",
            share_delete_retention_policy=storage.DeleteRetentionPolicyArgs(enabled=True, days=days),
            opts=self.child(),
        )
        if args.defender:
            defended(f"{name}-defender", made.id, args.defender, self.child())
        self.id: pulumi.Output[str] = made.id
        self.register_outputs({"id": self.id})
