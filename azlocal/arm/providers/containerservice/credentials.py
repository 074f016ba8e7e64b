"""Credentials of a cluster: its address, the tokens it knows itself, and the kubeconfigs that carry them."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

from azlocal.arm.errors import bad_request
from azlocal.arm.messages import ArmResponse
from azlocal.arm.types import Json
from azlocal.entra.principals import TENANT_ID
from azlocal.state import Resource, State

if TYPE_CHECKING:
    from azlocal.arm.control import Call

HOSTS = "kubernetesHost"  # document: API server host → cluster id, lower-cased
ISSUERS = "kubernetesIssuer"  # document: last part of an issuer's URL → cluster id, lower-cased
TOKENS = "kubernetesToken"  # document: cluster → user → token
OBJECTS = "kubernetesObject"  # documents: what a stand-in cluster stores, by cluster
INSTALLATION = "installation"  # document "ca": the certificate authority of this installation, as PEM
ADMIN, USER = "clusterAdmin", "clusterUser"
SERVER_APPLICATION = "6dae42f8-4368-4678-94ff-3960e28e3630"  # AKS' own application, audience of its tokens
CLIENT_APPLICATION = "80faf920-1908-4b52-b5ef-a8e7bedfc67a"


def make(state: State, cluster: Resource) -> None:
    """Give a new cluster its host, its issuer and its own users' tokens."""
    for host in hosts(cluster):
        state.put_document(HOSTS, host, cluster.key)
    if issuer := issuer_of(cluster):
        state.put_document(ISSUERS, issuer.rstrip("/").rsplit("/", 1)[-1], cluster.key)
    if state.document(TOKENS, cluster.key) is None:
        state.put_document(TOKENS, cluster.key, {user: secrets.token_hex(64) for user in (ADMIN, USER)})


def forget(state: State, cluster: Resource) -> None:
    """A deleted cluster answers nowhere."""
    for host in hosts(cluster):
        state.delete_document(HOSTS, host)
    if issuer := issuer_of(cluster):
        state.delete_document(ISSUERS, issuer.rstrip("/").rsplit("/", 1)[-1])
    state.delete_document(TOKENS, cluster.key)
    for kind in (OBJECTS, f"{OBJECTS}Fields"):
        for key, _ in state.documents(kind, cluster.key + "|"):
            state.delete_document(kind, key)
    state.delete_document(OBJECTS, cluster.key)


def hosts(cluster: Resource) -> list[str]:
    """The names of the cluster's API server."""
    return [str(cluster.properties[name]).lower() for name in ("fqdn", "privateFQDN") if cluster.properties.get(name)]


def issuer_of(cluster: Resource) -> str | None:
    """The issuer of the cluster's service-account tokens, where it has one."""
    return (cluster.properties.get("oidcIssuerProfile") or {}).get("issuerURL")


def admin(call: Call, cluster: Resource) -> ArmResponse:
    """``listClusterAdminCredential``: past Entra ID, with every right.

    Raises:
        ArmError: 400 where local accounts are off.
    """
    if cluster.properties.get("disableLocalAccounts"):
        raise bad_request(
            "Getting static credential is not allowed because this cluster is set to disable local accounts.",
            "BadRequest",
        )
    return _answer(call, cluster, ADMIN, _token(call, cluster, ADMIN))


def user(call: Call, cluster: Resource) -> ArmResponse:
    """``listClusterUserCredential``: Entra ID's where the cluster knows it, else the cluster's own user."""
    if cluster.properties.get("aadProfile"):
        return _answer(call, cluster, USER, _kubelogin())
    return _answer(call, cluster, USER, _token(call, cluster, USER))


def _token(call: Call, cluster: Resource, who: str) -> Json:
    return {"token": call.state.document(TOKENS, cluster.key)[who]}


def _kubelogin() -> Json:
    """The credential plug-in that AKS writes: kubelogin gets a token for the cluster's application."""
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "args": [
                "get-token",
                "--environment",
                "AzurePublicCloud",
                "--server-id",
                SERVER_APPLICATION,
                "--client-id",
                CLIENT_APPLICATION,
                "--tenant-id",
                TENANT_ID,
                "--login",
                "devicecode",
            ],
            "command": "kubelogin",
            "env": None,
            "installHint": "kubelogin is not installed which is required to connect to AAD enabled cluster.\n\n"
            "To learn more, please go to https://aka.ms/aks/kubelogin\n",
            "provideClusterInfo": False,
        }
    }


def _answer(call: Call, cluster: Resource, who: str, credential: Json) -> ArmResponse:
    group = call.path.resource_group
    name = f"{who}_{group}_{cluster.name}"
    context = cluster.name + ("-admin" if who == ADMIN else "")
    text = kubeconfig(call.state, cluster, name, context, credential)
    return ArmResponse(200, {"kubeconfigs": [{"name": who, "value": base64.b64encode(text.encode()).decode()}]})


def kubeconfig(state: State, cluster: Resource, name: str, context: str, credential: Json) -> str:
    """A kubeconfig for the cluster's own host name, trusting this installation's CA."""
    import yaml  # only here, and not needed to start

    server = cluster.properties.get("fqdn") or cluster.properties["privateFQDN"]
    authority = str(state.document(INSTALLATION, "ca") or "")
    value = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": cluster.name,
                "cluster": {
                    "certificate-authority-data": base64.b64encode(authority.encode()).decode(),
                    "server": f"https://{server}:443",
                },
            }
        ],
        "contexts": [{"name": context, "context": {"cluster": cluster.name, "user": name}}],
        "current-context": context,
        "preferences": {},
        "users": [{"name": name, "user": credential}],
    }
    return str(yaml.safe_dump(value, sort_keys=False))
