"""What stands in the way of a change in place: Azure refuses it until something has gone that Pulumi deletes last.

One ``up`` can't do such a change. Two can: the first takes away what stands there, the second makes the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from azlocal.engine.drift import Drift
from azlocal.engine.events import Action, Failure
from azlocal.engine.plan.catalogue import advice
from azlocal.engine.plan.problems import Problem
from azlocal.engine.stack_state import Record
from azlocal.engine.views.resources import at, strings

Json = dict[str, Any]

_NODES = {"AmlCompute", "ComputeInstance"}
_OFF = "Disabled"
_NETWORK = "microsoft.network/virtualnetworks"
_WORKSPACE = "microsoft.machinelearningservices/workspaces"
_SUBNET_USED, _INVALID = "InUseSubnetCannotBeDeleted", "ValidationError"


def problems(found: Drift) -> list[Json]:
    """Each change that Azure would refuse for what stands in its way."""
    ways = {_NETWORK: _subnets, _WORKSPACE: _computes}
    told: list[Json] = []
    for change in found.changes:
        old, wanted = found.records.get(change.urn), found.wanted.get(change.urn)
        look = ways.get(old.arm_type.lower()) if old else None
        if change.action is Action.UPDATE and old and wanted and look:
            told += [one.as_json() for one in look(found, old, wanted.inputs)]
    return told


def steps(failures: Iterable[Failure], records: Mapping[str, Record]) -> dict[str, str]:
    """By URN, the way out of each failure that is such a refusal; ``records`` are of what is there still."""
    ways: dict[str, str] = {}
    for failure in failures:
        one = records.get(failure.urn)
        what = (failure.code, one.arm_type.lower()) if one else ()
        if what == (_SUBNET_USED, _NETWORK):
            ways[failure.urn] = _two_steps("subnet")
        asks_network = what == (_INVALID, _WORKSPACE) and failure.target.endswith("isolationMode")
        if one and asks_network and _mode(one.inputs) == _OFF and _nodes(records, one):
            ways[failure.urn] = _two_steps("network")
    return ways


def _subnets(found: Drift, network: Record, wanted: Json) -> Iterator[Problem]:
    """A subnet that goes while something is in it."""
    stays = {one["name"] for one in wanted.get("subnets") or []}
    for subnet in network.inputs.get("subnets") or []:
        id_ = f"{network.id}/subnets/{subnet['name']}".lower()
        inside = [] if subnet["name"] in stays else [one for one in _others(found.records, network) if _is_in(one, id_)]
        if inside:
            what = f"subnet {subnet['name']} is to go, and {_names(inside)} stands in it"
            yield _problem(_SUBNET_USED, network, what, "subnets", "subnet")


def _computes(found: Drift, workspace: Record, wanted: Json) -> Iterator[Problem]:
    """A managed network for a workspace that has nodes in another."""
    if _mode(workspace.inputs) != _OFF or _mode(wanted) == _OFF:
        return
    if nodes := _nodes(found.records, workspace):
        what = (
            f"a workspace takes a managed network only while it has no clusters and instances, and has {_names(nodes)}"
        )
        yield _problem(_INVALID, workspace, what, "managedNetwork.isolationMode", "network")


def _mode(workspace: Json) -> str:
    return str(at(workspace, "managedNetwork.isolationMode") or _OFF)


def _nodes(records: Mapping[str, Record], workspace: Record) -> list[Record]:
    """Its computes that have machines of their own."""
    below = f"{workspace.id}/computes/".lower()
    return [
        one
        for one in _others(records, workspace)
        if one.id.lower().startswith(below) and at(one.inputs, "properties.computeType") in _NODES
    ]


def _others(records: Mapping[str, Record], one: Record) -> list[Record]:
    return [other for other in records.values() if other.is_real and other.urn != one.urn]


def _is_in(one: Record, subnet_id: str) -> bool:
    """Whether its inputs name the subnet; a role on it does not stand in it."""
    return ":authorization" not in one.type and any(text.lower() == subnet_id for text in strings(one.inputs))


def _names(records: list[Record]) -> str:
    return ", ".join(sorted(one.name for one in records))


def _problem(code: str, one: Record, what: str, field: str, kept: str) -> Problem:
    known = advice(code, one.arm_type)
    return Problem(code, what, one.urn, one.id.rsplit("/", 1)[-1], one.arm_type, field, _two_steps(kept), known.source)


def _two_steps(kept: str) -> str:
    """Which setting does it, the project alone can say."""
    return (
        f"go in two steps: first an `up` that takes away what stands in the {kept} and keeps the {kept}, then this one."
        " Which settings do that, the project's own pages say (docs/changes.md, where it has one)"
    )
