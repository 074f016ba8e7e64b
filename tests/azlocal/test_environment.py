"""Whose credentials ``exec`` gives: the identities that trust a local cluster's service accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jwt
import pytest

from azlocal.environment import credentials
from azlocal.errors import UsageError
from azlocal.state import Resource, State
from azlocal.state.folder import StateFolder

GROUP = "/subscriptions/s/resourceGroups/rg-pods/providers"
CLUSTER = f"{GROUP}/Microsoft.ContainerService/managedClusters/aks"
ISSUER = "https://oidc.example/aks/"


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    """A state folder with a cluster whose extension lives in ``azureml``."""
    made = StateFolder(tmp_path / "azlocal")
    made.create()
    put(made, CLUSTER, {"oidcIssuerProfile": {"issuerURL": ISSUER}})
    put(
        made,
        f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/extensions/ml",
        {"scope": {"cluster": {"releaseNamespace": "azureml"}}},
        "microsoft.kubernetesconfiguration/extensions",
    )
    return made


def put(folder: StateFolder, id_: str, properties: dict[str, Any], type_: str = "") -> None:
    segments = id_.partition("/providers/")[2].lower().split("/")
    state = State(folder.database)
    state.put(Resource(id_, type_ or "/".join([segments[0], *segments[1::2]]), {"properties": properties}))
    state.close()


def trust(folder: StateFolder, name: str, service_account: str) -> None:
    identity = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    put(folder, identity, {"clientId": f"client-of-{name}"})
    credential = {"issuer": ISSUER, "subject": f"system:serviceaccount:{service_account}"}
    put(folder, f"{identity}/federatedIdentityCredentials/pod", credential)


def subject(given: dict[str, str]) -> str:
    token = Path(given["AZURE_FEDERATED_TOKEN_FILE"]).read_text()
    return str(jwt.decode(token, options={"verify_signature": False})["sub"])


def test_workload_is_the_one_service_account_that_is_not_an_extensions(folder: StateFolder) -> None:
    trust(folder, "scorer", "models:scorer")
    trust(folder, "router", "azureml:certificate")
    given = credentials(folder, "workload")
    assert given["AZURE_CLIENT_ID"] == "client-of-scorer"
    assert subject(given) == "system:serviceaccount:models:scorer"


def test_each_can_be_named_and_keeps_its_own_token(folder: StateFolder) -> None:
    trust(folder, "scorer", "models:scorer")
    trust(folder, "router", "azureml:certificate")
    scorer = credentials(folder, "workload:models:scorer")
    router = credentials(folder, "workload:azureml:certificate")
    assert (scorer["AZURE_CLIENT_ID"], router["AZURE_CLIENT_ID"]) == ("client-of-scorer", "client-of-router")
    assert subject(scorer) == "system:serviceaccount:models:scorer"
    assert subject(router) == "system:serviceaccount:azureml:certificate"


def test_among_several_one_must_be_named(folder: StateFolder) -> None:
    trust(folder, "scorer", "models:scorer")
    trust(folder, "trainer", "models:trainer")
    with pytest.raises(UsageError, match="more than one") as raised:
        credentials(folder, "workload")
    assert "workload:models:scorer, workload:models:trainer" in str(raised.value.hint)
    with pytest.raises(UsageError, match="no user-assigned identity trusts the service account models:nobody"):
        credentials(folder, "workload:models:nobody")


def test_nobody_trusts_a_cluster_yet(folder: StateFolder) -> None:
    with pytest.raises(UsageError, match="stands for nobody") as raised:
        credentials(folder, "workload")
    assert "create one identity" in str(raised.value.hint)
