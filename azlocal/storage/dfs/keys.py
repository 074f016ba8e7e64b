"""Verifying what is signed with an account key at the dfs endpoint, which Azurite does not have.

Microsoft Learn: "Authorize with Shared Key".
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, unquote

from azlocal.storage import sas
from azlocal.storage.accounts import Account
from azlocal.storage.authorize import Caller
from azlocal.storage.errors import bad_signature, sas_lacks
from azlocal.storage.operations import Operation
from azlocal.storage.request import StorageRequest

_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def verify(caller: Caller, request: StorageRequest, account: Account, wanted: Operation) -> None:
    """Check a key's or a signature's claim; tokens and delegated signatures have been checked before.

    Raises:
        StorageError: 403.
    """
    if caller.kind == "key":
        _verify_key(request, account)
    elif caller.kind == "signature":
        place = sas.Place(account.name, request.container, request.name.strip("/"))
        if "srt" in request.query:
            needed = "o" if request.name else "c" if request.container else "s"
            sas.check_account(account.keys, account.name, request.query, needed)
        else:
            sas.check_service(account.keys, place, request.query)
        if wanted.letters and not set(wanted.letters) & set(request.query.get("sp", "")):
            raise sas_lacks(wanted.letters)


def _verify_key(request: StorageRequest, account: Account) -> None:
    given = request.headers["authorization"].partition(" ")[2].partition(":")[2]
    # Clients sort header names by culture or by code; they differ in how they take '-' and '_'.
    for plain in (True, False):
        text = _string_to_sign(request, account, plain=plain)
        if any(hmac.compare_digest(sas.sign(key, text), given) for key in account.keys):
            return
    raise bad_signature("The MAC signature found in the HTTP request is not the same as any computed signature.")


def _string_to_sign(request: StorageRequest, account: Account, *, plain: bool) -> str:
    headers = request.headers
    signed = [headers.get(name, "") for name in _SIGNED_HEADERS]
    if headers.get("content-length") == "0":
        signed[_SIGNED_HEADERS.index("content-length")] = ""
    extra = sorted(
        (name for name in headers if name.startswith("x-ms-")),
        key=lambda name: name if plain else name.replace("-", "").replace("_", ""),
    )
    parameters: dict[str, list[str]] = {}
    for name, value in parse_qsl(request.query_string, keep_blank_values=True):
        parameters.setdefault(unquote(name).lower(), []).append(value)
    resource = f"/{account.name}{request.path}"
    resource += "".join(f"\n{name}:{','.join(sorted(parameters[name]))}" for name in sorted(parameters))
    lines = [request.method, *signed, *(f"{name}:{headers[name].strip()}" for name in extra), resource]
    return "\n".join(lines)
