"""What stands on its own in the picture, by purpose, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from azlocal.engine.views.resources import Json, Resources, at, last

# Purpose: its heading and the style of its cards.
PURPOSES = {
    "learning": "Machine learning",
    "serving": "Serving",
    "data": "Data and analytics",
    "trust": "Secrets and images",
    "watch": "Monitoring",
}


@dataclass(slots=True)
class Card:
    """A service outside the networks."""

    id: str
    purpose: str
    kind: str
    name: str
    facts: list[str] = field(default_factory=list)


def _sku(*paths: str) -> Callable[[Json], str]:
    return lambda body: " · ".join(str(at(body, path)) for path in paths if at(body, path))


def _storage(body: Json) -> str:
    return str(at(body, "sku.name") or "").replace("_", " ")


def _managed(body: Json) -> str:
    return "managed network" if at(body, "properties.managedVirtualNetwork") else ""


def _storage_kind(body: Json) -> str:
    return "Data Lake Storage" if at(body, "properties.isHnsEnabled") else "Storage account"


# ARM type: purpose, what it is called, what is told of its body.
_TYPES: dict[str, tuple[str, str | Callable[[Json], str], Callable[[Json], str]]] = {
    "Microsoft.MachineLearningServices/workspaces": ("learning", "Azure ML workspace", _sku("sku.name")),
    "Microsoft.MachineLearningServices/registries": ("learning", "Azure ML registry", _sku("sku.name")),
    "Microsoft.ContainerService/managedClusters": (
        "serving",
        "AKS cluster",
        _sku("sku.tier", "properties.kubernetesVersion"),
    ),
    "Microsoft.Storage/storageAccounts": ("data", _storage_kind, _storage),
    "Microsoft.Synapse/workspaces": ("data", "Synapse workspace", _managed),
    "Microsoft.Synapse/privateLinkHubs": ("data", "Synapse Private Link Hub", _sku()),
    "Microsoft.KeyVault/vaults": ("trust", "Key Vault", _sku("properties.sku.name")),
    "Microsoft.ContainerRegistry/registries": ("trust", "Container Registry", _sku("sku.name")),
    "Microsoft.OperationalInsights/workspaces": ("watch", "Log Analytics", _sku("properties.sku.name")),
    "Microsoft.Insights/components": ("watch", "Application Insights", _sku("kind")),
    "Microsoft.Insights/privateLinkScopes": ("watch", "Monitor Private Link Scope", _sku()),
}


def cards(resources: Resources) -> list[Card]:
    """The services by purpose, each with what belongs to it."""
    found = []
    for type_, (purpose, kind, told) in _TYPES.items():
        for one in resources.of(type_):
            body = one["body"] or {}
            called = kind if isinstance(kind, str) else kind(body)
            facts = [told(body), *_belongings(one["id"], resources)]
            found.append(Card(one["id"], purpose, called, last(one["id"]), [fact for fact in facts if fact]))
    order = list(PURPOSES)
    return sorted(found, key=lambda card: order.index(card.purpose))


def _belongings(id_: str, resources: Resources) -> list[str]:
    return [words for tell in (_containers, _pools, _computes, _extensions) if (words := tell(id_, resources))]


def _below(id_: str, resources: Resources, type_: str) -> Sequence[Json]:
    return [one for one in resources.of(type_) if one["id"].lower().startswith(f"{id_.lower()}/")]


def _containers(id_: str, resources: Resources) -> str:
    found = _below(id_, resources, "Microsoft.Storage/storageAccounts/blobServices/containers")
    return " · ".join(last(one["id"]) for one in found)


def _pools(id_: str, resources: Resources) -> str:
    found = _below(id_, resources, "Microsoft.Synapse/workspaces/bigDataPools")
    return " · ".join(
        f"Spark {at(one['body'], 'properties.sparkVersion')}, {span(at(one['body'], 'properties.autoScale'))} nodes"
        for one in found
    )


def _computes(id_: str, resources: Resources) -> str:
    """Computes that stand in no subnet of the plan: in a managed network, or attached."""
    found = _below(id_, resources, "Microsoft.MachineLearningServices/workspaces/computes")
    free = [last(one["id"]) for one in found if not at(one["body"], "properties.properties.subnet.id")]
    return f"computes: {', '.join(free)}" if free else ""


def _extensions(id_: str, resources: Resources) -> str:
    found = _below(id_, resources, "Microsoft.KubernetesConfiguration/extensions")
    return " · ".join(str(at(one["body"], "properties.extensionType")) for one in found)


def span(scale: Any) -> str:
    """The least and the most nodes of a pool, in the names that AKS, Azure ML and Synapse give them."""
    given = scale if isinstance(scale, dict) else {}
    least = given.get("minNodeCount", given.get("minCount"))
    most = given.get("maxNodeCount", given.get("maxCount"))
    if least is None and most is None:
        return str(given.get("count", 1))
    return f"{least}" if least == most else f"{least or 0}–{most}"  # noqa: RUF001 - a range in a picture
