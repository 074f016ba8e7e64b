"""Microsoft.MachineLearningServices: workspaces and everything in them."""

from azlocal.arm.providers.machinelearning import (
    assets,
    computes,
    datastores,
    endpoints,
    jobs,
    schedules,
    vmsizes,
    workspaces,
)
from azlocal.arm.providers.machinelearning import versions as known
from azlocal.arm.types import Namespace

NAMESPACE = Namespace(
    known.NAMESPACE,
    known.VERSIONS,
    (workspaces.TYPE, datastores.TYPE, computes.TYPE, *assets.TYPES, jobs.TYPE, schedules.TYPE, *endpoints.TYPES),
    vmsizes.CALLS,
)
