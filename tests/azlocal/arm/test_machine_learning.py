"""Managed networks, keys of one's own, compute instances and registries, through the SDK's own client."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.keyvault import KeyVaultManagementClient

from azlocal.entra.principals import TENANT_ID

from .conftest import GROUP, LOCATION, World, refused

with warnings.catch_warnings():  # azure-ai-ml warns of its own dependencies when it is imported
    warnings.simplefilter("ignore")
    from azure.ai.ml._restclient.arm_ml_service import MachineLearningServicesMgmtClient

APPROVER = "b556d68e-0be0-4f35-a333-ad7ee1ce17ea"
CRYPTO = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
PROVIDERS = f"{GROUP}/providers"
SIZE = "Standard_DS3_v2"


class Lab:
    """What a workspace rests on, and the client."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client: Any = world.client(MachineLearningServicesMgmtClient)
        self.storage, self.lake = world.account("stone"), world.account("dlone", isHnsEnabled=True)
        self.identity = world.identity()
        logs = world.put(
            f"{PROVIDERS}/Microsoft.OperationalInsights/workspaces/logs-one", {"location": LOCATION, "properties": {}}
        )
        self.insights = world.put(
            f"{PROVIDERS}/Microsoft.Insights/components/insights-one",
            {
                "location": LOCATION,
                "kind": "web",
                "properties": {"Application_Type": "web", "WorkspaceResourceId": logs["id"]},
            },
        )["id"]

    def vault(self, name: str = "kv-one", sku: str = "standard", **properties: Any) -> str:
        body = {"tenantId": TENANT_ID, "sku": {"family": "A", "name": sku}, "enableRbacAuthorization": True}
        path = f"{PROVIDERS}/Microsoft.KeyVault/vaults/{name}"
        return str(self.world.put(path, {"location": LOCATION, "properties": {**body, **properties}})["id"])

    def workspace(self, name: str = "mlw-one", vault: str = "", **properties: Any) -> Any:
        body = {
            "location": LOCATION,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {self.identity["id"]: {}}},
            "properties": {
                "storageAccount": self.storage,
                "keyVault": vault or self.vault(),
                "applicationInsights": self.insights,
                "primaryUserAssignedIdentity": self.identity["id"],
                **properties,
            },
        }
        return self.client.workspaces.begin_create_or_update("rg", name, body).result()

    def approve(self, scope: str) -> None:
        self._assign(APPROVER, scope, "1")

    def allow_keys(self, scope: str) -> None:
        self._assign(CRYPTO, scope, "2")

    def _assign(self, role: str, scope: str, digit: str) -> None:
        name = f"{digit * 8}-1111-4111-8111-111111111111"
        self.world.assign(role, self.identity["properties"]["principalId"], scope, name)

    def compute(self, name: str, kind: str, **properties: Any) -> Any:
        body = {
            "location": LOCATION,
            "properties": {"computeType": kind, "properties": {"vmSize": SIZE, **properties}},
        }
        return self.client.compute.begin_create_or_update("rg", "mlw-one", name, body).result()


@pytest.fixture
def lab(world: World) -> Lab:
    return Lab(world)


def private(target: str, group: str = "blob") -> dict[str, Any]:
    destination = {"serviceResourceId": target, "subresourceTarget": group, "sparkEnabled": False}
    return {"type": "PrivateEndpoint", "category": "UserDefined", "destination": destination}


HOST = {"type": "FQDN", "category": "UserDefined", "destination": "packages.example"}
TAG = {
    "type": "ServiceTag",
    "category": "UserDefined",
    "destination": {"serviceTag": "AzureEventGrid", "protocol": "TCP", "portRanges": "443"},
}


def network(mode: str, **more: Any) -> dict[str, Any]:
    return {"managedNetwork": {"isolationMode": mode, **more}}


def test_rules_stand_in_the_workspace_and_beside_it(lab: Lab) -> None:
    lab.approve(lab.lake)
    rules = {"lake-blob": private(lab.lake), "host": HOST, "tag": TAG}
    made = lab.workspace(**network("AllowOnlyApprovedOutbound", firewallSku="Basic", outboundRules=rules))
    assert set(made.properties.managed_network.outbound_rules) == set(rules)
    listed = {one.name: one.properties for one in lab.client.managed_network_settings_rule.list("rg", "mlw-one")}
    assert listed["host"].destination == "packages.example"
    assert listed["lake-blob"].destination.subresource_target == "blob"
    assert listed["lake-blob"].status == "Active"
    lab.client.managed_network_settings_rule.begin_delete("rg", "mlw-one", "host").result()
    added = {"properties": private(lab.lake, "dfs")}
    lab.client.managed_network_settings_rule.begin_create_or_update("rg", "mlw-one", "lake-dfs", added).result()
    shown = lab.client.workspaces.get("rg", "mlw-one").properties.managed_network.outbound_rules
    assert set(shown) == {"lake-blob", "tag", "lake-dfs"}


