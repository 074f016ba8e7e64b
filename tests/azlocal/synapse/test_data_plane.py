"""Synapse's data plane through azure-synapse-managedprivateendpoints and azure-synapse-accesscontrol."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.synapse.accesscontrol import AccessControlClient
from azure.synapse.accesscontrol.models import RequiredAction, SubjectInfo
from azure.synapse.managedprivateendpoints import VnetClient

from azlocal.entra.principals import BY_NAME, DATA_SCIENTISTS, SUBSCRIPTION_ID, TENANT_ID
from tests.azlocal.conftest import Server

ADMINISTRATOR = "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78"
LINKED_DATA_MANAGER = "dd665582-e433-40ca-b183-1b1b33e73375"
COMPUTE_OPERATOR = "e3844cc7-4670-42cb-9349-9bdac1ee7881"
SPARK_ADMINISTRATOR = "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1"
USE_COMPUTE = "Microsoft.Synapse/workspaces/bigDataPools/useCompute/action"


class World:
    """A resource group with a lake, a vault and a Synapse workspace."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self._server = server
        self._stack = stack
        unique = uuid.uuid4().hex[:8]
        self.group, self.workspace = f"rg-{unique}", f"syn-{unique}"
        self.lake, self.vault = f"lake{unique}", f"kv-{unique}"
        owner = self.credential("owner")
        self.resources: Any = stack.enter_context(ResourceManagementClient(owner, SUBSCRIPTION_ID))
        self.storage: Any = stack.enter_context(StorageManagementClient(owner, SUBSCRIPTION_ID))
        self.vaults: Any = stack.enter_context(KeyVaultManagementClient(owner, SUBSCRIPTION_ID))
        self.id = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{self.group}"
        self.resources.resource_groups.create_or_update(self.group, {"location": "westeurope"})
        self.put(f"Microsoft.Storage/storageAccounts/{self.lake}", "2023-05-01",
                 kind="StorageV2", sku={"name": "Standard_LRS"}, properties={"isHnsEnabled": True})  # fmt: skip
        self.put(f"Microsoft.KeyVault/vaults/{self.vault}", "2023-07-01",
                 properties={"tenantId": TENANT_ID, "sku": {"family": "A", "name": "standard"},
                             "enableRbacAuthorization": True})  # fmt: skip
        self.make(self.workspace, managedVirtualNetwork="default")

    def credential(self, who: str) -> ClientSecretCredential:
        given = self._server.variables(who)
        return self._stack.enter_context(
            ClientSecretCredential(given["AZURE_TENANT_ID"], given["AZURE_CLIENT_ID"], given["AZURE_CLIENT_SECRET"])
        )

    def put(self, path: str, version: str, **body: Any) -> None:
        """A resource by its path below the group's providers."""
        body = {"location": "westeurope", **body}
        id_ = f"{self.id}/providers/{path}"
        self.resources.resources.begin_create_or_update_by_id(id_, body, api_version=version).result()

    def make(self, name: str, **properties: Any) -> None:
        """A Synapse workspace."""
        storage = {"accountUrl": f"https://{self.lake}.dfs.core.windows.net", "filesystem": "synapse"}
        self.put(f"Microsoft.Synapse/workspaces/{name}", "2021-06-01", identity={"type": "SystemAssigned"},
                 properties={"defaultDataLakeStorage": storage, **properties})  # fmt: skip

    @property
    def lake_id(self) -> str:
        return f"{self.id}/providers/Microsoft.Storage/storageAccounts/{self.lake}"

    @property
    def vault_id(self) -> str:
        return f"{self.id}/providers/Microsoft.KeyVault/vaults/{self.vault}"

    def endpoints(self, who: str = "owner", workspace: str = "", **options: Any) -> Any:
        """The managed private endpoints, as somebody."""
        url = f"https://{workspace or self.workspace}.dev.azuresynapse.net"
        client = VnetClient(self.credential(who), url, retry_total=0, **options)
        return self._stack.enter_context(client).managed_private_endpoints

    def access(self, who: str = "owner") -> Any:
        """The roles, as somebody."""
        client = AccessControlClient(
            self.credential(who), f"https://{self.workspace}.dev.azuresynapse.net", retry_total=0
        )
        return self._stack.enter_context(client)

    def assign(self, principal: str, role: str, scope: str = "", who: str = "owner") -> Any:
        scope = scope or f"workspaces/{self.workspace}"
        return self.access(who).role_assignments.create_role_assignment(str(uuid.uuid4()), role, principal, scope)

    def pool(self, name: str) -> str:
        """A Spark pool; answers its scope."""
        self.put(f"Microsoft.Synapse/workspaces/{self.workspace}/bigDataPools/{name}", "2021-06-01",
                 properties={"sparkVersion": "3.4", "nodeSize": "Small", "nodeSizeFamily": "MemoryOptimized",
                             "nodeCount": 3})  # fmt: skip
        return f"workspaces/{self.workspace}/bigDataPools/{name}"


