"""Account keys: two random ones per account, the same until they are regenerated, and never in a GET body."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

from azlocal.arm.errors import bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.arm.operations import iso
from azlocal.arm.types import Json
from azlocal.state import Resource, State

if TYPE_CHECKING:
    from azlocal.arm.control import Call, ControlPlane

KIND = "storageAccountKeys"
NAMES = ("key1", "key2")
KEY_BYTES = 64


def make(state: State, account: str, now: float) -> None:
    """Give a new account (lower-cased id) its keys."""
    state.put_document(KIND, account, {name: _new_key(now) for name in NAMES})


def _new_key(now: float) -> Json:
    return {"value": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode(), "creationTime": iso(now)}


def of_account(state: State, account: str) -> dict[str, str]:
    """An account's keys by name: what its data plane checks signatures against."""
    found = state.document(KIND, account.lower()) or {}
    return {name: found[name]["value"] for name in found}


def creation_times(state: State, account: str) -> dict[str, str]:
    """When each key was made."""
    return {name: key["creationTime"] for name, key in (state.document(KIND, account) or {}).items()}


def forget(control: ControlPlane, account: Resource) -> None:
    """The keys go with the account."""
    control.state.delete_document(KIND, account.key)


def list_keys(call: Call, account: Resource) -> ArmResponse:
    """Both keys, with full permissions."""
    found = call.state.document(KIND, account.key)
    return ArmResponse(
        200,
        {
            "keys": [
                {
                    "keyName": name,
                    "value": found[name]["value"],
                    "permissions": "FULL",
                    "creationTime": found[name]["creationTime"],
                }
                for name in NAMES
            ]
        },
    )


def regenerate(call: Call, account: Resource) -> ArmResponse:
    """A new value for one key; the other stays.

    Raises:
        ArmError: 400 where no such key exists.
    """
    name = str((call.request.body or {}).get("keyName", ""))
    if name not in NAMES:
        raise bad_request(f"'{name}' is no key of a storage account: key1 or key2.", "InvalidKeyName", "keyName")
    found = call.state.document(KIND, account.key)
    found[name] = _new_key(call.control.clock())
    call.state.put_document(KIND, account.key, found)
    return list_keys(call, account)
