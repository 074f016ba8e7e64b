"""What stands in the way of a change in place: Azure refuses it until something has gone that Pulumi deletes last.

One ``up`` can't do such a change. Two can: the first takes away what stands there, the second makes the change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from azlocal.engine.drift import Drift
from azlocal.engine.events import Action
from azlocal.engine.plan.catalogue import advice
from azlocal.engine.plan.problems import Problem
from azlocal.engine.stack_state import Record
from azlocal.engine.views.resources import at, strings

Json = dict[str, Any]

_NODES = {"AmlCompute", "ComputeInstance"}
_OFF = "Disabled"


def problems(found: Drift) -> list[Json]:
    """Each change that Azure would refuse for what stands in its way."""
    ways = {
        "microsoft.network/virtualnetworks": _subnets,
        "microsoft.machinelearningservices/workspaces": _computes,
    }
    told: list[Json] = []
    for change in found.changes:
        old, wanted = found.records.get(change.urn), found.wanted.get(change.urn)
        look = ways.get(old.arm_type.lower()) if old else None
        if change.action is Action.UPDATE and old and wanted and look:
            told += [one.as_json() for one in look(found, old, wanted.inputs)]
    return told


def _subnets(found: Drift, network: Record, wanted: Json) -> Iterator[Problem]:
    """A subnet that goes while something is in it."""
    stays = {one["name"] for one in wanted.get("subnets") or []}
    for subnet in network.inputs.get("subnets") or []:
        id_ = f"{network.id}/subnets/{subnet['name']}".lower()
        inside = [] if subnet["name"] in stays else [one for one in _others(found, network) if _is_in(one, id_)]
        if inside:
            what = f"subnet {subnet['name']} is to go, and {_names(inside)} stands in it"
            yield _problem("InUseSubnetCannotBeDeleted", network, what, "subnets", "and keeps the subnet")


def _computes(found: Drift, workspace: Record, wanted: Json) -> Iterator[Problem]:
    """A managed network for a workspace that has nodes in another."""
    before, after = (str(at(one, "managedNetwork.isolationMode") or _OFF) for one in (workspace.inputs, wanted))
    if before != _OFF or after == _OFF:
        return
    below = f"{workspace.id}/computes/".lower()
    nodes = [
        one
        for one in _others(found, workspace)
        if one.id.lower().startswith(below) and at(one.inputs, "properties.computeType") in _NODES
    ]
    if nodes:
        what = (
            f"a workspace takes a managed network only while it has no clusters and instances, and has {_names(nodes)}"
        )
        yield _problem("ValidationError", workspace, what, "managedNetwork.isolationMode", "and keeps the network")


def _others(found: Drift, one: Record) -> list[Record]:
    return [other for other in found.records.values() if other.is_real and other.urn != one.urn]


def _is_in(one: Record, subnet_id: str) -> bool:
    """Whether its inputs name the subnet; a role on it does not stand in it."""
    return ":authorization" not in one.type and any(text.lower() == subnet_id for text in strings(one.inputs))


def _names(records: list[Record]) -> str:
    return ", ".join(sorted(one.name for one in records))


def _problem(code: str, one: Record, what: str, field: str, keeping: str) -> Problem:
    known = advice(code, one.arm_type)
    fix = f"go in two steps: first an `up` that takes it away {keeping}, then this one"
    return Problem(code, what, one.urn, one.id.rsplit("/", 1)[-1], one.arm_type, field, fix, known.source)
