"""Log Analytics, Application Insights, diagnostic settings and alerts through their SDKs."""

from __future__ import annotations

from typing import Any

import pytest
from azure.mgmt.applicationinsights import ApplicationInsightsManagementClient
from azure.mgmt.loganalytics import LogAnalyticsManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from .conftest import GROUP, LOCATION, World, refused

WORKSPACE: dict[str, Any] = {"location": LOCATION, "properties": {"sku": {"name": "PerGB2018"}}}


@pytest.fixture
def logs(world: World) -> Any:
    return world.client(LogAnalyticsManagementClient)


def test_workspace(logs: Any) -> None:
    made = logs.workspaces.begin_create_or_update("rg", "logs-one", WORKSPACE).result()
    assert made.retention_in_days == 30
    assert made.workspace_capping.daily_quota_gb == -1
    keys = logs.shared_keys.get_shared_keys("rg", "logs-one")
    assert keys.primary_shared_key != keys.secondary_shared_key
    assert keys.primary_shared_key not in str(made.as_dict())
    with refused("InvalidParameter", 400):
        body = {**WORKSPACE, "properties": {"retentionInDays": 7}}
        logs.workspaces.begin_create_or_update("rg", "logs-one", body).result()


def test_a_deleted_workspace_comes_back_under_its_name_unless_forced(logs: Any) -> None:
    first = logs.workspaces.begin_create_or_update("rg", "logs-one", WORKSPACE).result()
    logs.workspaces.begin_delete("rg", "logs-one").result()
    assert [one.name for one in logs.deleted_workspaces.list_by_resource_group("rg")] == ["logs-one"]
    second = logs.workspaces.begin_create_or_update("rg", "logs-one", WORKSPACE).result()
    assert second.customer_id == first.customer_id
    assert list(logs.deleted_workspaces.list_by_resource_group("rg")) == []
    logs.workspaces.begin_delete("rg", "logs-one", force=True).result()
    assert list(logs.deleted_workspaces.list_by_resource_group("rg")) == []
    third = logs.workspaces.begin_create_or_update("rg", "logs-one", WORKSPACE).result()
    assert third.customer_id != first.customer_id


def test_component(world: World, logs: Any) -> None:
    workspace = logs.workspaces.begin_create_or_update("rg", "logs-one", WORKSPACE).result()
    insights = world.client(ApplicationInsightsManagementClient)
    body: dict[str, Any] = {
        "location": LOCATION,
        "kind": "web",
        "properties": {"Application_Type": "web", "WorkspaceResourceId": workspace.id},
    }
    made = insights.components.create_or_update("rg", "insights", body)
    assert made.connection_string.startswith(f"InstrumentationKey={made.instrumentation_key};")
    assert LOCATION in made.connection_string
    again = insights.components.create_or_update("rg", "insights", {**body, "tags": {"a": "b"}})
    assert (again.instrumentation_key, again.app_id) == (made.instrumentation_key, made.app_id)
    with refused("BadRequest", 400):
        missing = {**body, "properties": {**body["properties"], "WorkspaceResourceId": workspace.id + "x"}}
        insights.components.create_or_update("rg", "insights", missing)
    insights.components.delete("rg", "insights")
    assert list(insights.components.list_by_resource_group("rg")) == []


class Settings:
    """Diagnostic settings; the installed azure-mgmt-monitor has no operations for them."""

    def __init__(self, world: World) -> None:
        self._resources = world.client(ResourceManagementClient).resources

    def put(self, target: str, name: str, **properties: Any) -> Any:
        path = f"{target}/providers/Microsoft.Insights/diagnosticSettings/{name}"
        return self._resources.begin_create_or_update_by_id(
            path, api_version="2021-05-01-preview", parameters={"properties": properties}
        ).result()


def entry(category: str, **more: Any) -> dict[str, Any]:
    return {"category": category, "enabled": True, **more}


