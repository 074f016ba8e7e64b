"""Signing in with azure-identity, and what a service does with tokens that are not to be believed."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import ClientSecretCredential, DefaultAzureCredential, WorkloadIdentityCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from cryptography.hazmat.primitives.asymmetric import rsa

from azlocal.entra.keys import Keys
from azlocal.entra.principals import DATA_SCIENTIST, OWNER, SUBSCRIPTION_ID, TENANT_ID
from azlocal.entra.tokens import issuer
from tests.azlocal.conftest import Server, acting

SCOPE = "https://management.azure.com/.default"


NOBODY = "99999999-0000-4000-8000-000000000009"


class FixedToken:
    """A credential that answers the token it was given."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *_scopes: str, **_options: object) -> object:
        from azure.core.credentials import AccessToken

        return AccessToken(self.token, int(time.time()) + 3600)


def resources(credential: object) -> ResourceManagementClient:
    return ResourceManagementClient(credential, SUBSCRIPTION_ID, retry_total=0)


def claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    return {
        "aud": "https://management.azure.com", "iss": issuer(), "iat": now, "nbf": now, "exp": now + 600,
        "oid": OWNER.object_id, "appid": OWNER.client_id, "tid": TENANT_ID, **changes,
    }  # fmt: skip


def test_client_secret_gives_a_token_that_says_who(as_owner: Server) -> None:
    token = DefaultAzureCredential().get_token(SCOPE).token
    found = jwt.decode(token, options={"verify_signature": False})
    assert (found["aud"], found["oid"], found["tid"]) == ("https://management.azure.com", OWNER.object_id, TENANT_ID)
    assert jwt.get_unverified_header(token)["alg"] == "RS256"


def test_each_named_principal_signs_in_as_itself(server: Server) -> None:
    for name in ("owner", "data-scientist", "reader", "stranger"):
        with acting(server.variables(name)):
            token = DefaultAzureCredential().get_token(SCOPE).token
        assert (
            jwt.decode(token, options={"verify_signature": False})["appid"] == server.variables(name)["AZURE_CLIENT_ID"]
        )


@pytest.mark.parametrize(
    ("tenant", "client_id", "secret", "code"),
    [
        (TENANT_ID, OWNER.client_id, "wrong", "AADSTS7000215"),
        (TENANT_ID, NOBODY, "any", "AADSTS700016"),
        (NOBODY, OWNER.client_id, "any", "AADSTS90002"),
    ],
)
def test_wrong_sign_in_says_what_is_wrong(
    as_owner: Server, tenant: str, client_id: str, secret: str, code: str
) -> None:
    with pytest.raises((ClientAuthenticationError, ValueError)) as raised:
        ClientSecretCredential(tenant, client_id, secret).get_token(SCOPE)
    assert code in str(raised.value) or tenant in str(raised.value)
    assert secret == "any" or secret not in str(raised.value)


def test_token_of_a_foreign_issuer_is_401(as_owner: Server) -> None:
    own = Keys(as_owner.folder).sign(claims(iss="https://sts.windows.net/somebody-else/"))
    foreign_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for token in (own, jwt.encode(claims(), foreign_key, algorithm="RS256")):
        with pytest.raises(ClientAuthenticationError) as raised:
            list(resources(FixedToken(token)).resource_groups.list())
        assert raised.value.status_code == 401
        assert raised.value.error
        assert raised.value.error.code == "InvalidAuthenticationToken"


@pytest.mark.parametrize("changes", [{"exp": 1_000_000_000}, {"aud": "https://vault.azure.net"}, {"oid": NOBODY}])
def test_expired_misdirected_or_orphaned_token_is_401(as_owner: Server, changes: dict[str, object]) -> None:
    token = Keys(as_owner.folder).sign(claims(**changes))
    with pytest.raises(ClientAuthenticationError) as raised:
        list(resources(FixedToken(token)).resource_groups.list())
    assert raised.value.status_code == 401


