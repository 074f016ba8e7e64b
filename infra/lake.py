"""The data lake: where data of every shape lands and is refined."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import storage

from infra import settings
from infra.block import Block, Placement
from infra.storage_account import account, blob_service

ZONES = ("raw", "curated", "features", "scores")
"""As delivered, cleaned, ready for models, and what the models said."""
SPARK_FILESYSTEM = "synapse"
"""Synapse's own files: every Synapse workspace has a file system that it calls its primary one."""


@dataclass(frozen=True)
class DataLakeArgs:
    """Args: placement; lake: redundancy and retention; network: who reaches it."""

    placement: Placement
    lake: settings.Lake
    network: settings.Network


class DataLake(Block):
    """ADLS Gen2 account with a file system for each zone."""

    def __init__(self, name: str, args: DataLakeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.placement
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
        blob_service(f"{name}-blobs", place, lake.name, days=args.lake.soft_delete_days, opts=self.child())
        self.id: pulumi.Output[str] = lake.id
        self.account: pulumi.Output[str] = lake.name
        self.blob_endpoint: pulumi.Output[str] = lake.primary_endpoints.blob
        self.dfs_endpoint: pulumi.Output[str] = lake.primary_endpoints.dfs
        self.filesystems: dict[str, storage.BlobContainer] = {
            zone: storage.BlobContainer(
                f"{name}-{zone}",
                resource_group_name=place.resource_group,
                account_name=lake.name,
                container_name=zone,
                public_access=storage.PublicAccess.NONE,
                opts=self.child(),
            )
            for zone in (*ZONES, SPARK_FILESYSTEM)
        }
        self.register_outputs({"id": self.id, "account": self.account})
