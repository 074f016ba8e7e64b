"""Managed clusters: AKS itself."""

from __future__ import annotations

import copy
import re
import uuid
from typing import TYPE_CHECKING

from azlocal.arm import privatelink
from azlocal.arm.deletes import purge
from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.ids import resource_group_id
from azlocal.arm.inline import show, sync
from azlocal.arm.locations import normalize
from azlocal.arm.messages import ArmResponse
from azlocal.arm.providers.containerservice import credentials, identities, networks, pools, privatezones
from azlocal.arm.providers.containerservice.pools import CLUSTER, POOL, invalid
from azlocal.arm.types import Action, Json, NameRule, Reference, ResourceType, ScopeAction
from azlocal.entra.principals import TENANT_ID
from azlocal.state import Resource

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

# Minor version → patches: N-2 are supported (Microsoft Learn, "Supported Kubernetes versions in AKS").
VERSIONS: dict[str, tuple[str, ...]] = {
    "1.32": ("1.32.6", "1.32.7", "1.32.9"),
    "1.33": ("1.33.2", "1.33.3", "1.33.5"),
    "1.34": ("1.34.0", "1.34.1"),
}
DEFAULT_VERSION = "1.33"
_ADDONS = {
    "omsagent": "omsagent",
    "azurepolicy": "azurepolicy",
    "azurekeyvaultsecretsprovider": "azurekeyvaultsecretsprovider",
}


# What a PUT of an existing cluster may leave out without taking it back.
_INHERITED = (
    "kubernetesVersion",
    "oidcIssuerProfile",
    "apiServerAccessProfile",
    "networkProfile",
    "aadProfile",
    "servicePrincipalProfile",
    "dnsPrefix",
    "nodeResourceGroup",
    "identityProfile",
)


def _check(call: Call, new: Resource, old: Resource | None) -> None:
    properties = new.properties
    for name in _INHERITED if old else ():
        if name not in properties and old and name in old.properties:
            properties[name] = copy.deepcopy(old.properties[name])
    if not new.body.get("identity") and not properties.get("servicePrincipalProfile"):
        raise invalid("A cluster needs a managed identity or a service principal.", "identity")
    _check_version(new, old)
    if old is None and not any(pool.get("mode") == "System" for pool in properties.get("agentPoolProfiles") or []):
        raise invalid("Must define at least one agent pool of mode System.", "agentPoolProfiles")
    _check_access(call, new, old)


def _check_version(new: Resource, old: Resource | None) -> None:
    wanted = str(
        new.properties.get("kubernetesVersion") or (old and old.properties["kubernetesVersion"]) or DEFAULT_VERSION
    )
    minor = ".".join(wanted.split(".")[:2])
    if minor not in VERSIONS or (wanted != minor and wanted not in VERSIONS[minor]):
        known = [*VERSIONS, *(patch for patches in VERSIONS.values() for patch in patches)]
        raise bad_request(
            f"Managed cluster {new.name} is on version {wanted} which is not supported in this region. Supported:"
            f" {', '.join(known)}.",
            "K8sVersionNotSupported",
            "kubernetesVersion",
        )
    if old and _parts(minor) < _parts(".".join(str(old.properties["kubernetesVersion"]).split(".")[:2])):
        raise ArmError(
            409,
            "OperationNotAllowed",
            f"Upgrading Kubernetes version {old.properties['kubernetesVersion']} to {wanted} is not allowed: a cluster"
            " never goes back.",
            target="kubernetesVersion",
        )
    new.properties["kubernetesVersion"] = wanted
    new.properties["currentKubernetesVersion"] = wanted if wanted != minor else VERSIONS[minor][-1]


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _check_access(call: Call, new: Resource, old: Resource | None) -> None:
    properties = new.properties
    api = properties.get("apiServerAccessProfile") or {}
    if api.get("enablePrivateCluster") and api.get("authorizedIPRanges"):
        raise invalid("A private cluster takes no authorizedIPRanges.", "apiServerAccessProfile.authorizedIPRanges")
    if api.get("enablePrivateCluster") and api.get("privateDNSZone"):
        privatezones.check(call, new, str(api["privateDNSZone"]))
    was = bool(((old.properties.get("apiServerAccessProfile") if old else None) or {}).get("enablePrivateCluster"))
    if old and was != bool(api.get("enablePrivateCluster")):
        raise ArmError(
            409,
            "PropertyChangeNotAllowed",
            "Changing property 'properties.apiServerAccessProfile.enablePrivateCluster' is not allowed.",
            target="apiServerAccessProfile.enablePrivateCluster",
        )
    issuer = properties.setdefault("oidcIssuerProfile", {"enabled": False})
    if old and (old.properties.get("oidcIssuerProfile") or {}).get("enabled") and not issuer.get("enabled"):
        raise bad_request("OIDC issuer feature cannot be disabled.", "OIDCIssuerFeatureCannotBeDisabled")
    workload = (properties.get("securityProfile") or {}).get("workloadIdentity") or {}
    if workload.get("enabled") and not issuer.get("enabled"):
        raise invalid("workloadIdentity needs oidcIssuerProfile.enabled.", "securityProfile.workloadIdentity")
    aad = properties.get("aadProfile") or {}
    if aad.get("enableAzureRBAC") and not aad.get("managed"):
        raise invalid("enableAzureRBAC needs a managed aadProfile.", "aadProfile.enableAzureRBAC")
    if properties.get("disableLocalAccounts") and not aad:
        raise invalid("disableLocalAccounts needs an aadProfile, or nobody could sign in.", "disableLocalAccounts")
    if aad:
        aad.setdefault("tenantID", TENANT_ID)


