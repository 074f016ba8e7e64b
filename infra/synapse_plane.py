"""Synapse's own plane, which Resource Manager does not reach: managed private endpoints and role assignments.

Where the workspace has no public access, `up` has to run where its development end point is reachable: in the virtual
network, or in one peered with it.
"""

from __future__ import annotations

import uuid
from contextlib import closing
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider

from infra import azure_clients
from infra.patience import patiently
from infra.resource_ids import type_of

Props = dict[str, Any]

_NAMESPACE = uuid.UUID("5b3f1f0e-8f8e-5c2b-9d7e-2c6a4d0b7e11")
# The version of each target whose connections are approved: Resource Manager has no common one.
_VERSIONS = {"microsoft.storage/storageaccounts": "2023-05-01", "microsoft.keyvault/vaults": "2023-07-01"}


def _replaced(olds: Props, news: Props, keys: tuple[str, ...]) -> DiffResult:
    """Nothing here changes in place: what differs is deleted and made anew under its name."""
    changed = [key for key in keys if str(olds.get(key)).lower() != str(news.get(key)).lower()]
    return DiffResult(changes=bool(changed), replaces=changed, stables=list(keys), delete_before_replace=True)


def _azure_error() -> Any:
    from azure.core.exceptions import HttpResponseError

    return HttpResponseError


def _unseen(error: Any, id_: str, props: Props) -> ReadResult:
    """Nothing where Synapse has none; as it was, for whom Synapse's own roles do not let look: who compares, say."""
    if error.status_code == 404:
        return ReadResult()
    if error.status_code == 403:
        return ReadResult(id_, props)
    raise error


class EndpointProvider(ResourceProvider):
    """Makes a managed private endpoint and approves it on the other side."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        """Workspace, name, target and group are what it is, and that it is approved."""
        found = _replaced(_olds, _news, ("workspace_id", "name", "target_id", "group_id"))
        if _olds.get("status", "Approved") != "Approved":  # the target's owner took it back: it is asked for anew
            found.changes, found.replaces = True, [*(found.replaces or []), "status"]
        return found

    def create(self, props: Props) -> CreateResult:
        """Make it, wait for its network, approve its connection, and wait until both sides know."""
        from azure.synapse.managedprivateendpoints import VnetClient

        signed = azure_clients.credential()
        name, what = props["name"], f"managed private endpoint {props['name']}"
        with closing(signed), VnetClient(signed, azure_clients.synapse(props["workspace"])) as client:
            endpoints = client.managed_private_endpoints
            patiently(lambda: _make(endpoints, props), what=what)
            patiently(lambda: _found(endpoints, name), _is_provisioned, what=what)
            with closing(azure_clients.Management(signed)) as management:
                connection = patiently(lambda: _connection(management, props), bool, what=f"the connection of {what}")
                _approve(management, props, connection)
            patiently(lambda: _status(endpoints, name), lambda status: status == "Approved", what=what)
        return CreateResult(_endpoint_id(props), {**props, "connection_id": connection["id"], "status": "Approved"})

    def read(self, id_: str, props: Props) -> ReadResult:
        """How it is now; nothing if it is gone."""
        from azure.synapse.managedprivateendpoints import VnetClient

        signed = azure_clients.credential()
        with closing(signed), VnetClient(signed, azure_clients.synapse(props["workspace"])) as client:
            try:
                found = client.managed_private_endpoints.get(props["name"]).properties
            except _azure_error() as error:
                return _unseen(error, id_, props)
        there = {"target_id": found.private_link_resource_id, "group_id": found.group_id}
        return ReadResult(id_, {**props, **there, "status": found.connection_state.status})

    def delete(self, _id: str, _props: Props) -> None:
        """Delete it and wait until it is gone, with its connection."""
        from azure.core.exceptions import ResourceNotFoundError
        from azure.synapse.managedprivateendpoints import VnetClient

        signed, name = azure_clients.credential(), _props["name"]
        with closing(signed), VnetClient(signed, azure_clients.synapse(_props["workspace"])) as client:
            endpoints = client.managed_private_endpoints

            def gone() -> bool:
                try:
                    endpoints.get(name)
                except ResourceNotFoundError:
                    return True
                return False

            if not gone():
                endpoints.delete(name)
                patiently(gone, bool, what=f"deleting managed private endpoint {name}")


def _make(endpoints: Any, props: Props) -> None:
    """PUT; what exists already is right if it leads where this one should, and otherwise somebody else's."""
    from azure.core.exceptions import ResourceExistsError

    wanted = {"privateLinkResourceId": props["target_id"], "groupId": props["group_id"]}
    try:
        endpoints.create(props["name"], properties=wanted)
    except ResourceExistsError:
        there = endpoints.get(props["name"]).properties
        if (there.private_link_resource_id.lower(), there.group_id) != (props["target_id"].lower(), props["group_id"]):
            raise RuntimeError(
                f"a managed private endpoint {props['name']} leads to {there.private_link_resource_id}: delete it first"
            ) from None


def _found(endpoints: Any, name: str) -> Any:
    found = endpoints.get(name).properties
    if found.provisioning_state == "Failed":
        raise RuntimeError(f"managed private endpoint {name} ended as Failed: delete it and run up again")
    return found


def _is_provisioned(found: Any) -> bool:
    return bool(found.provisioning_state == "Succeeded")


def _status(endpoints: Any, name: str) -> str:
    return str(endpoints.get(name).properties.connection_state.status)


