"""What an Azure ML extension needs that only the command line fills in.

Azure CLI's ``k8s-extension`` computes these keys for AKS (azure-cli-extensions, AzureMLKubernetes); a request to Azure
Resource Manager has to bring them. Azure takes a request without them, and the extension's own installation fails.
"""

from __future__ import annotations

from collections.abc import Iterator

from azlocal.engine.plan.problems import Problem
from azlocal.engine.plan.review.base import Json, Planned, problem
from azlocal.engine.views.resources import at

EXTENSION = "Microsoft.KubernetesConfiguration/extensions"
AZURE_ML = "microsoft.azureml.kubernetes"
FIELD = "properties.configurationSettings"
CLUSTER_ID = ("cluster_name", "clusterId", "prometheus.prometheusSpec.externalLabels.cluster_name")
# What the command line sets for AKS, whatever the cluster.
FIXED = {"servicebus.enabled": "false", "relayserver.enabled": "false", "nginxIngress.enabled": "true"}
ALWAYS = (*CLUSTER_ID, "cluster_name_friendly", "domain", "location", "jobSchedulerLocation", *FIXED)


def problems(planned: Planned) -> Iterator[Problem]:
    """Keys that are missing or lead elsewhere."""
    for one in planned.of(EXTENSION):
        if str(at(one["body"], "properties.extensionType") or "").lower() == AZURE_ML:
            cluster = str(one["id"]).rpartition("/providers/Microsoft.KubernetesConfiguration/")[0]
            made = planned.taken.around(cluster)
            region = str(at(made["body"] if made else None, "location") or "")
            yield from _settings(one, at(one["body"], FIELD) or {}, cluster, region)


def _settings(one: Json, settings: Json, cluster: str, region: str) -> Iterator[Problem]:
    if missing := [name for name in _needed(settings) if not settings.get(name)]:
        yield problem("ExtensionOperationFailed", one, f"lacks {', '.join(missing)}", FIELD)
    for name in CLUSTER_ID:
        if settings.get(name) and str(settings[name]).lower() != cluster.lower():
            yield problem("ExtensionOperationFailed", one, f"{name} must be the cluster's id, {cluster}", FIELD)
    for name, value in _values(settings, region).items():
        if settings.get(name) and str(settings[name]).lower() != value.lower():
            yield problem("ExtensionOperationFailed", one, f"{name} must be {value}, not {settings[name]}", FIELD)


def _values(settings: Json, region: str) -> dict[str, str]:
    """What the command line would set, of all that does not depend on what was wanted."""
    values = dict(FIXED)
    if region:
        values |= {"location": region, "jobSchedulerLocation": region, "domain": f"{region}.cloudapp.azure.com"}
    if settings.get("sslSecret"):
        values["scoringFe.sslSecret"] = str(settings["sslSecret"])
    return values


def _needed(settings: Json) -> Iterator[str]:
    yield from ALWAYS
    if str(settings.get("enableInference")).lower() != "true":
        return
    if settings.get("internalLoadBalancerProvider"):
        yield "scoringFe.serviceType.internalLoadBalancer"
    if settings.get("inferenceRouterServiceType") == "NodePort":
        yield "scoringFe.serviceType.nodePort"
    if settings.get("sslSecret"):
        yield "scoringFe.sslSecret"
