"""Rules about tags and quotas: what the organization asks for and what the subscription has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from infra import settings as s
from infra.foundation import OWN_TAGS
from infra.rules.base import Problem, RuleRow, each
from infra.rules.network import surged
from infra.rules.vm_families import FAMILIES, family_of
from infra.rules.vm_sizes import SIZES
from infra.settings.partial import nearest

MAX_TAGS, MAX_KEY, MAX_VALUE = 50, 512, 256
TAGS = "azure-resource-manager/management/tag-resources#limitations"
QUOTAS = "machine-learning/how-to-manage-quotas"
LOW_PRIORITY, ALL_CORES = "lowPriorityCores", "cores"


def tags_are_complete(platform: s.Platform, governance: s.Governance) -> Iterator[Problem]:
    """Every required tag has a value, and Azure takes them all."""
    yield from each(dict.fromkeys(governance.required_tags, platform), _has_a_value)
    yield from each(dict.fromkeys(OWN_TAGS, platform), _is_short)
    for key in platform.tags:
        if key in OWN_TAGS:
            yield Problem(f"platform.tags.{key}", "is set by the program itself", "remove it", TAGS)
        if len(key) > MAX_KEY or re.search(r"[<>%&\\?/]", key):
            yield Problem(
                f"platform.tags.{key}",
                f"is no tag's name: {MAX_KEY} characters at most, none of <>%&\\?/",
                "rename it",
                TAGS,
            )
        if key not in OWN_TAGS:
            yield from _is_short(key, platform)
    count = len({*OWN_TAGS, *platform.tags})
    if count > MAX_TAGS:
        yield Problem("platform.tags", f"{count} tags; {MAX_TAGS} are allowed", "remove some", TAGS)


def _value(key: str, platform: s.Platform) -> str:
    return OWN_TAGS[key](platform, "environment") if key in OWN_TAGS else platform.tags.get(key, "")


def _has_a_value(key: str, platform: s.Platform) -> Iterator[Problem]:
    if not _value(key, platform).strip():
        yield Problem("governance.requiredTags", f"{key!r} has no value", f"give platform.tags.{key} a value", TAGS)


def _is_short(key: str, platform: s.Platform) -> Iterator[Problem]:
    length = len(_value(key, platform))
    if length > MAX_VALUE:
        yield Problem(f"platform.tags.{key}", f"has {length} characters; {MAX_VALUE} are allowed", "shorten it", TAGS)


@dataclass(frozen=True)
class _Pool:
    """Machines that settings ask for: how many at most, and under which name Azure counts them beside their family."""

    key: str
    size: str
    nodes: int
    counted_as: str = ""


def pools_fit_the_quotas(quotas: s.Quotas, cluster: s.Cluster) -> Iterator[Problem]:
    """At their largest size, AKS' pools need no more cores of a family than the subscription has."""
    pools = {"cluster.systemPool": cluster.system_pool, "cluster.workloadPool": cluster.workload_pool}
    nodes = [_Pool(f"{key}.vmSize", pool.vm_size, surged(pool.max_nodes)) for key, pool in pools.items()]
    yield from _unknown(quotas.compute, "compute", ALL_CORES)
    yield from _over(quotas.compute, "compute", nodes, total=ALL_CORES)


def computes_fit_the_quotas(quotas: s.Quotas, workspace: s.Workspace) -> Iterator[Problem]:
    """At their largest size, the workspace's computes need no more cores than it has, which are counted apart."""
    computes = [
        _Pool(
            f"workspace.{key}.vmSize",
            one.vm_size,
            one.max_nodes,
            LOW_PRIORITY if one.priority == "LowPriority" else "",
        )
        for key, one in workspace.clusters().items()
    ]
    if people := len(workspace.instances.people):
        computes.append(_Pool("workspace.instances.vmSize", workspace.instances.vm_size, people))
    yield from _unknown(quotas.machine_learning, "machineLearning", LOW_PRIORITY)
    yield from _over(quotas.machine_learning, "machineLearning", computes)


def _unknown(given: dict[str, int], block: str, other: str) -> Iterator[Problem]:
    """Names that nothing counts for: a quota under one would limit nothing."""
    known = [*dict.fromkeys(FAMILIES.values()), other]
    for name in given:
        if name not in known:
            near = nearest(name, known)
            yield Problem(
                f"quotas.{block}.{name}",
                f"nothing that is known here counts for it, so it limits nothing; known: {', '.join(known)}",
                f"{f'did you mean {near}? Else' if near else 'Either'} remove it, or add the family to "
                "infra/rules/vm_families.py",
                QUOTAS,
            )


def _over(given: dict[str, int], block: str, pools: list[_Pool], *, total: str = "") -> Iterator[Problem]:
    needed: Counter[str] = Counter()
    for pool in pools if given else []:
        found = family_of(pool.size)
        if found is None:
            near = nearest(pool.size, SIZES)
            yield Problem(
                pool.key,
                f"the family of {pool.size} is not known here, so no quota can be judged",
                f"{f'did you mean {near}? Else ' if near else ''}add it to infra/rules/vm_families.py and "
                "infra/rules/vm_sizes.py",
                QUOTAS,
            )
            continue
        family, cores = found
        for name in {pool.counted_as or family, total} - {""}:
            needed[name] += cores * pool.nodes
    for name, cores in needed.items():
        if name in given and cores > given[name]:
            keys = ", ".join(pool.key.removesuffix(".vmSize") for pool in pools)
            yield Problem(
                f"quotas.{block}.{name}",
                f"{keys} need {cores} cores at their largest, and the subscription has {given[name]}",
                "ask Azure for more and raise it here, or make them smaller",
                QUOTAS,
            )


RULES: tuple[RuleRow, ...] = (
    (("platform", "governance"), tags_are_complete),
    (("quotas", "cluster"), pools_fit_the_quotas),
    (("quotas", "workspace"), computes_fit_the_quotas),
)
"""The blocks that a rule reads, and the rule."""
