"""azure-keyvault-secrets, unmodified: versions, the deleted state, roles and access policies."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from azlocal.entra.principals import BY_NAME, DATA_SCIENTIST, SUBSCRIPTION_ID, TENANT_ID
from tests.azlocal.conftest import Server

OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
USER = "4633458b-17de-408a-b874-0445c86b69e6"


class Vaults:
    """A resource group of one test's own, and clients as any principal."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self.server = server
        self._stack = stack
        owner = self.credential("owner")
        self.management: Any = stack.enter_context(KeyVaultManagementClient(owner, SUBSCRIPTION_ID))
        self._roles: Any = stack.enter_context(AuthorizationManagementClient(owner, SUBSCRIPTION_ID))
        self.group = f"rg-{uuid.uuid4().hex[:8]}"
        groups: Any = stack.enter_context(ResourceManagementClient(owner, SUBSCRIPTION_ID))
        groups.resource_groups.create_or_update(self.group, {"location": "westeurope"})

    def credential(self, who: str) -> ClientSecretCredential:
        given = self.server.variables(who)
        return self._stack.enter_context(
            ClientSecretCredential(given["AZURE_TENANT_ID"], given["AZURE_CLIENT_ID"], given["AZURE_CLIENT_SECRET"])
        )

    def make(self, name: str | None = None, **properties: Any) -> str:
        name = name or f"kv-{uuid.uuid4().hex[:12]}"
        full = {"tenantId": TENANT_ID, "sku": {"name": "standard", "family": "A"}, "enableRbacAuthorization": True}
        body = {"location": "westeurope", "properties": {**full, **properties}}
        self.management.vaults.begin_create_or_update(self.group, name, body).result()
        return name

    def scope(self, name: str) -> str:
        group = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{self.group}"
        return f"{group}/providers/Microsoft.KeyVault/vaults/{name}"

    def assign(self, who: str, role: str, scope: str) -> None:
        definition = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        properties = {"role_definition_id": definition, "principal_id": BY_NAME[who].object_id}
        self._roles.role_assignments.create(scope, str(uuid.uuid4()), properties)

    def client(self, name: str, who: str) -> SecretClient:
        return self._stack.enter_context(
            SecretClient(f"https://{name}.vault.azure.net", self.credential(who), retry_total=0)
        )


@pytest.fixture
def vaults(as_owner: Server) -> Iterator[Vaults]:
    with ExitStack() as stack:
        yield Vaults(as_owner, stack)


@pytest.fixture
def vault(vaults: Vaults) -> str:
    """A vault where the data scientist is an officer and the reader may use secrets."""
    name = vaults.make(softDeleteRetentionInDays=7)
    vaults.assign("data-scientist", OFFICER, vaults.scope(name))
    vaults.assign("reader", USER, vaults.scope(name))
    return name


@pytest.fixture
def client(vaults: Vaults, vault: str) -> SecretClient:
    return vaults.client(vault, "data-scientist")


def test_a_secret_has_versions(client: SecretClient) -> None:
    first = client.set_secret("name", "one", content_type="text/plain", tags={"kind": "test"})
    second = client.set_secret("name", "two")
    assert client.get_secret("name").value == "two"
    assert client.get_secret("name", first.properties.version).value == "one"
    versions = {one.version for one in client.list_properties_of_secret_versions("name")}
    assert versions == {first.properties.version, second.properties.version}
    assert all(len(version or "") == 32 for version in versions)
    assert first.properties.content_type == "text/plain"
    assert first.properties.tags == {"kind": "test"}
    assert second.properties.recoverable_days == 7
    assert second.properties.recovery_level == "CustomizedRecoverable+Purgeable"


def test_attributes_change_and_a_disabled_secret_is_not_given_out(client: SecretClient) -> None:
    client.set_secret("name", "value")
    expiry = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)
    changed = client.update_secret_properties("name", enabled=False, expires_on=expiry, content_type="x")
    assert (changed.enabled, changed.expires_on, changed.content_type) == (False, expiry, "x")
    with pytest.raises(HttpResponseError, match="disabled secret") as refused:
        client.get_secret("name")
    assert refused.value.status_code == 403
    client.update_secret_properties("name", enabled=True)
    assert client.get_secret("name").value == "value"


def test_lists_go_over_several_pages(client: SecretClient) -> None:
    for number in range(27):
        client.set_secret(f"secret-{number:02d}", "value")
    assert [one.name for one in client.list_properties_of_secrets()] == [f"secret-{number:02d}" for number in range(27)]


def test_a_deleted_secret_can_be_recovered_or_purged(client: SecretClient) -> None:
    client.set_secret("name", "value")
    gone = client.begin_delete_secret("name").result()
    assert gone.scheduled_purge_date is not None
    assert gone.deleted_date is not None
    assert gone.scheduled_purge_date - gone.deleted_date == dt.timedelta(days=7)
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        client.get_secret("name")
    with pytest.raises(ResourceExistsError, match="deleted but recoverable"):
        client.set_secret("name", "other")
    assert [one.name for one in client.list_deleted_secrets()] == ["name"]
    client.begin_recover_deleted_secret("name").wait()
    assert client.get_secret("name").value == "value"
    client.begin_delete_secret("name").wait()
    client.purge_deleted_secret("name")
    with pytest.raises(ResourceNotFoundError):
        client.get_deleted_secret("name")
    assert client.set_secret("name", "new").value == "new"


def test_purge_protection_holds(vaults: Vaults) -> None:
    name = vaults.make(enablePurgeProtection=True)
    vaults.assign("data-scientist", OFFICER, vaults.scope(name))
    client = vaults.client(name, "data-scientist")
    client.set_secret("name", "value")
    client.begin_delete_secret("name").wait()
    with pytest.raises(HttpResponseError, match="purge protection") as refused:
        client.purge_deleted_secret("name")
    assert refused.value.status_code == 403


