"""Budgets, locks, policy assignments, workbooks and table plans: what Azure takes and what it refuses, in its words."""

from __future__ import annotations

import datetime
import json
import uuid
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.applicationinsights import ApplicationInsightsManagementClient
from azure.mgmt.loganalytics import LogAnalyticsManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from .conftest import GROUP, LOCATION, SUBSCRIPTION, World, refused

MONTH = datetime.date(2023, 11, 1)  # in which the clock of a test stands
NOBODY = f"{GROUP}/providers/Microsoft.Insights/actionGroups/none"
LOCAL_AUTH = "/providers/Microsoft.Authorization/policyDefinitions/e96a9a5f-07ca-471b-9bc5-6a0f33cbd68f"


class Arm:
    """Any type by its id: these have left the packages of azure-mgmt that the tests use."""

    def __init__(self, world: World) -> None:
        self._resources = world.client(ResourceManagementClient).resources

    def put(self, path: str, version: str, properties: dict[str, Any]) -> Any:
        return self._resources.begin_create_or_update_by_id(
            path, api_version=version, parameters={"properties": properties}
        ).result()

    def get(self, path: str, version: str) -> Any:
        return self._resources.get_by_id(path, api_version=version)

    def delete(self, path: str, version: str) -> None:
        self._resources.begin_delete_by_id(path, api_version=version).result()


@pytest.fixture
def arm(world: World) -> Arm:
    world.account()
    return Arm(world)


def budget(**changes: Any) -> dict[str, Any]:
    return {
        "category": "Cost",
        "amount": 100,
        "timeGrain": "Monthly",
        "timePeriod": {"startDate": f"{MONTH}T00:00:00Z"},
        "notifications": {
            "half": {
                "enabled": True,
                "operator": "GreaterThan",
                "threshold": 50,
                "contactEmails": ["team@example.com"],
            }
        },
        **changes,
    }


BUDGET = f"{GROUP}/providers/Microsoft.Consumption/budgets/month"


def test_a_budget_ends_in_ten_years_and_has_cost_nothing(arm: Arm) -> None:
    made = arm.put(BUDGET, "2024-08-01", budget()).properties
    assert made["timePeriod"]["endDate"] == f"{MONTH.year + 10}-{MONTH.month:02}-01T00:00:00Z"
    assert made["notifications"]["half"]["thresholdType"] == "Actual"
    assert arm.get(BUDGET, "2024-08-01").properties["currentSpend"]["amount"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 0},
        {"timePeriod": {"startDate": f"{MONTH.replace(day=2)}T00:00:00Z"}},
        {"timePeriod": {"startDate": f"{MONTH.year - 1}-{MONTH.month:02}-01T00:00:00Z"}},
        {"timePeriod": {"startDate": f"{MONTH.year + 2}-01-01T00:00:00Z"}},
        {"timePeriod": {"startDate": "soon"}},
        {"timePeriod": {"startDate": f"{MONTH}T00:00:00Z", "endDate": f"{MONTH}T00:00:00Z"}},
        {"notifications": {"nobody": {"enabled": True, "operator": "GreaterThan", "threshold": 50}}},
        {"notifications": {str(n): budget()["notifications"]["half"] for n in range(6)}},
        {"notifications": {"much": {**budget()["notifications"]["half"], "threshold": 1001}}},
        {"notifications": {"lost": {**budget()["notifications"]["half"], "contactGroups": [NOBODY]}}},
    ],
)
def test_a_budget_that_azure_refuses(arm: Arm, changes: dict[str, Any]) -> None:
    with refused("BadRequest", 400):
        arm.put(BUDGET, "2024-08-01", budget(**changes))


def test_the_start_of_a_budget_stays(arm: Arm) -> None:
    arm.put(BUDGET, "2024-08-01", budget())
    later = (MONTH + datetime.timedelta(days=32)).replace(day=1)
    with refused("BadRequest", 400):
        arm.put(BUDGET, "2024-08-01", budget(timePeriod={"startDate": f"{later}T00:00:00Z"}))
    arm.put(BUDGET, "2024-08-01", budget(amount=200))


