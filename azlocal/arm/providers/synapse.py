"""Microsoft.Synapse: workspaces, Spark pools, firewall rules and private link hubs."""

from __future__ import annotations

import ipaddress
import uuid
from typing import TYPE_CHECKING

from azlocal.arm import privatelink
from azlocal.arm.deletes import purge
from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.ids import resource_group_id
from azlocal.arm.messages import ArmResponse
from azlocal.arm.operations import iso
from azlocal.arm.types import Action, Json, NameRule, Namespace, Reference, ResourceType, read_path
from azlocal.state import Resource
from azlocal.synapse import documents

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

WORKSPACE = "Microsoft.Synapse/workspaces"
POOL = f"{WORKSPACE}/bigDataPools"
FIREWALL = f"{WORKSPACE}/firewallRules"
RUNTIME = f"{WORKSPACE}/integrationRuntimes"
HUB = "Microsoft.Synapse/privateLinkHubs"
SUFFIX = "azuresynapse.net"
# 3.3 and older are no longer started (Microsoft Learn, "Azure Synapse runtimes").
SPARK_VERSIONS = ("3.4", "3.5")
NODES = (3, 200)
_AUTO = "AutoResolveIntegrationRuntime"


def _check_workspace(call: Call, new: Resource, old: Resource | None) -> None:
    properties = new.properties
    kind = str((new.body.get("identity") or {}).get("type", "None")).lower()
    if "systemassigned" not in kind:
        raise bad_request(
            "A Synapse workspace needs a system-assigned identity: identity.type is"
            f" '{(new.body.get('identity') or {}).get('type')}'.",
            "ValidationFailed",
            "identity.type",
        )
    if new.name.endswith("-ondemand"):
        raise bad_request(f"'{new.name}' is not a valid name: it ends with -ondemand.", "ValidationFailed", "name")
    host = str(properties["defaultDataLakeStorage"]["accountUrl"]).split("//")[-1].split("/")[0].lower()
    if not host.endswith(".dfs.core.windows.net"):
        raise bad_request(
            f"defaultDataLakeStorage.accountUrl '{properties['defaultDataLakeStorage']['accountUrl']}' must be the DFS"
            " end point of an account with a hierarchical namespace: https://{account}.dfs.core.windows.net.",
            "ValidationFailed",
            "properties.defaultDataLakeStorage.accountUrl",
        )
    lake = _lake(call, host)
    if lake and not lake.properties.get("isHnsEnabled"):
        raise bad_request(
            f"The storage account '{lake.name}' has no hierarchical namespace, which defaultDataLakeStorage needs.",
            "ValidationFailed",
            "properties.defaultDataLakeStorage.resourceId",
        )
    _check_login(new, old)


def _lake(call: Call, host: str) -> Resource | None:
    """The account of a DFS end point, if it is one of this Azure."""
    account = host.removesuffix(".dfs.core.windows.net")
    keys = call.state.referrers(f"dns:{account}.core.windows.net")
    return call.state.get(keys[0]) if keys else None


def _check_login(new: Resource, old: Resource | None) -> None:
    properties = new.properties
    password = properties.get("sqlAdministratorLoginPassword") or (
        old and old.properties.get("sqlAdministratorLoginPassword")
    )
    if properties.get("sqlAdministratorLogin") and not password and not properties.get("azureADOnlyAuthentication"):
        raise bad_request(
            "sqlAdministratorLogin was given without sqlAdministratorLoginPassword.",
            "ValidationFailed",
            "properties.sqlAdministratorLoginPassword",
        )


