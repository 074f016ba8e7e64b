"""Certificates of a control plane that lives for a while on one machine: an authority, a server, an administrator."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from azlocal.gateway.certificates import authority, certificate, usage

LIFE = dt.timedelta(days=365)
LOOPBACK = ipaddress.ip_address("127.0.0.1")
# Whoever shows a certificate of this group may do everything (Kubernetes documentation, "User-facing roles").
ADMINISTRATORS = "system:masters"


def write(folder: Path) -> None:
    """Put ``authority.crt``, and ``.crt`` and ``.key`` of ``server``, ``admin`` and ``tokens`` into a folder.

    ``tokens`` has a key only: service accounts' tokens are signed with it. The authority's own key is not kept.
    """
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("control plane of this machine")
    own_authority = authority(name, key, LIFE).sign(key, hashes.SHA256())
    _write(folder / "authority.crt", own_authority.public_bytes(serialization.Encoding.PEM))
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    names = x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK), x509.DNSName("localhost")])
    for one, subject in (("server", _name("127.0.0.1")), ("admin", _name("admin", ADMINISTRATORS))):
        own = _key(folder / f"{one}.key")
        leaf = (
            certificate(subject, own, name, key, LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes if one == "server" else purposes[1:]), critical=False)
            .add_extension(names, critical=False)
            .sign(key, hashes.SHA256())
        )
        _write(folder / f"{one}.crt", leaf.public_bytes(serialization.Encoding.PEM))
    _key(folder / "tokens.key")


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    made = ec.generate_private_key(ec.SECP256R1())
    # The older of the two formats: the API server takes no other for tokens.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    _write(path, made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return made


def _write(path: Path, pem: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(pem)


def _name(common: str, organisation: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    return x509.Name([*parts, *([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)] if organisation else [])])