def test_a_lock_keeps_what_it_is_on(arm: Arm, world: World) -> None:
    account = world.account()
    lock = f"{account}/providers/Microsoft.Authorization/locks/keep"
    arm.put(lock, "2020-05-01", {"level": "CanNotDelete", "notes": "data"})
    with refused("ScopeLocked", 409):
        arm.delete(account, "2023-05-01")
    with refused("ScopeLocked", 409):
        arm.delete(GROUP, "2022-09-01")
    arm.delete(lock, "2020-05-01")
    arm.delete(account, "2023-05-01")


def test_a_lock_has_a_level_that_exists(arm: Arm) -> None:
    with pytest.raises(HttpResponseError) as raised:
        arm.put(f"{GROUP}/providers/Microsoft.Authorization/locks/keep", "2020-05-01", {"level": "Never"})
    assert raised.value.status_code == 400


def test_a_policy_is_assigned_with_parameters_that_it_has(arm: Arm) -> None:
    path = f"{GROUP}/providers/Microsoft.Authorization/policyAssignments/local-auth"
    given = {"policyDefinitionId": LOCAL_AUTH, "parameters": {"effect": {"value": "Deny"}}}
    made = arm.put(path, "2025-01-01", given).properties
    assert (made["enforcementMode"], made["scope"].lower()) == ("Default", GROUP.lower())
    with refused("PolicyDefinitionNotFound", 404):
        arm.put(path, "2025-01-01", {"policyDefinitionId": LOCAL_AUTH[:-1] + "0"})
    with refused("UndefinedPolicyParameter", 400):
        arm.put(path, "2025-01-01", {**given, "parameters": {"affect": {"value": "Deny"}}})
    with refused("PolicyParameterValueNotAllowed", 400):
        arm.put(path, "2025-01-01", {**given, "parameters": {"effect": {"value": "Deploy"}}})
    assert "disabled" in arm.get(SUBSCRIPTION + LOCAL_AUTH, "2025-01-01").properties["displayName"]


def test_a_workbook_is_a_page_under_a_guid(world: World) -> None:
    world.account()
    workbooks = world.client(ApplicationInsightsManagementClient).workbooks
    body: dict[str, Any] = {
        "location": LOCATION,
        "kind": "shared",
        "properties": {"displayName": "Health", "category": "workbook", "serializedData": json.dumps({"items": []})},
    }
    name = str(uuid.uuid4())
    assert workbooks.create_or_update("rg", name, body).display_name == "Health"
    with refused("InvalidResourceName", 400):
        workbooks.create_or_update("rg", "health", body)
    with refused("BadRequest", 400):
        workbooks.create_or_update("rg", name, {**body, "properties": {**body["properties"], "serializedData": "{"}})


def test_a_table_takes_a_plan_that_it_supports(world: World) -> None:
    client = world.client(LogAnalyticsManagementClient)
    world.account()
    client.workspaces.begin_create_or_update("rg", "logs-one", {"location": LOCATION, "properties": {}}).result()
    basic = {"properties": {"plan": "Basic"}}
    assert client.tables.begin_create_or_update("rg", "logs-one", "ContainerLogV2", basic).result().plan == "Basic"
    with refused("InvalidParameter", 400):
        client.tables.begin_create_or_update("rg", "logs-one", "AzureDiagnostics", basic).result()


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": 5},
        {"evaluationFrequency": "PT7M"},
        {"windowSize": "PT1M"},
        {"criteria": {"allOf": []}},
        {"criteria": {"allOf": [{"timeAggregation": "Count", "operator": "GreaterThan", "threshold": 0}]}},
        {"criteria": {"allOf": [{"query": "A", "timeAggregation": "Maximum", "operator": "LessThan", "threshold": 0}]}},
    ],
)
def test_a_log_search_rule_that_azure_refuses(world: World, changes: dict[str, Any]) -> None:
    scope = world.account()
    rule = {
        "severity": 2,
        "enabled": True,
        "scopes": [scope],
        "evaluationFrequency": "PT5M",
        "windowSize": "PT15M",
        "criteria": {"allOf": [{"query": "A", "timeAggregation": "Count", "operator": "GreaterThan", "threshold": 0}]},
        **changes,
    }
    rules = world.client(MonitorManagementClient).scheduled_query_rules
    with refused("BadRequest", 400):
        rules.create_or_update("rg", "rule", {"location": LOCATION, "properties": rule})
