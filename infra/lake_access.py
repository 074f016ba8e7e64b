"""Access control lists of the lake's zones, which Resource Manager cannot express.

An entry on a zone's root with its default twin reaches everything that is made below; what is there already gets it
too (Microsoft Learn, "Access control lists in Azure Data Lake Storage"). Roles come first: a list only adds to them.
"""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from infra import azure_clients
from infra.patience import patiently

Props = dict[str, Any]
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_PLACE = ("account", "zone")


class ZoneAccessProvider(ResourceProvider):
    """Entries for groups on a zone, kept beside everybody else's."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        """Another zone is another list; other groups are another text."""
        moved = [key for key in _PLACE if _olds.get(key) != _news.get(key)]
        changes = bool(moved) or _olds.get("groups") != _news.get("groups")
        return DiffResult(changes=changes, replaces=moved, stables=list(_PLACE))

    def create(self, props: Props) -> CreateResult:
        """Add the entries, all the way down."""
        _on_zone(props, lambda root: root.update_access_control_recursive(acl=_entries(props["groups"])))
        return CreateResult(f"{props['account']}/{props['zone']}", props)

    def read(self, id_: str, props: Props) -> ReadResult:
        """The groups whose entries are as they should be; nothing if the zone is gone."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            found = _on_zone(props, lambda root: root.get_access_control()["acl"], seconds=0).split(",")
        except ResourceNotFoundError:
            return ReadResult()
        there = {group: may for group, may in props["groups"].items() if f"group:{group}:{may}" in found}
        return ReadResult(id_, {**props, "groups": there})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Take away what is no longer wanted, add the rest."""
        gone = [group for group in _olds["groups"] if group not in _news["groups"]]
        if gone:
            _on_zone(_news, lambda root: root.remove_access_control_recursive(acl=_names(gone)))
        _on_zone(_news, lambda root: root.update_access_control_recursive(acl=_entries(_news["groups"])))
        return UpdateResult(_news)

    def delete(self, _id: str, _props: Props) -> None:
        """Take the entries away; a zone that has gone took them with it."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            _on_zone(_props, lambda root: root.remove_access_control_recursive(acl=_names(_props["groups"])), seconds=0)
        except ResourceNotFoundError:
            return


def _on_zone(props: Props, do: Any, *, seconds: float = 600.0) -> Any:
    from azure.storage.filedatalake import DataLakeServiceClient

    signed = azure_clients.credential()
    with closing(signed), DataLakeServiceClient(props["endpoint"], signed) as lake:
        root = lake.get_directory_client(props["zone"], "/")
        return patiently(
            lambda: do(root),
            what=f"the access control list of zone {props['zone']}",
            seconds=seconds,
            hopeless=lambda: _without_role(signed, props),
        )


def _without_role(signed: Any, props: Props) -> str:
    """Why whoever deploys may not set lists, however long it waits; nothing where a role is there and on its way."""
    if not props.get("account_id"):  # made before it was kept
        return ""
    zone = f"{props['account_id']}/blobServices/default/containers/{props['zone']}"
    with closing(azure_clients.Management(signed)) as management:
        if any(
            management.may(f"{_BLOBS}/{action}/action", zone) for action in ("modifyPermissions", "manageOwnership")
        ):
            return ""
    return (
        f"whoever deploys has no role on {props['account']} that lets it set access control lists: sign in as a member"
        " of the group that personas.platformEngineer names, which has Storage Blob Data Owner there, or have that role"
        " assigned"
    )


def _entries(groups: dict[str, str]) -> str:
    return ",".join(f"{kind}group:{group}:{may}" for kind in ("", "default:") for group, may in groups.items())


def _names(groups: Any) -> str:
    return ",".join(f"{kind}group:{group}" for kind in ("", "default:") for group in groups)


class ZoneAccess(Resource, module="lake", name="ZoneAccess"):
    """What groups may do in one zone by its access control list.

    Args:
        account, account_id, endpoint: the lake and its DFS end point.
        zone: the file system.
        groups: object id of each group to what it may, as `r-x`.
    """

    def __init__(
        self,
        name: str,
        *,
        account: pulumi.Input[str],
        account_id: pulumi.Input[str],
        endpoint: pulumi.Input[str],
        zone: pulumi.Input[str],
        groups: dict[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        props: Props = {
            "account": account,
            "account_id": account_id,
            "endpoint": endpoint,
            "zone": zone,
            "groups": groups,
        }
        super().__init__(ZoneAccessProvider(), name, props, opts)
