"""Microsoft.Synapse and Microsoft.MachineLearningServices."""

from __future__ import annotations

from azlocal.engine.tables.base import GROUP, AzureType, lifted, plain_shape, resource_shape

SYNAPSE = f"{GROUP}/providers/Microsoft.Synapse"
SYNAPSE_WORKSPACE = f"{SYNAPSE}/workspaces/{{workspaceName}}"
ML = f"{GROUP}/providers/Microsoft.MachineLearningServices"
ML_WORKSPACE = f"{ML}/workspaces/{{workspaceName}}"


def _asset(token: str, plural: str) -> tuple[AzureType, AzureType]:
    """A container and its versions: data, environments, models and components are all alike."""
    return (
        AzureType(f"machinelearningservices:{token}Container", f"{ML_WORKSPACE}/{plural}/{{name}}", plain_shape()),
        AzureType(
            f"machinelearningservices:{token}Version",
            f"{ML_WORKSPACE}/{plural}/{{name}}/versions/{{version}}",
            plain_shape(),
        ),
    )


TYPES = (
    AzureType(
        "synapse:Workspace",
        SYNAPSE_WORKSPACE,
        resource_shape({"privateEndpointConnections": lifted()}),
        create_only=("location",),
        tracked=True,
        holds="notebooks, pipelines and databases",
    ),
    AzureType(
        "synapse:BigDataPool",
        f"{SYNAPSE_WORKSPACE}/bigDataPools/{{bigDataPoolName}}",
        create_only=("location",),
        tracked=True,
        queries={"force": "force"},
    ),
    AzureType("synapse:SqlPool", f"{SYNAPSE_WORKSPACE}/sqlPools/{{sqlPoolName}}", tracked=True, holds="its tables"),
    AzureType("synapse:IpFirewallRule", f"{SYNAPSE_WORKSPACE}/firewallRules/{{ruleName}}"),
    AzureType(
        "synapse:IntegrationRuntime",
        f"{SYNAPSE_WORKSPACE}/integrationRuntimes/{{integrationRuntimeName}}",
        plain_shape(),
    ),
    AzureType("synapse:Key", f"{SYNAPSE_WORKSPACE}/keys/{{keyName}}"),
    AzureType("synapse:PrivateLinkHub", f"{SYNAPSE}/privateLinkHubs/{{privateLinkHubName}}", tracked=True),
    AzureType(
        "machinelearningservices:Workspace",
        ML_WORKSPACE,
        resource_shape(
            {"sharedPrivateLinkResources": lifted(), "privateEndpointConnections": lifted("location", "tags", "sku")}
        ),
        tracked=True,
        purge_query={"forceToPurge": "true"},
        recover={"allowRecoverSoftDeletedWorkspace": True},
        holds="jobs, models, data assets and endpoints",
    ),
    AzureType(
        "machinelearningservices:Compute",
        f"{ML_WORKSPACE}/computes/{{computeName}}",
        plain_shape(),
        create_only=("properties.computeLocation", "properties.disableLocalAuth"),
        tracked=True,
    ),
    AzureType(
        "machinelearningservices:Datastore",
        f"{ML_WORKSPACE}/datastores/{{name}}",
        plain_shape(),
        create_only=tuple(
            f"properties.{name}"
            for name in ("accountName", "containerName", "endpoint", "filesystem", "protocol", "datastoreType")
        ),
        queries={"skipValidation": "skipValidation"},
    ),
    AzureType(
        "machinelearningservices:OnlineEndpoint",
        f"{ML_WORKSPACE}/onlineEndpoints/{{endpointName}}",
        plain_shape(),
        create_only=("location",),
        tracked=True,
    ),
    AzureType(
        "machinelearningservices:OnlineDeployment",
        f"{ML_WORKSPACE}/onlineEndpoints/{{endpointName}}/deployments/{{deploymentName}}",
        plain_shape(),
        create_only=("location",),
        tracked=True,
    ),
    AzureType(
        "machinelearningservices:BatchEndpoint",
        f"{ML_WORKSPACE}/batchEndpoints/{{endpointName}}",
        plain_shape(),
        create_only=("location",),
        tracked=True,
    ),
    AzureType(
        "machinelearningservices:WorkspaceConnection",
        f"{ML_WORKSPACE}/connections/{{connectionName}}",
        plain_shape(),
    ),
    AzureType(
        "machinelearningservices:ManagedNetworkSettingsRule",
        f"{ML_WORKSPACE}/outboundRules/{{ruleName}}",
        plain_shape(),
    ),
    AzureType("machinelearningservices:Schedule", f"{ML_WORKSPACE}/schedules/{{name}}", plain_shape()),
    AzureType(
        "machinelearningservices:PrivateEndpointConnection",
        f"{ML_WORKSPACE}/privateEndpointConnections/{{privateEndpointConnectionName}}",
        tracked=True,
    ),
    AzureType(
        "machinelearningservices:Registry",
        f"{ML}/registries/{{registryName}}",
        resource_shape({"registryPrivateEndpointConnections": lifted("location")}),
        create_only=("location",),
        tracked=True,
        holds="models, components and environments",
    ),
    *_asset("Component", "components"),
    *_asset("Data", "data"),
    *_asset("Environment", "environments"),
    *_asset("Model", "models"),
)
