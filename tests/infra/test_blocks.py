"""What the strictest reviewers look at, block by block, for every environment."""

from __future__ import annotations

import json
import re
from functools import cache
from ipaddress import IPv4Address
from typing import Any

import pytest

from infra.cluster import extension, node_pools
from infra.data import spark_tables
from infra.data.lake import SPARK_FILESYSTEM, ZONES
from infra.data.lake_tables import ACCESS
from infra.network.tables import ranges
from infra.settings.reader import parse
from tests.infra import program
from tests.infra.program import Deployment, Registered, each
from tests.infra.reference import CLUSTER_ID, EXTENSION, EXTENSION_ON_TRIAL


def test_storage_takes_identities_only(deployment: Deployment) -> None:
    for account in each(deployment.all("storage:StorageAccount")):
        made = account.inputs
        assert made["allowSharedKeyAccess"] is False
        assert made["allowBlobPublicAccess"] is False
        assert made["isLocalUserEnabled"] is False
        assert made["minimumTlsVersion"] == "TLS1_2"
        assert made["enableHttpsTrafficOnly"] is True
    assert deployment.one("storage:StorageAccount", "lake-account").inputs["isHnsEnabled"] is True
    assert deployment.one("storage:StorageAccount", "storage-account").inputs["isHnsEnabled"] is False


def test_the_lake_has_its_zones(deployment: Deployment) -> None:
    containers = deployment.all("storage:BlobContainer")
    assert {made.inputs["containerName"] for made in containers} == {*ZONES, SPARK_FILESYSTEM}
    assert {made.inputs["publicAccess"] for made in containers} == {"None"}


def test_the_vault_knows_roles_and_keeps_what_is_deleted(deployment: Deployment) -> None:
    made = deployment.one("keyvault:Vault").inputs["properties"]
    assert made["enableRbacAuthorization"] is True
    assert made["enableSoftDelete"] is True
    assert made.get("enablePurgeProtection", True) is True, "Azure refuses false"


def test_the_registry_has_no_administrator(deployment: Deployment) -> None:
    made = deployment.one("containerregistry:Registry").inputs
    assert (made["adminUserEnabled"], made["anonymousPullEnabled"]) == (False, False)
    assert made["sku"]["name"] == "Premium", "private endpoints need it"


def test_synapse_has_a_managed_network_and_no_password(deployment: Deployment) -> None:
    made = deployment.one("synapse:Workspace").inputs
    assert made["managedVirtualNetwork"] == "default"
    assert made["azureADOnlyAuthentication"] is True
    assert not [key for key in made if "Password" in key or key == "sqlAdministratorLogin"]
    pool = deployment.one("synapse:BigDataPool").inputs
    assert pool["autoPause"]["enabled"] is True
    assert len(pool["bigDataPoolName"]) <= 15


def test_the_workspace_acts_as_its_own_identity(deployment: Deployment) -> None:
    made = deployment.one("machinelearningservices:Workspace").inputs
    assert made["identity"]["type"] == "UserAssigned"
    if not deployment.awaits(made["primaryUserAssignedIdentity"]):
        assert made["identity"]["userAssignedIdentities"] == [made["primaryUserAssignedIdentity"]]
    assert made["systemDatastoresAuthMode"] == "Identity"
    assert made["v1LegacyMode"] is False


def test_datastores_hold_no_credential(deployment: Deployment) -> None:
    for made in each(deployment.all("machinelearningservices:Datastore")):
        store = made.inputs["properties"]
        assert store["credentials"] == {"credentialsType": "None"}
        assert made.name == f"workspace-datastore-{made.inputs['name']}"
        if not deployment.awaits(store["filesystem"]):
            assert store["filesystem"] == made.inputs["name"]
        if not deployment.awaits([store["subscriptionId"], store["accountName"]]):
            assert store["subscriptionId"] == program.SUBSCRIPTION
            assert store["accountName"] == deployment.outputs["lake_account"]


