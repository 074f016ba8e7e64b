"""The certificates of `make cluster`: each is signed by the authority beside it, and for what it is."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tools.cluster import certificates


def test_the_authority_signs_a_server_and_an_administrator(tmp_path: Path) -> None:
    certificates.write(tmp_path)
    authority, server, admin = (
        x509.load_pem_x509_certificate((tmp_path / f"{name}.crt").read_bytes())
        for name in ("authority", "server", "admin")
    )
    for leaf in (server, admin):
        leaf.verify_directly_issued_by(authority)
        assert not leaf.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
        assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert authority.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    purposes = [set(one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) for one in (server, admin)]
    assert purposes == [
        {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH},
        {ExtendedKeyUsageOID.CLIENT_AUTH},
    ]
    (organisation,) = admin.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert organisation.value == certificates.ADMINISTRATORS
    assert (tmp_path / "tokens.key").stat().st_mode & 0o777 == 0o600
