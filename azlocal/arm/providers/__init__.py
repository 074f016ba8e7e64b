"""One module a resource provider: its types as declarations."""

from azlocal.arm.providers import (
    authorization,
    consumption,
    containerregistry,
    containerservice,
    insights,
    keyvault,
    kubernetesconfiguration,
    machinelearning,
    managedidentity,
    network,
    operationalinsights,
    resources,
    security,
    storage,
    synapse,
)
from azlocal.arm.types import Namespace

NAMESPACES: tuple[Namespace, ...] = (
    authorization.NAMESPACE,
    consumption.NAMESPACE,
    containerregistry.NAMESPACE,
    containerservice.NAMESPACE,
    insights.NAMESPACE,
    keyvault.NAMESPACE,
    kubernetesconfiguration.NAMESPACE,
    machinelearning.NAMESPACE,
    managedidentity.NAMESPACE,
    network.NAMESPACE,
    operationalinsights.NAMESPACE,
    resources.NAMESPACE,
    security.NAMESPACE,
    storage.NAMESPACE,
    synapse.NAMESPACE,
)