def _complete_workspace(_call: Call, new: Resource, old: Resource | None) -> None:
    before = old.properties if old else {}
    unique = before.get("workspaceUID") or str(uuid.uuid4())
    new.properties.setdefault("sqlAdministratorLogin", before.get("sqlAdministratorLogin") or "sqladminuser")
    new.properties.update(
        workspaceUID=unique,
        extraProperties={"WorkspaceType": "Normal"},
        adlaResourceId="",
        privateEndpointConnections=[],
        connectivityEndpoints={
            "web": f"https://web.{SUFFIX}?workspace={new.id.replace('/', '%2f')}",
            "dev": f"https://{new.name}.dev.{SUFFIX}",
            "sqlOnDemand": f"{new.name}-ondemand.sql.{SUFFIX}",
            "sql": f"{new.name}.sql.{SUFFIX}",
        },
    )
    group = before.get("managedResourceGroupName") or new.properties.get("managedResourceGroupName")
    new.properties["managedResourceGroupName"] = group or f"synapseworkspace-managedrg-{unique}"


def _workspace_written(call: Call, new: Resource, old: Resource | None) -> None:
    if old:
        return
    group = resource_group_id(call.path.subscription or "", new.properties["managedResourceGroupName"])
    if call.state.exists(group.lower()):
        raise ArmError(
            409,
            "ManagedResourceGroupAlreadyExists",
            f"The managed resource group '{new.properties['managedResourceGroupName']}' of workspace '{new.name}'"
            " exists already. Choose another managedResourceGroupName.",
        )
    body = {"location": new.body["location"], "managedBy": new.id, "properties": {}}
    call.state.put(Resource(group, "Microsoft.Resources/resourceGroups", body, etag=str(uuid.uuid4())))
    runtime = {
        "properties": {
            "type": "Managed",
            "state": "Online",
            "typeProperties": {"computeProperties": {"location": "AutoResolve"}},
        }
    }
    call.state.put(Resource(f"{new.id}/integrationRuntimes/{_AUTO}", RUNTIME, runtime, etag=str(uuid.uuid4())))
    _name_administrators(call, new)


def _name_administrators(call: Call, new: Resource) -> None:
    """Whoever makes a workspace administers it, and whom it names (``cspWorkspaceAdminProperties``)."""
    named = read_path(new.body, "properties.cspWorkspaceAdminProperties.initialWorkspaceAdminObjectId")
    found = {call.principal.object_id.lower(): call.principal.kind}
    if named:
        found[str(named).lower()] = call.control.directory.kind_of(str(named)) or ""
    for principal_id, kind in found.items():
        documents.assign(call.state, new.key, new.name, principal_id, kind or None)


def _workspace_deleted(control: ControlPlane, workspace: Resource) -> None:
    group = resource_group_id(workspace.id.split("/")[2], workspace.properties["managedResourceGroupName"])
    purge(control, group.lower())
    for endpoint in documents.forget(control.state, workspace.key):
        purge(control, endpoint["connection"].lower())


def _check_pool(_call: Call, new: Resource, _old: Resource | None) -> None:
    """Sizes and versions that Synapse starts.

    Raises:
        ArmError: 400 ValidationFailed.
    """
    properties = new.properties
    version = str(properties["sparkVersion"])
    if version not in SPARK_VERSIONS:
        raise _invalid(
            f"Spark version {version} is not supported. Supported: {', '.join(SPARK_VERSIONS)}.", "sparkVersion"
        )
    scale = properties.get("autoScale") or {}
    if scale.get("enabled"):
        low, high = scale.get("minNodeCount", 0), scale.get("maxNodeCount", 0)
        if not NODES[0] <= low <= high <= NODES[1]:
            raise _invalid(
                f"autoScale from {low} to {high} nodes: it needs {NODES[0]} <= minNodeCount <= maxNodeCount"
                f" <= {NODES[1]}.",
                "autoScale",
            )
    elif not NODES[0] <= properties.get("nodeCount", 0) <= NODES[1]:
        raise _invalid(
            f"nodeCount is {properties.get('nodeCount', 0)}: a pool without autoScale has {NODES[0]} to {NODES[1]}.",
            "nodeCount",
        )
    pause = properties.get("autoPause") or {}
    if pause.get("enabled") and not 5 <= pause.get("delayInMinutes", 0) <= 10_080:
        raise _invalid(f"autoPause.delayInMinutes is {pause.get('delayInMinutes')}: it is 5 to 10080.", "autoPause")
    _check_executors(new)