@pytest.fixture
def world(as_owner: Server) -> Iterator[World]:
    with ExitStack() as stack:
        made = World(as_owner, stack)
        yield made
        made.resources.resource_groups.begin_delete(made.group)


@contextmanager
def refused(status: int, code: str) -> Iterator[None]:
    with pytest.raises(HttpResponseError) as caught:
        yield
    assert (caught.value.status_code, code in str(caught.value)) == (status, True), caught.value


def wanted(target: str, group: str) -> dict[str, str]:
    return {"privateLinkResourceId": target, "groupId": group}


def test_an_endpoint_waits_for_the_targets_approval(world: World) -> None:
    made = world.endpoints().create("lake-dfs", properties=wanted(world.lake_id, "dfs"))
    assert made.properties.provisioning_state == "Succeeded"
    assert made.properties.connection_state.status == "Pending"
    assert made.properties.fqdns == [f"{world.lake}.dfs.core.windows.net"]
    account = world.storage.storage_accounts.get_properties(world.group, world.lake)
    [connection] = account.private_endpoint_connections
    assert connection.private_endpoint.id.endswith(f"/{world.workspace}.lake-dfs")
    assert connection.private_link_service_connection_state.status == "Pending"
    approval = {"properties": {"privateLinkServiceConnectionState": {"status": "Approved", "description": "by test"}}}
    world.storage.private_endpoint_connections.put(world.group, world.lake, connection.name, approval)
    found = world.endpoints().get("lake-dfs").properties.connection_state
    assert (found.status, found.description) == ("Approved", "by test")


def test_the_vault_sees_it_too_and_loses_it_again(world: World) -> None:
    endpoints = world.endpoints(api_version="2021-06-01-preview")
    for name, target, group in (("lake-blob", world.lake_id, "blob"), ("vault", world.vault_id, "vault")):
        endpoints.create(name, properties=wanted(target, group))
    assert {one.name for one in endpoints.list()} == {"lake-blob", "vault"}
    assert len(world.vaults.vaults.get(world.group, world.vault).properties.private_endpoint_connections) == 1
    endpoints.delete("vault")
    assert not world.vaults.vaults.get(world.group, world.vault).properties.private_endpoint_connections
    with refused(404, "vault"):
        endpoints.get("vault")
    endpoints.delete("vault")
    world.resources.resources.begin_delete_by_id(
        f"{world.id}/providers/Microsoft.Synapse/workspaces/{world.workspace}", api_version="2021-06-01"
    ).result()
    account = world.storage.storage_accounts.get_properties(world.group, world.lake)
    assert not account.private_endpoint_connections


def test_the_same_again_is_no_change_and_another_target_a_conflict(world: World) -> None:
    endpoints = world.endpoints()
    first = endpoints.create("lake", properties=wanted(world.lake_id, "dfs"))
    assert endpoints.create("lake", properties=wanted(world.lake_id.upper(), "dfs")).id == first.id
    account = world.storage.storage_accounts.get_properties(world.group, world.lake)
    assert len(account.private_endpoint_connections) == 1
    with refused(409, "another target"):
        endpoints.create("lake", properties=wanted(world.vault_id, "vault"))


def test_what_cannot_be_connected_is_refused(world: World) -> None:
    endpoints = world.endpoints()
    with refused(400, "no resource that exists"):
        endpoints.create("x", properties=wanted(f"{world.lake_id}x", "dfs"))
    with refused(400, "sftp"):
        endpoints.create("x", properties=wanted(world.lake_id, "sftp"))
    with refused(400, "no name"):
        endpoints.create("-x", properties=wanted(world.lake_id, "dfs"))
    with refused(404, "other"):
        endpoints.list("other").next()
    world.make(f"{world.workspace}-open")
    with refused(400, "managed virtual network"):
        world.endpoints(workspace=f"{world.workspace}-open").create("x", properties=wanted(world.lake_id, "dfs"))


def test_the_creator_administers_and_nobody_else_may(world: World) -> None:
    [assignment] = world.access().role_assignments.list_role_assignments().value
    assert assignment.role_definition_id == ADMINISTRATOR
    assert assignment.principal_id == BY_NAME["owner"].object_id
    scientist = world.endpoints("data-scientist")
    with refused(403, "Required permission: Action: Microsoft.Synapse/workspaces/managedPrivateEndpoints/write"):
        scientist.create("x", properties=wanted(world.lake_id, "dfs"))
    with refused(403, "Microsoft.Synapse/workspaces/read"):
        list(scientist.list())
    world.assign(DATA_SCIENTISTS.object_id, LINKED_DATA_MANAGER)
    assert scientist.create("x", properties=wanted(world.lake_id, "dfs")).name == "x"
    with refused(403, "roleAssignments/write"):
        world.assign(BY_NAME["stranger"].object_id, ADMINISTRATOR, who="data-scientist")


