"""What the settings name by its id, and another team runs, is taken to be there, and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlocal.engine import commands
from azlocal.engine.plan import plan
from azlocal.entra.principals import SUBSCRIPTION_ID
from tests.azlocal.plan.conftest import Write

THEIRS = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/theirs"
FOREIGN = THEIRS.replace(SUBSCRIPTION_ID, "33333333-0000-4000-8000-000000000001")
READ = """
from pulumi_azure_native import operationalinsights
rg = group()
found = operationalinsights.Workspace.get("logs", pulumi.Config().require("logs"))
pulumi.export("customer", found.customer_id)
pulumi.export("place", found.location)
"""
USE = """
from pulumi_azure_native import network, storage
rg = group()
lake = storage.StorageAccount("lake", resource_group_name=rg.name, account_name="lakeofassumed", location="westeurope",
    kind="StorageV2", sku={"name": "Standard_LRS"})
network.PrivateEndpoint("end", resource_group_name=rg.name, private_endpoint_name="end", location="westeurope",
    subnet={"id": pulumi.Config().require("network") + "/subnets/ends"},
    private_link_service_connections=[{"name": "c", "privateLinkServiceId": lake.id, "groupIds": ["blob"]}])
"""


def planned(folder: Path, **settings: str) -> tuple[list[str], list[str]]:
    lines = "".join(f"  shop:{name}: {value}\n" for name, value in settings.items())
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n{lines}")
    found = plan(folder, "dev", preview=False)
    return [problem["code"] for problem in found.problems], [id_.rsplit("/", 1)[-1] for id_ in found.assumed]


@pytest.mark.parametrize("group", [THEIRS, FOREIGN])
def test_what_is_read_is_there_with_what_the_program_reads(project: Write, group: str) -> None:
    folder = project(READ)
    logs = f"{group}/providers/Microsoft.OperationalInsights/workspaces/logs"
    assert planned(folder, logs=logs) == ([], ["logs"])
    outputs = plan(folder, "dev", preview=False).outputs
    assert len(outputs["customer"]) == 36
    assert outputs["place"] == "westeurope"


def test_what_lies_below_it_is_there_too(project: Write) -> None:
    vnet = f"{THEIRS}/providers/Microsoft.Network/virtualNetworks/vnet"
    problems, assumed = planned(project(USE), network=vnet)
    assert problems == ["PrivateDnsZoneGroupMissing"]  # it is the program's own mistake
    assert assumed == ["vnet", "ends"]


def test_an_id_that_no_setting_names_is_not_taken_for_granted(project: Write) -> None:
    typed = READ.replace(
        'pulumi.Config().require("logs")', f'"{THEIRS}/providers/Microsoft.OperationalInsights/workspaces/x"'
    )
    assert planned(project(typed)) == (["NotFound"], [])


def test_it_is_told(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project(READ)
    planned(folder, logs=f"{THEIRS}/providers/Microsoft.OperationalInsights/workspaces/logs")
    commands.plan(folder, "dev", preview=False)
    told = capsys.readouterr().out
    assert "assumed to exist: Microsoft.OperationalInsights/workspaces logs\n" in told
