"""Microsoft.MachineLearningServices: workspaces and everything in them."""

from azlocal.arm import privatelink
from azlocal.arm.providers.machinelearning import (
    assets,
    computes,
    datastores,
    endpoints,
    jobs,
    outboundrules,
    registries,
    schedules,
    vmsizes,
    workspaces,
)
from azlocal.arm.providers.machinelearning import versions as known
from azlocal.arm.types import Namespace

NAMESPACE = Namespace(
    known.NAMESPACE,
    known.VERSIONS,
    (
        workspaces.TYPE,
        outboundrules.TYPE,
        datastores.TYPE,
        computes.TYPE,
        *assets.TYPES,
        jobs.TYPE,
        schedules.TYPE,
        *endpoints.TYPES,
        registries.TYPE,
        privatelink.connection_type(registries.REGISTRY),
        privatelink.links_type(registries.REGISTRY),
    ),
    vmsizes.CALLS,
)
