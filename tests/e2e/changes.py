"""Everyday changes of an environment and what each does: the table that a test applies and docs/changes.md shows.

``python -m tests.e2e.changes`` writes the page anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "changes.md"
SUBSCRIPTION = "10ca1000-0000-4000-8000-000000000002"
OTHER_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-other"
OTHER_LOGS = f"{OTHER_GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-other"
TAGGED = "everything that has tags"
LOSS = "DataLoss"


@dataclass(frozen=True)
class Edit:
    """One place of a file of the program, and what comes in its stead."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """What somebody changes, and what comes of it; resources by their names in the program.

    Args:
        what: the change in a few words.
        settings: keys of the settings file, dotted, with their new values; None takes a key out.
        edits: changes of the program itself.
        through: settings of an ``up`` that has to come before.
        back_through: settings of an ``up`` that has to come before it is taken back.
        away: what these delete; the change makes it, or makes it again.
        updates, replaces, creates, deletes: what is done to which resources.
        refused: what stops it, by resource: Azure's code, and the rest of the change is done; or ``DataLoss``, and
            nothing is.
        back: the same for taking the change back.
        note: what else one should know.
    """

    what: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()
    through: Mapping[str, Any] = field(default_factory=dict)
    back_through: Mapping[str, Any] = field(default_factory=dict)
    away: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    creates: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    back: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


_SYSTEM_POOL = (
    "A cluster is made with this pool. By hand: `az aks nodepool add` a second one with `--mode System`, `delete` "
    "`system`, `add` it again with the new size, `delete` the second; then the setting."
)
_DESKS = [
    {"name": "desk-local-1", "objectId": "11111111-0000-4000-8000-000000000012"},
    {"name": "desk-local-2", "objectId": "11111111-0000-4000-8000-000000000014"},
]
_TYPES = {"defaultinstancetype": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "4Gi"}}}
_LAST_SUBNET = '    Subnet(BASTION, 26, 26, fixed_name="AzureBastionSubnet"),\n'
_FIRST_GRANT = "MATRIX: tuple[Grant, ...] = (\n"
_FIRST_ZONE = "    raw: Lifecycle = Lifecycle()\n"
_APPROVER = "roles-workspace-azure-ai-enterprise-network-connection-approver"
_WAYS = tuple(
    f"roles-workspace-reader-{target}-endpoint-{group}"
    for target, groups in {"lake": ("blob", "dfs"), "storage": ("blob", "file", "queue", "table")}.items()
    for group in groups
)

CHANGES = (
    Change("more nodes for models", {"cluster.workloadPool.maxNodes": 4}, updates=("cluster-workload",)),
    Change(
        "another node size for models",
        {"cluster.workloadPool.vmSize": "Standard_D8ds_v5"},
        replaces=("cluster-workload",),
        note="The new pool is there before the old one goes, and AKS moves its pods: the quota needs room for both.",
    ),
    Change(
        "another node size for AKS itself",
        {"cluster.systemPool.vmSize": "Standard_D8ds_v5"},
        refused={"cluster-aks": "PropertyChangeNotAllowed"},
        note=_SYSTEM_POOL,
    ),
    Change("another tier of AKS", {"cluster.tier": "Standard"}, updates=("cluster-aks",)),
    Change(
        "another maintenance window",
        {"cluster.maintenance.nodes.day": "Tuesday"},
        updates=("cluster-maintenance-nodes",),
    ),
    Change(
        "a private API server",
        {"cluster.private": True},
        refused={"cluster-aks": LOSS},
        note="With the word the cluster is made anew under its name; deploy again what was deployed to it.",
    ),
    Change("more nodes for training", {"workspace.cpuCluster.maxNodes": 3}, updates=("training-cpu",)),
    Change(
        "another node size for training",
        {"workspace.cpuCluster.vmSize": "Standard_DS4_v2"},
        replaces=("training-cpu",),
        note="Jobs that run on it are cancelled; a cluster holds no data.",
    ),
    Change(
        "another name of the cluster for training", {"workspace.cpuCluster.name": "cpu-two"}, replaces=("training-cpu",)
    ),
    Change(
        "a workstation for one more person",
        {"workspace.instances.people": _DESKS},
        creates=("training-instance-desk-local-2",),
    ),
    Change("more nodes for Spark", {"spark.maxNodes": 5}, updates=("spark-pool",)),
    Change("another node size for Spark", {"spark.nodeSize": "Medium"}, updates=("spark-pool",)),
    Change("a tag", {"platform.tags": {"project": "delays"}}, updates=(TAGGED,)),
    Change(
        "a role for a persona",
        edits=(
            Edit(
                "infra/identities/role_tables.py",
                _FIRST_GRANT,
                f'{_FIRST_GRANT}    Grant(READER, "Log Analytics Reader", GROUP, "reads all logs"),\n',
            ),
        ),
        creates=("roles-reader-log-analytics-reader-resource-group",),
    ),
    Change(
        "a new subnet",
        edits=(Edit("infra/network/tables.py", _LAST_SUBNET, f'{_LAST_SUBNET}    Subnet("batch", 26, 28),\n'),),
        updates=("network-vnet",),
        creates=("network-nsg-batch", "diagnostics-network-nsg-batch"),
        note="At the table's end: no other subnet moves.",
    ),
    Change(
        "another range for an empty subnet",
        {"network.subnets": {"runners": "10.20.200.0/27"}},
        updates=("network-vnet", "hub-rules"),
    ),
    Change(
        "another range for a subnet in use",
        {"network.subnets": {"endpoints": "10.20.200.0/24"}},
        updates=("network-nsg-endpoints",),
        refused={"network-vnet": "InUsePrefixCannotBeDeleted"},
        note="A subnet keeps its range as long as anything stands in it.",
    ),
    Change("a bigger address space", {"network.addressSpace": "10.20.0.0/15"}, updates=("network-vnet",)),
    Change(
        "one more host through the firewall", {"network.hub.allowedHosts": ["pypi.example.com"]}, updates=("hub-rules",)
    ),
    Change(
        "Bastion",
        {"network.bastion": True},
        back_through={"network.bastion": "subnet"},
        away=("bastion-host", "bastion-ip", "diagnostics-bastion-host", "diagnostics-bastion-ip"),
        updates=("network-vnet",),
        creates=("network-nsg-bastion", "diagnostics-network-nsg-bastion"),
        note="At once, Azure refuses to delete the subnet, for the host still stands in it.",
    ),
    Change(
        "no public end points",
        {"network.publicAccess": "Disabled"},
        updates=(
            "lake-account",
            "monitoring-collector",
            "observability-insights",
            "observability-logs",
            "promotion-registry",
            "registry-registry",
            "storage-account",
            "vault-vault",
            "workspace-workspace",
        ),
        creates=("guards-ml-public-access", *_WAYS),
    ),
    Change(
        "a managed network instead of one's own",
        {"network.mode": "managed"},
        through={"workspace.computes": False},
        away=("training-builder", "training-cpu", "training-gpu", "training-instance-desk-local-1"),
        updates=("hub-rules", "network-vnet", "workspace-workspace"),
        creates=tuple(f"{_APPROVER}-{scope}" for scope in ("lake", "registry", "vault", "workspace-storage")),
        deletes=("guards-ml-compute-network", "network-nsg-training", "diagnostics-network-nsg-training"),
        back={"workspace-workspace": LOSS},
        note="Azure takes no managed network away: it takes a new workspace, `--purge-deleted` for its name.",
    ),
    Change(
        "a NAT gateway instead of a firewall",
        {"network.egress": "natGateway", "network.hub": None},
        refused={"cluster-aks": LOSS},
        note="A cluster keeps its way out.",
    ),
    Change(
        "rules for old data of a zone",
        {"lake.zones": {"raw": {"coolAfterDays": 30, "deleteAfterDays": 90}}},
        creates=("lake-lifecycle",),
        note="`deleteAfterDays` deletes data by itself: that is what it is for, and no word is asked.",
    ),
    Change(
        "one more zone in the lake",
        edits=(
            Edit("infra/data/lake.py", "ZONES = (", 'ZONES = ("sandbox", '),
            Edit("infra/settings/__init__.py", _FIRST_ZONE, f"{_FIRST_ZONE}    sandbox: Lifecycle = Lifecycle()\n"),
        ),
        creates=("lake-sandbox", "workspace-datastore-sandbox"),
        back={"lake-sandbox": LOSS},
    ),
    Change("a lake kept in two regions", {"lake.redundancy": "Standard_GRS"}, updates=("lake-account",)),
    Change("a vault with hardware keys", {"vault.sku": "premium"}, updates=("vault-vault",)),
    Change("images without a tag kept longer", {"registry.untaggedRetentionDays": 30}, updates=("registry-registry",)),
    Change(
        "a registry in several zones",
        {"registry.zoneRedundant": True},
        refused={"registry-registry": "PropertyChangeNotAllowed"},
        note="Azure decides it when a registry is made.",
    ),
    Change(
        "a key of one's own for the workspace",
        {"workspace.customerKey": {}, "vault.purgeProtection": True},
        refused={"workspace-workspace": LOSS},
        note="A workspace is made with such a key or without. Purge protection and the key stay when it is taken back.",
    ),
    Change(
        "high business impact",
        {"workspace.highBusinessImpact": True},
        refused={"workspace-workspace": LOSS},
    ),
    Change("no registry for promotion", {"workspace.promotionRegistry": False}, refused={"promotion-registry": LOSS}),
    Change(
        "another host name for scoring",
        {"serving.tls.sslCname": "delays.local.ml.internal"},
        updates=("serving-extension",),
        replaces=("ingress-record",),
    ),
    Change("another name of the attached cluster", {"serving.computeName": "scoring"}, replaces=("serving-compute",)),
    Change("other instance types", {"serving.instanceTypes": _TYPES}, replaces=("serving-compute",)),
    Change(
        "logs kept longer",
        {"observability.retentionDays": 60},
        updates=("observability-logs",),
        note="Kept shorter, Azure waits 30 days before it deletes what is older.",
    ),
    Change(
        "an existing Log Analytics workspace",
        {"observability.existingWorkspaceId": OTHER_LOGS},
        refused={"observability-logs": LOSS},
        note="The environment's own workspace would be deleted.",
    ),
    Change("another threshold of an alert", {"alerts.latencyMilliseconds": 500}, updates=("alerts-endpoint-latency",)),
    Change(
        "another address for alerts", {"alerts.emails": ["ops@example.com"]}, updates=("alerts-group", "budget-month")
    ),
    Change("a bigger budget", {"budget.amount": 200}, updates=("budget-month",)),
    Change(
        "another quota",
        {"quotas.compute": {"standardDDSv5Family": 200, "cores": 250}},
        note="Only `azlocal plan` and the settings' own checks read it.",
    ),
    Change(
        "locks",
        {"governance.locks": True},
        creates=tuple(
            f"guards-lock-{one}"
            for one in (
                "lake-account",
                "observability-logs",
                "promotion-registry",
                "registry-registry",
                "storage-account",
                "vault-vault",
            )
        ),
        note="Locks say that an environment holds what must not be lost. Exemptions for environments without locks end:"
        " `azlocal plan` and the policy pack name each finding that is back, and are content once it is mended or has a"
        " row of its own in `infra/policy/exemptions.py`. `azlocal up` asks no policy.",
    ),
    Change(
        "another region",
        {"platform.location": "northeurope"},
        refused={"group": LOSS},
        note="Nothing can move: a new environment.",
    ),
    Change(
        "another generation of names",
        {"platform.generation": 2},
        refused=dict.fromkeys(
            (
                "lake-account",
                "observability-logs",
                "promotion-registry",
                "registry-registry",
                "spark-workspace",
                "storage-account",
                "vault-vault",
                "workspace-workspace",
            ),
            LOSS,
        ),
        note="It is meant for a new start under names that deleted things still hold.",
    ),
)

_INTRO = """# What a change does

