"""Once for an environment, by a person who owns the subscription: the resource group, and who deploys into it.

From then on the environment's own workflows do everything, as identities that have no rights outside the group: one
plans and compares, one deploys.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Pulumi runs this folder as a program, with the folder itself on the path and not the repository.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pulumi
from pulumi_azure_native import authorization, resources

from infra.block import Placement
from infra.foundation import names_of, tags_of
from infra.identities.deployer import Deployer, DeployerArgs, Previewer
from infra.settings import reader as settings_reader

settings = settings_reader.load("azure-ml-platform")
platform, environment = settings.platform, pulumi.get_stack()
azure = authorization.get_client_config()
names = names_of(platform, environment, azure.subscription_id)
tags = tags_of(platform, environment)

# The environment's other stack lives in it: destroying this one leaves the group, which would take all else along.
group = resources.ResourceGroup(
    "group",
    resource_group_name=names.of("resource_group"),
    location=platform.location,
    tags=tags,
    opts=pulumi.ResourceOptions(retain_on_delete=True),
)
# A group of its own: inside the other, the identity could give itself further credentials.
identities = resources.ResourceGroup(
    "identities", resource_group_name=names.of("resource_group", "ci"), location=platform.location, tags=tags
)
about = DeployerArgs(
    placement=Placement(identities.name, platform.location, names, tags, azure.subscription_id),
    github=settings.github,
    environment=environment,
    subscription_id=azure.subscription_id,
    group_id=group.id,
)
deployer = Deployer("deployer", about)
previewer = Previewer("previewer", about)

pulumi.export("resource_group", group.name)
# Variables of GitHub's environment of the stack's name; in `<stack>-preview` AZURE_CLIENT_ID is the other identity.
pulumi.export("AZURE_CLIENT_ID", deployer.account.client_id)
pulumi.export("PREVIEW_AZURE_CLIENT_ID", previewer.account.client_id)
# What settings of this and of other environments call them: workspace.promotionReaders, github.previewer.
pulumi.export("PRINCIPAL_ID", deployer.account.principal_id)
pulumi.export("PREVIEW_PRINCIPAL_ID", previewer.account.principal_id)
pulumi.export("AZURE_TENANT_ID", azure.tenant_id)
pulumi.export("AZURE_SUBSCRIPTION_ID", azure.subscription_id)
