"""``azlocal status``: whether it runs, what it holds, what it serves and what it does not."""

from __future__ import annotations

import time
from collections import Counter

from rich.console import Console
from rich.table import Table

from azlocal.errors import StateError
from azlocal.lifecycle import running
from azlocal.state import State, StateFolder
from azlocal.words import counted

# What a service does on this machine, in one line; said wherever somebody might take it for Azure.
SERVED = {
    "Azure Resource Manager": "control plane, RBAC, locks, long-running operations",
    "Entra ID": "tokens for client secrets, federated credentials and managed identities",
    "Storage": "Blob, Queue and Table by Azurite; Data Lake paths on top; RBAC, keys and SAS",
    "Key Vault": "secrets; keys and certificates answer 501",
    "Azure Machine Learning": "assets, command jobs, pipelines, run history, MLflow, online endpoints as processes",
    "Kubernetes": "the cluster of --kubeconfig, or a stand-in that stores objects and runs nothing",
    "Synapse, Log Analytics, ACR": "control plane; their data planes answer 501",
}


def show(folder: StateFolder) -> None:
    """Print the status. Exit is left to the caller: a stopped azlocal is no error."""
    console = Console()
    server = running(folder)
    if server:
        age = int(time.time() - server.started)
        console.print(f"azlocal runs: process {server.pid}, proxy {server.proxy}, up {age} s, state {folder.path}")
    else:
        console.print(f"azlocal does not run; state {folder.path}")
    if folder.database.exists():
        console.print(_contents(folder))
    table = Table("service", "on this machine", title="A stand-in for development and tests, not Azure")
    for service, says in SERVED.items():
        table.add_row(service, says)
    console.print(table)


def _counted(count: int) -> str:
    return counted(count, "resource")


def _contents(folder: StateFolder) -> Table:
    state = State(folder.database)
    try:
        counts = Counter(state.types())
    except StateError:
        counts = Counter()
    finally:
        state.close()
    table = Table("resource type", "count", title=_counted(sum(counts.values())))
    for name, count in sorted(counts.items()):
        table.add_row(name, str(count))
    return table