def test_assignments_by_filter_id_and_again(world: World) -> None:
    roles = world.access().role_assignments
    reader = BY_NAME["reader"].object_id
    made = world.assign(reader, COMPUTE_OPERATOR)
    assert roles.get_role_assignment_by_id(made.id).scope == f"workspaces/{world.workspace}"
    again = roles.create_role_assignment(made.id, COMPUTE_OPERATOR, reader, made.scope)
    assert again.id == made.id
    with refused(409, "exists already"):
        world.assign(reader, COMPUTE_OPERATOR)
    with refused(409, "cannot be changed"):
        roles.create_role_assignment(made.id, ADMINISTRATOR, reader, made.scope)
    assert [one.id for one in roles.list_role_assignments(principal_id=reader).value] == [made.id]
    assert roles.list_role_assignments(role_id=ADMINISTRATOR).count == 1
    roles.delete_role_assignment_by_id(made.id)
    roles.delete_role_assignment_by_id(made.id)
    with refused(404, made.id):
        roles.get_role_assignment_by_id(made.id)


def test_a_pools_administrator_grants_on_the_pool_alone(world: World) -> None:
    pool = world.pool("pool1")
    world.assign(BY_NAME["data-scientist"].object_id, ADMINISTRATOR, pool)
    reader = BY_NAME["reader"].object_id
    assert world.assign(reader, COMPUTE_OPERATOR, pool, who="data-scientist").scope == pool
    with refused(403, f"Scope: workspaces/{world.workspace}."):
        world.assign(reader, COMPUTE_OPERATOR, who="data-scientist")
    with refused(400, "cannot be assigned at"):
        world.assign(reader, SPARK_ADMINISTRATOR, pool)
    with refused(400, "does not exist"):
        world.assign(reader, COMPUTE_OPERATOR, f"{pool}x")
    with refused(400, "no scope of this workspace"):
        world.assign(reader, COMPUTE_OPERATOR, "workspaces/another")


def test_what_somebody_may_do_can_be_asked(world: World) -> None:
    pool = world.pool("pool1")
    reader = BY_NAME["reader"]
    made = world.assign(reader.object_id, COMPUTE_OPERATOR, pool)
    actions = [RequiredAction(id=USE_COMPUTE, is_data_action=True)]

    def decided(scope: str) -> Any:
        subject = SubjectInfo(principal_id=reader.object_id)
        return world.access().role_assignments.check_principal_access(subject, actions, scope).access_decisions[0]

    assert decided(pool).access_decision == "Allowed"
    assert decided(pool).role_assignment.id == made.id
    assert decided(f"workspaces/{world.workspace}").access_decision == "NotAllowed"


def test_definitions_are_azures(world: World) -> None:
    definitions = world.access().role_definitions
    found = {role.name: role for role in definitions.list_role_definitions()}
    assert len(found) == 10
    assert found["Synapse Administrator"].id == ADMINISTRATOR
    assert (
        "Microsoft.Synapse/workspaces/roleAssignments/write"
        in found["Synapse Administrator"].permissions[0].data_actions
    )
    assert definitions.get_role_definition_by_id(SPARK_ADMINISTRATOR).name == "Apache Spark Administrator"
    at_pool = definitions.list_role_definitions(scope=f"workspaces/{world.workspace}/bigDataPools/any")
    assert "Synapse Compute Operator" in {role.name for role in at_pool}
    assert "Apache Spark Administrator" not in {role.name for role in at_pool}
    assert definitions.list_role_definitions(is_built_in=False) == []
    assert all(re.match("workspaces/", scope) for scope in definitions.list_scopes())
    with refused(404, "no Synapse role"):
        definitions.get_role_definition_by_id(str(uuid.uuid4()))


def test_what_is_not_served_says_its_name(world: World) -> None:
    from azure.core.rest import HttpRequest

    client = world.access()
    answer = client._send_request(HttpRequest("GET", "{endpoint}/linkedservices?api-version=2020-12-01"), stream=False)
    assert answer.status_code == 501
    assert "Linked Service" in answer.text()
    bad = client._send_request(HttpRequest("GET", "{endpoint}/roleAssignments?api-version=1999-01-01"), stream=False)
    assert bad.status_code == 400