def test_training_nodes_are_private_and_scale_to_nothing(deployment: Deployment) -> None:
    made = deployment.one("machinelearningservices:Compute", "training-cpu").inputs["properties"]
    nodes = made["properties"]
    assert made["disableLocalAuth"] is True
    assert nodes["enableNodePublicIp"] is False
    assert nodes["remoteLoginPortPublicAccess"] == "Disabled"
    assert nodes["scaleSettings"]["minNodeCount"] == 0
    if program.configuration(deployment.environment)["network"]["mode"] == "byo":
        if not deployment.awaits(nodes["subnet"]["id"]):
            assert nodes["subnet"]["id"].endswith(f"snet-mlp-training-{deployment.environment}")
    else:
        assert "subnet" not in nodes


def test_every_cluster_is_private_and_starts_from_nothing(deployment: Deployment) -> None:
    clusters = [
        made.inputs["properties"]["properties"]
        for made in deployment.all("machinelearningservices:Compute")
        if made.inputs["properties"]["computeType"] == "AmlCompute"
    ]
    for nodes in each(clusters):
        assert nodes["enableNodePublicIp"] is False
        assert nodes["scaleSettings"]["minNodeCount"] == 0


def test_images_are_built_by_a_cluster_that_finds_the_workspace(deployment: Deployment) -> None:
    """Azure takes the name before the cluster exists, and needs the cluster when it builds an image."""
    builder = deployment.one("machinelearningservices:Compute", "training-builder")
    workspace = deployment.one("machinelearningservices:Workspace").inputs
    assert workspace["imageBuildCompute"] == builder.inputs["computeName"]
    names = {"endpoints-workspace-amlworkspace-dns", "endpoints-storage-file-dns", "endpoints-link-api-azureml-ms"}
    mode = program.configuration(deployment.environment)["network"]["mode"]
    assert names & deployment.waits_for(builder) == (names if mode == "byo" else set())


SPARK_KEY = {
    "keyUrl": "https://kv-keys.vault.azure.net/keys/synapse",
    "identityId": f"/subscriptions/{program.SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ManagedIdentity"
    "/userAssignedIdentities/keys",
}


one_worker = pytest.mark.xdist_group("dev")


@cache
def with_options() -> Deployment:
    """Dev with options of several blocks, none of which touches another's."""
    values = program.configuration("dev")
    values["cluster"] |= {
        "private": True,
        "networkPolicy": "cilium",
        "localAccounts": {"reason": "a tool that knows certificates only", "until": "2999-01-01"},
    }
    values["spark"] |= {"attachToWorkspace": True, "customerKey": SPARK_KEY}
    zones = {"raw": {"coolAfterDays": 7, "deleteAfterDays": 90}, "scores": {"deleteAfterDays": 30}}
    values["lake"] |= {"zones": zones, "trackLastAccess": True}
    return program.run("dev", values)


PEOPLE = [{"name": "desk-one", "objectId": "11111111-0000-4000-8000-000000000009"}]


@pytest.mark.parametrize("mode", ["byo", "managed"])
def test_a_compute_instance_is_one_persons_and_stops(mode: str) -> None:
    values = program.configuration("dev")
    values["network"]["mode"] = mode
    values["workspace"]["instances"] = {"people": PEOPLE, "start": "0 7 * * 1-5", "idleMinutes": 30}
    made = program.run("dev", values).one("machinelearningservices:Compute", "training-instance-desk-one")
    desk = made.inputs["properties"]
    assert desk["disableLocalAuth"] is True
    inner = desk["properties"]
    assert inner["personalComputeInstanceSettings"]["assignedUser"] == {
        "objectId": PEOPLE[0]["objectId"],
        "tenantId": program.TENANT,
    }
    assert inner["enableNodePublicIp"] is False
    assert inner["sshSettings"] == {"sshPublicAccess": "Disabled"}
    assert inner["idleTimeBeforeShutdown"] == "PT30M"
    assert [one["action"] for one in inner["schedules"]["computeStartStop"]] == ["Stop", "Start"]
    assert ("subnet" in inner) == (mode == "byo")