def test_roles_decide(vaults: Vaults, vault: str, client: SecretClient) -> None:
    client.set_secret("name", "value")
    reader = vaults.client(vault, "reader")
    assert reader.get_secret("name").value == "value"
    assert [one.name for one in reader.list_properties_of_secrets()] == ["name"]
    with pytest.raises(HttpResponseError, match="not authorized to perform action") as refused:
        reader.set_secret("name", "other")
    assert refused.value.status_code == 403
    with pytest.raises(HttpResponseError, match="getSecret/action") as stranger:
        vaults.client(vault, "stranger").get_secret("name")
    assert stranger.value.status_code == 403


def test_a_role_on_one_secret_ends_there(vaults: Vaults, vault: str, client: SecretClient) -> None:
    client.set_secret("mine", "value")
    client.set_secret("yours", "value")
    vaults.assign("stranger", USER, f"{vaults.scope(vault)}/secrets/mine")
    stranger = vaults.client(vault, "stranger")
    assert stranger.get_secret("mine").value == "value"
    with pytest.raises(HttpResponseError, match="ForbiddenByRbac"):
        stranger.get_secret("yours")


def test_access_policies_decide_where_roles_do_not(vaults: Vaults) -> None:
    policy = {"tenantId": TENANT_ID, "objectId": DATA_SCIENTIST.object_id, "permissions": {"secrets": ["get", "set"]}}
    client = vaults.client(vaults.make(enableRbacAuthorization=False, accessPolicies=[policy]), "data-scientist")
    client.set_secret("name", "value")
    assert client.get_secret("name").value == "value"
    with pytest.raises(HttpResponseError, match="does not have secrets list permission"):
        list(client.list_properties_of_secrets())


def test_the_challenge_comes_before_any_token(vaults: Vaults, vault: str) -> None:
    url = f"https://{vault}.vault.azure.net/secrets/name?api-version=7.6"
    answer = httpx.get(url)
    expected = (
        f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="https://vault.azure.net"'
    )
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, expected)
    for token in ("eyJhbGciOiJub25lIn0.e30.", _token(vaults, "https://storage.azure.com/.default")):
        refused = httpx.get(url, headers={"authorization": f"Bearer {token}"})
        assert refused.status_code == 401
        assert 'error="invalid_token"' in refused.headers["www-authenticate"]


def _token(vaults: Vaults, scope: str) -> str:
    return vaults.credential("data-scientist").get_token(scope).token


@pytest.mark.parametrize(
    ("asked", "body", "status", "says"),
    [
        ("PUT secrets/under_score?api-version=7.6", {"value": "x"}, 400, "letters, digits and hyphens"),
        ("PUT secrets/name?api-version=7.6", {}, 400, "'value' is required"),
        ("PUT secrets/name?api-version=7.6", {"value": "x" * 25_601}, 400, "maximum size"),
        ("PUT secrets/name?api-version=7.6", [], 400, "JSON object"),
        ("PUT secrets/name", {"value": "x"}, 400, "api-version is required"),
        ("PATCH secrets/name?api-version=7.6", {"attributes": {"nbf": 2, "exp": 1}}, 404, "not found"),
        ("PUT secrets/name?api-version=7.6", {"value": "x", "attributes": {"nbf": 2, "exp": 1}}, 400, "later than"),
        ("GET secrets?api-version=7.6&maxresults=26", None, 400, "1 to 25"),
        ("POST secrets/name/backup?api-version=7.6", {}, 501, "secrets/name/backup"),
        ("GET keys/name?api-version=7.6", None, 501, "keys/name"),
    ],
)
def test_bad_requests_are_told_what_is_wrong(
    vaults: Vaults, *, vault: str, asked: str, body: Any, status: int, says: str
) -> None:
    method, path = asked.split(" ")
    headers = {"authorization": f"Bearer {_token(vaults, 'https://vault.azure.net/.default')}"}
    answer = httpx.request(method, f"https://{vault}.vault.azure.net/{path}", headers=headers, json=body)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]


def test_a_deleted_vault_takes_its_secrets_along_until_it_is_recovered(vaults: Vaults, vault: str) -> None:
    vaults.client(vault, "data-scientist").set_secret("name", "value")
    vaults.management.vaults.delete(vaults.group, vault)
    with pytest.raises(ResourceNotFoundError, match="No key vault is named"):
        vaults.client(vault, "data-scientist").get_secret("name")
    vaults.make(vault, createMode="recover")
    vaults.assign("data-scientist", OFFICER, vaults.scope(vault))
    assert vaults.client(vault, "data-scientist").get_secret("name").value == "value"
    vaults.management.vaults.delete(vaults.group, vault)
    vaults.management.vaults.begin_purge_deleted(vault, "westeurope").wait()
    vaults.make(vault)
    vaults.assign("data-scientist", OFFICER, vaults.scope(vault))
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        vaults.client(vault, "data-scientist").get_secret("name")


def test_values_are_sealed_in_the_state(vaults: Vaults, vault: str, client: SecretClient) -> None:
    value = f"sesame-{uuid.uuid4().hex}"
    client.set_secret("name", value)
    files = vaults.server.folder.path.glob("state.db*")
    assert not any(value.encode() in file.read_bytes() for file in files)


def test_a_secret_made_through_arm_is_in_the_vault(vaults: Vaults, vault: str, client: SecretClient) -> None:
    vaults.management.secrets.create_or_update(vaults.group, vault, "by-arm", {"properties": {"value": "value"}})
    assert client.get_secret("by-arm").value == "value"
    assert vaults.management.secrets.get(vaults.group, vault, "by-arm").properties.value is None
