"""Which data action each operation of Blob, Queue and Table needs, and which letters of a signature.

Microsoft Learn: "Authorize with Microsoft Entra ID (REST API)", permissions for calling data operations.
"""

from __future__ import annotations

from dataclasses import dataclass

from azlocal.storage.accounts import Account
from azlocal.storage.errors import not_served
from azlocal.storage.request import StorageRequest
from azlocal.words import with_article

_ACCOUNT = "Microsoft.Storage/storageAccounts"
_SERVICE = f"{_ACCOUNT}/blobServices"
CONTAINERS = f"{_SERVICE}/containers"
BLOBS = f"{CONTAINERS}/blobs"
_QUEUES = f"{_ACCOUNT}/queueServices/queues"
_MESSAGES = f"{_QUEUES}/messages"
_TABLES = f"{_ACCOUNT}/tableServices/tables"
_ENTITIES = f"{_TABLES}/entities"

Alternatives = tuple[tuple[str, ...], ...]  # any of these, each all of its actions


@dataclass(frozen=True, slots=True)
class Operation:
    """What is asked: the scope roles are checked at, the actions that permit it, the letters of a signature.

    ``data`` tells data actions from actions: containers, queues and tables themselves are managed by actions.
    """

    name: str
    scope: str
    needs: Alternatives
    data: bool = True
    letters: str = ""


Row = tuple[str, Alternatives, bool, str]  # operation, alternatives, data action?, letters


def _one(action: str) -> Alternatives:
    return ((action,),)


_READ: Alternatives = _one(f"{BLOBS}/read")
_WRITE: Alternatives = _one(f"{BLOBS}/write")
_CREATE: Alternatives = ((f"{BLOBS}/write",), (f"{BLOBS}/add/action",))
_FILTER: Alternatives = _one(f"{BLOBS}/filter/action")