def test_a_closed_managed_network_lets_out_what_is_listed() -> None:
    values = program.configuration("prod")
    values["network"]["mode"] = "managed"
    values["workspace"] |= {
        "isolationMode": "AllowOnlyApprovedOutbound",
        "managedNetwork": {
            "hosts": {"packages": "packages.example"},
            "serviceTags": [{"name": "events", "tag": "AzureEventGrid", "ports": "443"}],
            "firewallSku": "Basic",
            "includeSpark": True,
        },
    }
    deployed = program.run("prod", values)
    made = deployed.one("machinelearningservices:Workspace")
    network = made.inputs["managedNetwork"]
    rules = network["outboundRules"]
    assert network["firewallSku"] == "Basic"
    assert network["status"]["sparkReady"] is True
    assert rules["packages"] == {"type": "FQDN", "category": "UserDefined", "destination": "packages.example"}
    assert rules["events"]["destination"] == {"serviceTag": "AzureEventGrid", "portRanges": "443", "protocol": "TCP"}
    assert rules["lake-dfs"]["destination"]["sparkEnabled"] is True
    approvers = {f"roles-workspace-azure-ai-enterprise-network-connection-approver-{scope}" for scope in APPROVED}
    assert approvers <= deployed.waits_for(made), "Azure refuses a private endpoint that nobody may approve"


APPROVED = ("lake", "workspace-storage", "vault", "registry")


def test_a_key_of_ones_own_is_in_the_vault_first() -> None:
    values = program.configuration("prod")
    values["workspace"]["customerKey"] = {}
    deployed = program.run("prod", values)
    made = deployed.one("machinelearningservices:Workspace")
    key = deployed.one("keyvault:Key")
    assert key.inputs["properties"]["kty"] == "RSA-HSM", "the vault of prod is premium"
    assert key.inputs["properties"]["rotationPolicy"]["attributes"]["expiryTime"] == "P2Y"
    assert made.inputs["encryption"]["status"] == "Enabled"
    assert made.inputs["enableServiceSideCMKEncryption"] is True
    assert {key.name, "roles-workspace-key-vault-crypto-service-encryption-user-vault"} <= deployed.waits_for(made)


def test_a_registry_for_promotion_is_private_where_the_network_is() -> None:
    made = program.deployed("prod")
    registry = made.one("machinelearningservices:Registry")
    assert registry.inputs["publicNetworkAccess"] == "Disabled"
    (region,) = registry.inputs["regionDetails"]
    assert region["acrDetails"][0]["systemCreatedAcrAccount"]["acrAccountSku"] == "Premium"
    endpoint = made.one("network:PrivateEndpoint", "endpoints-promotion-amlregistry")
    assert registry.name in made.waits_for(endpoint)


def test_images_do_not_leave_a_private_registry(deployment: Deployment) -> None:
    made = deployment.one("containerregistry:Registry").inputs
    exports = made["policies"].get("exportPolicy", {}).get("status", "enabled")
    assert (exports == "disabled") == (made["publicNetworkAccess"] == "Disabled")


def test_another_size_of_training_nodes_replaces_the_cluster(deployment: Deployment) -> None:
    made = deployment.one("machinelearningservices:Compute", "training-cpu")
    assert "properties.properties.vmSize" in made.replace_on_changes
    assert "properties.properties.vmPriority" in made.replace_on_changes


def test_the_cluster_meets_the_reviewers_list(deployment: Deployment) -> None:
    made = deployment.one("containerservice:ManagedCluster").inputs
    assert made["enableRBAC"] is True
    assert made["aadProfile"]["enableAzureRBAC"] is True
    assert made["disableLocalAccounts"] is True
    assert made["oidcIssuerProfile"]["enabled"] is True
    assert made["securityProfile"]["workloadIdentity"]["enabled"] is True
    assert made["networkProfile"]["networkPolicy"] == "calico"
    assert made["addonProfiles"]["azurepolicy"]["enabled"] is True
    assert made["addonProfiles"]["azureKeyvaultSecretsProvider"]["config"]["enableSecretRotation"] == "true"
    assert made["autoUpgradeProfile"]["upgradeChannel"] == "patch"
    [system] = made["agentPoolProfiles"]
    assert system["nodeTaints"] == ["CriticalAddonsOnly=true:NoSchedule"]
    for pool in each([system, deployment.one("containerservice:AgentPool").inputs]):
        assert pool.get("type", "VirtualMachineScaleSets") == "VirtualMachineScaleSets", "what AKS takes by itself"
        assert pool["enableAutoScaling"] is True
        assert pool["enableNodePublicIP"] is False
        assert pool["maxPods"] >= 50
        assert pool["enableEncryptionAtHost"] is True
        assert pool["osDiskType"] == "Ephemeral"
    chosen = parse(program.configuration(deployment.environment)).cluster
    assert made["apiServerAccessProfile"]["disableRunCommand"] is True
    assert made["apiServerAccessProfile"]["enablePrivateCluster"] is chosen.private
    assert ("defender" in made["securityProfile"]) == chosen.defender


