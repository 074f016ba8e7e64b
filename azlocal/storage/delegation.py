"""Get User Delegation Key: the key with which a principal signs for others what its roles allow it."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree

from azlocal.azure import Azure
from azlocal.entra.principals import Principal
from azlocal.storage import sas
from azlocal.storage.accounts import Account
from azlocal.storage.errors import StorageError


def answer_key(azure: Azure, account: Account, principal: Principal, version: str, body: bytes) -> bytes:
    """The XML answer to a ``KeyInfo`` body with start and expiry.

    Raises:
        StorageError: 400, the body is no KeyInfo or the expiry is over or more than 7 days away.
    """
    start, expiry = _times(body)
    query = {
        "skoid": principal.object_id,
        "sktid": principal.tenant_id,
        "skt": sas.iso(start),
        "ske": sas.iso(expiry),
        "sks": "b",
        "skv": version,
    }
    fields = {
        "SignedOid": query["skoid"],
        "SignedTid": query["sktid"],
        "SignedStart": query["skt"],
        "SignedExpiry": query["ske"],
        "SignedService": "b",
        "SignedVersion": version,
        "Value": sas.delegation_key(azure, account.name, query),
    }
    root = ElementTree.Element("UserDelegationKey")
    for name, value in fields.items():
        ElementTree.SubElement(root, name).text = value
    return b'<?xml version="1.0" encoding="utf-8"?>' + ElementTree.tostring(root)


def _times(body: bytes) -> tuple[dt.datetime, dt.datetime]:
    try:
        if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
            raise ValueError("a document type is not allowed")
        root = ElementTree.fromstring(body)  # noqa: S314 (no entities: refused above)
        expiry = dt.datetime.fromisoformat(root.findtext("Expiry") or "")
        start = dt.datetime.fromisoformat(root.findtext("Start") or expiry.replace(year=2000).isoformat())
    except (ElementTree.ParseError, ValueError) as error:
        raise StorageError(
            400, "InvalidXmlDocument", f"The body must be a KeyInfo document with Start and Expiry: {error}."
        ) from None
    start, expiry = (one if one.tzinfo else one.replace(tzinfo=dt.UTC) for one in (start, expiry))
    now = dt.datetime.now(dt.UTC)
    if not now < expiry <= now + sas.KEY_LIFE + dt.timedelta(minutes=15):
        raise StorageError(
            400, "InvalidXmlNodeValue", f"The Expiry {expiry} must lie after now and within {sas.KEY_LIFE.days} days."
        )
    return start, expiry