def _complete(call: Call, new: Resource, old: Resource | None) -> None:
    """Names, addresses and profiles that AKS gives."""
    properties = new.properties
    region = normalize(new.body["location"])
    before = old.properties if old else {}
    properties.setdefault("dnsPrefix", before.get("dnsPrefix") or f"{new.name}-dns")
    properties.setdefault(
        "nodeResourceGroup",
        before.get("nodeResourceGroup") or f"MC_{call.path.resource_group}_{new.name}_{region}"[:80],
    )
    _addresses(new, before, region)
    networks.complete(new)
    properties["maxAgentPools"] = 100
    properties["powerState"] = before.get("powerState") or {"code": "Running"}
    if new.body.get("identity"):
        properties["servicePrincipalProfile"] = {"clientId": "msi"}
    if properties["oidcIssuerProfile"].get("enabled"):
        url = (before.get("oidcIssuerProfile") or {}).get("issuerURL")
        properties["oidcIssuerProfile"]["issuerURL"] = (
            url or f"https://{region}.oic.prod-aks.azure.com/{TENANT_ID}/{call.state.ids(f'{new.id}#issuer')}/"
        )
    properties["resourceUID"] = before.get("resourceUID") or uuid.uuid4().hex[:24]


def _addresses(new: Resource, before: Json, region: str) -> None:
    properties = new.properties
    unique = uuid.uuid4().hex[:8]
    if before.get("fqdn") or before.get("privateFQDN"):
        kept = {name: before[name] for name in ("fqdn", "privateFQDN", "azurePortalFQDN") if before.get(name)}
        properties.update(kept)
        return
    label = f"{properties['dnsPrefix']}-{unique}"
    api = properties.get("apiServerAccessProfile") or {}
    public = f"{label}.hcp.{region}.azmk8s.io"
    if api.get("enablePrivateCluster"):
        api.setdefault("privateDNSZone", "system")
        api.setdefault("enablePrivateClusterPublicFQDN", True)
        properties["privateFQDN"] = f"{label}.{uuid.uuid4()}.privatelink.{region}.azmk8s.io"
    if not api.get("enablePrivateCluster") or api.get("enablePrivateClusterPublicFQDN"):
        properties["fqdn"] = public
    properties["azurePortalFQDN"] = f"{label}.portal.hcp.{region}.azmk8s.io"


def _written(call: Call, new: Resource, old: Resource | None) -> None:
    if old:
        pools.refuse_new(call, new)
    sync(call, new, pools.INLINE, keep=old is not None)
    networks.check(call, new)
    properties = new.properties
    if old is None:
        kubelet = identities.given_kubelet(call, new)
        identities.make_node_group(call, new)
        made = kubelet or identities.identity(call, new, f"{new.name}-agentpool")
        properties["identityProfile"] = {"kubeletidentity": made}
    for name, profile in (properties.get("addonProfiles") or {}).items():
        addon = _ADDONS.get(name.lower())
        if profile.get("enabled") and addon:
            profile["identity"] = identities.identity(call, new, f"{addon}-{new.name}")
    call.state.put(new)
    credentials.make(call.state, new)


def _show(call: Call, resource: Resource, body: Json) -> None:
    show(call, resource, body, pools.INLINE)
    privatelink.show(call, resource, body)