@pytest.mark.parametrize(
    ("mode", "more"),
    [
        ("Disabled", {"outboundRules": {"host": HOST}}),
        ("AllowInternetOutbound", {"outboundRules": {"host": HOST}}),
        ("AllowInternetOutbound", {"outboundRules": {"tag": TAG}}),
        ("AllowInternetOutbound", {"firewallSku": "Basic"}),
        ("AllowOnlyApprovedOutbound", {"outboundRules": {"tag": {**TAG, "destination": {}}}}),
        ("AllowOnlyApprovedOutbound", {"outboundRules": {"gone": private(f"{PROVIDERS}/Microsoft.Storage/a/b")}}),
    ],
)
def test_networks_that_azure_refuses(lab: Lab, mode: str, more: dict[str, Any]) -> None:
    with refused("ValidationError", 400):
        lab.workspace(**network(mode, **more))
    assert list(lab.client.workspaces.list_by_resource_group("rg")) == []


def test_a_private_endpoint_is_approved_by_a_role(lab: Lab) -> None:
    rules = {"lake": private(lab.lake)}
    with refused("ValidationError", 400) as error:
        lab.workspace(**network("AllowInternetOutbound", outboundRules=rules))
    assert "Azure AI Enterprise Network Connection Approver" in str(error.value)
    lab.approve(lab.lake)
    lab.workspace(
        vault=f"{PROVIDERS}/Microsoft.KeyVault/vaults/kv-one", **network("AllowInternetOutbound", outboundRules=rules)
    )
    with refused("Conflict", 409):
        again = {"properties": private(lab.lake)}
        lab.client.managed_network_settings_rule.begin_create_or_update("rg", "mlw-one", "again", again).result()


def test_isolation_goes_one_way_and_before_computes(lab: Lab) -> None:
    vault = lab.vault()
    lab.workspace(vault=vault)
    lab.compute("cpu", "AmlCompute")
    with refused("ValidationError", 400):
        lab.workspace(vault=vault, **network("AllowInternetOutbound"))
    lab.client.compute.begin_delete("rg", "mlw-one", "cpu", underlying_resource_action="Delete").result()
    lab.workspace(vault=vault, **network("AllowInternetOutbound"))
    lab.workspace(vault=vault, **network("AllowOnlyApprovedOutbound"))
    for weaker in ("AllowInternetOutbound", "Disabled"):
        with refused("ValidationError", 400):
            lab.workspace(vault=vault, **network(weaker))


def test_nodes_have_a_subnet_or_a_managed_network(lab: Lab) -> None:
    subnet = {"id": f"{lab.world.network('10.0.0.0/24')}/subnets/snet0"}
    lab.workspace(**network("AllowInternetOutbound"))
    for kind in ("AmlCompute", "ComputeInstance"):
        with refused("UserError", 400):
            lab.compute("cpu-one", kind, subnet=subnet)
        assert lab.compute("cpu-one", kind).name == "cpu-one"
        lab.client.compute.begin_delete("rg", "mlw-one", "cpu-one", underlying_resource_action="Delete").result()


def test_images_may_be_built_by_a_cluster_that_comes_later(lab: Lab) -> None:
    """Azure takes the name as it is: its own templates give it before they make the cluster."""
    assert lab.workspace(imageBuildCompute="later").properties.image_build_compute == "later"


STOP = {"action": "Stop", "triggerType": "Cron", "cron": {"expression": "0 19 * * 1-5", "timeZone": "UTC"}}


def test_an_instance_stops_at_night(lab: Lab) -> None:
    lab.workspace()
    owner = {"assignedUser": {"objectId": "11111111-0000-4000-8000-000000000009", "tenantId": TENANT_ID}}
    made = lab.compute(
        "desk-one",
        "ComputeInstance",
        computeInstanceAuthorizationType="personal",
        personalComputeInstanceSettings=owner,
        idleTimeBeforeShutdown="PT1H",
        schedules={"computeStartStop": [STOP]},
    ).properties.properties
    assert made.idle_time_before_shutdown == "PT1H"
    (schedule,) = made.schedules.compute_start_stop
    assert (schedule.action, schedule.status, schedule.cron.expression) == ("Stop", "Enabled", "0 19 * * 1-5")


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("a-name-that-is-much-too-long", {}),
        ("desk-one", {"idleTimeBeforeShutdown": "PT5M"}),
        ("desk-one", {"idleTimeBeforeShutdown": "one hour"}),
        ("desk-one", {"schedules": {"computeStartStop": [{**STOP, "action": "Sleep"}]}}),
        ("desk-one", {"schedules": {"computeStartStop": [{**STOP, "triggerType": "Recurrence"}]}}),
        ("desk-one", {"schedules": {"computeStartStop": [{**STOP, "cron": {"expression": "0 19 * *"}}]}}),
        ("desk-one", {"personalComputeInstanceSettings": {"assignedUser": {"objectId": "a", "tenantId": "b"}}}),
    ],
)
def test_instances_that_azure_refuses(lab: Lab, name: str, properties: dict[str, Any]) -> None:
    lab.workspace()
    with refused("UserError", 400):
        lab.compute(name, "ComputeInstance", **properties)
    assert list(lab.client.compute.list("rg", "mlw-one")) == []