Everyday changes of the environment `local`, and what `azlocal up local` does to which resource; names are those of the
program. `tests/e2e/test_changes.py` applies each of them to the running local Azure and takes it back, and this page is
written from the same table (`python -m tests.e2e.changes`).

- *refused by Azure*: with the code that it answers; everything that does not depend on the resource is done.
- *needs a word*: data would be lost. `up` names all that would, with the words for it, and touches nothing unless
  `--accept-data-loss RESOURCE` is given for each. With Pulumi's own engine nothing asks: read the preview, and set
  `governance.protect`.

An earlier version made the pool for models as a part of the cluster. One `up` with `cluster.workloadPool.takeOver:
workload` takes it over; the next one without that makes its successor, then deletes it (`tests/e2e/test_upgrade.py`).

| change | where | updates | replaces | creates | stopped at |
| --- | --- | --- | --- | --- | --- |
"""


def render() -> str:
    """The page."""
    return _INTRO + "".join(f"| {' | '.join(_cells(change))} |\n" for change in CHANGES)


def _cells(change: Change) -> Iterator[str]:
    yield change.what
    yield ", ".join([f"`{key}`" for key in change.settings] or [f"`{edit.file}`" for edit in change.edits])
    yield TAGGED if change.updates == (TAGGED,) else _names(change.updates)
    yield _names(change.replaces)
    yield _names((*change.away, *change.creates))
    stops = [_stop(one, code) for one, code in change.refused.items()]
    stops += [f"taken back: {_stop(one, code)}" for one, code in change.back.items()]
    steps = [f"First an `up` with {_given(change.through)}"] if change.through else []
    steps += [f"To take it back, first an `up` with {_given(change.back_through)}"] if change.back_through else []
    yield ". ".join([*stops, *steps, *([change.note] if change.note else [])])


def _given(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"`{key}: {str(value).lower()}`" for key, value in settings.items())


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _stop(name: str, code: str) -> str:
    return f"`{name}` *needs a word*" if code == LOSS else f"`{name}` *refused by Azure*: {code}"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