def test_a_workspace_can_be_without_what_has_nodes_in_a_network() -> None:
    values = program.configuration("local")
    values["workspace"]["computes"] = False
    made = program.run("local", values)
    assert [one.inputs["computeName"] for one in made.all("machinelearningservices:Compute")] == ["aks"]
    assert made.outputs["cpu_cluster"] == "cpu-cluster", "jobs go on naming it"


@pytest.mark.parametrize(
    ("environment", "anew"),
    [
        pytest.param(environment, anew, marks=pytest.mark.xdist_group(environment))
        for environment, anew in (("dev", True), ("staging", False))  # a network of one's own, a managed one
    ],
)
def test_only_the_way_back_from_a_managed_network_makes_the_workspace_anew(environment: str, anew: bool) -> None:  # noqa: FBT001
    made = program.deployed(environment).one("machinelearningservices:Workspace")
    assert ("managedNetwork.isolationMode" in made.replace_on_changes) is anew


@pytest.mark.xdist_group("dev")
def test_what_aks_keeps_of_a_pool_is_in_its_name() -> None:
    def named(**changed: Any) -> str:
        values = program.configuration("dev")
        values["cluster"]["workloadPool"] |= changed.pop("pool", {})
        values["cluster"] |= changed
        return node_pools.workload_name(parse(values).cluster)

    made = program.deployed("dev").one("containerservice:AgentPool").inputs
    was = named()
    assert (made["mode"], made["agentPoolName"]) == ("User", was)
    assert re.fullmatch("workload[0-9a-f]{4}", was)
    assert named(pool={"maxNodes": 9}) == was
    others = [named(pool={"vmSize": "Standard_D16ds_v5"}), named(pool={"osDiskGb": 64}), named(hostEncryption=False)]
    assert len({was, *others}) == 4


def test_pods_have_nodes_before_they_come(deployment: Deployment) -> None:
    assert "cluster-workload" in deployment.waits_for(deployment.one("kubernetesconfiguration:Extension"))
    for pods in deployment.all("apps/v1:Deployment"):
        assert "cluster-workload" in deployment.waits_for(pods)


def test_upgrades_have_their_windows(deployment: Deployment) -> None:
    made = {entry.inputs["configName"]: entry.inputs["maintenanceWindow"] for entry in each(_windows(deployment))}
    assert made.keys() == {"aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"}
    assert all(window["durationHours"] >= 4 and window["schedule"]["weekly"] for window in made.values())


def _windows(deployment: Deployment) -> list[Registered]:
    return deployment.all("containerservice:MaintenanceConfiguration")


@one_worker
def test_a_private_cluster_has_no_public_name() -> None:
    made = with_options().one("ManagedCluster").inputs["apiServerAccessProfile"]
    assert made["enablePrivateCluster"] is True
    assert made["enablePrivateClusterPublicFQDN"] is False
    assert made["privateDNSZone"]
    assert "authorizedIPRanges" not in made


@one_worker
def test_cilium_carries_what_it_enforces() -> None:
    made = with_options().one("ManagedCluster").inputs["networkProfile"]
    assert (made["networkPolicy"], made["networkDataplane"]) == ("cilium", "cilium")


@one_worker
def test_local_accounts_come_with_a_reason() -> None:
    assert with_options().one("ManagedCluster").inputs["disableLocalAccounts"] is False


