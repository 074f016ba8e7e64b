"""Headers of paths: user properties, and the POSIX attributes that are stored and shown.

Roles alone decide what a principal may do: permission bits and access control lists are shown and not evaluated.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from azlocal.state import State
from azlocal.storage.dfs import acls
from azlocal.storage.errors import StorageError
from azlocal.storage.folders import MARKER

_KIND = "dataLakeAttributes"
_DEFAULTS = {"owner": "$superuser", "group": "$superuser", "permissions": "rwxr-x---"}
_BITS = ("---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx")
_CONTENT = {
    "x-ms-cache-control": "x-ms-blob-cache-control",
    "x-ms-content-disposition": "x-ms-blob-content-disposition",
    "x-ms-content-encoding": "x-ms-blob-content-encoding",
    "x-ms-content-language": "x-ms-blob-content-language",
    "x-ms-content-type": "x-ms-blob-content-type",
    "x-ms-content-md5": "x-ms-blob-content-md5",
}
_KEPT = ("cache-control", "content-disposition", "content-encoding", "content-language", "content-type")
_CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "x-ms-lease-id")


def content_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """A path's content headers as a blob's."""
    return {blob: headers[path] for path, blob in _CONTENT.items() if path in headers}


def conditions(headers: Mapping[str, str]) -> dict[str, str]:
    """The conditions of a request, which blobs know by the same names."""
    return {name: headers[name] for name in _CONDITIONS if name in headers}


def kept_headers(blob: Mapping[str, str]) -> dict[str, str]:
    """What a blob has now, as headers that write the same again."""
    kept = {f"x-ms-blob-{name}": blob[name] for name in _KEPT if name in blob}
    return kept | {name: value for name, value in blob.items() if name.startswith("x-ms-meta-")}


def metadata_of(header: str | None) -> dict[str, str]:
    """``x-ms-properties`` (``name=base64,…``) as metadata headers.

    Raises:
        StorageError: 400 InvalidPropertyName, it is not of that form.
    """
    found = {}
    for pair in (header or "").split(","):
        if not pair.strip():
            continue
        name, _, value = pair.strip().partition("=")
        try:
            found[f"x-ms-meta-{name}"] = base64.b64decode(value, validate=True).decode("latin-1")
        except ValueError:
            raise StorageError(
                400, "InvalidPropertyName", f"x-ms-properties is a list of name=base64 pairs, not '{pair}'."
            ) from None
    return found


def properties_of(blob: Mapping[str, str]) -> str:
    """Metadata headers as ``x-ms-properties``."""
    return ",".join(
        f"{name.removeprefix('x-ms-meta-')}={base64.b64encode(value.encode('latin-1')).decode()}"
        for name, value in blob.items()
        if name.startswith("x-ms-meta-") and name != f"x-ms-meta-{MARKER}"
    )


def is_folder(blob: Mapping[str, str]) -> bool:
    """Whether a blob's headers are those of a directory's marker."""
    return blob.get(f"x-ms-meta-{MARKER}", "").lower() == "true"


def attributes(state: State, key: str) -> dict[str, str]:
    """Owner, group and permissions of a path."""
    known = state.document(_KIND, key) or {}
    return {name: known.get(name, default) for name, default in _DEFAULTS.items()}


def acl(state: State, key: str) -> acls.Acl:
    """The access control list of a path; its permission bits alone, if it has no more."""
    stored = (state.document(_KIND, key) or {}).get("acl")
    return acls.parse(stored) if stored else acls.of_permissions(attributes(state, key)["permissions"])


def set_acl(state: State, key: str, wanted: acls.Acl) -> None:
    """Remember an access control list, and the permission bits that it stands for."""
    known = state.document(_KIND, key) or {}
    state.put_document(_KIND, key, {**known, "acl": acls.spell(wanted), "permissions": acls.to_permissions(wanted)})


def set_attributes(state: State, key: str, headers: Mapping[str, str]) -> None:
    """Remember what ``x-ms-owner``, ``x-ms-group``, ``x-ms-permissions`` and ``x-ms-acl`` say.

    Raises:
        StorageError: 400 InvalidPermission or InvalidAclList; 400 where permissions and a list are given together.
    """
    if "x-ms-acl" in headers:
        if "x-ms-permissions" in headers:
            raise StorageError(400, "InvalidHeaderValue", "x-ms-permissions and x-ms-acl exclude each other.")
        set_acl(state, key, acls.whole(acls.parse(headers["x-ms-acl"])))
    changed = {name: headers[f"x-ms-{name}"] for name in _DEFAULTS if f"x-ms-{name}" in headers}
    if "permissions" in changed:
        changed["permissions"] = symbolic(changed["permissions"])
        known = acl(state, key)
        if set(known) - {"user:", "group:", "other:"}:
            bits = acls.of_permissions(changed["permissions"])
            set_acl(state, key, {**known, "user:": bits["user:"], "mask:": bits["group:"], "other:": bits["other:"]})
            del changed["permissions"]
    if changed:
        state.put_document(_KIND, key, {**(state.document(_KIND, key) or {}), **changed})


def forget_attributes(state: State, key: str) -> None:
    """A path has gone."""
    state.delete_document(_KIND, key)


def forget_all(state: State, prefix: str) -> None:
    """Everything below a key has gone."""
    for key, _ in state.documents(_KIND, prefix):
        state.delete_document(_KIND, key)


def symbolic(permissions: str) -> str:
    """``rwxr-x---`` from itself or from octal ``0750``.

    Raises:
        StorageError: 400 InvalidPermission.
    """
    if permissions.isdigit() and len(permissions) in {3, 4} and set(permissions) <= set("01234567"):
        return "".join(_BITS[int(digit)] for digit in permissions[-3:])
    if len(permissions.rstrip("+")) == 9 and set(permissions) <= set("rwx-tT+"):
        return permissions
    raise StorageError(400, "InvalidPermission", f"'{permissions}' is no permission: write it as rwxr-x--- or as 0750.")