def test_a_key_of_ones_own_cannot_be_lost(lab: Lab) -> None:
    loose, safe = lab.vault("kv-loose"), lab.vault("kv-safe", enablePurgeProtection=True)
    keys = lab.world.client(KeyVaultManagementClient).keys
    made = {
        name: keys.create_if_not_exist("rg", name, "data", {"properties": {"kty": "RSA", "keySize": 3072}})
        for name in ("kv-loose", "kv-safe")
    }

    def encryption(vault: str, key: str) -> dict[str, Any]:
        given = {"keyVaultArmId": vault, "keyIdentifier": key, "identityClientId": None}
        identity = {"userAssignedIdentity": lab.identity["id"]}
        return {"encryption": {"status": "Enabled", "identity": identity, "keyVaultProperties": given}}

    version = made["kv-safe"].key_uri_with_version
    for vault, key, words in (
        (loose, made["kv-loose"].key_uri_with_version, "purge protection"),
        (safe, "https://kv-safe.vault.azure.net/keys/other/1", "was not found in the vault"),
        (safe, version, "Crypto Service Encryption User"),
        (f"{PROVIDERS}/Microsoft.KeyVault/vaults/kv-gone", version, "was not found"),
    ):
        with refused("ValidationError", 400) as error:
            lab.workspace(vault=safe, **encryption(vault, key))
        assert words in str(error.value)
    lab.allow_keys(safe)
    lab.workspace("mlw-plain", vault=safe)
    with refused("PropertyChangeNotAllowed", 409):
        lab.workspace("mlw-plain", vault=safe, **encryption(safe, version))
    workspace = lab.workspace(vault=safe, **encryption(safe, version))
    assert workspace.properties.encryption.key_vault_properties.key_identifier == version
    with refused("PropertyChangeNotAllowed", 409):
        lab.workspace(vault=safe, encryption={"status": "Disabled"})


def test_a_key_stays_as_it_was_made(lab: Lab) -> None:
    lab.vault("kv-one")
    keys = lab.world.client(KeyVaultManagementClient).keys
    first = keys.create_if_not_exist("rg", "kv-one", "data", {"properties": {"kty": "RSA"}})
    again = keys.create_if_not_exist("rg", "kv-one", "data", {"properties": {"kty": "EC"}})
    assert again.properties.kty == first.properties.kty == "RSA" if hasattr(first, "properties") else again.kty == "RSA"
    assert again.key_uri_with_version == first.key_uri_with_version
    with refused("BadRequest", 400):
        keys.create_if_not_exist("rg", "kv-one", "hardware", {"properties": {"kty": "RSA-HSM"}})


def registry(**region: Any) -> dict[str, Any]:
    details = {
        "location": LOCATION,
        "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
        "storageAccountDetails": [{"systemCreatedStorageAccount": {"storageAccountType": "Standard_ZRS"}}],
        **region,
    }
    return {
        "location": LOCATION,
        "identity": {"type": "SystemAssigned"},
        "properties": {"publicNetworkAccess": "Disabled", "regionDetails": [details]},
    }


def test_a_registry_has_its_own_storage_and_images(lab: Lab) -> None:
    made = lab.client.registries.begin_create_or_update("rg", "mlr-one", registry()).result()
    assert made.properties.public_network_access == "Disabled"
    assert "azureml-rg-mlr-one_" in made.properties.managed_resource_group.resource_id
    (region,) = made.properties.region_details
    assert region.storage_account_details[0].system_created_storage_account.arm_resource_id.resource_id
    assert [one.name for one in lab.client.registries.list("rg")] == ["mlr-one"]
    again = lab.client.registries.begin_create_or_update("rg", "mlr-one", registry()).result()
    assert again.properties.managed_resource_group.resource_id == made.properties.managed_resource_group.resource_id
    lab.client.registries.begin_delete("rg", "mlr-one").result()
    assert list(lab.client.registries.list("rg")) == []


@pytest.mark.parametrize(
    "region",
    [
        {"location": "northeurope"},
        {"acrDetails": []},
        {"acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Basic"}}]},
        {"storageAccountDetails": [{"systemCreatedStorageAccount": {"storageAccountType": "Cold"}}]},
    ],
)
def test_registries_that_azure_refuses(lab: Lab, region: dict[str, Any]) -> None:
    with pytest.raises(HttpResponseError) as caught:
        lab.client.registries.begin_create_or_update("rg", "mlr-one", registry(**region)).result()
    assert caught.value.status_code == 400
    assert list(lab.client.registries.list("rg")) == []