def test_stranger_is_told_who_what_and_where(server: Server) -> None:
    with acting(server.variables("stranger")), pytest.raises(HttpResponseError) as raised:
        resources(DefaultAzureCredential()).resource_groups.create_or_update("rg-nope", {"location": "westeurope"})
    assert raised.value.status_code == 403
    error = raised.value.error
    assert error
    assert error.code == "AuthorizationFailed"
    for part in (server.variables("stranger")["AZURE_CLIENT_ID"], "resourceGroups/write", "rg-nope"):
        assert part in str(error.message)


def test_reader_lists_and_does_not_write(as_owner: Server, group_name: str) -> None:
    from azlocal.entra.principals import READERS

    resources(DefaultAzureCredential()).resource_groups.create_or_update(group_name, {"location": "westeurope"})
    scope = f"{as_owner.subscription}/resourceGroups/{group_name}"
    definitions = f"{as_owner.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    reader = f"{definitions}/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    AuthorizationManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID).role_assignments.create(
        scope,
        str(uuid.uuid4()),
        {"properties": {"roleDefinitionId": reader, "principalId": READERS.object_id, "principalType": "Group"}},
    )
    with acting(as_owner.variables("reader")):
        client = resources(DefaultAzureCredential())
        assert client.resource_groups.get(group_name).name == group_name
        with pytest.raises(HttpResponseError) as raised:
            client.resource_groups.update(group_name, {"tags": {"a": "b"}})
        assert raised.value.status_code == 403
        with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
            client.resource_groups.begin_delete(group_name)


def federated(server: Server, group: str) -> tuple[str, str]:
    """An identity that trusts a service account of an issuer; answers its client id and the issuer."""
    from azure.mgmt.msi import ManagedServiceIdentityClient

    resources(DefaultAzureCredential()).resource_groups.create_or_update(group, {"location": "westeurope"})
    client = ManagedServiceIdentityClient(DefaultAzureCredential(), SUBSCRIPTION_ID)
    identity = client.user_assigned_identities.create_or_update(group, "id-work", {"location": "westeurope"})
    trusted = "https://issuer.example/cluster/"
    client.federated_identity_credentials.create_or_update(
        group,
        "id-work",
        "pod",
        {
            "properties": {
                "issuer": trusted,
                "subject": "system:serviceaccount:ml:worker",
                "audiences": ["api://AzureADTokenExchange"],
            }
        },
    )
    assert identity.client_id
    return identity.client_id, trusted


def test_federated_token_works_for_its_subject_and_nothing_else(
    as_owner: Server, group_name: str, tmp_path: Path
) -> None:
    client_id, trusted = federated(as_owner, group_name)
    now = int(time.time())
    good = {
        "iss": trusted, "sub": "system:serviceaccount:ml:worker", "aud": ["api://AzureADTokenExchange"],
        "iat": now, "nbf": now, "exp": now + 600,
    }  # fmt: skip
    file = tmp_path / "token"

    def sign_in(**changes: object) -> str:
        file.write_text(Keys(as_owner.folder).sign({**good, **changes}))
        credential = WorkloadIdentityCredential(tenant_id=TENANT_ID, client_id=client_id, token_file_path=str(file))
        return credential.get_token(SCOPE).token

    assert jwt.decode(sign_in(), options={"verify_signature": False})["appid"] == client_id
    for changes in (
        {"sub": "system:serviceaccount:ml:other"},
        {"iss": "https://issuer.example/other/"},
        {"aud": ["api://other"]},
        {"exp": now - 3600},
    ):
        with pytest.raises(ClientAuthenticationError, match="AADSTS7"):
            sign_in(**changes)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700213"):
        WorkloadIdentityCredential(
            tenant_id=TENANT_ID, client_id=DATA_SCIENTIST.client_id, token_file_path=str(file)
        ).get_token(SCOPE)
