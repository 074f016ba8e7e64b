"""Where an exemption is for, by what a plan shows of the settings behind it.

An environment's name says nothing of it, so that a row holds for a copy under any other. What a place says is the
setting as a whole: where one resource alone differs from the others, that is a mistake, and stays a finding.

Locks say that an environment holds what must not be lost. What is exempt for holding nothing of the kind is exempt no
longer once they are on, and each finding that is back says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from . import containerservice, machinelearning, network, storage, synapse
from .conditions import get, same
from .model import Resource, Where

LOCK = "microsoft.authorization/locks"
# What network.publicAccess opens and closes; Synapse and the API server have settings of their own.
DOORS = frozenset({
    "microsoft.storage/storageaccounts",
    "microsoft.keyvault/vaults",
    "microsoft.containerregistry/registries",
    "microsoft.machinelearningservices/workspaces",
})  # fmt: skip


def _unlocked(resources: Sequence[Resource]) -> bool:
    return not any(one.type.lower() == LOCK for one in resources)


def _public(resources: Sequence[Resource]) -> bool:
    """Every door is open: that is the setting, where a single open one is a mistake."""
    doors = [one for one in resources if one.type.lower() in DOORS]
    opened = (same(get(one.body, "properties.publicNetworkAccess", "Enabled"), "Enabled") for one in doors)
    return len(doors) > 1 and all(opened) and _unlocked(resources)


def _of(resources: Sequence[Resource], *types: str) -> list[Resource]:
    wanted = {one.lower() for one in types}
    return [one for one in resources if one.type.lower() in wanted]


def _undefended(resources: Sequence[Resource]) -> bool:
    return _unlocked(resources) and not _of(resources, storage.DEFENDER)


def _unzoned(resources: Sequence[Resource]) -> bool:
    """No address has zones: that is the setting, where a single one without is a mistake."""
    return _unlocked(resources) and not any(get(one.body, "zones") for one in _of(resources, network.PUBLIC_IP))


def _unzoned_pools(resources: Sequence[Resource]) -> bool:
    """No pool of nodes has zones."""
    pools = [
        pool for one in _of(resources, containerservice.CLUSTER) for pool in get(one.body, containerservice.POOLS, ())
    ]
    pools += [get(one.body, "properties", {}) for one in _of(resources, containerservice.POOL)]
    return _unlocked(resources) and not any(get(pool, "availabilityZones") for pool in pools)


def _lone(resources: Sequence[Resource]) -> bool:
    """Azure has no second region for this one: the zones keep the copies."""
    accounts = _of(resources, storage.ACCOUNT)
    regions = {str(get(one.body, "location", "")).replace(" ", "").lower() for one in accounts}
    zoned = (str(get(one.body, "sku.name", "")).lower().endswith("_zrs") for one in accounts)
    return bool(accounts) and regions <= WITHOUT_PAIR and all(zoned)


def _attached(resources: Sequence[Resource]) -> bool:
    """A pool of this very workspace is a compute of Azure ML."""
    workspaces = {one.name.lower() for one in _of(resources, synapse.WORKSPACE)}
    computes = _of(resources, machinelearning.COMPUTE)
    pools = (get(one.body, "properties.resourceId", "") for one in computes
             if same(get(one.body, "properties.computeType"), "SynapseSpark"))  # fmt: skip
    return bool(workspaces & {pool.lower().partition("/workspaces/")[2].partition("/")[0] for pool in pools})


def _keyed(resources: Sequence[Resource]) -> bool:
    """The workspace asks for its own storage with keys, and has the managed network that serverless Spark runs in."""
    return any(
        same(get(one.body, "properties.systemDatastoresAuthMode", "AccessKey"), "AccessKey")
        and not same(get(one.body, "properties.managedNetwork.isolationMode", "Disabled"), "Disabled")
        for one in _of(resources, machinelearning.WORKSPACE)
    )


def _uncertified(resources: Sequence[Resource]) -> bool:
    """No certificate at all: with one, a router that also takes plain requests is a mistake."""
    certified = ("sslCname", "scoringFe.sslSecret", "sslSecret")
    settings = [get(one.body, containerservice.SETTINGS, {}) for one in _of(resources, containerservice.EXTENSION)]
    return _unlocked(resources) and not any(one.get(key) for one in settings for key in certified)


# Microsoft Learn, "Azure region pairs and nonpaired regions".
WITHOUT_PAIR = frozenset({
    "austriaeast", "belgiumcentral", "chilecentral", "indonesiacentral", "israelcentral", "italynorth", "malaysiawest",
    "mexicocentral", "newzealandnorth", "polandcentral", "qatarcentral", "spaincentral",
})  # fmt: skip
UNLOCKED = Where("without locks (governance.locks)", _unlocked)
PUBLIC = Where("public (network.publicAccess) and without locks (governance.locks)", _public)
UNDEFENDED = Where("without locks and without Defender for any account (governance.storageDefender)", _undefended)
UNZONED = Where("without locks and without zones of any address (network.zones)", _unzoned)
UNZONED_POOLS = Where("without locks and without zones of any pool (cluster.zones)", _unzoned_pools)
LONE = Where("in a region without a pair, with all storage zone-redundant", _lone)
ATTACHED = Where("with the Spark pool attached (spark.attachToWorkspace)", _attached)
KEYED = Where("with keys of the workspace's storage, in a managed network (workspaceStorage.sharedKeys)", _keyed)
UNCERTIFIED = Where("without locks and without a certificate (serving.allowInsecureConnections)", _uncertified)
EXCEPTED = Where("with local accounts for a reason and a time (cluster.localAccounts)", lambda _resources: True)
