"""The architecture, top to bottom: each paragraph is a block of the diagram, each argument one of its arrows."""

from __future__ import annotations

import sys
from pathlib import Path

# Pulumi runs this folder as a program, with the folder itself on the path and not the repository.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pulumi
from pulumi_azure_native import authorization, resources

from infra import role_tables as roles_of
from infra import settings_reader
from infra.block import Placement
from infra.identity import Identity, IdentityArgs
from infra.lake import ZONES, DataLake, DataLakeArgs
from infra.naming import Names, stable_suffix
from infra.network import Network, NetworkArgs
from infra.observability import Observability, ObservabilityArgs
from infra.registry import Registry, RegistryArgs
from infra.roles import RoleMatrix, RoleMatrixArgs
from infra.vault import Vault, VaultArgs
from infra.workspace import Workspace, WorkspaceArgs
from infra.workspace_storage import WorkspaceStorage, WorkspaceStorageArgs

settings = settings_reader.load()
platform = settings.platform
azure = authorization.get_client_config()
environment = pulumi.get_stack()
names = Names(
    platform.name,
    environment,
    stable_suffix(azure.subscription_id, platform.name, environment, str(platform.generation)),
)
tags = {
    "platform": platform.name,
    "environment": environment,
    "owner": platform.owner,
    "cost-center": platform.cost_center,
    "managed-by": "pulumi",
    **platform.tags,
}

group = resources.ResourceGroup(
    "group", resource_group_name=names.of("resource_group"), location=platform.location, tags=tags
)
place = Placement(group.name, platform.location, names, tags)

# Who acts: managed identities, and the matrix that gives them and the people their roles.
identity = Identity("identity", IdentityArgs(place))
grants = roles_of.MATRIX + (roles_of.HIGH_BUSINESS_IMPACT if settings.workspace.high_business_impact else ())
roles = RoleMatrix("roles", RoleMatrixArgs(azure.subscription_id, grants))
for purpose, account in identity.accounts.items():
    roles.principal(purpose, account.principal_id)
for persona in type(settings.personas).model_fields:
    someone = getattr(settings.personas, persona)
    roles.principal(persona, str(someone.object_id), someone.principal_type)
roles.scope(roles_of.GROUP, group.id)
roles.scope(roles_of.KUBELET_ID, identity.accounts["kubelet"].id)

# The network everything lives in.
network = Network("network", NetworkArgs(place, settings.network, str(settings.cluster.pod_cidr)))
roles.scope(roles_of.AKS_SUBNET, network.subnets["cluster"])

# 6 Azure Monitor: first, for the rest reports to it.
observability = Observability("observability", ObservabilityArgs(place, settings.observability))
roles.scope(roles_of.LOGS, observability.logs_id)
roles.scope(roles_of.INSIGHTS, observability.insights_id)

# 1 Data of every shape lands in the lake.
lake = DataLake("lake", DataLakeArgs(place, settings.lake, settings.network))
roles.scope(roles_of.LAKE, lake.id)
for zone in ZONES:
    roles.scope(f"{roles_of.LAKE}/{zone}", lake.filesystems[zone].id)

# 4 Secrets in Key Vault, images in ACR, and the workspace's own storage.
vault = Vault("vault", VaultArgs(place, settings.vault, settings.network, azure.tenant_id))
roles.scope(roles_of.VAULT, vault.id)
registry = Registry("registry", RegistryArgs(place, settings.registry, settings.network))
roles.scope(roles_of.REGISTRY, registry.id)
storage = WorkspaceStorage(
    "storage", WorkspaceStorageArgs(place, settings.workspace_storage, settings.network)
)
roles.scope(roles_of.STORAGE, storage.id)

# 3 Models are built and trained in Azure Machine Learning.
workspace = Workspace(
    "workspace",
    WorkspaceArgs(
        placement=place,
        workspace=settings.workspace,
        network=settings.network,
        shared_keys=settings.workspace_storage.shared_keys,
        subscription_id=azure.subscription_id,
        storage_id=storage.id,
        vault_id=vault.id,
        registry_id=registry.id,
        insights_id=observability.insights_id,
        training_subnet=network.subnets["training"],
        identity=identity.accounts["workspace"],
        training=identity.accounts["training"],
        lake_account=lake.account,
        filesystems={zone: lake.filesystems[zone].name for zone in ZONES},
        roles=roles.granted("workspace") + roles.granted("training"),
    ),
)
roles.scope(roles_of.AML, workspace.id)

pulumi.export("location", platform.location)
pulumi.export("resource_group", group.name)
pulumi.export("workspace_name", workspace.name)
pulumi.export("workspace_id", workspace.id)
pulumi.export("lake_account", lake.account)
pulumi.export("lake_datastores", workspace.datastores)
pulumi.export("lake_blob_endpoint", lake.blob_endpoint)
pulumi.export("lake_dfs_endpoint", lake.dfs_endpoint)
pulumi.export("cpu_cluster", workspace.cpu_cluster)
