"""Shared access signatures: the strings that are signed, version by version, and what a signature must satisfy.

Microsoft Learn: "Create a user delegation SAS", "Create a service SAS", "Create an account SAS".
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from azlocal.azure import Azure
from azlocal.entra.principals import TENANT_ID
from azlocal.storage.errors import StorageError, bad_signature

Query = Mapping[str, str]

MINE = "2020-12-06"  # the version of the signatures azlocal makes for itself
KEY_LIFE = dt.timedelta(days=7)  # the longest a user delegation key lives

_KEY = ("skoid", "sktid", "skt", "ske", "sks", "skv")
_RESPONSE = ("rscc", "rscd", "rsce", "rscl", "rsct")
# The fields of a user delegation signature after the resource, newest form first. `snapshot` stands for the time
# of a snapshot or version; srh and srq are lists of headers and query parameters, signed with their values.
_DELEGATED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "2026-02-06",
        (
            *_KEY,
            "saoid",
            "suoid",
            "scid",
            "skdutid",
            "sduoid",
            "sip",
            "spr",
            "sv",
            "sr",
            "snapshot",
            "ses",
            "srh",
            "srq",
            *_RESPONSE,
        ),
    ),
    (
        "2025-07-05",
        (*_KEY, "saoid", "suoid", "scid", "skdutid", "sduoid", "sip", "spr", "sv", "sr", "snapshot", "ses", *_RESPONSE),
    ),
    ("2020-12-06", (*_KEY, "saoid", "suoid", "scid", "sip", "spr", "sv", "sr", "snapshot", "ses", *_RESPONSE)),
    ("2020-02-10", (*_KEY, "saoid", "suoid", "scid", "sip", "spr", "sv", "sr", "snapshot", *_RESPONSE)),
    ("2018-11-09", (*_KEY, "sip", "spr", "sv", "sr", "snapshot", *_RESPONSE)),
)
_SERVICE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("2020-12-06", ("si", "sip", "spr", "sv", "sr", "snapshot", "ses", *_RESPONSE)),
    ("2018-11-09", ("si", "sip", "spr", "sv", "sr", "snapshot", *_RESPONSE)),
)
_ACCOUNT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("2020-12-06", ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses")),
    ("2015-04-05", ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv")),
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a signature is for: an account's container and, below it, a blob or path."""

    account: str
    container: str
    blob: str = ""


SIGNING = frozenset(
    {
        "sig",
        "sp",
        "st",
        "se",
        "sv",
        "sr",
        "si",
        "sip",
        "spr",
        "ss",
        "srt",
        "ses",
        "sdd",
        "srh",
        "srq",
        *_KEY,
        "saoid",
        "suoid",
        "scid",
        "skdutid",
        "sduoid",
    }
)


def sign(key: str, text: str) -> str:
    """HMAC-SHA256 with a base64 key, in base64: every signature of storage."""
    return base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)).decode()


def delegation_key(azure: Azure, account: str, query: Query) -> str:
    """The user delegation key that the ``sk…`` fields name: derived, so that nothing needs to be remembered."""
    named = "\n".join((account, *(query.get(field, "") for field in _KEY)))
    secret = azure.folder.secret("user-delegation").encode()
    return base64.b64encode(hmac.digest(secret, named.encode(), hashlib.sha256)).decode()


def resource(query: Query, place: Place) -> str:
    """The canonicalized resource: what ``sr`` makes of the path that is asked for."""
    base = f"/blob/{place.account}/{place.container}"
    match query.get("sr"):
        case "b" | "bs" | "bv":
            return f"{base}/{place.blob}"
        case "d":
            depth = int(query.get("sdd") or 0)
            return "/".join((base, *place.blob.strip("/").split("/")[:depth])) if depth else base
        case _:
            return base


def check_delegated(azure: Azure, place: Place, query: Query, headers: Mapping[str, str]) -> str:
    """The object id of the principal a user delegation signature speaks for.

    Raises:
        StorageError: 403 AuthenticationFailed, it does not fit, is over or not begun.
    """
    key = delegation_key(azure, place.account, query)
    head = [query.get("sp", ""), query.get("st", ""), query.get("se", ""), resource(query, place)]
    _check_signature(key, head, _DELEGATED, query, headers)
    if query.get("sktid") != TENANT_ID:
        raise bad_signature("The tenant of the user delegation key is not the account's.")
    check_times(query.get("skt"), query.get("ske"))
    check_conditions(query)
    return query["skoid"]


def check_service(keys: Sequence[str], place: Place, query: Query) -> None:
    """Check a service signature made with an account key (Data Lake; for blobs Azurite does it).

    Raises:
        StorageError: 403 AuthenticationFailed.
    """
    if query.get("si"):
        raise bad_signature("Signatures with a stored access policy are only served at the blob endpoint.")
    head = [query.get("sp", ""), query.get("st", ""), query.get("se", ""), resource(query, place)]
    _check_any(keys, head, _SERVICE, query, tail="")
    check_conditions(query)


