"""One module a resource provider: its types as declarations."""

from azlocal.arm.providers import (
    authorization,
    keyvault,
    managedidentity,
    network,
    resources,
    storage,
)
from azlocal.arm.types import Namespace

NAMESPACES: tuple[Namespace, ...] = (
    resources.NAMESPACE,
    authorization.NAMESPACE,
    keyvault.NAMESPACE,
    managedidentity.NAMESPACE,
    network.NAMESPACE,
    storage.NAMESPACE,
)
