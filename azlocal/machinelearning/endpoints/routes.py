"""Which endpoint an address belongs to, as the router needs it: read from ARM's state when that changes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from azlocal.arm.locations import normalize
from azlocal.machinelearning.endpoints import keys
from azlocal.machinelearning.endpoints.replicas import Replicas
from azlocal.machinelearning.endpoints.traffic import Mirror, Traffic
from azlocal.state import Resource, State

ENDPOINT = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
DEPLOYMENT = f"{ENDPOINT}/deployments"
MANAGED_SUFFIX = "inference.ml.azure.com"
_SHARED = re.compile(r"/api/v1/endpoint/(?P<name>[^/]+)(?P<rest>/.*)")


@dataclass(slots=True)
class Route:
    """An endpoint: who may call it, and where its requests go."""

    key: str
    name: str
    kubernetes: bool
    auth_mode: str
    credentials: keys.Keys
    traffic: Traffic
    mirror: Mirror
    address: str
    replicas: dict[str, Replicas] = field(default_factory=dict)
    deployments: set[str] = field(default_factory=set)


def managed_address(name: str, location: str) -> str:
    """The host of a managed endpoint."""
    return f"{name}.{normalize(location)}.{MANAGED_SUFFIX}".lower()


def shared_address(host: str, name: str) -> str:
    """The address of a Kubernetes endpoint, which shares its cluster's router with others."""
    return f"{host}/api/v1/endpoint/{name}".lower()


def address_of(endpoint: Resource) -> str:
    """The address an endpoint's ``scoringUri`` stands for: host, and path where the host is shared."""
    uri = urlsplit(str(endpoint.properties.get("scoringUri", "")))
    return (uri.netloc + uri.path.removesuffix("/score")).lower()


class Routes:
    """All endpoints by address. ``deployments`` of a route are those that ARM knows, ``replicas`` those that run."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._by_address: dict[str, Route] = {}
        self._by_key: dict[str, Route] = {}
        self._hosts: set[str] = set()

    def read(self, endpoint: Resource) -> Route | None:
        """Take up an endpoint, or what has changed about it."""
        credentials = keys.read(self._state, endpoint.key)
        if credentials is None:
            return None
        old = self._by_key.get(endpoint.key)
        properties = endpoint.properties
        weights = {name: int(weight) for name, weight in (properties.get("traffic") or {}).items()}
        mirror = {name: int(share) for name, share in (properties.get("mirrorTraffic") or {}).items()}
        route = Route(
            key=endpoint.key,
            name=endpoint.name,
            kubernetes=bool(properties.get("compute")),
            auth_mode=str(properties.get("authMode", "Key")).lower(),
            credentials=credentials,
            traffic=old.traffic if old and old.traffic.asked == weights else Traffic(weights),
            mirror=Mirror(mirror),
            address=address_of(endpoint),
            replicas=old.replicas if old else {},
            deployments={one.name for one in self._state.children(endpoint.key, DEPLOYMENT)},
        )
        if old and old.address != route.address:
            self._by_address.pop(old.address, None)
        self._by_key[endpoint.key] = self._by_address[route.address] = route
        self._note_hosts()
        return route

    def forget(self, key: str) -> None:
        """An endpoint is gone."""
        if route := self._by_key.pop(key, None):
            self._by_address.pop(route.address, None)
            self._note_hosts()

    def _note_hosts(self) -> None:
        self._hosts = {address.partition("/")[0] for address in self._by_address}

    def of(self, key: str) -> Route | None:
        """The route of an endpoint's id (lower-cased)."""
        return self._by_key.get(key)

    def all(self) -> list[Route]:
        """Every endpoint's route."""
        return list(self._by_key.values())

    def serves(self, host: str) -> bool:
        """Whether an endpoint answers at this host."""
        return host in self._hosts

    def find(self, host: str, path: str) -> tuple[Route | None, str]:
        """The endpoint of a request, and the path as its scoring server knows it."""
        if route := self._by_address.get(host):
            return route, path
        if match := _SHARED.fullmatch(path):
            return self._by_address.get(shared_address(host, match["name"])), match["rest"]
        return None, path
