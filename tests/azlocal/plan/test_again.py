"""Two plans of one program are the same, so that a difference from a base is one of the program."""

from __future__ import annotations

import json
from typing import Any

from azlocal.engine.plan import plan
from tests.azlocal.plan.conftest import Write

PROGRAM = """
import pulumi
from pulumi_azure_native import containerservice, managedidentity, operationalinsights, resources

rg = resources.ResourceGroup("rg", location="westeurope")
who = managedidentity.UserAssignedIdentity("who", resource_group_name=rg.name, location="westeurope")
logs = operationalinsights.Workspace("logs", resource_group_name=rg.name, location="westeurope")
aks = containerservice.ManagedCluster(
    "aks",
    resource_group_name=rg.name,
    location="westeurope",
    dns_prefix="aks",
    identity=containerservice.ManagedClusterIdentityArgs(type="SystemAssigned"),
    oidc_issuer_profile=containerservice.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
    agent_pool_profiles=[
        containerservice.ManagedClusterAgentPoolProfileArgs(
            name="system", mode="System", count=1, vm_size="Standard_D4ds_v5"
        )
    ],
)
managedidentity.FederatedIdentityCredential(
    "trust",
    resource_group_name=rg.name,
    resource_name_=who.name,
    issuer=aks.oidc_issuer_profile.apply(lambda given: given.issuer_url),
    subject="system:serviceaccount:a:b",
    audiences=["api://AzureADTokenExchange"],
)
pulumi.export("who", who.client_id)
pulumi.export("object", who.principal_id)
pulumi.export("cluster", aks.identity.apply(lambda given: given.principal_id))
pulumi.export("logs", logs.customer_id)
"""


def test_what_azure_makes_up_is_the_same_in_each_plan_of_a_program(project: Write) -> None:
    folder = project(PROGRAM)

    def once() -> dict[str, Any]:
        found = plan(folder, "dev", preview=False)
        assert found.problems == []
        return found.as_json()

    one, other = once(), once()
    assert json.dumps(one) == json.dumps(other)
    made = list(one["outputs"].values())
    assert len(set(made)) == len(made) == 4