def _check_executors(new: Resource) -> None:
    dynamic = new.properties.get("dynamicExecutorAllocation") or {}
    if not dynamic.get("enabled"):
        return
    nodes = read_path(new.body, "properties.autoScale.maxNodeCount") or new.properties.get("nodeCount", 0)
    low, high = dynamic.get("minExecutors", 1), dynamic.get("maxExecutors", 1)
    if not 1 <= low <= high < nodes:
        raise _invalid(
            f"dynamicExecutorAllocation from {low} to {high} executors: it needs 1 <= minExecutors <= maxExecutors"
            f" < {nodes} nodes, for one node is the driver's.",
            "dynamicExecutorAllocation",
        )


def _invalid(message: str, target: str) -> ArmError:
    return ArmError(
        400,
        "ValidationFailed",
        f"Spark pool request validation failed. {message}",
        target=f"properties.{target}",
        details=[{"code": "ValidationFailed", "message": message, "target": target}],
    )


def _complete_pool(call: Call, new: Resource, old: Resource | None) -> None:
    now = iso(call.control.clock())
    new.properties["creationDate"] = old.properties["creationDate"] if old else now


def _check_firewall(_call: Call, new: Resource, _old: Resource | None) -> None:
    try:
        first = ipaddress.IPv4Address(new.properties["startIpAddress"])
        last = ipaddress.IPv4Address(new.properties["endIpAddress"])
    except ValueError as error:
        raise bad_request(
            f"The firewall rule '{new.name}' is no range of IPv4 addresses: {error}.", "InvalidFirewallRule"
        ) from None
    if first > last:
        raise bad_request(
            f"The firewall rule '{new.name}' starts at {first} and ends before it at {last}.", "InvalidFirewallRule"
        )
    if new.name.lower() == "allowallwindowsazureips" and (str(first), str(last)) != ("0.0.0.0", "0.0.0.0"):  # noqa: S104
        raise bad_request("The rule AllowAllWindowsAzureIps is 0.0.0.0 to 0.0.0.0.", "InvalidFirewallRule")


def _show_connections(call: Call, resource: Resource, body: Json) -> None:
    privatelink.show(call, resource, body)


def _runtime_status(_call: Call, runtime: Resource) -> ArmResponse:
    return ArmResponse(
        200,
        {
            "name": runtime.name,
            "properties": {"type": runtime.properties["type"], "state": "Online", "typeProperties": {}},
        },
    )


