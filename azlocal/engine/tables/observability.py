"""Azure Monitor: Microsoft.OperationalInsights and Microsoft.Insights."""

from __future__ import annotations

from azlocal.engine.tables.base import ENVELOPE, GROUP, AzureType, resource_shape

LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights"
LOGS_WORKSPACE = f"{LOGS}/workspaces/{{workspaceName}}"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights"

# The oldest of these types writes its properties in its own way.
_COMPONENT = {
    "applicationType": "Application_Type",
    "disableIpMasking": "DisableIpMasking",
    "disableLocalAuth": "DisableLocalAuth",
    "flowType": "Flow_Type",
    "forceCustomerStorageForProfiler": "ForceCustomerStorageForProfiler",
    "hockeyAppId": "HockeyAppId",
    "immediatePurgeDataOn30Days": "ImmediatePurgeDataOn30Days",
    "ingestionMode": "IngestionMode",
    "requestSource": "Request_Source",
    "retentionInDays": "RetentionInDays",
    "samplingPercentage": "SamplingPercentage",
    "workspaceResourceId": "WorkspaceResourceId",
    # What only answers carry.
    "appId": "AppId",
    "applicationId": "ApplicationId",
    "connectionString": "ConnectionString",
    "creationDate": "CreationDate",
    "hockeyAppToken": "HockeyAppToken",
    "instrumentationKey": "InstrumentationKey",
    "laMigrationDate": "LaMigrationDate",
    "privateLinkScopedResources": "PrivateLinkScopedResources",
    "tenantId": "TenantId",
}

TYPES = (
    AzureType(
        "operationalinsights:Workspace",
        LOGS_WORKSPACE,
        resource_shape(beside=ENVELOPE - {"sku"}),
        create_only=("location",),
        tracked=True,
        purge_query={"force": "true"},
        holds="logs",
    ),
    AzureType(
        "operationalinsights:Table",
        f"{LOGS_WORKSPACE}/tables/{{tableName}}",
        resource_shape(beside=ENVELOPE - {"plan"}),
    ),
    AzureType(
        "operationalinsights:LinkedStorageAccount",
        f"{LOGS_WORKSPACE}/linkedStorageAccounts/{{dataSourceType}}",
    ),
    AzureType(
        "applicationinsights:Component",
        f"{INSIGHTS}/components/{{resourceName}}",
        resource_shape(rename=_COMPONENT),
        create_only=("location",),
        tracked=True,
    ),
    AzureType(
        "applicationinsights:Workbook",
        f"{INSIGHTS}/workbooks/{{resourceName}}",
        tracked=True,
        naming="uuid",
    ),
    AzureType(
        "monitor:DiagnosticSetting",
        "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
    ),
    AzureType("monitor:ActionGroup", f"{INSIGHTS}/actionGroups/{{actionGroupName}}", tracked=True),
    AzureType("monitor:MetricAlert", f"{INSIGHTS}/metricAlerts/{{ruleName}}", tracked=True),
    AzureType("monitor:ActivityLogAlert", f"{INSIGHTS}/activityLogAlerts/{{activityLogAlertName}}"),
    AzureType(
        "monitor:ScheduledQueryRule",
        f"{INSIGHTS}/scheduledQueryRules/{{ruleName}}",
        create_only=("location",),
        tracked=True,
    ),
    AzureType("monitor:DataCollectionRule", f"{INSIGHTS}/dataCollectionRules/{{dataCollectionRuleName}}", tracked=True),
    AzureType(
        "monitor:DataCollectionEndpoint",
        f"{INSIGHTS}/dataCollectionEndpoints/{{dataCollectionEndpointName}}",
        tracked=True,
    ),
    AzureType(
        "monitor:DataCollectionRuleAssociation",
        "/{resourceUri}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{associationName}",
    ),
    AzureType("monitor:PrivateLinkScope", f"{INSIGHTS}/privateLinkScopes/{{scopeName}}", tracked=True),
    AzureType(
        "monitor:PrivateLinkScopedResource",
        f"{INSIGHTS}/privateLinkScopes/{{scopeName}}/scopedResources/{{name}}",
    ),
)
