"""Microsoft.Insights: Application Insights, diagnostic settings, and the alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.locations import normalize
from azlocal.arm.messages import ArmResponse
from azlocal.arm.operations import iso
from azlocal.arm.providers import monitorlinks
from azlocal.arm.providers.alerting import check_metric_alert, check_query_rule, check_short_name, check_workbook
from azlocal.arm.providers.diagnostics import CATEGORIES, GROUPS
from azlocal.arm.types import Json, NameRule, Namespace, Reference, ResourceType, Scope
from azlocal.entra.principals import SUBSCRIPTION_ID
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call

COMPONENT = "Microsoft.Insights/components"
SETTING = "Microsoft.Insights/diagnosticSettings"
WORKSPACE = "Microsoft.OperationalInsights/workspaces"
MAX_SETTINGS = 5
_SINKS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
_NAME = NameRule(r"[^#<>%&:\\?/\x00-\x1f]*[^#<>%&:\\?/. \x00-\x1f]", 1, 260, "1-260 characters without #<>%&:\\?/")


def _component(call: Call, new: Resource, old: Resource | None) -> None:
    """What an instrumented program needs to send: made once, the same ever after."""
    before = old.properties if old else {}
    region = normalize(new.body["location"])
    instrumentation = before.get("InstrumentationKey") or call.state.ids(f"{new.id}#key")
    application = before.get("AppId") or call.state.ids(f"{new.id}#application")
    new.properties.update(
        InstrumentationKey=instrumentation,
        AppId=application,
        ApplicationId=new.name,
        Name=new.name,
        TenantId=SUBSCRIPTION_ID,
        CreationDate=before.get("CreationDate") or iso(call.control.clock()),
        ConnectionString=f"InstrumentationKey={instrumentation};"
        f"IngestionEndpoint=https://{region}-1.in.applicationinsights.azure.com/;"
        f"LiveEndpoint=https://{region}.livediagnostics.monitor.azure.com/;ApplicationId={application}",
        Ver="v2",
    )


def _check_setting(call: Call, new: Resource, old: Resource | None) -> None:
    """A target that exists, a sink, categories that the target has, and no sink twice for one category.

    Raises:
        ArmError: 404 ResourceNotFound, 400 BadRequest or 409 Conflict, in Azure Monitor's words.
    """
    scope = call.path.scope
    target = call.state.get(scope.lower())
    if target is None and scope.count("/") > 2:
        raise ArmError(404, "ResourceNotFound", f"The Resource '{scope}' was not found.")
    if not any(new.properties.get(sink) for sink in _SINKS):
        raise bad_request(
            f"At least one data sink needs to be specified: {', '.join(_SINKS)}.",
            "BadRequest",
        )
    if not [*(new.properties.get("logs") or []), *(new.properties.get("metrics") or [])]:
        raise bad_request("The diagnostic setting names neither logs nor metrics.", "BadRequest")
    if target:
        _check_categories(target, new)
    others = [one for one in call.state.children(scope.lower(), SETTING) if one.key != new.key]
    if old is None and len(others) >= MAX_SETTINGS:
        raise bad_request(
            f"Resource '{scope}' has {len(others)} diagnostic settings, and {MAX_SETTINGS} is the limit.", "BadRequest"
        )
    for other in others:
        _check_apart(new, other)


def _check_categories(target: Resource, new: Resource) -> None:
    known = CATEGORIES.get(target.type.lower())
    for kind, allowed in zip(("logs", "metrics"), known or ((), ()), strict=True):
        for entry in new.properties.get(kind) or []:
            entry.setdefault("retentionPolicy", {"enabled": False, "days": 0})
            category, group = entry.get("category"), entry.get("categoryGroup")
            if known and category and category.lower() not in {one.lower() for one in allowed}:
                raise bad_request(
                    f"Category '{category}' is not supported by {target.type}. Supported:"
                    f" {', '.join(allowed) or 'none'}.",
                    "BadRequest",
                )
            if known and group and (group not in GROUPS or not allowed):
                raise bad_request(f"Category group '{group}' is not supported by {target.type}.", "BadRequest")


def _check_apart(new: Resource, other: Resource) -> None:
    for sink in _SINKS:
        mine, its = new.properties.get(sink), other.properties.get(sink)
        if not mine or not its or mine.lower() != its.lower():
            continue
        for category in _enabled(new) & _enabled(other):
            raise ArmError(
                409,
                "Conflict",
                f"Data sink '{mine}' is already used in diagnostic setting '{other.name}' for category '{category}'."
                " Data sinks can't be reused in different settings on the same category for the same resource.",
            )


def _enabled(setting: Resource) -> set[str]:
    entries = [*(setting.properties.get("logs") or []), *(setting.properties.get("metrics") or [])]
    return {str(one.get("category") or one.get("categoryGroup")) for one in entries if one.get("enabled")}


def _categories(call: Call) -> ArmResponse:
    target = call.state.get(call.path.scope.lower())
    if target is None:
        raise ArmError(404, "ResourceNotFound", f"The Resource '{call.path.scope}' was not found.")
    logs, metrics = CATEGORIES.get(target.type.lower(), ((), ()))
    value = [
        {
            "id": f"{target.id}/providers/Microsoft.Insights/diagnosticSettingsCategories/{name}",
            "name": name,
            "type": "Microsoft.Insights/diagnosticSettingsCategories",
            "properties": {"categoryType": kind, **({"categoryGroups": list(GROUPS)} if kind == "Logs" else {})},
        }
        for kind, names in (("Logs", logs), ("Metrics", metrics))
        for name in names
    ]
    return ArmResponse(200, {"value": value})


def _show_rule(call: Call, resource: Resource, body: Json) -> None:
    body["etag"] = f'"{resource.etag}"'
    body["systemData"] = {"createdAt": iso(resource.created), "lastModifiedAt": iso(resource.changed)}
    _ = call


_ALERT = NameRule(
    r"[^#<>%&:\\?/*{}+\x00-\x1f]*[^#<>%&:\\?/*{}+. \x00-\x1f]", 1, 260, "1-260 characters without *#<>%&:\\?+/{}"
)

NAMESPACE = Namespace(
    "Microsoft.Insights",
    (
        "2015-05-01",
        "2018-03-01",
        "2020-02-02",
        "2020-02-02-preview",
        "2021-05-01-preview",
        "2021-07-01-preview",
        "2021-08-01",
        "2021-09-01",
        "2022-06-01",
        "2022-06-15",
        "2023-01-01",
        "2023-03-11",
        "2023-03-15-preview",
        "2023-06-01-preview",
        "2023-12-01",
        "2024-01-01-preview",
        "2024-10-01-preview",
        "2025-01-01-preview",
    ),
    (
        ResourceType(
            name=COMPONENT,
            tracked=True,
            name_rule=_NAME,
            required=("kind", "properties.Application_Type"),
            references=(Reference("properties.WorkspaceResourceId", WORKSPACE, code="BadRequest"),),
            enums={
                "properties.Application_Type": ("web", "other"),
                "properties.IngestionMode": (
                    "ApplicationInsights",
                    "ApplicationInsightsWithDiagnosticSettings",
                    "LogAnalytics",
                ),
            },
            defaults={
                "properties.Flow_Type": "Bluefield",
                "properties.Request_Source": "rest",
                "properties.RetentionInDays": 90,
                "properties.IngestionMode": "LogAnalytics",
                "properties.publicNetworkAccessForIngestion": "Enabled",
                "properties.publicNetworkAccessForQuery": "Enabled",
                "properties.DisableLocalAuth": False,
            },
            create_status=200,
            duration=17,
            complete=_component,
        ),
        ResourceType(
            name=SETTING,
            scopes=frozenset(Scope),
            provisioning=False,
            name_rule=NameRule(r"[^*<>%:&?+/\\]+", 1, 260, "1-260 characters without *<>%:&?+/\\", code="BadRequest"),
            references=(
                Reference("properties.workspaceId", WORKSPACE, code="ResourceNotFound", status=404),
                Reference(
                    "properties.storageAccountId",
                    "Microsoft.Storage/storageAccounts",
                    code="ResourceNotFound",
                    status=404,
                ),
            ),
            create_status=200,
            duration=2,
            check=_check_setting,
        ),
        ResourceType(
            name="Microsoft.Insights/diagnosticSettingsCategories",
            scopes=frozenset(Scope),
            provisioning=False,
            list=_categories,
        ),
        ResourceType(
            name="Microsoft.Insights/dataCollectionRules",
            tracked=True,
            name_rule=NameRule(r"[A-Za-z0-9][\w.-]*\w", 3, 64, "3-64 letters, digits, '.', '_' and '-'"),
            references=(
                Reference("properties.destinations.logAnalytics.*.workspaceResourceId", WORKSPACE, status=404),
            ),
            duration=3,
        ),
        ResourceType(
            name="Microsoft.Insights/dataCollectionRuleAssociations",
            scopes=frozenset(Scope),
            provisioning=False,
            references=(
                Reference("properties.dataCollectionRuleId", "Microsoft.Insights/dataCollectionRules"),
                Reference("properties.dataCollectionEndpointId", monitorlinks.COLLECTOR),
            ),
            duration=2,
        ),
        *monitorlinks.TYPES,
        ResourceType(
            name="Microsoft.Insights/actionGroups",
            tracked=True,
            provisioning=False,
            name_rule=_ALERT,
            required=("properties.groupShortName",),
            defaults={
                "properties.enabled": True,
                **{
                    f"properties.{kind}": []
                    for kind in (
                        "emailReceivers",
                        "smsReceivers",
                        "webhookReceivers",
                        "armRoleReceivers",
                        "eventHubReceivers",
                        "azureFunctionReceivers",
                        "logicAppReceivers",
                        "azureAppPushReceivers",
                        "itsmReceivers",
                        "automationRunbookReceivers",
                        "voiceReceivers",
                    )
                },
            },
            duration=3,
            check=check_short_name,
        ),
        ResourceType(
            name="Microsoft.Insights/metricAlerts",
            tracked=True,
            provisioning=False,
            name_rule=_ALERT,
            required=(
                "properties.severity",
                "properties.enabled",
                "properties.scopes",
                "properties.evaluationFrequency",
                "properties.windowSize",
                "properties.criteria",
            ),
            references=(
                Reference("properties.scopes.*", code="ResourceNotFound", status=404),
                Reference("properties.actions.*.actionGroupId", "Microsoft.Insights/actionGroups"),
            ),
            defaults={"properties.autoMitigate": True, "properties.actions": []},
            create_status=200,
            duration=5,
            check=check_metric_alert,
        ),
        ResourceType(
            name="Microsoft.Insights/scheduledQueryRules",
            tracked=True,
            provisioning=False,
            name_rule=_ALERT,
            required=("properties.scopes", "properties.criteria"),
            references=(
                Reference("properties.scopes.*", code="ResourceNotFound", status=404),
                Reference("properties.actions.actionGroups.*", "Microsoft.Insights/actionGroups"),
            ),
            enums={"kind": ("LogAlert", "LogToMetric", "SimpleLogAlert")},
            defaults={"kind": "LogAlert", "properties.enabled": True, "properties.autoMitigate": True},
            duration=5,
            check=check_query_rule,
            present=_show_rule,
        ),
        ResourceType(
            name="Microsoft.Insights/workbooks",
            versions=("2018-06-17-preview", "2021-03-08", "2021-08-01", "2022-04-01", "2023-06-01"),
            tracked=True,
            provisioning=False,
            required=("kind", "properties.displayName", "properties.serializedData", "properties.category"),
            references=(Reference("properties.sourceId", code="ResourceNotFound", status=404),),
            enums={"kind": ("shared",)},
            create_status=201,
            duration=3,
            check=check_workbook,
        ),
    ),
)
