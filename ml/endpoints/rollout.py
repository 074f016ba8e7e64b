"""Blue and green: what to do next, from nothing but what is there now.

A rollout keeps no notes of its own. Each look at the endpoint says what the next step is, so one that broke
off anywhere goes on from there, and one that is finished finds nothing to do.

    none ─▶ deploy at 0 % ─▶ smoke test ─▶ 10 % ─▶ check ─▶ 100 % ─▶ delete the old one
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

COLOURS = ("blue", "green")
CANARY = 10  # percent of the traffic that a new deployment gets first


@dataclass(frozen=True)
class Deployed:
    """A deployment as Azure reports it."""

    model: str
    state: str = "Succeeded"


@dataclass(frozen=True)
class Seen:
    """The endpoint at one moment; `None` for deployments if there is no endpoint."""

    deployments: Mapping[str, Deployed] | None = None
    traffic: Mapping[str, int] = field(default_factory=dict)

    @property
    def live(self) -> str | None:
        """Which deployment gets most of the traffic."""
        shares = {name: share for name, share in self.traffic.items() if share > 0}
        return max(shares, key=lambda name: shares[name]) if shares else None


@dataclass(frozen=True)
class CreateEndpoint:
    """Make the endpoint."""


@dataclass(frozen=True)
class Deploy:
    """Put the wanted model into this deployment, which has no traffic or serves that model already."""

    name: str


@dataclass(frozen=True)
class Smoke:
    """Ask this deployment by name, whatever its share of the traffic."""

    name: str


@dataclass(frozen=True)
class Shift:
    """Set the traffic; deployments that are not named get none."""

    traffic: Mapping[str, int]


@dataclass(frozen=True)
class Check:
    """Ask the endpoint as its users do, while this deployment has a small share."""

    name: str


@dataclass(frozen=True)
class Delete:
    """Remove a deployment that has no traffic."""

    name: str


@dataclass(frozen=True)
class Done:
    """Nothing left to do: this deployment alone serves the wanted model."""

    name: str


Action = CreateEndpoint | Deploy | Smoke | Shift | Check | Delete | Done


def next_action(seen: Seen, wanted: str, target: str, smoked: bool, checked: bool) -> Action:  # noqa: FBT001
    """The next step towards `wanted` serving alone.

    Args:
        seen: the endpoint now.
        wanted: the model, `name:version`.
        target: the deployment that is to serve it alone.
        smoked: whether this rollout has asked the new deployment by name, and it answered well.
        checked: whether it has asked the endpoint since the new deployment has a share.
    """
    if seen.deployments is None:
        return CreateEndpoint()
    live = seen.live
    share = seen.traffic.get(target, 0)
    found = seen.deployments.get(target)
    if found is None or found.model != wanted or found.state != "Succeeded":
        if share and live is not None and live != target:
            return Shift({live: 100})
        return Deploy(target)
    if not smoked:
        return Smoke(target)
    if live is not None and live != target:
        if share < CANARY:
            return Shift({live: 100 - CANARY, target: CANARY})
        if not checked:
            return Check(target)
    if share < 100:
        return Shift({target: 100})
    for name in seen.deployments:
        if name != target:
            return Delete(name)
    return Done(target)


def target_of(seen: Seen, wanted: str) -> str:
    """The deployment that is to serve the wanted model: the one that does so already, else the free colour."""
    deployments = seen.deployments or {}
    live = seen.live
    if live is None:
        ready = [name for name, found in deployments.items() if found.model == wanted]
        return ready[0] if ready else COLOURS[0]
    if live in deployments and deployments[live].model == wanted:
        return live
    return other(live)


def other(name: str) -> str:
    """The colour that takes over from a deployment."""
    return COLOURS[1] if name == COLOURS[0] else COLOURS[0]
