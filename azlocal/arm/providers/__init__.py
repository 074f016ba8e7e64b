"""One module a resource provider: its types as declarations."""

from azlocal.arm.providers import authorization, machinelearning, resources
from azlocal.arm.types import Namespace

NAMESPACES: tuple[Namespace, ...] = (resources.NAMESPACE, authorization.NAMESPACE, machinelearning.NAMESPACE)
