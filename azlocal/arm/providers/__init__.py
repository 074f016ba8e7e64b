"""One module a resource provider: its types as declarations."""

from azlocal.arm.providers import (
    authorization,
    containerregistry,
    containerservice,
    insights,
    keyvault,
    kubernetesconfiguration,
    managedidentity,
    network,
    operationalinsights,
    resources,
    storage,
    synapse,
)
from azlocal.arm.types import Namespace

NAMESPACES: tuple[Namespace, ...] = (
    resources.NAMESPACE,
    authorization.NAMESPACE,
    synapse.NAMESPACE,
    operationalinsights.NAMESPACE,
    kubernetesconfiguration.NAMESPACE,
    insights.NAMESPACE,
    containerservice.NAMESPACE,
    containerregistry.NAMESPACE,
    keyvault.NAMESPACE,
    managedidentity.NAMESPACE,
    network.NAMESPACE,
    storage.NAMESPACE,
)
