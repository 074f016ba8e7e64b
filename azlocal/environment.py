"""What ``azlocal exec`` gives a program: the proxy, the CA bundle, one principal's credentials, the subscription."""

from __future__ import annotations

import hashlib
import time
from contextlib import closing
from pathlib import Path

from azlocal.entra.principals import BY_NAME, PRINCIPALS, SUBSCRIPTION_ID, TENANT_ID, WORKFLOW, WORKLOAD
from azlocal.errors import UsageError
from azlocal.lifecycle import Running
from azlocal.state import State
from azlocal.state.folder import StateFolder, write_private

_SERVICE_ACCOUNT = "system:serviceaccount:"
_TOKEN_LIFE = 24 * 3600  # seconds; a projected service-account token of Kubernetes lives up to 24 hours


def proxy_variables(folder: StateFolder, proxy: str) -> dict[str, str]:
    """The proxy and the trust that every client reads from its environment."""
    bundle = str(folder.ca_bundle)
    return {
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "NODE_EXTRA_CA_CERTS": str(folder.ca_certificate),
    }


def credentials(folder: StateFolder, name: str) -> dict[str, str]:
    """The sign-in of a named principal, as azure-identity reads it.

    Raises:
        UsageError: the name is unknown, or nothing trusts what ``workload`` or a workflow would sign in with.
    """
    if name.partition(":")[0] == WORKLOAD:
        return _workload(folder, name)
    if name.startswith(WORKFLOW):
        return _workflow(folder, name)
    principal = BY_NAME.get(name)
    if principal is None:
        raise UsageError(f"unknown principal '{name}'", f"choose one of: {', '.join(PRINCIPALS)}")
    return {
        "AZURE_TENANT_ID": TENANT_ID,
        "AZURE_CLIENT_ID": principal.client_id,
        "AZURE_CLIENT_SECRET": folder.secret(f"client-{name}"),
    }


def variables(folder: StateFolder, server: Running, name: str) -> dict[str, str]:
    """Everything that ``exec`` adds to a program's environment."""
    return {
        **proxy_variables(folder, server.proxy),
        **credentials(folder, name),
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION_ID,
    }


def _workload(folder: StateFolder, name: str) -> dict[str, str]:
    """Sign in as a pod does: a service-account token of a local cluster, exchanged for its identity's.

    The bare name is that of the one service account that is trusted, those of extensions left aside.
    """
    from azlocal.entra.keys import Keys

    given = name.removeprefix(WORKLOAD).removeprefix(":")
    with closing(State(folder.database)) as state:
        found = {row[2].removeprefix(_SERVICE_ACCOUNT): row for row in _federated(state, _cluster_issuers(state))}
        aside = _extension_namespaces(state)
    chosen = [
        row for account, row in found.items() if (account == given if given else account.partition(":")[0] not in aside)
    ]
    if len(chosen) != 1:
        which = f"the service account {given}" if given else "a service account"
        raise UsageError(
            f"{'no' if not chosen else 'more than one'} user-assigned identity trusts {which} of a local cluster, "
            f"so '{name}' stands for nobody",
            f"name one: {', '.join(f'{WORKLOAD}:{account}' for account in found)}"
            if found
            else "create one identity with a federated credential for the cluster's OIDC issuer first",
        )
    client_id, issuer, subject, audience = chosen[0]
    now = int(time.time())
    claims = {
        "iss": issuer,
        "sub": subject,
        "aud": [audience],
        "iat": now,
        "nbf": now,
        "exp": now + _TOKEN_LIFE,
    }
    return _signed_in(folder, client_id, subject, Keys(folder).sign(claims))


def _workflow(folder: StateFolder, name: str) -> dict[str, str]:
    """Sign in as a job of GitHub Actions does: with what it asks for a token, and one token already asked for.

    GitHub's own variables serve what knows them (azure-native, azure/login), the file azure-identity.
    """
    from azlocal.entra.keys import Keys
    from azlocal.github.tokens import AUDIENCE, ISSUER, REQUEST_URL, Workflow

    workflow = Workflow.parse(name.removeprefix(WORKFLOW))
    with closing(State(folder.database)) as state:
        found = [row for row in _federated(state, {ISSUER}) if row[2] == workflow.subject]
    if len(found) != 1:
        what = "no user-assigned identity trusts" if not found else "several user-assigned identities trust"
        raise UsageError(
            f"{what} the subject '{workflow.subject}' of {ISSUER}",
            "create one identity with a federated credential for it first",
        )
    keys, now = Keys(folder), int(time.time())
    return {
        **_signed_in(folder, found[0][0], workflow.subject, keys.sign(workflow.id_token(AUDIENCE, now, _TOKEN_LIFE))),
        "ACTIONS_ID_TOKEN_REQUEST_URL": REQUEST_URL,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": keys.sign(workflow.request_token(now)),
    }


def _signed_in(folder: StateFolder, client_id: str, subject: str, assertion: str) -> dict[str, str]:
    """The sign-in by a token in a file of the subject's own: two programs may sign in at a time."""
    path = Path(folder.sub("tokens")) / f"{hashlib.sha256(subject.encode()).hexdigest()[:16]}.jwt"
    write_private(path, assertion)
    return {
        "AZURE_TENANT_ID": TENANT_ID,
        "AZURE_CLIENT_ID": client_id,
        "AZURE_FEDERATED_TOKEN_FILE": str(path),
    }


def _cluster_issuers(state: State) -> set[str]:
    return {
        str(cluster.properties.get("oidcIssuerProfile", {}).get("issuerURL"))
        for cluster in state.of_type("microsoft.containerservice/managedclusters")
    }


def _extension_namespaces(state: State) -> set[str]:
    """Where the clusters' extensions are released to: what runs there is theirs."""
    scopes = [
        extension.properties.get("scope") or {}
        for extension in state.of_type("microsoft.kubernetesconfiguration/extensions")
    ]
    return {str((scope.get("cluster") or {}).get("releaseNamespace")) for scope in scopes}


def _federated(state: State, issuers: set[str]) -> list[tuple[str, str, str, str]]:
    """Client id, issuer, subject and audience of each federated credential for one of the issuers."""
    found = []
    for credential in state.of_type("microsoft.managedidentity/userassignedidentities/federatedidentitycredentials"):
        properties = credential.properties
        identity = state.get(credential.key.rpartition("/federatedidentitycredentials/")[0])
        if identity and properties["issuer"] in issuers:
            audience = (properties.get("audiences") or ["api://AzureADTokenExchange"])[0]
            found.append((identity.properties["clientId"], properties["issuer"], properties["subject"], audience))
    return found