def _endpoint_id(props: Props) -> str:
    return f"{props['workspace_id']}/managedVirtualNetworks/default/managedPrivateEndpoints/{props['name']}"


def _connection(management: azure_clients.Management, props: Props) -> Any:
    """The target's side: the endpoint goes there by the name of its workspace and its own."""
    path = f"{props['target_id']}/privateEndpointConnections"
    listed = management.get(path, _VERSIONS[type_of(props["target_id"])]).get("value", [])
    called = f"/{props['workspace']}.{props['name']}".lower()
    ours = [one for one in listed if one["properties"]["privateEndpoint"]["id"].lower().endswith(called)]
    return ours[0] if ours else None


def _approve(management: azure_clients.Management, props: Props, connection: Any) -> None:
    properties = connection["properties"]
    if properties["privateLinkServiceConnectionState"]["status"] == "Approved":
        return
    state = {"status": "Approved", "description": props["why"]}
    body = {"properties": {**properties, "privateLinkServiceConnectionState": state}}
    management.put(connection["id"], _VERSIONS[type_of(props["target_id"])], body)


class ManagedPrivateEndpoint(Resource, module="synapse", name="ManagedPrivateEndpoint"):
    """How Spark in its managed network reaches one service, approved on that service's side.

    Args:
        workspace, workspace_id: the Synapse workspace.
        endpoint_name: the endpoint's name there.
        target_id, group_id: the resource and which of its end points.
        why: what the target's owner reads beside the approval.
    """

    status: pulumi.Output[str]
    connection_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        workspace: pulumi.Input[str],
        workspace_id: pulumi.Input[str],
        endpoint_name: str,
        target_id: pulumi.Input[str],
        group_id: str,
        why: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props: Props = {
            "workspace": workspace,
            "workspace_id": workspace_id,
            "name": endpoint_name,
            "target_id": target_id,
            "group_id": group_id,
            "why": why,
            "status": None,
            "connection_id": None,
        }
        super().__init__(EndpointProvider(), name, props, opts)


class RoleProvider(ResourceProvider):
    """Assigns one of Synapse's own roles."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        """Principal, role and scope are what it is."""
        return _replaced(_olds, _news, ("workspace_id", "below", "role_id", "principal_id"))

    def create(self, props: Props) -> CreateResult:
        """Assign it; what was assigned before, to the workspace's creator for one, is left as it is."""
        from azure.synapse.accesscontrol import AccessControlClient

        scope = f"workspaces/{props['workspace']}{props['below']}"
        wanted = str(uuid.uuid5(_NAMESPACE, f"{scope}|{props['principal_id']}|{props['role_id']}".lower()))
        signed = azure_clients.credential()
        with closing(signed), AccessControlClient(signed, azure_clients.synapse(props["workspace"])) as client:
            made = patiently(
                lambda: _assign(client.role_assignments, wanted, scope, props), what=f"Synapse's roles at {scope}"
            )
        return CreateResult(made, {**props, "found": made != wanted})

    def read(self, id_: str, props: Props) -> ReadResult:
        """Whether it is still there."""
        from azure.synapse.accesscontrol import AccessControlClient

        signed = azure_clients.credential()
        with closing(signed), AccessControlClient(signed, azure_clients.synapse(props["workspace"])) as client:
            try:
                client.role_assignments.get_role_assignment_by_id(id_)
            except _azure_error() as error:
                return _unseen(error, id_, props)
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: Props) -> None:
        """Take it away, unless it was there before."""
        from azure.core.exceptions import ResourceNotFoundError
        from azure.synapse.accesscontrol import AccessControlClient

        if _props.get("found"):
            return
        signed = azure_clients.credential()
        scope = f"workspaces/{_props['workspace']}{_props['below']}"
        with closing(signed), AccessControlClient(signed, azure_clients.synapse(_props["workspace"])) as client:
            try:
                client.role_assignments.delete_role_assignment_by_id(_id, scope=scope)
            except ResourceNotFoundError:
                return


def _assign(roles: Any, wanted: str, scope: str, props: Props) -> str:
    """PUT; answers the id of the assignment that holds now."""
    from azure.core.exceptions import ResourceExistsError

    role, principal = props["role_id"], props["principal_id"]
    try:
        made = roles.create_role_assignment(wanted, role, principal, scope, props["principal_type"])
    except ResourceExistsError:
        listed = roles.list_role_assignments(role_id=role, principal_id=principal, scope=scope).value or []
        same = [one for one in listed if (one.scope or "").lower() == scope.lower()]
        if not same:
            raise
        made = same[0]
    return str(made.id)


class SynapseRole(Resource, module="synapse", name="SynapseRole"):
    """One of Synapse's own roles for one principal.

    Args:
        workspace, workspace_id: the Synapse workspace.
        below: what part of it: empty for all, `/bigDataPools/{pool}` for a pool.
        role_id: the role, by Synapse's own id.
        principal_id, principal_type: who gets it.
    """

    def __init__(
        self,
        name: str,
        *,
        workspace: pulumi.Input[str],
        workspace_id: pulumi.Input[str],
        below: pulumi.Input[str],
        role_id: str,
        principal_id: pulumi.Input[str],
        principal_type: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props: Props = {
            "workspace": workspace,
            "workspace_id": workspace_id,
            "below": below,
            "role_id": role_id,
            "principal_id": principal_id,
            "principal_type": principal_type,
        }
        super().__init__(RoleProvider(), name, props, opts)