def _deleted(control: ControlPlane, cluster: Resource) -> None:
    credentials.forget(control.state, cluster)
    group = resource_group_id(cluster.id.split("/")[2], cluster.properties["nodeResourceGroup"])
    purge(control, group.lower())


def _power(code: str) -> Action:
    def run(call: Call, cluster: Resource) -> ArmResponse:
        cluster.properties["powerState"] = {"code": code}
        call.state.put(cluster)
        operations = call.control.operations
        operation = operations.start(cluster.key, "POST", call.path.subscription or "", 120)
        return ArmResponse(202, None, operations.headers(operation, call.api_version, location=True))

    return Action(run)


def kubernetes_versions(_call: Call, _match: re.Match[str]) -> ArmResponse:
    """``locations/{location}/kubernetesVersions``."""
    values = [
        {
            "version": minor,
            "isDefault": minor == DEFAULT_VERSION,
            "isPreview": False,
            "capabilities": {"supportPlan": ["KubernetesOfficial", "AKSLongTermSupport"]},
            "patchVersions": {patch: {"upgrades": []} for patch in patches},
        }
        for minor, patches in VERSIONS.items()
    ]
    return ArmResponse(200, {"values": values})


CALLS = (
    ScopeAction(
        "GET",
        "locations/[^/]+/kubernetesVersions",
        kubernetes_versions,
        "Microsoft.ContainerService/locations/kubernetesVersions/read",
    ),
)

TYPE = ResourceType(
    name=CLUSTER,
    tracked=True,
    system_data=True,
    name_rule=NameRule(
        r"[a-zA-Z0-9]([\w-]*[a-zA-Z0-9])?",
        1,
        63,
        "1-63 letters, digits, underscores and hyphens, a letter or digit first and last",
        code="InvalidParameter",
    ),
    references=(
        Reference(
            "properties.addonProfiles.*.config.logAnalyticsWorkspaceResourceID",
            "Microsoft.OperationalInsights/workspaces",
            code="ResourceNotFound",
        ),
    ),
    enums={
        "sku.name": ("Base", "Automatic"),
        "sku.tier": ("Free", "Standard", "Premium"),
        "properties.networkProfile.networkPlugin": ("azure", "kubenet", "none"),
        "properties.networkProfile.networkPluginMode": ("overlay",),
        "properties.networkProfile.networkPolicy": ("none", "calico", "azure", "cilium"),
        "properties.networkProfile.outboundType": (
            "loadBalancer",
            "userDefinedRouting",
            "managedNATGateway",
            "userAssignedNATGateway",
            "none",
            "block",
        ),
        "properties.networkProfile.loadBalancerSku": ("standard", "basic"),
        "properties.autoUpgradeProfile.upgradeChannel": ("rapid", "stable", "patch", "node-image", "none"),
        "properties.autoUpgradeProfile.nodeOSUpgradeChannel": ("None", "Unmanaged", "NodeImage", "SecurityPatch"),
    },
    defaults={
        "sku.name": "Base",
        "sku.tier": "Free",
        "properties.enableRBAC": True,
        "properties.disableLocalAccounts": False,
        "properties.supportPlan": "KubernetesOfficial",
        "properties.securityProfile": {},
        "properties.storageProfile.diskCSIDriver.enabled": True,
        "properties.storageProfile.fileCSIDriver.enabled": True,
        "properties.storageProfile.snapshotController.enabled": True,
        "properties.autoUpgradeProfile.nodeOSUpgradeChannel": "NodeImage",
    },
    create_only=(
        "properties.dnsPrefix",
        "properties.nodeResourceGroup",
        "properties.networkProfile.serviceCidr",
        "properties.networkProfile.dnsServiceIP",
        "properties.networkProfile.loadBalancerSku",
        "properties.enableRBAC",
    ),
    write_only=("properties.servicePrincipalProfile.secret",),
    duration=550,
    delete_duration=240,
    delete_status=204,
    check=_check,
    complete=_complete,
    committed=_written,
    present=_show,
    deleted=_deleted,
    actions={
        "listClusterAdminCredential": Action(credentials.admin, "listClusterAdminCredential/action"),
        "listClusterUserCredential": Action(credentials.user, "listClusterUserCredential/action"),
        "stop": _power("Stopped"),
        "start": _power("Running"),
    },
)

__all__ = ["CALLS", "POOL", "TYPE"]