def test_pods_take_their_identity_from_the_service_account(deployment: Deployment) -> None:
    credential = deployment.one("FederatedIdentityCredential", "cluster-workload-identity").inputs
    account = deployment.one("kubernetes:core/v1:ServiceAccount", "serving-service-account").inputs["metadata"]
    assert credential["subject"] == f"system:serviceaccount:{account['namespace']}:{account['name']}"
    assert credential["audiences"] == ["api://AzureADTokenExchange"]
    client_id = account["annotations"]["azure.workload.identity/client-id"]
    if not deployment.awaits([credential["issuer"], client_id]):
        assert credential["issuer"].startswith("https://oidc.")
        assert client_id == deployment.outputs["workload_identity_client_id"]


def test_the_kubeconfig_is_a_secret(deployment: Deployment) -> None:
    provider = deployment.one("pulumi:providers:kubernetes")
    if not deployment.awaits(provider.inputs["kubeconfig"]):
        assert provider.inputs["kubeconfig"] == "apiVersion: v1"
    assert provider.secret_inputs == {"kubeconfig"}
    for made in each(made for made in deployment.resources if made.type.startswith("kubernetes:")):
        assert made.provider.startswith(provider.urn)


def test_the_extension_gets_what_the_command_line_would_add(deployment: Deployment) -> None:
    made = deployment.one("kubernetesconfiguration:Extension").inputs
    assert made["extensionType"] == "Microsoft.AzureML.Kubernetes"
    assert made["scope"] == {"cluster": {"releaseNamespace": "azureml"}}
    assert (made["releaseTrain"], made["autoUpgradeMinorVersion"]) == ("stable", True)
    assert made["identity"] == {"type": "SystemAssigned"}
    values = dict(made["configurationSettings"])
    cluster = deployment.one("ManagedCluster")
    for key in each(CLUSTER_ID):
        value = values.pop(key)
        if not deployment.awaits(value):
            assert value == cluster.id
    facts = {
        "region": deployment.outputs["location"],
        "cluster": cluster.inputs["resourceName"],
        "host": deployment.outputs["scoring_host"],
    }
    trial = deployment.one("containerservice:AgentPool").inputs["minCount"] < 3
    wanted = EXTENSION | (EXTENSION_ON_TRIAL if trial else {})
    assert values == {key: value.format(**facts) for key, value in wanted.items()}


def test_the_attached_compute_is_replaced_and_never_changed(deployment: Deployment) -> None:
    made = deployment.one("machinelearningservices:Compute", "serving-compute")
    assert made.replace_on_changes == ("properties",)
    inner = made.inputs["properties"]["properties"]
    assert inner["namespace"] == deployment.outputs["kubernetes_namespace"]
    assert inner["defaultInstanceType"] in inner["instanceTypes"]
    binding = deployment.one("TrustedAccessRoleBinding").inputs
    assert len(binding["trustedAccessRoleBindingName"]) <= 24
    assert binding["roles"] == ["Microsoft.MachineLearningServices/workspaces/mlworkload"]


def test_pods_logs_have_a_rule_to_follow(deployment: Deployment) -> None:
    agent = deployment.one("ManagedCluster").inputs["addonProfiles"]["omsagent"]["config"]
    rule = deployment.one("monitor:DataCollectionRule").inputs
    assert agent["useAADAuth"] == "true"
    (destination,) = rule["destinations"]["logAnalytics"]
    if not deployment.awaits(destination["workspaceResourceId"]):
        assert destination["workspaceResourceId"] == agent["logAnalyticsWorkspaceResourceID"]
    association = deployment.one("monitor:DataCollectionRuleAssociation", "container-logs-association").inputs
    assert association["associationName"] == rule["dataSources"]["extensions"][0]["name"]


ROUTER_TLS = {"certificate": "CERT", "privateKey": "KEY"}


def test_a_certificate_in_the_settings_becomes_the_routers_secret() -> None:
    values = program.configuration("dev")
    values["serving"]["tls"] |= {**ROUTER_TLS, "source": "cluster"}
    made = program.run("dev", values)
    secret = made.one("kubernetes:core/v1:Secret")
    assert secret.inputs["metadata"] == {"name": "scoring-tls", "namespace": extension.EXTENSION_NAMESPACE}
    assert secret.inputs["stringData"] == {"cert.pem": "CERT", "key.pem": "KEY"}
    assert "stringData" in secret.secret_inputs
    assert "certificate-secret" in made.waits_for(made.one("kubernetesconfiguration:Extension"))
    assert not made.all("SecretProviderClass")


