"""The template that a plan exports goes through Microsoft's own client of deployments to a running local Azure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from azure.identity import DefaultAzureCredential
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.deployments.models import Deployment, DeploymentParameter, DeploymentProperties
from azure.mgmt.resource.resources import ResourceManagementClient

from azlocal.engine.plan import plan
from azlocal.engine.views.arm import arm_template
from azlocal.entra.principals import SUBSCRIPTION_ID
from tests.azlocal.conftest import Server

ROOT = Path(__file__).parents[3]
ENVIRONMENTS = sorted(path.name.split(".")[1] for path in (ROOT / "environments").glob("Pulumi.*.yaml"))


@pytest.mark.long
@pytest.mark.minutes
@pytest.mark.timeout(400)
@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_template_is_validated_and_deployed_by_microsofts_client(as_owner: Server, env: str) -> None:
    template = json.loads(json.dumps(arm_template(plan(ROOT, env, preview=False).as_json())))
    group = f"rg-mlp-{env}"
    deployment = Deployment(
        properties=DeploymentProperties(
            mode="Incremental",
            template=template,
            parameters={name: DeploymentParameter(value="a secret of the test") for name in template["parameters"]},
        )
    )
    groups: Any = ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID).resource_groups
    groups.create_or_update(group, {"location": "westeurope"})
    client = DeploymentsMgmtClient(DefaultAzureCredential(), SUBSCRIPTION_ID).deployments

    wanted = len(template["resources"])
    validated = client.begin_validate(group, "platform", deployment).result()
    assert validated.error is None
    assert validated.properties is not None
    assert len(validated.properties.validated_resources or []) == wanted > 200

    made = client.begin_create_or_update(group, "platform", deployment).result()
    assert made.properties is not None
    assert made.properties.provisioning_state == "Succeeded"
    assert len(made.properties.output_resources or []) == wanted
