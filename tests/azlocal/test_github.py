"""A workflow signs in to Azure: tokens as GitHub gives them, and who believes which."""

from __future__ import annotations

import time
from pathlib import Path

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential, WorkloadIdentityCredential
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.resources import ResourceManagementClient

from azlocal.entra.keys import Keys
from azlocal.entra.principals import SUBSCRIPTION_ID, TENANT_ID
from azlocal.errors import UsageError
from azlocal.github.tokens import AUDIENCE, ISSUER, REQUEST_URL, Workflow
from tests.azlocal.conftest import Server, acting

SCOPE = "https://management.azure.com/.default"


def _trust(group: str, *workflows: Workflow) -> str:
    """An identity with a credential for each; its client id."""
    ResourceManagementClient(DefaultAzureCredential(), SUBSCRIPTION_ID).resource_groups.create_or_update(
        group, {"location": "westeurope"}
    )
    client = ManagedServiceIdentityClient(DefaultAzureCredential(), SUBSCRIPTION_ID)
    identity = client.user_assigned_identities.create_or_update(group, "id-ci", {"location": "westeurope"})
    for index, workflow in enumerate(workflows):
        properties = {"issuer": ISSUER, "subject": workflow.subject, "audiences": [AUDIENCE]}
        client.federated_identity_credentials.create_or_update(
            group, "id-ci", f"github-{index}", {"properties": properties}
        )
    return str(identity.client_id)


def _request(server: Server, workflow: Workflow, audience: str = AUDIENCE) -> str:
    """Ask for a token as a job does."""
    shown = Keys(server.folder).sign(workflow.request_token(int(time.time())))
    answer = requests.get(f"{REQUEST_URL}&audience={audience}", headers={"Authorization": f"Bearer {shown}"}, timeout=9)
    answer.raise_for_status()
    return str(answer.json()["value"])


def test_subjects_are_githubs() -> None:
    old = Workflow.parse("octo/app:prod")
    immutable = Workflow.parse("octo@12/app@34:prod")
    assert old.subject == "repo:octo/app:environment:prod"
    assert immutable.subject == "repo:octo@12/app@34:environment:prod"
    assert Workflow.parse("octo/app:a:ref").subject == "repo:octo/app:environment:a%3Aref"


@pytest.mark.parametrize("text", ["octo:prod", "octo/app", "octo@12/app:prod", "octo/app:"])
def test_what_is_no_environment_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="names no environment"):
        Workflow.parse(text)


def test_a_jobs_token_is_githubs(as_owner: Server) -> None:
    token = _request(as_owner, Workflow.parse("octo@12/app@34:prod"))
    keys = requests.get(f"{ISSUER}/.well-known/jwks", timeout=9).json()["keys"]
    configuration = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=9).json()
    assert configuration["issuer"] == ISSUER
    claims = jwt.decode(token, jwt.PyJWK(keys[0]), algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)
    assert (claims["repository"], claims["environment"]) == ("octo/app", "prod")
    assert (claims["repository_owner_id"], claims["repository_id"]) == ("12", "34")
    assert claims["exp"] - claims["iat"] == 300
    assert claims.keys() <= {*configuration["claims_supported"]}
    assert requests.get(REQUEST_URL, headers={"Authorization": f"Bearer {token}"}, timeout=9).status_code == 401


def test_the_right_environment_and_nothing_else_signs_in(as_owner: Server, group_name: str, tmp_path: Path) -> None:
    right = [Workflow.parse("octo/app:prod"), Workflow.parse("octo@12/app@34:prod")]
    client_id, file = _trust(group_name, *right), tmp_path / "token"

    def sign_in(workflow: Workflow, audience: str = AUDIENCE) -> str:
        file.write_text(_request(as_owner, workflow, audience))
        credential = WorkloadIdentityCredential(tenant_id=TENANT_ID, client_id=client_id, token_file_path=str(file))
        return credential.get_token(SCOPE).token

    for workflow in right:
        assert jwt.decode(sign_in(workflow), options={"verify_signature": False})["appid"] == client_id
    for wrong in ("octo/app:dev", "octo/other:prod", "other/app:prod", "octo@99/app@34:prod", "octo@12/app@99:prod"):
        with pytest.raises(ClientAuthenticationError, match="AADSTS700213"):
            sign_in(Workflow.parse(wrong))
    with pytest.raises(ClientAuthenticationError, match="AADSTS700212"):
        sign_in(right[0], "https://github.com/octo")


def test_exec_is_the_identity_that_trusts_the_job(as_owner: Server, group_name: str) -> None:
    client_id = _trust(group_name, Workflow.parse(f"octo/{group_name}:prod"))
    variables = as_owner.variables(f"github:octo/{group_name}:prod")
    assert variables["ACTIONS_ID_TOKEN_REQUEST_URL"] == REQUEST_URL
    with acting(variables):
        token = DefaultAzureCredential().get_token(SCOPE).token
    assert jwt.decode(token, options={"verify_signature": False})["appid"] == client_id
    with pytest.raises(UsageError, match=r"no user-assigned identity trusts .*environment:dev"):
        as_owner.variables(f"github:octo/{group_name}:dev")
