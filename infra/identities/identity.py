"""Managed identities: who the services are when they act."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import managedidentity

from infra.block import Block, Placement

WORKSPACE, TRAINING, WORKLOAD, CONTROL_PLANE, KUBELET = "workspace", "training", "workload", "aks", "kubelet"
ROUTER = "router"

IDENTITIES: dict[str, str] = {
    WORKSPACE: "the Azure ML workspace, towards the services it rests on",
    TRAINING: "jobs on the training cluster",
    WORKLOAD: "pods: deployments and jobs on Kubernetes",
    CONTROL_PLANE: "AKS itself, which places nodes and load balancers",
    KUBELET: "the nodes, which pull images",
    ROUTER: "the router of scoring requests, which needs its certificate",
}
"""One user-assigned identity for each row: they exist, with their roles, before what acts through them."""


@dataclass(frozen=True)
class IdentityArgs:
    """Args: placement."""

    placement: Placement


@dataclass(frozen=True)
class Account:
    """A managed identity as others refer to it."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    client_id: pulumi.Output[str]
    principal_id: pulumi.Output[str]


class Identity(Block):
    """The identities of the table."""

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.placement
        self.accounts: dict[str, Account] = {}
        for purpose in IDENTITIES:
            made = managedidentity.UserAssignedIdentity(
                f"{name}-{purpose}",
                resource_group_name=place.resource_group,
                resource_name_=place.names.of("managed_identity", purpose),
                location=place.location,
                tags=place.tags,
                opts=self.child(),
            )
            self.accounts[purpose] = Account(made.id, made.name, made.client_id, made.principal_id)
        self.register_outputs({purpose: account.id for purpose, account in self.accounts.items()})