def test_diagnostic_settings(world: World, logs: Any) -> None:
    workspace = logs.workspaces.begin_create_or_update("rg", "logs-one", WORKSPACE).result().id
    blobs = f"{world.account()}/blobServices/default"
    settings = Settings(world)
    made = settings.put(blobs, "one", workspaceId=workspace, logs=[entry("StorageRead")])
    assert made.properties["logs"][0]["retentionPolicy"] == {"enabled": False, "days": 0}
    with refused("Conflict", 409):
        settings.put(blobs, "two", workspaceId=workspace, logs=[entry("StorageRead")])
    settings.put(blobs, "two", workspaceId=workspace, logs=[entry("StorageWrite")])
    for properties in (
        {"workspaceId": workspace, "logs": [entry("Gossip")]},
        {"workspaceId": workspace},
        {"logs": [entry("StorageRead")]},
    ):
        with refused("BadRequest", 400):
            settings.put(blobs, "three", **properties)
    with refused("ResourceNotFound", 404):
        settings.put(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/none", "one", workspaceId=workspace)


def test_alerts(world: World, logs: Any) -> None:
    workspace = logs.workspaces.begin_create_or_update("rg", "logs-one", WORKSPACE).result().id
    monitor = world.client(MonitorManagementClient)
    group = {"location": "global", "properties": {"groupShortName": "team", "enabled": True}}
    made = monitor.action_groups.create_or_update("rg", "team", group)
    assert made.email_receivers == []
    with refused("GroupShortNameTooLong", 400):
        long = {"location": "global", "properties": {"groupShortName": "a much longer name", "enabled": True}}
        monitor.action_groups.create_or_update("rg", "team", long)
    metric = {
        "location": "global",
        "properties": {
            "severity": 2,
            "enabled": True,
            "scopes": [world.account()],
            "evaluationFrequency": "PT5M",
            "windowSize": "PT5M",
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [
                    {
                        "name": "a",
                        "metricName": "Availability",
                        "operator": "LessThan",
                        "threshold": 99,
                        "timeAggregation": "Average",
                        "criterionType": "StaticThresholdCriterion",
                    }
                ],
            },
            "actions": [{"actionGroupId": made.id}],
        },
    }
    assert monitor.metric_alerts.create_or_update("rg", "availability", metric).auto_mitigate is True
    rule: dict[str, Any] = {
        "location": LOCATION,
        "properties": {
            "severity": 1,
            "enabled": True,
            "scopes": [workspace],
            "evaluationFrequency": "PT5M",
            "windowSize": "PT15M",
            "criteria": {
                "allOf": [
                    {"query": "AzureDiagnostics", "timeAggregation": "Count", "operator": "GreaterThan", "threshold": 0}
                ]
            },
            "actions": {"actionGroups": [made.id]},
        },
    }
    assert monitor.scheduled_query_rules.create_or_update("rg", "errors", rule).enabled is True
    with refused("ResourceNotFound", 404):
        lost = {**rule, "properties": {**rule["properties"], "scopes": [workspace + "x"]}}
        monitor.scheduled_query_rules.create_or_update("rg", "errors2", lost)


SCOPE = f"{GROUP}/providers/Microsoft.Insights/privateLinkScopes/scope"
SCOPE_VERSION = "2023-06-01-preview"
MODES = {"ingestionAccessMode": "PrivateOnly", "queryAccessMode": "Open"}


@pytest.fixture
def monitor(world: World) -> Any:
    return world.client(MonitorManagementClient)


def test_a_private_link_scope_leads_to_its_workspaces(world: World, logs: Any) -> None:
    world.group()
    workspace = logs.workspaces.begin_create_or_update("rg", "logs-one", WORKSPACE).result()
    generic = world.client(ResourceManagementClient).resources
    body: dict[str, Any] = {"location": "global", "properties": {"accessModeSettings": MODES}}
    generic.begin_create_or_update_by_id(SCOPE, body, api_version=SCOPE_VERSION).result()
    scoped = {"properties": {"linkedResourceId": workspace.id, "kind": "Resource"}}
    generic.begin_create_or_update_by_id(f"{SCOPE}/scopedResources/logs", scoped, api_version=SCOPE_VERSION).result()
    with refused("Conflict", 409):
        generic.begin_create_or_update_by_id(
            f"{SCOPE}/scopedResources/again", scoped, api_version=SCOPE_VERSION
        ).result()
    with refused("InvalidLinkedResourceType", 400):
        wrong = {"properties": {"linkedResourceId": world.account()}}
        generic.begin_create_or_update_by_id(
            f"{SCOPE}/scopedResources/wrong", wrong, api_version=SCOPE_VERSION
        ).result()
    link = {"name": "c", "properties": {"privateLinkServiceId": SCOPE, "groupIds": ["azuremonitor"]}}
    subnet = world.network("10.0.0.0/24") + "/subnets/snet0"
    endpoint = {"location": LOCATION, "properties": {"subnet": {"id": subnet}, "privateLinkServiceConnections": [link]}}
    made = world.put(f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pep", endpoint)
    hosts = {one["fqdn"] for one in made["properties"]["customDnsConfigs"]}
    assert f"{workspace.customer_id}.ods.opinsights.azure.com" in hosts
    assert "api.monitor.azure.com" in hosts
    shown = generic.get_by_id(SCOPE, api_version=SCOPE_VERSION).properties
    assert shown["privateEndpointConnections"][0]["properties"]["privateEndpoint"]["id"] == made["id"]
    assert "workspaceIds" not in shown


def test_a_private_link_scope_says_how_open_it_is(world: World) -> None:
    world.group()
    generic = world.client(ResourceManagementClient).resources
    body: dict[str, Any] = {"location": LOCATION, "properties": {"accessModeSettings": MODES}}
    with refused("LocationNotAvailableForResourceType", 400):
        generic.begin_create_or_update_by_id(SCOPE, body, api_version=SCOPE_VERSION).result()
    body = {"location": "global", "properties": {"accessModeSettings": {**MODES, "queryAccessMode": "Closed"}}}
    with refused("InvalidParameter", 400):
        generic.begin_create_or_update_by_id(SCOPE, body, api_version=SCOPE_VERSION).result()


def test_a_collection_endpoint_keeps_its_names(world: World, monitor: Any) -> None:
    world.group()
    body = {"location": LOCATION, "properties": {"networkAcls": {"publicNetworkAccess": "Disabled"}}}
    made = monitor.data_collection_endpoints.create("rg", "dce", body)
    assert made.logs_ingestion.endpoint.endswith(".ingest.monitor.azure.com")
    assert monitor.data_collection_endpoints.create("rg", "dce", body).immutable_id == made.immutable_id