def test_a_certificate_in_the_settings_goes_into_the_vault_and_has_an_end() -> None:
    values = program.configuration("dev")
    values["serving"]["tls"] |= {**ROUTER_TLS, "expires": "2027-03-31"}
    made = program.run("dev", values)
    kept = {one.inputs["secretName"]: one for one in made.all("keyvault:Secret")}
    assert kept.keys() == {"scoring-tls-certificate", "scoring-tls-private-key"}
    for secret in each(kept.values()):
        assert secret.inputs["properties"]["attributes"]["expires"] == 1806537599
        assert secret.inputs["properties"]["contentType"] == "application/x-pem-file"
        assert "properties" in secret.secret_inputs
        assert secret.name in made.waits_for(made.one("kubernetesconfiguration:Extension"))


def test_the_router_reads_its_certificate_out_of_the_vault(deployment: Deployment) -> None:
    source = deployment.one("SecretProviderClass")
    parameters = source.inputs["spec"]["parameters"]
    wanted = [json.loads(one)["objectName"] for one in json.loads(parameters["objects"])["array"]]
    (secret,) = source.inputs["spec"]["secretObjects"]
    values = deployment.one("kubernetesconfiguration:Extension").inputs["configurationSettings"]
    assert secret["secretName"] == values["sslSecret"]
    assert {one["key"]: one["objectName"] for one in secret["data"]} == dict(
        zip(("cert.pem", "key.pem"), wanted, strict=True)
    )
    if not deployment.awaits(parameters["keyvaultName"]):
        assert parameters["keyvaultName"] in deployment.outputs["key_vault_uri"]
    credential = deployment.one("FederatedIdentityCredential", "certificate-identity").inputs
    account = deployment.one("kubernetes:core/v1:ServiceAccount", "certificate-service-account").inputs["metadata"]
    assert credential["subject"] == f"system:serviceaccount:{account['namespace']}:{account['name']}"
    if not deployment.awaits(parameters["clientID"]):
        assert account["annotations"]["azure.workload.identity/client-id"] == parameters["clientID"]
    pod = deployment.one("kubernetes:apps/v1:Deployment")
    (container,) = pod.inputs["spec"]["template"]["spec"]["containers"]
    assert container["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    before = deployment.waits_for(deployment.one("kubernetesconfiguration:Extension"))
    assert {pod.name, "roles-router-key-vault-secrets-user-vault", "endpoints-vault-vault-dns"} <= before


def test_the_router_has_a_private_address_and_name(deployment: Deployment) -> None:
    chosen = parse(program.configuration(deployment.environment))
    patch = deployment.one("kubernetes:core/v1:ServicePatch")
    given = patch.inputs["metadata"]["annotations"]
    prefix = "service.beta.kubernetes.io/azure-load-balancer"
    address = given[f"{prefix}-ipv4"]
    assert given[f"{prefix}-internal"] == "true"
    if not deployment.awaits(subnet := given[f"{prefix}-internal-subnet"]):
        assert subnet.endswith(f"ingress-{deployment.environment}")
    assert IPv4Address(address) in ranges(chosen.network).ranges["ingress"]
    record = deployment.one("privatedns:PrivateRecordSet").inputs
    if not deployment.awaits(record["privateZoneName"]):
        assert f"{record['relativeRecordSetName']}.{record['privateZoneName']}" == deployment.outputs["scoring_host"]
    assert record["aRecords"] == [{"ipv4Address": address}]
    assert "serving-extension" in deployment.waits_for(patch)


def test_a_router_without_tls_has_no_name_of_its_own() -> None:
    values = program.configuration("local")
    values["serving"] |= {"tls": None, "allowInsecureConnections": True}
    made = program.run("local", values)
    assert made.one("kubernetes:core/v1:ServicePatch")
    assert not made.all("privatedns:PrivateRecordSet")
    assert not made.all("SecretProviderClass")


@one_worker
def test_spark_is_a_compute_where_it_is_attached(dev: Deployment) -> None:
    compute = with_options().one("machinelearningservices:Compute", "training-spark")
    made = compute.inputs["properties"]
    assert made["computeType"] == "SynapseSpark"
    assert made["resourceId"].endswith(dev.outputs["synapse_spark_pool"])
    assert "endpoints-storage-blob" not in with_options().waits_for(compute), "it has no nodes in this network"


@pytest.mark.parametrize("training", [True, False])
def test_a_trial_without_tls_says_so(training: bool) -> None:  # noqa: FBT001  # a parameter
    values = program.configuration("local")
    values["serving"] |= {"tls": None, "allowInsecureConnections": True, "training": training}
    settings = parse(values)
    made = extension.configuration(
        settings.serving, cluster_id="/id", cluster_name="aks", location="westeurope", nodes=1
    )
    assert made["allowInsecureConnections"] == "True"
    assert (made["enableTraining"], made["installVolcano"]) == (str(training), str(training))
    assert not [key for key in made if key.startswith("ssl")]


@one_worker
def test_zones_age_by_one_rule_each() -> None:
    made = with_options()
    rules = {rule["name"]: rule for rule in made.one("storage:ManagementPolicy").inputs["policy"]["rules"]}
    assert rules.keys() == {"raw", "scores"}
    raw = rules["raw"]["definition"]
    assert raw["filters"] == {"blobTypes": ["blockBlob"], "prefixMatch": ["raw/"]}
    assert raw["actions"]["baseBlob"] == {
        "tierToCool": {"daysAfterLastAccessTimeGreaterThan": 7},
        "delete": {"daysAfterModificationGreaterThan": 90},
    }
    assert made.one("storage:BlobServiceProperties", "lake-blobs").inputs["lastAccessTimeTrackingPolicy"]["enable"]


def test_groups_are_in_the_zones_lists(deployment: Deployment) -> None:
    for zone, access in each(ACCESS.items()):
        made = deployment.one("lake:ZoneAccess", f"lake-{zone}-access")
        assert sorted(made.inputs["groups"].values()) == sorted(access.values())
        assert "roles-platform-engineer-storage-blob-data-owner-lake" in deployment.waits_for(made)


def test_spark_reaches_lake_and_vault_alone(deployment: Deployment) -> None:
    ways = deployment.all("synapse:ManagedPrivateEndpoint")
    assert {way.inputs["group_id"] for way in ways} == {"dfs", "blob", "vault"}
    for way in each(ways):
        if not deployment.awaits(way.inputs["target_id"]):
            target = "Vault" if way.inputs["group_id"] == "vault" else "StorageAccount"
            assert way.inputs["target_id"].split("/")[-2] == target
        assert "spark-workspace" in deployment.waits_for(way)


def test_synapse_roles_follow_the_table(deployment: Deployment) -> None:
    made = deployment.all("synapse:SynapseRole")
    assert len(made) == len(spark_tables.MATRIX)
    for one in each(made):
        assert one.inputs["role_id"] in spark_tables.ROLES.values()
        assert one.inputs["principal_type"] in {"User", "Group", "ServicePrincipal"}


def test_the_deployers_role_in_synapse_outlives_what_it_is_needed_for(deployment: Deployment) -> None:
    administrator = "spark-access-platform-engineer-synapse-administrator"
    roles = deployment.all("synapse:SynapseRole")
    others = [one for one in roles if one.name != administrator]
    assert len(others) == len(roles) - 1
    for made in each([*others, *deployment.all("synapse:ManagedPrivateEndpoint")]):
        assert administrator in deployment.waits_for(made)


@one_worker
def test_the_computes_identity_administers_an_attached_pool() -> None:
    made = with_options().one("synapse:SynapseRole", "spark-access-training-synapse-administrator")
    assert made.inputs["below"].startswith("/bigDataPools/")
    assert made.inputs["role_id"] == spark_tables.ROLES["Synapse Administrator"]


@one_worker
def test_a_key_of_ones_own_encrypts_synapse_twice() -> None:
    made = with_options().one("synapse:Workspace").inputs
    assert made["encryption"]["cmk"]["key"]["keyVaultUrl"] == SPARK_KEY["keyUrl"]
    assert made["encryption"]["cmk"]["kekIdentity"]["userAssignedIdentity"] == SPARK_KEY["identityId"]
    assert made["identity"]["type"] == "SystemAssigned,UserAssigned"
