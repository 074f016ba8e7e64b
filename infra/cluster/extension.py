"""The configuration of the Azure ML extension, as the CLI's own plug-in computes it for AKS.

An ARM deployment has to set all of it: only the command line fills in defaults such as the cluster's id
(azure-cli-extensions, k8s-extension, AzureMLKubernetes). All values are strings.
"""

from __future__ import annotations

import pulumi

from infra import settings

EXTENSION_TYPE = "Microsoft.AzureML.Kubernetes"
EXTENSION_NAMESPACE = "azureml"
_SMALL = 3
"""Workload nodes below which the extension is told that it is a trial."""


def _flag(value: bool) -> str:  # noqa: FBT001  # a formatter
    return "True" if value else "False"


def configuration(
    serving: settings.Serving, *, cluster_id: pulumi.Input[str], cluster_name: str, location: str, nodes: int
) -> dict[str, pulumi.Input[str]]:
    """Settings that are visible to whoever may read the cluster.

    Args:
        serving: what the environment wants.
        cluster_id: the AKS resource.
        cluster_name: its name, for people.
        location: its region.
        nodes: least number of workload nodes.
    """
    values: dict[str, pulumi.Input[str]] = {
        "enableTraining": _flag(serving.training),
        "enableInference": "True",
        "allowInsecureConnections": _flag(serving.allow_insecure_connections),
        "inferenceRouterServiceType": "LoadBalancer",
        "internalLoadBalancerProvider": "azure",
        "scoringFe.serviceType.internalLoadBalancer": "True",
        "inferenceRouterHA": _flag(serving.high_availability),
        "installPromOp": "True",
        "installVolcano": _flag(serving.training),
        "installNvidiaDevicePlugin": "False",
        "installDcgmExporter": "False",
        # What the command line would have added.
        "cluster_name": cluster_id,
        "clusterId": cluster_id,
        "prometheus.prometheusSpec.externalLabels.cluster_name": cluster_id,
        "cluster_name_friendly": cluster_name,
        "location": location,
        "jobSchedulerLocation": location,
        "domain": f"{location}.cloudapp.azure.com",
        "servicebus.enabled": "False",
        "relayserver.enabled": "False",
        "nginxIngress.enabled": "True",
    }
    if nodes < _SMALL:
        values["clusterPurpose"] = "DevTest"
    if serving.tls is not None:
        values |= {
            "sslSecret": serving.tls.ssl_secret,
            "scoringFe.sslSecret": serving.tls.ssl_secret,
            "sslCname": serving.tls.ssl_cname,
        }
    return values
