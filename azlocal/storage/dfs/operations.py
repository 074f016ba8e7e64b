"""What each Data Lake operation needs, as a table (Microsoft Learn, "Path" and "Filesystem" operations)."""

from __future__ import annotations

from azlocal.storage.accounts import Account
from azlocal.storage.errors import not_served
from azlocal.storage.operations import BLOBS, CONTAINERS, Alternatives, Operation
from azlocal.storage.request import StorageRequest
from azlocal.words import with_article

_READ: Alternatives = ((f"{BLOBS}/read",),)
_WRITE: Alternatives = ((f"{BLOBS}/write",),)
_CREATE: Alternatives = ((f"{BLOBS}/write",), (f"{BLOBS}/add/action",))
_PERMISSIONS: Alternatives = ((f"{BLOBS}/modifyPermissions/action",), (f"{BLOBS}/manageOwnership/action",))
MOVE: Alternatives = ((f"{BLOBS}/move/action",), (f"{BLOBS}/delete", f"{BLOBS}/read"))

# (level, method, what): operation, alternatives, data action?, letters of a signature
_TABLE: dict[tuple[str, str, str], tuple[str, Alternatives, bool, str]] = {
    ("account", "GET", "account"): ("Filesystem - List", ((f"{CONTAINERS}/read",),), False, "l"),
    ("filesystem", "PUT", "filesystem"): ("Filesystem - Create", ((f"{CONTAINERS}/write",),), False, "cw"),
    ("filesystem", "DELETE", "filesystem"): ("Filesystem - Delete", ((f"{CONTAINERS}/delete",),), False, "d"),
    ("filesystem", "HEAD", "filesystem"): ("Filesystem - Get Properties", ((f"{CONTAINERS}/read",),), False, "r"),
    ("filesystem", "PATCH", "filesystem"): ("Filesystem - Set Properties", ((f"{CONTAINERS}/write",),), False, "w"),
    ("filesystem", "GET", "filesystem"): ("Path - List", _READ, True, "l"),
    ("filesystem", "HEAD", "getaccesscontrol"): ("Path - Get Access Control", _READ, True, "er"),
    ("filesystem", "HEAD", "getstatus"): ("Path - Get Status", _READ, True, "er"),
    ("filesystem", "PATCH", "setaccesscontrol"): ("Path - Set Access Control", _PERMISSIONS, True, "op"),
    ("filesystem", "PATCH", "setaccesscontrolrecursive"): (
        "Path - Set Access Control Recursive",
        _PERMISSIONS,
        True,
        "op",
    ),
    ("path", "PATCH", "setaccesscontrolrecursive"): ("Path - Set Access Control Recursive", _PERMISSIONS, True, "op"),
    ("path", "PUT", "file"): ("Path - Create File", _CREATE, True, "cw"),
    ("path", "PUT", "directory"): ("Path - Create Directory", _CREATE, True, "cw"),
    ("path", "PUT", "rename"): ("Path - Rename", _WRITE, True, "cw"),
    ("path", "PATCH", "append"): ("Path - Append Data", _CREATE, True, "aw"),
    ("path", "PATCH", "flush"): ("Path - Flush Data", _CREATE, True, "aw"),
    ("path", "PATCH", "setproperties"): ("Path - Set Properties", _WRITE, True, "w"),
    ("path", "PATCH", "setaccesscontrol"): ("Path - Set Access Control", _PERMISSIONS, True, "op"),
    ("path", "GET", ""): ("Path - Read", _READ, True, "r"),
    ("path", "HEAD", ""): ("Path - Get Properties", _READ, True, "r"),
    ("path", "HEAD", "getstatus"): ("Path - Get Status", _READ, True, "er"),
    ("path", "HEAD", "getaccesscontrol"): ("Path - Get Access Control", _READ, True, "er"),
    ("path", "DELETE", ""): ("Path - Delete", ((f"{BLOBS}/delete",),), True, "d"),
}


def operation(request: StorageRequest, account: Account) -> Operation:
    """What a request to the dfs endpoint asks for.

    Raises:
        StorageError: 501 with the operation, if it is in no table.
    """
    level = "path" if request.name.strip("/") else "filesystem" if request.container else "account"
    what = (request.query.get("action") or request.query.get("resource") or "").lower()
    if level == "path" and request.method == "PUT" and "x-ms-rename-source" in request.headers:
        what = "rename"
    row = _TABLE.get((level, request.method, what))
    if row is None:
        raise not_served(f"dfs {request.method} on {with_article(level)} with '{what or 'no action'}'")
    name, needs, data, letters = row
    scope = account.container(request.container) if request.container else account.id
    return Operation(name, account.id if name == "Filesystem - Create" else scope, needs, data, letters)
