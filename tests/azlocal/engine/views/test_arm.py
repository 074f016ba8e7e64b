"""The template of a plan makes in an empty Azure what the plan makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azlocal.arm import ArmRequest, ControlPlane
from azlocal.engine.views.arm import SCHEMA, arm_template, expression, split
from azlocal.engine.views.files import write_views
from azlocal.entra.principals import OWNER
from azlocal.state import State
from tests.azlocal.engine.views.conftest import ACCOUNT, ENDPOINT, GROUP, IDENTITY, ROLE, Json, resource

VERSION = {"api-version": "2024-03-01"}


def entry(template: Json, type_: str) -> Json:
    """The template's resource of a type."""
    (found,) = [one for one in template["resources"] if one["type"] == type_]
    return dict(found)


def deploy(template: Json, **parameters: str) -> ControlPlane:
    """An Azure with nothing but what the template makes in a new group."""
    control = ControlPlane(State(None))
    made = control.handle(ArmRequest("PUT", GROUP, VERSION, {"location": "westeurope"}, {}, OWNER))
    assert made.status == 201
    given = {name: {"value": value} for name, value in parameters.items()}
    asked = {"properties": {"mode": "Incremental", "template": template, "parameters": given}}
    path = f"{GROUP}/providers/Microsoft.Resources/deployments/one"
    answer = control.handle(ArmRequest("PUT", path, VERSION, asked, {}, OWNER))
    assert answer.status == 201, answer.body
    return control


def test_deployed_to_an_empty_azure_it_makes_each_resource_of_the_plan(plan: Json) -> None:
    del plan["resources"][1]["body"]["properties"]["subnets"][0]["properties"]["natGateway"]
    control = deploy(json.loads(json.dumps(arm_template(plan))))
    made = [one["id"] for one in plan["resources"] if control.state.get(one["id"].lower())]
    assert made == [one["id"] for one in plan["resources"]]
    door, account = control.state.get(ENDPOINT.lower()), control.state.get(ACCOUNT.lower())
    assert door is not None
    assert account is not None
    link = door.body["properties"]["privateLinkServiceConnections"][0]["properties"]
    assert link["privateLinkServiceId"] == ACCOUNT
    assert account.body["sku"]["name"] == "Standard_ZRS"


def test_a_role_is_given_to_the_identity_that_azure_makes(plan: Json) -> None:
    del plan["resources"][1]["body"]["properties"]["subnets"][0]["properties"]["natGateway"]
    control = deploy(arm_template(plan))
    role, identity = control.state.get(ROLE.lower()), control.state.get(IDENTITY.lower())
    assert role is not None
    assert identity is not None
    assert role.body["properties"]["principalId"] == identity.body["properties"]["principalId"] != "p"


def test_it_is_what_the_schema_wants_and_order_is_said_by_functions(plan: Json) -> None:
    template = arm_template(plan)
    assert template["$schema"] == SCHEMA
    assert template["contentVersion"] == "1.0.0.0"
    door = entry(template, "Microsoft.Network/privateEndpoints")
    assert set(door) == {"type", "apiVersion", "name", "location", "properties", "dependsOn"}
    assert door["dependsOn"] == [
        "[resourceId('Microsoft.Network/virtualNetworks', 'vnet-shop')]",
        "[resourceId('Microsoft.Storage/storageAccounts', 'stshop')]",
    ]
    role = entry(template, "Microsoft.Authorization/roleAssignments")
    assert role["scope"] == "[resourceId('Microsoft.Storage/storageAccounts', 'stshop')]"
    assert role["properties"]["roleDefinitionId"].startswith("[subscriptionResourceId('Microsoft.Authorization")


def test_ids_of_the_group_name_neither_it_nor_its_subscription(plan: Json) -> None:
    assert "/subscriptions/" not in json.dumps(arm_template(plan)["resources"])


def test_a_secret_is_a_parameter_without_a_default(plan: Json) -> None:
    plan["resources"][3]["body"]["properties"] = {"customDomain": {"name": "[secret]"}}
    template = arm_template(plan)
    (name,) = template["parameters"]
    assert name == "accountPropertiesCustomDomainName"
    assert template["parameters"][name]["type"] == "secureString"
    assert "defaultValue" not in template["parameters"][name]
    found = entry(template, "Microsoft.Storage/storageAccounts")["properties"]
    assert found == {"customDomain": {"name": f"[parameters('{name}')]"}}


def test_a_text_that_begins_with_a_bracket_stays_a_text(plan: Json) -> None:
    plan["resources"][3]["body"]["tags"] = {"note": "[not()] an expression", "it's": "[]"}
    control_body = entry(arm_template(plan), "Microsoft.Storage/storageAccounts")["tags"]
    assert control_body == {"note": "[[not()] an expression", "it's": "[[]"}


def test_what_it_cannot_hold_is_noted(plan: Json) -> None:
    subscription = GROUP.split("/resourceGroups")[0]
    budget = f"{subscription}/providers/Microsoft.Consumption/budgets/b"
    plan["resources"] += [
        resource("budget", budget, "Microsoft.Consumption/budgets", "2023-11-01", {}),
        resource("space", "models", "Namespace", "v1", {"kind": "Namespace"}),
        resource("far", f"{subscription}/resourceGroups/rg2/providers/A.B/cs/c", "A.B/cs", "1", {}),
    ]
    template = arm_template(plan)
    assert [note.split(": ")[0] for note in template["metadata"]["notes"]] == [
        "Microsoft.Resources/resourceGroups rg",
        "Microsoft.Consumption/budgets budget",
        "Namespace space",
        "A.B/cs far",
    ]
    assert len(template["resources"]) == 5


@pytest.mark.parametrize(
    ("id_", "function"),
    [
        (f"{GROUP}/providers/A.B/cs/it's", "resourceId('A.B/cs', 'it''s')"),
        ("/subscriptions/s/providers/A.B/cs/c", "subscriptionResourceId('A.B/cs', 'c')"),
        (f"{ACCOUNT}/providers/A.B/cs/c/ds/d", ""),
    ],
)
def test_ids_as_functions(id_: str, function: str) -> None:
    wanted = function or (
        "extensionResourceId(resourceId('Microsoft.Storage/storageAccounts', 'stshop'), 'A.B/cs/ds', 'c', 'd')"
    )
    assert expression(id_) == wanted


def test_an_id_in_parts() -> None:
    assert split(ROLE)[0] == ACCOUNT
    assert split(ROLE)[1] == "Microsoft.Authorization/roleAssignments"


def test_it_is_written_where_asked(plan: Json, tmp_path: Path) -> None:
    write_views(plan, {"arm": tmp_path / "t.json", "graph": None})
    assert json.loads((tmp_path / "t.json").read_text()) == arm_template(plan)
    assert not list(tmp_path.glob("*.svg"))
