"""Which host is whose: the table of Azure's host suffixes, and the services behind them.

A host that no row covers is not Azure: the gateway tunnels it untouched.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

# service name → where it is, as module:class; the names are what `azlocal status` shows
SERVICES: dict[str, str] = {
    "arm": "azlocal.arm.service:ResourceManager",
    "entra": "azlocal.entra.service:Entra",
    "github": "azlocal.github.service:GitHub",
    "storage": "azlocal.storage.service:Storage",
    "keyvault": "azlocal.keyvault.service:KeyVault",
    "machinelearning": "azlocal.machinelearning.service:MachineLearning",
    "scoring": "azlocal.machinelearning.endpoints.service:Scoring",
    "kubernetes": "azlocal.kubernetes.service:Kubernetes",
    "synapse": "azlocal.synapse.service:Synapse",
    "logs": "azlocal.logs.service:Logs",
    "registry": "azlocal.registry.service:Registry",
}

# host suffix → service name; the longest suffix wins
SUFFIXES: dict[str, str] = {
    "management.azure.com": "arm",
    "login.microsoftonline.com": "entra",
    "login.windows.net": "entra",
    "sts.windows.net": "entra",
    # What signs workflows in to Azure; the rest of GitHub is not Azure's and is tunnelled.
    "token.actions.githubusercontent.com": "github",
    "pipelines.actions.githubusercontent.com": "github",
    "blob.core.windows.net": "storage",
    "queue.core.windows.net": "storage",
    "table.core.windows.net": "storage",
    "dfs.core.windows.net": "storage",
    "vault.azure.net": "keyvault",
    "api.azureml.ms": "machinelearning",
    "experiments.azureml.net": "machinelearning",
    "inference.ml.azure.com": "scoring",
    "azmk8s.io": "kubernetes",
    "oic.prod-aks.azure.com": "kubernetes",
    "azuresynapse.net": "synapse",
    "api.loganalytics.io": "logs",
    "ingest.monitor.azure.com": "logs",
    "metrics.monitor.azure.com": "logs",
    "ods.opinsights.azure.com": "logs",
    "in.applicationinsights.azure.com": "logs",
    "azurecr.io": "registry",
}


class Hosts:
    """Looks a host up. ``dynamic`` answers for names that resources give themselves, such as a router's own."""

    def __init__(self) -> None:
        self.dynamic: list[tuple[Callable[[str], bool], str]] = []

    def service(self, host: str) -> str | None:
        """The service's name, or None for a host that is not Azure's."""
        if found := _by_suffix(host):
            return found
        host = host.lower()
        for serves, name in self.dynamic:
            if serves(host):
                return name
        return None


@functools.lru_cache(maxsize=4096)
def _by_suffix(host: str) -> str | None:
    rest = host.lower().rstrip(".")
    while rest:
        if found := SUFFIXES.get(rest):
            return found
        _, _, rest = rest.partition(".")
    return None
