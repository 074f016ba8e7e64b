"""A cluster's host names over the gateway: discovery, RBAC, apply, watch, tokens; and the planes that answer 501."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import jwt
import pytest
import yaml

from azlocal.kubernetes.standin import NOTICE
from tests.azlocal.kubernetes.clients import (
    APPLY,
    CLUSTER_ADMIN,
    NAMESPACE_ADMIN,
    SERVER_APPLICATION,
    Client,
    Cluster,
    object_id,
)

Sign = Callable[[str], Client]


@pytest.fixture
def client(server: Any) -> Iterator[Sign]:
    """Clients as whoever is asked for; all closed at the end."""
    with ExitStack() as stack:

        def sign(principal: str) -> Client:
            made = Client(server.variables(principal))
            stack.enter_context(made.http)
            return made

        yield sign


@pytest.fixture
def owner(client: Sign) -> Client:
    return client("owner")


@pytest.fixture
def cluster(owner: Client) -> Cluster:
    made = Cluster(owner)
    made.assign(owner, CLUSTER_ADMIN, str(object_id(owner)))
    return made


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def put_namespace(client: Client, cluster: Cluster, name: str) -> httpx.Response:
    url = f"{cluster.server}/api/v1/namespaces/{name}?fieldManager=test"
    return client.send("PATCH", url, content=json.dumps(namespace(name)), headers=APPLY)


def test_discovery_and_a_version_that_no_real_server_has(owner: Client, cluster: Cluster) -> None:
    assert owner.send("GET", f"{cluster.server}/version").json()["gitVersion"].endswith("+azlocal-standin")
    assert owner.send("GET", f"{cluster.server}/api").json()["versions"] == ["v1"]
    groups = {one["name"] for one in owner.send("GET", f"{cluster.server}/apis").json()["groups"]}
    assert {"apps", "batch", "rbac.authorization.k8s.io"} <= groups
    resources = owner.send("GET", f"{cluster.server}/apis/apps/v1").json()["resources"]
    assert "deployments" in {one["name"] for one in resources}
    for path in ("/apis/none/v1", "/apis/none", "/elsewhere", "/api/v1/gadgets"):
        assert owner.send("GET", f"{cluster.server}{path}").status_code == 404
    assert owner.send("GET", f"{cluster.server}/openapi/v2").status_code == 501


def test_apply_read_list_and_delete(owner: Client, cluster: Cluster) -> None:
    made = put_namespace(owner, cluster, "models")
    assert made.status_code == 201
    assert NOTICE in made.headers["warning"]
    assert put_namespace(owner, cluster, "models").status_code == 200
    url = f"{cluster.server}/api/v1/namespaces"
    labelled = owner.send("GET", f"{url}?labelSelector=kubernetes.io/metadata.name=models").json()["items"]
    assert [one["metadata"]["name"] for one in labelled] == ["models"]
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}}
    assert owner.send("POST", f"{url}/models/configmaps", json=config).status_code == 201
    change = {"data": {"a": None, "b": "2"}}
    merged = owner.send(
        "PATCH", f"{url}/models/configmaps/c", json=change, headers={"content-type": "application/merge-patch+json"}
    )
    assert merged.json()["data"] == {"b": "2"}
    assert owner.send("DELETE", f"{url}/models").status_code == 200
    gone = owner.send("GET", f"{url}/models/configmaps/c")
    assert (gone.status_code, gone.json()["reason"], gone.json()["kind"]) == (404, "NotFound", "Status")


def test_refusals_are_status_objects(owner: Client, cluster: Cluster) -> None:
    broken = {**namespace("models"), "metadata": {"name": "models", "labels": {"x": 1}}}
    url = f"{cluster.server}/api/v1/namespaces/models?fieldManager=test"
    answer = owner.send("PATCH", url, content=yaml.safe_dump(broken), headers=APPLY)
    assert (answer.status_code, "reason" in answer.json()) == (500, False)
    assert ".metadata.labels.x: " in answer.json()["message"]
    unlawful = {**namespace("models"), "metadata": {"name": "models", "labels": {"-x": "1"}}}
    answer = owner.send("PATCH", url, content=yaml.safe_dump(unlawful), headers=APPLY)
    assert answer.status_code == 422
    assert answer.json()["details"]["causes"][0]["field"] == "metadata.labels"
    for method, path, media, status in (
        ("PATCH", "/api/v1/namespaces/models", "application/json-patch+json", 501),
        ("PATCH", "/api/v1/namespaces/models", "application/x-patch", 415),
        ("PATCH", "/api/v1/namespaces/models", "application/apply-patch+yaml", 422),  # no field manager
        ("GET", "/api/v1/namespaces/default/pods/a/log", "application/json", 501),
        ("POST", "/api/v1/namespaces?dryRun=All", "application/json", 501),
    ):
        headers = {"content-type": media}
        answer = owner.send(method, f"{cluster.server}{path}", json=namespace("models"), headers=headers)
        assert answer.status_code == status, answer.text


def test_azure_rbac_decides(client: Sign, owner: Client, cluster: Cluster) -> None:
    reader = client("reader")
    url = f"{cluster.server}/api/v1/namespaces"
    refused = reader.send("GET", url)
    assert refused.status_code == 403
    assert f'User "{object_id(reader)}" cannot list resource "namespaces"' in refused.json()["message"]
    put_namespace(owner, cluster, "models")
    cluster.assign(owner, NAMESPACE_ADMIN, object_id(reader), "/namespaces/models")
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    assert reader.send("POST", f"{url}/models/configmaps", json=config).status_code == 201
    assert reader.send("POST", f"{url}/default/configmaps", json=config).status_code == 403


def test_who_may_come_in(owner: Client, cluster: Cluster) -> None:
    url = f"{cluster.server}/api/v1/namespaces"
    assert owner.http.get(url).status_code == 401
    assert owner.send("GET", url, audience="https://management.azure.com").status_code == 401
    token = yaml.safe_load(base64.b64decode(cluster.admin))["users"][0]["user"]["token"]
    assert owner.http.get(url, headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert owner.http.get(url, headers={"authorization": f"Bearer {token[:-1]}"}).status_code == 401
    assert owner.send("GET", "https://nowhere.hcp.westeurope.azmk8s.io/version").status_code == 404


def test_watch_tells_what_happens(owner: Client, cluster: Cluster) -> None:
    put_namespace(owner, cluster, "models")
    url = f"{cluster.server}/api/v1/namespaces/models/configmaps"
    headers = {"authorization": f"Bearer {owner.token(SERVER_APPLICATION)}"}
    seen = []
    with owner.http.stream("GET", f"{url}?watch=true&timeoutSeconds=30", headers=headers) as stream:
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
        assert owner.send("POST", url, json=config).status_code == 201
        assert owner.send("DELETE", f"{url}/c").status_code == 200
        for line in stream.iter_lines():
            event = json.loads(line)
            seen.append((event["type"], event["object"]["metadata"]["name"]))
            if event["type"] == "DELETED":
                break
    assert seen == [("ADDED", "c"), ("DELETED", "c")]


def test_a_cluster_is_an_issuer_that_entra_can_trust(owner: Client, cluster: Cluster) -> None:
    document = owner.http.get(f"{cluster.issuer}.well-known/openid-configuration").json()
    assert document["issuer"] == cluster.issuer
    keys = owner.http.get(document["jwks_uri"]).json()
    url = f"{cluster.server}/api/v1/namespaces/default/serviceaccounts/default/token"
    body = {"spec": {"audiences": ["api://AzureADTokenExchange"], "expirationSeconds": 600}}
    token = owner.send("POST", url, json=body).json()["status"]["token"]
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="api://AzureADTokenExchange", issuer=cluster.issuer)
    assert claims["sub"] == "system:serviceaccount:default:default"
    assert claims["exp"] - claims["iat"] == 600
    assert owner.send("GET", f"{cluster.issuer}elsewhere").status_code == 404
    assert owner.send("POST", url.replace("/default/token", "/nobody/token"), json=body).status_code == 404


def test_a_pod_signs_in_with_its_service_account(owner: Client, cluster: Cluster) -> None:
    identity = f"{cluster.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/pod"
    made = owner.arm("PUT", identity, "2023-01-31", {"location": "westeurope"})
    credential = {
        "issuer": cluster.issuer,
        "subject": "system:serviceaccount:default:default",
        "audiences": ["api://AzureADTokenExchange"],
    }
    owner.arm("PUT", f"{identity}/federatedIdentityCredentials/kubernetes", "2023-01-31", {"properties": credential})
    url = f"{cluster.server}/api/v1/namespaces/default/serviceaccounts/default/token"
    body = {"spec": {"audiences": ["api://AzureADTokenExchange"]}}
    assertion = owner.send("POST", url, json=body).json()["status"]["token"]
    form = {
        "grant_type": "client_credentials",
        "client_id": made["properties"]["clientId"],
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
        "scope": "https://vault.azure.net/.default",
    }
    tenant = made["properties"]["tenantId"]
    answer = owner.http.post(f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token", data=form)
    claims = jwt.decode(answer.raise_for_status().json()["access_token"], options={"verify_signature": False})
    assert claims["oid"] == made["properties"]["principalId"]


def test_an_extension_brings_its_namespace(owner: Client, cluster: Cluster) -> None:
    path = f"{cluster.id}/providers/Microsoft.KubernetesConfiguration/extensions/flux"
    body = {
        "properties": {"extensionType": "microsoft.flux", "scope": {"cluster": {"releaseNamespace": "flux-system"}}}
    }
    owner.arm("PUT", path, "2023-05-01", body)
    url = f"{cluster.server}/api/v1/namespaces/flux-system"
    headers = {"authorization": f"Bearer {owner.token(SERVER_APPLICATION)}"}
    watch = f"{cluster.server}/api/v1/namespaces?watch=true&timeoutSeconds=20"
    with owner.http.stream("GET", watch, headers=headers) as stream:
        for line in stream.iter_lines():
            if json.loads(line)["object"]["metadata"]["name"] == "flux-system":
                break
    assert owner.send("GET", url).status_code == 200


@pytest.mark.parametrize(
    ("host", "audience", "method", "path", "named"),
    [
        ("api.loganalytics.io", "https://api.loganalytics.io", "POST", "/v1/workspaces/x/query", "Query - Execute"),
        (
            "dce-x.westeurope-1.ingest.monitor.azure.com",
            "https://monitor.azure.com",
            "POST",
            "/dataCollectionRules/x/streams/y",
            "Logs Ingestion - Upload",
        ),
        ("web.azuresynapse.net", "https://dev.azuresynapse.net", "GET", "/workspace", "Workspace - Get"),
    ],
)
def test_a_plane_that_is_not_served_says_so_by_name(  # noqa: PLR0917
    owner: Client, host: str, audience: str, method: str, path: str, named: str
) -> None:
    assert owner.http.request(method, f"https://{host}{path}").status_code == 401
    answer = owner.send(method, f"https://{host}{path}", audience)
    assert answer.status_code == 501
    assert named in answer.json()["error"]["message"]


def test_a_registry_speaks_its_own_language(client: Sign, owner: Client, cluster: Cluster) -> None:
    name = f"cr{uuid.uuid4().hex[:10]}"
    path = f"{cluster.group}/providers/Microsoft.ContainerRegistry/registries/{name}"
    owner.arm("PUT", path, "2025-11-01", {"location": "westeurope", "sku": {"name": "Premium"}})
    url = f"https://{name}.azurecr.io/v2/"
    challenged = owner.http.get(url)
    assert challenged.status_code == 401
    assert f'service="{name}.azurecr.io"' in challenged.headers["www-authenticate"]
    answer = owner.send("GET", f"{url}app/tags/list", "https://management.azure.com")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (501, "UNSUPPORTED")
    stranger = client("stranger")
    assert stranger.send("GET", url, "https://management.azure.com").json()["errors"][0]["code"] == "DENIED"
    assert owner.send("GET", "https://nosuchregistry.azurecr.io/v2/", "https://management.azure.com").status_code == 404
