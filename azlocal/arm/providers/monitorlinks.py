"""Azure Monitor's private link scopes and data collection endpoints.

Sources: Microsoft Learn, "Design your Azure Monitor private link setup" (limits, access modes) and "Data collection
endpoints in Azure Monitor".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm import privatelink
from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.locations import normalize
from azlocal.arm.types import Json, NameRule, Reference, ResourceType
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

SCOPE = "Microsoft.Insights/privateLinkScopes"
SCOPED = f"{SCOPE}/scopedResources"
COLLECTOR = "Microsoft.Insights/dataCollectionEndpoints"
MAX_RESOURCES = 3000  # of a scope
MAX_SCOPES = 100  # of a resource
_KINDS = {
    "microsoft.operationalinsights/workspaces",
    "microsoft.insights/components",
    "microsoft.insights/datacollectionendpoints",
}
_MODES = ("Open", "PrivateOnly")
_PUBLIC = ("Enabled", "Disabled", "SecuredByPerimeter")


def _check_scope(_call: Call, new: Resource, _old: Resource | None) -> None:
    if normalize(str(new.body.get("location", ""))) != "global":
        raise bad_request(
            f"The location '{new.body.get('location')}' is not available for {SCOPE}: it is 'global'.",
            "LocationNotAvailableForResourceType",
            "location",
        )


def _check_scoped(call: Call, new: Resource, old: Resource | None) -> None:
    """A resource of Azure Monitor's, once in this scope, and in not too many.

    Raises:
        ArmError: 400 or 409 in Azure Monitor's words.
    """
    target = call.state.get(new.properties["linkedResourceId"].lower())
    if target and target.type.lower() not in _KINDS:
        raise bad_request(
            f"A private link scope holds no {target.type}: Log Analytics workspaces, Application Insights components"
            " and data collection endpoints only.",
            "InvalidLinkedResourceType",
            "properties.linkedResourceId",
        )
    scope = new.key.rpartition("/scopedresources/")[0]
    mine = call.state.children(scope, SCOPED)
    linked = new.properties["linkedResourceId"].lower()
    for other in mine:
        if other.key != new.key and other.properties["linkedResourceId"].lower() == linked:
            raise ArmError(409, "Conflict", f"{linked} is in the scope already, as {other.name}.")
    users = [key for key in call.state.referrers(linked) if "/scopedresources/" in key]
    if old is None and (len(mine) > MAX_RESOURCES or len(users) >= MAX_SCOPES):
        raise bad_request(f"{linked} or its scope has reached its limit of links.", "PrivateLinkScopeLimitReached")


def _scoped_written(call: Call, new: Resource, _old: Resource | None) -> None:
    _note_workspaces(call.control, new)


def _note_workspaces(control: ControlPlane, scoped: Resource) -> None:
    """Which workspaces have names of their own behind the scope's endpoints made from now on."""
    scope = control.state.get(scoped.key.rpartition("/scopedresources/")[0])
    if scope is None:
        return
    targets = [
        control.state.get(one.properties["linkedResourceId"].lower())
        for one in control.state.children(scope.key, SCOPED)
    ]
    scope.properties[privatelink.WORKSPACES] = [
        one.properties["customerId"] for one in targets if one and "customerId" in one.properties
    ]
    control.state.put(scope)


def _complete_collector(_call: Call, new: Resource, old: Resource | None) -> None:
    region, before = normalize(new.body["location"]), old.properties if old else {}
    immutable = before.get("immutableId") or f"dce-{new.etag.replace('-', '')}"
    host = f"{new.name.lower()}-{immutable[4:8]}.{region}-1"
    new.properties.update(
        immutableId=immutable,
        configurationAccess={"endpoint": f"https://{host}.handler.control.monitor.azure.com"},
        logsIngestion={"endpoint": f"https://{host}.ingest.monitor.azure.com"},
        metricsIngestion={"endpoint": f"https://{host}.metrics.ingest.monitor.azure.com"},
    )


def _show_scope(call: Call, resource: Resource, body: Json) -> None:
    privatelink.show(call, resource, body)
    body["properties"].pop(privatelink.WORKSPACES, None)


TYPES = (
    ResourceType(
        name=SCOPE,
        tracked=True,
        name_rule=NameRule(
            r"[\w.()-]*[\w()-]", 1, 255, "1-255 letters, digits, '.', '_', '-' and parentheses, no period at the end"
        ),
        required=(
            "properties.accessModeSettings.ingestionAccessMode",
            "properties.accessModeSettings.queryAccessMode",
        ),
        enums={
            "properties.accessModeSettings.ingestionAccessMode": _MODES,
            "properties.accessModeSettings.queryAccessMode": _MODES,
        },
        defaults={"properties.accessModeSettings.exclusions": []},
        read_only=(f"properties.{privatelink.WORKSPACES}",),
        duration=5,
        check=_check_scope,
        present=_show_scope,
    ),
    ResourceType(
        name=SCOPED,
        name_rule=NameRule(r"[\w.()-]*[\w()-]", 1, 255, "1-255 letters, digits, '.', '_', '-' and parentheses"),
        required=("properties.linkedResourceId",),
        references=(Reference("properties.linkedResourceId"),),
        enums={"properties.kind": ("Resource", "Metrics")},
        duration=10,
        check=_check_scoped,
        committed=_scoped_written,
        deleted=_note_workspaces,
    ),
    privatelink.connection_type(SCOPE),
    privatelink.links_type(SCOPE),
    ResourceType(
        name=COLLECTOR,
        tracked=True,
        name_rule=NameRule(r"[A-Za-z0-9][\w.-]*\w", 3, 44, "3-44 letters, digits, '.', '_' and '-'"),
        enums={"kind": ("Linux", "Windows"), "properties.networkAcls.publicNetworkAccess": _PUBLIC},
        defaults={"properties.networkAcls.publicNetworkAccess": "Enabled"},
        duration=3,
        complete=_complete_collector,
    ),
)