# (level, method, comp) → row; HEAD is looked up as GET. Levels: service, container, blob.
_BLOB: dict[tuple[str, str, str], Row] = {
    ("service", "GET", "list"): ("List Containers", _one(f"{CONTAINERS}/read"), False, ""),
    ("service", "GET", "properties"): ("Get Blob Service Properties", _one(f"{_SERVICE}/read"), False, ""),
    ("service", "PUT", "properties"): ("Set Blob Service Properties", _one(f"{_SERVICE}/write"), False, ""),
    ("service", "GET", "stats"): ("Get Blob Service Stats", _one(f"{_SERVICE}/read"), False, ""),
    ("service", "GET", "blobs"): ("Find Blobs by Tags", _FILTER, True, "f"),
    ("service", "POST", "userdelegationkey"): (
        "Get User Delegation Key",
        _one(f"{_SERVICE}/generateUserDelegationKey/action"),
        False,
        "",
    ),
    ("container", "PUT", ""): ("Create Container", _one(f"{CONTAINERS}/write"), False, ""),
    ("container", "GET", ""): ("Get Container Properties", _one(f"{CONTAINERS}/read"), False, ""),
    ("container", "DELETE", ""): ("Delete Container", _one(f"{CONTAINERS}/delete"), False, ""),
    ("container", "GET", "metadata"): ("Get Container Metadata", _one(f"{CONTAINERS}/read"), False, ""),
    ("container", "PUT", "metadata"): ("Set Container Metadata", _one(f"{CONTAINERS}/write"), False, ""),
    ("container", "GET", "acl"): ("Get Container ACL", _one(f"{CONTAINERS}/getAcl/action"), False, ""),
    ("container", "PUT", "acl"): ("Set Container ACL", _one(f"{CONTAINERS}/setAcl/action"), False, ""),
    ("container", "PUT", "lease"): ("Lease Container", _one(f"{CONTAINERS}/write"), False, ""),
    ("container", "GET", "list"): ("List Blobs", _READ, True, "l"),
    ("container", "GET", "blobs"): ("Find Blobs by Tags in Container", _FILTER, True, "f"),
    ("blob", "GET", ""): ("Get Blob", _READ, True, "r"),
    ("blob", "PUT", ""): ("Put Blob", _CREATE, True, "cw"),
    ("blob", "DELETE", ""): ("Delete Blob", _one(f"{BLOBS}/delete"), True, "d"),
    ("blob", "GET", "metadata"): ("Get Blob Metadata", _READ, True, "r"),
    ("blob", "PUT", "metadata"): ("Set Blob Metadata", _WRITE, True, "w"),
    ("blob", "GET", "properties"): ("Get Blob Properties", _READ, True, "r"),
    ("blob", "PUT", "properties"): ("Set Blob Properties", _WRITE, True, "w"),
    ("blob", "GET", "tags"): ("Get Blob Tags", _one(f"{BLOBS}/tags/read"), True, "t"),
    ("blob", "PUT", "tags"): ("Set Blob Tags", _one(f"{BLOBS}/tags/write"), True, "t"),
    ("blob", "PUT", "lease"): ("Lease Blob", _WRITE, True, "w"),
    ("blob", "PUT", "snapshot"): ("Snapshot Blob", _CREATE, True, "cw"),
    ("blob", "PUT", "block"): ("Put Block", _WRITE, True, "w"),
    ("blob", "PUT", "blocklist"): ("Put Block List", _CREATE, True, "cw"),
    ("blob", "GET", "blocklist"): ("Get Block List", _READ, True, "r"),
    ("blob", "PUT", "appendblock"): ("Append Block", _CREATE, True, "aw"),
    ("blob", "PUT", "page"): ("Put Page", _WRITE, True, "w"),
    ("blob", "GET", "pagelist"): ("Get Page Ranges", _READ, True, "r"),
    ("blob", "PUT", "copy"): ("Abort Copy Blob", _WRITE, True, "w"),
    ("blob", "PUT", "tier"): ("Set Blob Tier", _WRITE, True, "w"),
    ("blob", "PUT", "undelete"): ("Undelete Blob", _WRITE, True, "w"),
    ("blob", "PUT", "seal"): ("Append Blob Seal", _WRITE, True, "w"),
}
_QUEUE_SERVICE = f"{_ACCOUNT}/queueServices"
_PROCESS: Alternatives = ((f"{_MESSAGES}/process/action",), (f"{_MESSAGES}/delete", f"{_MESSAGES}/read"))
_ADD: Alternatives = ((f"{_MESSAGES}/add/action",), (f"{_MESSAGES}/write",))
_QUEUE: dict[tuple[str, str, str], Row] = {
    ("service", "GET", "list"): ("List Queues", _one(f"{_QUEUES}/read"), False, ""),
    ("service", "GET", "properties"): ("Get Queue Service Properties", _one(f"{_QUEUE_SERVICE}/read"), False, ""),
    ("service", "PUT", "properties"): ("Set Queue Service Properties", _one(f"{_QUEUE_SERVICE}/write"), False, ""),
    ("service", "GET", "stats"): ("Get Queue Service Stats", _one(f"{_QUEUE_SERVICE}/read"), False, ""),
    ("queue", "PUT", ""): ("Create Queue", _one(f"{_QUEUES}/write"), False, ""),
    ("queue", "DELETE", ""): ("Delete Queue", _one(f"{_QUEUES}/delete"), False, ""),
    ("queue", "GET", "metadata"): ("Get Queue Metadata", _one(f"{_QUEUES}/read"), False, ""),
    ("queue", "PUT", "metadata"): ("Set Queue Metadata", _one(f"{_QUEUES}/write"), False, ""),
    ("queue", "GET", "acl"): ("Get Queue ACL", _one(f"{_QUEUES}/getAcl/action"), False, ""),
    ("queue", "PUT", "acl"): ("Set Queue ACL", _one(f"{_QUEUES}/setAcl/action"), False, ""),
    ("messages", "POST", ""): ("Put Message", _ADD, True, ""),
    ("messages", "GET", ""): ("Get Messages", _PROCESS, True, ""),
    ("messages", "GET", "peek"): ("Peek Messages", _one(f"{_MESSAGES}/read"), True, ""),
    ("messages", "DELETE", ""): ("Clear Messages", _one(f"{_MESSAGES}/delete"), True, ""),
    ("message", "DELETE", ""): ("Delete Message", (_PROCESS[0], (f"{_MESSAGES}/delete",)), True, ""),
    ("message", "PUT", ""): ("Update Message", _one(f"{_MESSAGES}/write"), True, ""),
}
_TABLE_SERVICE = f"{_ACCOUNT}/tableServices"
_UPSERT: Alternatives = ((f"{_ENTITIES}/write",), (f"{_ENTITIES}/add/action", f"{_ENTITIES}/update/action"))
_TABLE: dict[tuple[str, str, str], Row] = {
    ("service", "GET", "properties"): ("Get Table Service Properties", _one(f"{_TABLE_SERVICE}/read"), False, ""),
    ("service", "PUT", "properties"): ("Set Table Service Properties", _one(f"{_TABLE_SERVICE}/write"), False, ""),
    ("service", "GET", "stats"): ("Get Table Service Stats", _one(f"{_TABLE_SERVICE}/read"), False, ""),
    ("tables", "GET", ""): ("Query Tables", _one(f"{_TABLES}/read"), False, ""),
    ("tables", "POST", ""): ("Create Table", _one(f"{_TABLES}/write"), False, ""),
    ("tables", "DELETE", ""): ("Delete Table", _one(f"{_TABLES}/delete"), False, ""),
    ("table", "GET", "acl"): ("Get Table ACL", _one(f"{_TABLES}/getAcl/action"), False, ""),
    ("table", "PUT", "acl"): ("Set Table ACL", _one(f"{_TABLES}/setAcl/action"), False, ""),
    ("table", "GET", ""): ("Query Entities", _one(f"{_ENTITIES}/read"), True, ""),
    ("table", "POST", ""): ("Insert Entity", ((f"{_ENTITIES}/write",), (f"{_ENTITIES}/add/action",)), True, ""),
    ("table", "PUT", ""): ("Insert or Replace Entity", _UPSERT, True, ""),
    ("table", "MERGE", ""): ("Insert or Merge Entity", _UPSERT, True, ""),
    ("table", "PATCH", ""): ("Insert or Merge Entity", _UPSERT, True, ""),
    ("table", "DELETE", ""): ("Delete Entity", ((f"{_ENTITIES}/write",), (f"{_ENTITIES}/delete",)), True, ""),
    # A batch may hold any change: only who may do all of them may send one.
    ("batch", "POST", ""): ("Entity Group Transaction", _one(f"{_ENTITIES}/write"), True, ""),
}


