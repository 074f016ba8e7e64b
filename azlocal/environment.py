"""What ``azlocal exec`` gives a program: the proxy, the CA bundle, one principal's credentials, the subscription."""

from __future__ import annotations

import time
from pathlib import Path

from azlocal.entra.principals import BY_NAME, NAMES, SUBSCRIPTION_ID, TENANT_ID, WORKLOAD
from azlocal.errors import UsageError
from azlocal.lifecycle import Running
from azlocal.state import State
from azlocal.state.folder import StateFolder, write_private

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
        UsageError: the name is unknown, or ``workload`` has nothing to stand for yet.
    """
    if name == WORKLOAD:
        return _workload(folder)
    principal = BY_NAME.get(name)
    if principal is None:
        raise UsageError(f"unknown principal '{name}'", f"choose one of: {', '.join(NAMES)}")
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


def _workload(folder: StateFolder) -> dict[str, str]:
    """Sign in as a pod does: a service-account token of the local cluster, exchanged for its identity's."""
    from azlocal.entra.keys import Keys

    state = State(folder.database)
    try:
        found = _federated(state)
    finally:
        state.close()
    if len(found) != 1:
        what = "no user-assigned identity trusts" if not found else "several user-assigned identities trust"
        raise UsageError(
            f"{what} a service account of a local cluster, so 'workload' stands for nobody",
            "create one identity with a federated credential for the cluster's OIDC issuer first",
        )
    client_id, issuer, subject, audience = found[0]
    now = int(time.time())
    claims = {
        "iss": issuer,
        "sub": subject,
        "aud": [audience],
        "iat": now,
        "nbf": now,
        "exp": now + _TOKEN_LIFE,
    }
    path = Path(folder.sub("tokens")) / "workload.jwt"
    write_private(path, Keys(folder).sign(claims))
    return {
        "AZURE_TENANT_ID": TENANT_ID,
        "AZURE_CLIENT_ID": client_id,
        "AZURE_FEDERATED_TOKEN_FILE": str(path),
    }


def _federated(state: State) -> list[tuple[str, str, str, str]]:
    issuers = {
        str(cluster.properties.get("oidcIssuerProfile", {}).get("issuerURL"))
        for cluster in state.of_type("microsoft.containerservice/managedclusters")
    }
    found = []
    for credential in state.of_type("microsoft.managedidentity/userassignedidentities/federatedidentitycredentials"):
        properties = credential.properties
        identity = state.get(credential.key.rpartition("/federatedidentitycredentials/")[0])
        if identity and properties["issuer"] in issuers:
            audience = (properties.get("audiences") or ["api://AzureADTokenExchange"])[0]
            found.append((identity.properties["clientId"], properties["issuer"], properties["subject"], audience))
    return found