NAMESPACE = Namespace(
    "Microsoft.Synapse",
    ("2020-12-01", "2021-03-01", "2021-05-01", "2021-06-01", "2021-06-01-preview"),
    (
        ResourceType(
            name=WORKSPACE,
            tracked=True,
            name_rule=NameRule(
                r"[a-z0-9]([a-z0-9-]*[a-z0-9])?",
                1,
                50,
                "1-50 lower-case letters, digits and hyphens, a letter or digit first and last",
                code="ValidationFailed",
                taken="WorkspaceNameAlreadyInUse",
            ),
            dns_suffix=f"dev.{SUFFIX}",
            required=(
                "identity.type",
                "properties.defaultDataLakeStorage.accountUrl",
                "properties.defaultDataLakeStorage.filesystem",
            ),
            references=(
                Reference("properties.defaultDataLakeStorage.resourceId", "Microsoft.Storage/storageAccounts"),
            ),
            enums={
                "properties.publicNetworkAccess": ("Enabled", "Disabled"),
                "properties.managedVirtualNetwork": ("default", ""),
            },
            defaults={
                "properties.publicNetworkAccess": "Enabled",
                "properties.managedVirtualNetwork": "",
                "properties.azureADOnlyAuthentication": False,
                "properties.trustedServiceBypassEnabled": False,
            },
            create_only=(
                "properties.managedVirtualNetwork",
                "properties.managedResourceGroupName",
                "properties.managedVirtualNetworkSettings.preventDataExfiltration",
                "properties.defaultDataLakeStorage.accountUrl",
                "properties.defaultDataLakeStorage.filesystem",
                "properties.sqlAdministratorLogin",
            ),
            write_only=("properties.sqlAdministratorLoginPassword",),
            singletons=("managedIdentitySqlControlSettings", "azureADOnlyAuthentications"),
            duration=233,
            delete_duration=120,
            check=_check_workspace,
            complete=_complete_workspace,
            committed=_workspace_written,
            present=_show_connections,
            deleted=_workspace_deleted,
        ),
        ResourceType(
            name=POOL,
            tracked=True,
            name_rule=NameRule(
                r"[a-zA-Z][a-zA-Z0-9]*", 1, 15, "1-15 letters and digits, a letter first", code="ValidationFailed"
            ),
            required=("properties.sparkVersion", "properties.nodeSize", "properties.nodeSizeFamily"),
            enums={
                "properties.nodeSize": ("None", "Small", "Medium", "Large", "XLarge", "XXLarge", "XXXLarge"),
                "properties.nodeSizeFamily": (
                    "None",
                    "MemoryOptimized",
                    "HardwareAcceleratedFPGA",
                    "HardwareAcceleratedGPU",
                ),
            },
            defaults={
                "properties.autoPause.enabled": False,
                "properties.autoScale.enabled": False,
                "properties.nodeCount": 0,
                "properties.cacheSize": 0,
                "properties.isComputeIsolationEnabled": False,
                "properties.sessionLevelPackagesEnabled": False,
                "properties.isAutotuneEnabled": False,
                "properties.dynamicExecutorAllocation.enabled": False,
            },
            create_only=("properties.nodeSizeFamily", "properties.isComputeIsolationEnabled"),
            duration=60,
            delete_duration=30,
            create_status=200,
            pending_status=202,
            check=_check_pool,
            complete=_complete_pool,
        ),
        ResourceType(
            name=FIREWALL,
            name_rule=NameRule(r"[^<>*%&:/?\\]*[^<>*%&:/?\\.]", 1, 128, "1-128 characters without <>*%&:/?\\"),
            required=("properties.startIpAddress", "properties.endIpAddress"),
            duration=5,
            check=_check_firewall,
        ),
        ResourceType(
            name=f"{WORKSPACE}/managedIdentitySqlControlSettings",
            provisioning=False,
            defaults={
                "properties.grantSqlControlToManagedIdentity": {"desiredState": "Disabled", "actualState": "Disabled"}
            },
            complete=lambda _call, new, _old: _grant(new),
        ),
        ResourceType(
            name=f"{WORKSPACE}/azureADOnlyAuthentications",
            defaults={"properties.azureADOnlyAuthentication": False},
        ),
        ResourceType(name=f"{WORKSPACE}/administrators", provisioning=False, create_status=200),
        ResourceType(
            name=RUNTIME,
            provisioning=False,
            name_rule=NameRule(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", 3, 63, "3-63 letters, digits and hyphens"),
            required=("properties.type",),
            enums={"properties.type": ("Managed", "SelfHosted")},
            create_status=200,
            actions={"getStatus": Action(_runtime_status, "getStatus/action")},
        ),
        privatelink.connection_type(WORKSPACE),
        privatelink.links_type(WORKSPACE),
        ResourceType(
            name=HUB,
            tracked=True,
            name_rule=NameRule(r"[a-z0-9]+", 1, 45, "1-45 lower-case letters and digits", code="ValidationFailed"),
            duration=5,
            present=_show_connections,
        ),
        privatelink.connection_type(HUB),
        privatelink.links_type(HUB),
    ),
)


def _grant(new: Resource) -> None:
    """What is wanted has happened at once."""
    grant = new.properties["grantSqlControlToManagedIdentity"]
    grant["actualState"] = grant.get("desiredState", "Disabled")