def operation(request: StorageRequest, account: Account) -> Operation:
    """What a request to Blob, Queue or Table asks for.

    Raises:
        StorageError: 501 with the operation, if it is in no table.
    """
    level, scope, comp = _PLACES[request.service](request, account)
    method = "GET" if request.method == "HEAD" else request.method
    table = {"blob": _BLOB, "queue": _QUEUE, "table": _TABLE}[request.service]
    row = table.get((level, method, comp))
    if row is None:
        named = f" ?comp={request.comp}" if request.comp else ""
        raise not_served(f"{request.service} {method} on {with_article(level)}{named}")
    name, needs, data, letters = row
    if not data and level in {"container", "queue", "table"} and name.startswith("Create"):
        scope = account.id  # what does not exist yet is created in the account
    return Operation(name, scope, needs, data, letters)


def _blob_place(request: StorageRequest, account: Account) -> tuple[str, str, str]:
    if not request.container:
        return "service", account.id, request.comp
    scope = account.container(request.container)
    if request.query.get("restype", "").lower() == "container":
        return "container", scope, request.comp
    if not request.name:
        return "container", scope, request.comp or "unknown"
    return "blob", scope, request.comp


def _queue_place(request: StorageRequest, account: Account) -> tuple[str, str, str]:
    if not request.container:
        return "service", account.id, request.comp
    scope = account.queue(request.container)
    if not request.name:
        return "queue", scope, request.comp
    level = "message" if "/" in request.name.rstrip("/") else "messages"
    return level, scope, "peek" if request.query.get("peekonly", "").lower() == "true" else request.comp


def _table_place(request: StorageRequest, account: Account) -> tuple[str, str, str]:
    if not request.container:
        return "service", account.id, request.comp
    name = request.container.partition("(")[0]
    if name == "$batch":
        return "batch", account.id, ""
    if name.lower() == "tables":
        return "tables", account.id, ""
    return "table", account.table(name), request.comp


_PLACES = {"blob": _blob_place, "queue": _queue_place, "table": _table_place}
