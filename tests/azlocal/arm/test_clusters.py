"""AKS and its extensions through azure-mgmt-containerservice and azure-mgmt-kubernetesconfiguration."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.kubernetesconfiguration import SourceControlConfigurationClient
from azure.mgmt.resource.resources import ResourceManagementClient

from azlocal.entra.principals import READER
from azlocal.kubernetes.standin import StandIn

from .conftest import GROUP, LOCATION, World, refused

POOL = {"name": "system", "mode": "System", "vmSize": "Standard_D4s_v5", "count": 1}
ZONE_CONTRIBUTOR = "b12aa53e-6015-4669-85d0-8515ebb3ae7f"
OPERATOR, READER_ROLE = "f1a07417-d97a-45cb-824c-7a7467783830", "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def cluster(**properties: Any) -> dict[str, Any]:
    return {
        "location": LOCATION,
        "identity": {"type": "SystemAssigned"},
        "properties": {"agentPoolProfiles": [POOL], **properties},
    }


@pytest.fixture
def aks(world: World) -> Any:
    return world.client(ContainerServiceClient)


def test_cluster_and_what_comes_with_it(aks: Any, world: World) -> None:
    body = cluster(oidcIssuerProfile={"enabled": True})
    made = aks.managed_clusters.begin_create_or_update("rg", "aks-one", body).result()
    assert made.provisioning_state == "Succeeded"
    assert made.fqdn.endswith(f".hcp.{LOCATION}.azmk8s.io")
    assert made.oidc_issuer_profile.issuer_url.startswith(f"https://{LOCATION}.oic.prod-aks.azure.com/")
    assert made.identity_profile["kubeletidentity"].object_id
    assert made.network_profile.pod_cidr == "10.244.0.0/16"
    groups = world.client(ResourceManagementClient).resource_groups
    node_group = f"MC_rg_aks-one_{LOCATION}"
    assert made.node_resource_group == node_group
    assert node_group in {one.name for one in groups.list()}
    again = aks.managed_clusters.begin_create_or_update("rg", "aks-one", {**cluster(), "tags": {"a": "b"}}).result()
    assert (again.fqdn, again.oidc_issuer_profile.issuer_url) == (made.fqdn, made.oidc_issuer_profile.issuer_url)
    aks.managed_clusters.begin_delete("rg", "aks-one").result()
    assert [one.name for one in groups.list()] == ["rg"]


def test_pools_are_the_same_in_the_body_and_as_children(aks: Any) -> None:
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    user = {"properties": {"mode": "User", "vmSize": "Standard_D4s_v5", "count": 2}}
    aks.agent_pools.begin_create_or_update("rg", "aks-one", "models", user).result()
    shown = aks.managed_clusters.get("rg", "aks-one").agent_pool_profiles
    assert [(one.name, one.count, one.mode) for one in shown] == [("system", 1, "System"), ("models", 2, "User")]
    with refused("OperationNotAllowed", 400):
        aks.agent_pools.begin_delete("rg", "aks-one", "system").result()
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    kept = aks.managed_clusters.get("rg", "aks-one").agent_pool_profiles
    assert [one.name for one in kept] == ["system", "models"], "a body that leaves a pool out takes it away from nobody"
    with refused("BadRequest", 400):
        body = cluster(agentPoolProfiles=[POOL, {**POOL, "name": "more", "mode": "User"}])
        aks.managed_clusters.begin_create_or_update("rg", "aks-one", body).result()
    aks.agent_pools.begin_delete("rg", "aks-one", "models").result()
    with refused("PropertyChangeNotAllowed", 409):
        aks.managed_clusters.begin_create_or_update(
            "rg", "aks-one", cluster(agentPoolProfiles=[{**POOL, "vmSize": "Standard_D8s_v5"}])
        ).result()


def test_the_last_system_pool_goes_only_after_another(aks: Any) -> None:
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    other = {"properties": {"mode": "System", "vmSize": "Standard_D8s_v5", "count": 1}}
    aks.agent_pools.begin_create_or_update("rg", "aks-one", "larger", other).result()
    aks.agent_pools.begin_delete("rg", "aks-one", "system").result()
    with refused("BadRequest", 400):
        aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    bare = cluster()
    del bare["properties"]["agentPoolProfiles"]
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", bare).result()
    assert [one.name for one in aks.managed_clusters.get("rg", "aks-one").agent_pool_profiles] == ["larger"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("vmSize", "Standard_D8s_v5"), ("maxPods", 60), ("enableEncryptionAtHost", True), ("osDiskType", "Ephemeral")],
)
def test_what_a_pool_keeps(aks: Any, field: str, value: Any) -> None:
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    pool = {"mode": "User", "vmSize": "Standard_D4s_v5", "count": 1}
    aks.agent_pools.begin_create_or_update("rg", "aks-one", "models", {"properties": pool}).result()
    with refused("PropertyChangeNotAllowed", 409):
        changed = {"properties": {**pool, field: value}}
        aks.agent_pools.begin_create_or_update("rg", "aks-one", "models", changed).result()


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"kubernetesVersion": "1.22.4"}, "K8sVersionNotSupported"),
        ({"agentPoolProfiles": []}, "InvalidParameter"),
        ({"agentPoolProfiles": [{**POOL, "name": "Too-Long-A-Name"}]}, "InvalidParameter"),
        ({"agentPoolProfiles": [{**POOL, "enableAutoScaling": True}]}, "InvalidParameter"),
        ({"networkProfile": {"serviceCidr": "10.1.0.0/16", "dnsServiceIP": "10.2.0.10"}}, "InvalidParameter"),
        ({"networkProfile": {"outboundType": "userAssignedNATGateway"}}, "InvalidParameter"),
        ({"securityProfile": {"workloadIdentity": {"enabled": True}}}, "InvalidParameter"),
        ({"disableLocalAccounts": True}, "InvalidParameter"),
        ({"networkProfile": {"networkPlugin": "azure", "networkPolicy": "cilium"}}, "InvalidParameter"),
        (
            {"apiServerAccessProfile": {"enablePrivateCluster": True, "authorizedIPRanges": ["20.0.0.0/24"]}},
            "InvalidParameter",
        ),
        ({"apiServerAccessProfile": {"enablePrivateCluster": True, "privateDNSZone": "mine"}}, "InvalidParameter"),
    ],
)
def test_cluster_refusals_leave_nothing_behind(aks: Any, world: World, properties: Any, code: str) -> None:
    with refused(code, 400):
        aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster(**properties)).result()
    assert world.state.below(GROUP.lower()) == []
    assert [one.name for one in world.client(ResourceManagementClient).resource_groups.list()] == ["rg"]


def test_ranges_and_ways_out_of_its_subnet(aks: Any, world: World) -> None:
    subnet = world.network("10.0.0.0/24") + "/subnets/snet0"
    pools = [{**POOL, "vnetSubnetID": subnet}]
    with refused("ServiceCidrOverlapExistingSubnetsCidr", 400):
        aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster(agentPoolProfiles=pools)).result()
    apart = {"serviceCidr": "10.96.0.0/16", "dnsServiceIP": "10.96.0.10"}
    with refused("ExistingRouteTableNotAssociatedWithSubnet", 400):
        routed = {**apart, "outboundType": "userDefinedRouting"}
        body = cluster(agentPoolProfiles=pools, networkProfile=routed)
        aks.managed_clusters.begin_create_or_update("rg", "aks-one", body).result()
    body = cluster(agentPoolProfiles=pools, networkProfile=apart)
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", body).result()
    answer = world.control.internal("DELETE", subnet)
    assert answer.body["error"]["code"] == "InUseSubnetCannotBeDeleted"
    world.network("10.0.0.0/24", "10.0.1.0/24")
    routed = {"vmSize": "Standard_D4s_v5", "vnetSubnetID": subnet.replace("snet0", "snet1")}
    aks.agent_pools.begin_create_or_update("rg", "aks-one", "models", {"properties": routed}).result()
    inside = world.network("10.96.0.0/24", name="inside", space="10.96.0.0/16") + "/subnets/snet0"
    pool = {"properties": {"vmSize": "Standard_D4s_v5", "vnetSubnetID": inside}}
    with refused("ServiceCidrOverlapExistingSubnetsCidr", 400):
        aks.agent_pools.begin_create_or_update("rg", "aks-one", "more", pool).result()


def test_a_brought_kubelet_identity_needs_permission(aks: Any, world: World) -> None:
    control, kubelet = world.identity("control"), world.identity("kubelet")
    body = {
        **cluster(identityProfile={"kubeletidentity": {"resourceId": kubelet["id"]}}),
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {control["id"]: {}}},
    }
    with refused("CustomKubeletIdentityMissingPermissionError", 400):
        aks.managed_clusters.begin_create_or_update("rg", "aks-one", body).result()
    world.assign(OPERATOR, control["properties"]["principalId"], kubelet["id"], "00000000-0000-4000-8000-00000000000b")
    made = aks.managed_clusters.begin_create_or_update("rg", "aks-one", body).result()
    assert made.identity_profile["kubeletidentity"].client_id == kubelet["properties"]["clientId"]


def kubeconfig(found: Any) -> dict[str, Any]:
    return dict(yaml.safe_load(bytes(found.kubeconfigs[0].value)))


def test_credentials(aks: Any, world: World) -> None:
    world.state.put_document("installation", "ca", "a certificate")
    made = aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    admin = kubeconfig(aks.managed_clusters.list_cluster_admin_credentials("rg", "aks-one"))
    assert admin["clusters"][0]["cluster"]["server"] == f"https://{made.fqdn}:443"
    assert admin["users"][0]["user"]["token"]
    entra = cluster(aadProfile={"managed": True, "enableAzureRBAC": True}, disableLocalAccounts=True)
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", entra).result()
    user = kubeconfig(aks.managed_clusters.list_cluster_user_credentials("rg", "aks-one"))
    assert user["users"][0]["user"]["exec"]["command"] == "kubelogin"
    with refused("BadRequest", 400):
        aks.managed_clusters.list_cluster_admin_credentials("rg", "aks-one")
    world.assign(READER_ROLE, READER.object_id, GROUP, "00000000-0000-4000-8000-00000000000c")
    reader = world.client(ContainerServiceClient, READER).managed_clusters
    assert reader.get("rg", "aks-one").name == "aks-one"
    with refused("AuthorizationFailed", 403):
        reader.list_cluster_user_credentials("rg", "aks-one")


def test_version_goes_forward_only(aks: Any) -> None:
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster(kubernetesVersion="1.33")).result()
    made = aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster(kubernetesVersion="1.34")).result()
    assert made.current_kubernetes_version.startswith("1.34.")
    with refused("OperationNotAllowed", 409):
        aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster(kubernetesVersion="1.33")).result()
    versions = {one.version for one in aks.managed_clusters.list_kubernetes_versions(LOCATION).values_property}
    assert "1.34" in versions


def test_power(aks: Any) -> None:
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    aks.managed_clusters.begin_stop("rg", "aks-one").result()
    assert aks.managed_clusters.get("rg", "aks-one").power_state.code == "Stopped"
    aks.managed_clusters.begin_start("rg", "aks-one").result()
    assert aks.managed_clusters.get("rg", "aks-one").power_state.code == "Running"


def test_maintenance_windows_have_fixed_names(aks: Any) -> None:
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    windows = aks.maintenance_configurations
    assert windows.create_or_update("rg", "aks-one", "default", {"properties": {"timeInWeek": []}}).name == "default"
    with refused("InvalidParameter", 400):
        windows.create_or_update("rg", "aks-one", "whenever", {"properties": {}})


def test_trusted_access(aks: Any, world: World) -> None:
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    bindings = aks.trusted_access_role_bindings
    role = "Microsoft.MachineLearningServices/workspaces/mlworkload"
    with refused("InvalidParameter", 400):  # a storage account has no such role
        body = {"properties": {"sourceResourceId": world.account(), "roles": [role]}}
        bindings.begin_create_or_update("rg", "aks-one", "binding", body).result()


@pytest.fixture
def extensions(world: World, aks: Any) -> Any:
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    return world.client(SourceControlConfigurationClient).extensions


WHERE = ("rg", "Microsoft.ContainerService", "managedClusters", "aks-one")
SETTINGS = {
    "enableTraining": "True",
    "enableInference": "True",
    "inferenceRouterServiceType": "LoadBalancer",
    "allowInsecureConnections": "True",
}


def extension(**settings: str | None) -> dict[str, Any]:
    given = {key: value for key, value in {**SETTINGS, **settings}.items() if value is not None}
    return {
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "extensionType": "Microsoft.AzureML.Kubernetes",
            "scope": {"cluster": {"releaseNamespace": "azureml"}},
            "configurationSettings": given,
        },
    }


def test_extension(extensions: Any) -> None:
    body = extension()
    body["properties"]["configurationProtectedSettings"] = {"sslKeyPemFile": "hush"}
    made = extensions.begin_create(*WHERE, "azureml", body).result()
    assert made.identity.principal_id
    assert made.release_train == "Stable"
    assert made.configuration_protected_settings == {"sslKeyPemFile": ""}
    with refused("ExtensionTypeAlreadyExists", 409):
        extensions.begin_create(*WHERE, "second", extension()).result()
    extensions.begin_delete(*WHERE, "azureml").result()
    assert list(extensions.list(*WHERE)) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"enableTraining": "False", "enableInference": "False"},
        {"inferenceRouterServiceType": None},
        {"inferenceRouterServiceType": "NodePort", "internalLoadBalancerProvider": "azure"},
        {"allowInsecureConnections": "False"},
        {"allowInsecureConnections": "False", "sslSecret": "secret"},
    ],
)
def test_extension_refusals(extensions: Any, settings: dict[str, str | None]) -> None:
    with refused("ExtensionConfigurationInvalid", 400):
        extensions.begin_create(*WHERE, "azureml", extension(**settings)).result()


def zone(world: World, name: str) -> str:
    path = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/{name}"
    return str(world.put(path, {"location": "global"})["id"])


def private(zone_id: str, identity: str) -> dict[str, Any]:
    body = cluster(apiServerAccessProfile={"enablePrivateCluster": True, "privateDNSZone": zone_id})
    return {**body, "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}}


def test_a_private_cluster_writes_into_a_zone_of_ones_own(aks: Any, world: World) -> None:
    me = world.identity()
    zone_id = zone(world, f"privatelink.{LOCATION}.azmk8s.io")
    body = private(zone_id, me["id"])
    with refused("CustomPrivateDNSZoneMissingPermissionError", 400):
        aks.managed_clusters.begin_create_or_update("rg", "aks-one", body).result()
    world.assign(ZONE_CONTRIBUTOR, me["properties"]["principalId"], zone_id, "11111111-1111-4111-8111-111111111111")
    made = aks.managed_clusters.begin_create_or_update("rg", "aks-one", body).result()
    assert made.private_fqdn.endswith(f".privatelink.{LOCATION}.azmk8s.io")
    with refused("InvalidParameter", 400):
        other = private(zone(world, "privatelink.northeurope.azmk8s.io"), me["id"])
        aks.managed_clusters.begin_create_or_update("rg", "aks-two", other).result()
    with refused("ResourceNotFound", 400):
        gone = private(zone_id.replace("privatelink.", "sub.privatelink."), me["id"])
        aks.managed_clusters.begin_create_or_update("rg", "aks-two", gone).result()


WEEKLY = {"schedule": {"weekly": {"dayOfWeek": "Sunday", "intervalWeeks": 1}}, "startTime": "01:00"}


def test_upgrades_happen_in_their_window(aks: Any) -> None:
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    made = aks.maintenance_configurations.create_or_update(
        "rg",
        "aks-one",
        "aksManagedAutoUpgradeSchedule",
        {"properties": {"maintenanceWindow": WEEKLY | {"durationHours": 4}}},
    )
    assert made.maintenance_window.schedule.weekly.day_of_week == "Sunday"
    assert made.maintenance_window.utc_offset == "+00:00"
    assert [one.name for one in aks.maintenance_configurations.list_by_managed_cluster("rg", "aks-one")] == [
        "aksManagedAutoUpgradeSchedule"
    ]


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("nightly", {"maintenanceWindow": {**WEEKLY, "durationHours": 4}}),
        ("aksManagedAutoUpgradeSchedule", {"maintenanceWindow": {**WEEKLY, "durationHours": 3}}),
        ("aksManagedAutoUpgradeSchedule", {"maintenanceWindow": {**WEEKLY, "durationHours": 4, "schedule": {}}}),
        ("aksManagedAutoUpgradeSchedule", {"maintenanceWindow": {**WEEKLY, "durationHours": 4, "startTime": "1"}}),
        ("aksManagedAutoUpgradeSchedule", {"maintenanceWindow": {**WEEKLY, "durationHours": 4, "utcOffset": "1"}}),
        ("aksManagedNodeOSUpgradeSchedule", {"timeInWeek": [{"day": "Sunday", "hourSlots": [1]}]}),
        ("default", {"maintenanceWindow": {**WEEKLY, "durationHours": 4}}),
    ],
)
def test_windows_that_aks_refuses(aks: Any, name: str, properties: Any) -> None:
    aks.managed_clusters.begin_create_or_update("rg", "aks-one", cluster()).result()
    with refused("InvalidParameter", 400):
        aks.maintenance_configurations.create_or_update("rg", "aks-one", name, {"properties": properties})
    assert list(aks.maintenance_configurations.list_by_managed_cluster("rg", "aks-one")) == []


def test_the_extension_brings_its_router(extensions: Any, world: World) -> None:
    extensions.begin_create(*WHERE, "azureml", extension(internalLoadBalancerProvider="azure")).result()
    objects = StandIn(world.state, f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/{WHERE[-1]}")
    router = objects.get(objects.kind("v1", "Service"), "azureml", "azureml-fe")
    assert router["spec"]["type"] == "LoadBalancer"
    assert router["metadata"]["annotations"] == {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}


def test_the_secret_store_brings_its_kind(aks: Any, world: World) -> None:
    on = {"azureKeyvaultSecretsProvider": {"enabled": True, "config": {"enableSecretRotation": "true"}}}
    kinds = {}
    for name, addons in (("aks-on", on), ("aks-off", {})):
        aks.managed_clusters.begin_create_or_update("rg", name, cluster(addonProfiles=addons)).result()
        objects = StandIn(world.state, f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/{name}")
        kinds[name] = {kind.name for kind in objects.kinds()}
    assert kinds["aks-on"] - kinds["aks-off"] == {"SecretProviderClass"}
