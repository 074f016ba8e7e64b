"""azure-native's functions that are no plain read: a POST on a resource, named with its path and its answer.

Reads (``getStorageAccount``) need no row: they follow from the type's own (``storage:StorageAccount``).
"""

from __future__ import annotations

from dataclasses import dataclass

from azlocal.engine.tables.analytics import ML_WORKSPACE
from azlocal.engine.tables.compute import CLUSTER, REGISTRY
from azlocal.engine.tables.observability import LOGS_WORKSPACE
from azlocal.engine.tables.storage import ACCOUNT


@dataclass(frozen=True, slots=True)
class AzureFunction:
    """A POST: the token, the path with the SDK's names, and which arguments travel as query parameters."""

    token: str
    path: str
    queries: frozenset[str] = frozenset()


_CREDENTIAL_QUERIES = frozenset({"server-fqdn", "format", "serverFqdn"})

FUNCTIONS = {
    row.token: row
    for row in (
        AzureFunction("storage:listStorageAccountKeys", f"{ACCOUNT}/listKeys", frozenset({"expand"})),
        AzureFunction("storage:listStorageAccountSAS", f"{ACCOUNT}/ListAccountSas"),
        AzureFunction("storage:listStorageAccountServiceSAS", f"{ACCOUNT}/ListServiceSas"),
        AzureFunction(
            "containerservice:listManagedClusterUserCredentials",
            f"{CLUSTER}/listClusterUserCredential",
            _CREDENTIAL_QUERIES,
        ),
        AzureFunction(
            "containerservice:listManagedClusterAdminCredentials",
            f"{CLUSTER}/listClusterAdminCredential",
            _CREDENTIAL_QUERIES,
        ),
        AzureFunction("containerregistry:listRegistryCredentials", f"{REGISTRY}/listCredentials"),
        AzureFunction("operationalinsights:getSharedKeys", f"{LOGS_WORKSPACE}/sharedKeys"),
        AzureFunction("machinelearningservices:listWorkspaceKeys", f"{ML_WORKSPACE}/listKeys"),
        AzureFunction(
            "machinelearningservices:listOnlineEndpointKeys",
            f"{ML_WORKSPACE}/onlineEndpoints/{{endpointName}}/listKeys",
        ),
    )
}
