"""The installation's certificate authority: made once, its key never leaves the state folder.

It signs a certificate for each Azure host that a client asks for. Clients trust it through a bundle that
also holds the machine's usual roots, since everything that is not Azure is tunnelled untouched.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from azlocal.gateway.certificates import authority, certificate
from azlocal.state.folder import StateFolder, write_private

_YEAR = dt.timedelta(days=365)
_LEAF_LIFE = dt.timedelta(days=90)
_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/cert.pem",  # macOS
)


class CertificateAuthority:
    """Mints server certificates; TLS contexts are kept per host."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._key, self._certificate = self._load_or_make()
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._write_bundle()

    @property
    def pem(self) -> str:
        """The CA certificate."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def context(self, host: str) -> ssl.SSLContext:
        """A server-side TLS context (1.2 or newer) with a certificate for one host."""
        context = self._contexts.get(host)
        if context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.set_alpn_protocols(["http/1.1"])
            path = self._folder.sub("ca", "leaf") / f"{host}.pem"
            write_private(path, self._leaf(host))
            context.load_cert_chain(path)
            self._contexts[host] = context
        return context

    def _load_or_make(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key_path = self._folder.sub("ca") / "ca.key"
        certificate_path = self._folder.ca_certificate
        if key_path.exists() and certificate_path.exists():
            key = serialization.load_pem_private_key(key_path.read_bytes(), None)
            found = x509.load_pem_x509_certificate(certificate_path.read_bytes())
            if isinstance(key, ec.EllipticCurvePrivateKey) and found.not_valid_after_utc > _now() + _LEAF_LIFE:
                return key, found
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "azlocal development CA")])
        made = authority(name, key, 5 * _YEAR).sign(key, hashes.SHA256())
        write_private(key_path, _pem(key))
        write_private(certificate_path, made.public_bytes(serialization.Encoding.PEM).decode())
        return key, made

    def _leaf(self, host: str) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
        made = (
            certificate(name, self._leaf_key, self._certificate.subject, self._key, _LEAF_LIFE)
            .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        return _pem(self._leaf_key) + made.public_bytes(serialization.Encoding.PEM).decode()

    def _write_bundle(self) -> None:
        write_private(self._folder.ca_bundle, usual_roots() + "\n" + self.pem)


def usual_roots() -> str:
    """The roots this machine trusts: what the user's environment names, the system's file, or certifi's."""
    named = (os.environ.get("SSL_CERT_FILE"), os.environ.get("REQUESTS_CA_BUNDLE"))
    for candidate in (*named, *_SYSTEM_BUNDLES):
        if candidate and Path(candidate).is_file():
            return Path(candidate).read_text()
    import certifi

    return Path(certifi.where()).read_text()


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