def check_account(keys: Sequence[str], account: str, query: Query, needed_type: str) -> None:
    """Check an account signature (Data Lake; for blobs Azurite does it).

    Raises:
        StorageError: 403 AuthenticationFailed, AuthorizationServiceMismatch or AuthorizationResourceTypeMismatch.
    """
    _check_any(keys, [account], _ACCOUNT, query, tail="\n")
    if "b" not in query.get("ss", ""):
        raise StorageError(403, "AuthorizationServiceMismatch", "The signature is not for this service.")
    if needed_type not in query.get("srt", ""):
        raise StorageError(
            403, "AuthorizationResourceTypeMismatch", f"The signature needs the resource type '{needed_type}'."
        )
    check_conditions(query)


def check_conditions(query: Query) -> None:
    """Times, address and protocol of a signature. Every client here is on the loopback address.

    Raises:
        StorageError: 403.
    """
    check_times(query.get("st"), query.get("se"))
    low, _, high = query.get("sip", "").partition("-")
    if low and not low <= "127.0.0.1" <= (high or low):
        raise StorageError(
            403, "AuthorizationSourceIPMismatch", f"The signature is for '{query['sip']}', not for 127.0.0.1."
        )


def check_times(start: str | None, end: str | None) -> None:
    """Whether now lies between two times.

    Raises:
        StorageError: 403 AuthenticationFailed, as Azure words it.
    """
    now = dt.datetime.now(dt.UTC)
    if end is None or moment(end) <= now:
        raise bad_signature(f"Signature not valid in the specified time frame: Expiry [{end}] - Current [{now}].")
    if start and moment(start) > now + dt.timedelta(minutes=5):  # clocks differ
        raise bad_signature(f"Signature not valid in the specified time frame: Start [{start}] - Current [{now}].")


def moment(text: str) -> dt.datetime:
    """A time of a signature: ISO 8601, UTC where it does not say.

    Raises:
        StorageError: 403, it is no time.
    """
    try:
        value = dt.datetime.fromisoformat(text)
    except ValueError:
        raise bad_signature(f"'{text}' is not a valid time.") from None
    return value if value.tzinfo else value.replace(tzinfo=dt.UTC)


def make_delegated(azure: Azure, object_id: str, place: Place, permissions: str, hours: float) -> str:
    """A user delegation signature as a query string, for one blob or, without a blob, a container."""
    start = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    end = iso(start + dt.timedelta(hours=hours, minutes=5))
    query = {
        "sp": permissions,
        "st": iso(start),
        "se": end,
        "skoid": object_id,
        "sktid": TENANT_ID,
        "skt": iso(start),
        "ske": end,
        "sks": "b",
        "skv": MINE,
        "sv": MINE,
        "sr": "b" if place.blob else "c",
        "spr": "https",
    }
    head = [permissions, query["st"], end, resource(query, place)]
    fields = next(fields for since, fields in _DELEGATED if since == MINE)
    text = "\n".join((*head, *(query.get(field, "") for field in fields)))
    query["sig"] = sign(delegation_key(azure, place.account, query), text)
    return urlencode(query)


def iso(when: dt.datetime) -> str:
    """A time as signatures write it."""
    return when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_signature(
    key: str,
    head: list[str],
    forms: tuple[tuple[str, tuple[str, ...]], ...],
    query: Query,
    headers: Mapping[str, str],
) -> None:
    extra = {
        "srh": "".join(f"{name}:{headers.get(name.lower(), '')}\n" for name in _listed(query, "srh")),
        "srq": "".join(f"\n{name}:{query.get(name, '')}" for name in _listed(query, "srq")),
    }
    for since, fields in forms:
        if since <= query.get("sv", ""):
            text = "\n".join((*head, *(extra.get(field, query.get(field, "")) for field in fields)))
            if hmac.compare_digest(sign(key, text), query.get("sig", "")):
                return
    raise bad_signature("Signature did not match.")


def _check_any(
    keys: Sequence[str], head: list[str], forms: tuple[tuple[str, tuple[str, ...]], ...], query: Query, *, tail: str
) -> None:
    for since, fields in forms:
        text = "\n".join((*head, *(query.get(field, "") for field in fields))) + tail
        if since <= query.get("sv", ""):
            for key in keys:
                if hmac.compare_digest(sign(key, text), query.get("sig", "")):
                    return
    raise bad_signature("Signature did not match.")


def _listed(query: Query, field: str) -> list[str]:
    return [name for name in query.get(field, "").split(",") if name]
