"""The Azure ML registry: models, components and environments on their way from one workspace to the next."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra import settings
from infra.block import Block, Placement


@dataclass(frozen=True)
class PromotionArgs:
    """Args: placement; network: whether its public end point answers; redundancy: of its storage."""

    placement: Placement
    network: settings.Network
    redundancy: settings.Redundancy


class Promotion(Block):
    """A registry with storage and images that Azure makes, in a resource group that Azure manages.

    Private endpoints to those two are made by a person (docs/operations.md): whoever deploys has no right to approve
    them in that group (machine-learning/how-to-registry-network-isolation).
    """

    def __init__(self, name: str, args: PromotionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.placement
        registry = ml.Registry(
            f"{name}-registry",
            resource_group_name=place.resource_group,
            registry_name=place.names.of("machine_learning_registry"),
            location=place.location,
            identity=ml.ManagedServiceIdentityArgs(type="SystemAssigned"),
            public_network_access=args.network.public_access,
            region_details=[
                ml.RegistryRegionArmDetailsArgs(
                    location=place.location,
                    acr_details=[
                        ml.AcrDetailsArgs(
                            system_created_acr_account=ml.SystemCreatedAcrAccountArgs(acr_account_sku="Premium")
                        )
                    ],
                    storage_account_details=[
                        ml.StorageAccountDetailsArgs(
                            system_created_storage_account=ml.SystemCreatedStorageAccountArgs(
                                storage_account_type=args.redundancy,
                                storage_account_hns_enabled=False,
                                allow_blob_public_access=False,
                            )
                        )
                    ],
                )
            ],
            tags=place.tags,
            opts=self.child(),
        )
        self.id: pulumi.Output[str] = registry.id
        self.name: pulumi.Output[str] = registry.name
        self.register_outputs({"id": self.id, "name": self.name})
