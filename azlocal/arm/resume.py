"""Taking up what a crash interrupted: effects that were running when the process died run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlocal.arm import deletes, writes
from azlocal.arm.operations import Operation

if TYPE_CHECKING:
    from azlocal.arm.control import ControlPlane


def take_up(control: ControlPlane) -> None:
    """Run the effects of unfinished operations again; call it once every service has registered its own.

    An operation whose effect nobody registers any more is over: what it was for is stored.
    """
    for operation in control.operations.unfinished:
        _again(control, operation)


def _again(control: ControlPlane, operation: Operation) -> None:
    resource = control.state.get(operation.resource)
    if resource is None or operation.verb not in {"PUT", "DELETE"}:
        control.operations.finish(operation)
        return
    if operation.verb == "DELETE":
        control.operations.resume(operation, deletes.purge_when_done(control, resource.key))
        if operation.due is None:
            doomed = [*control.state.below(resource.key), resource]
            control.start_effect(operation, deletes.run_deletes(control, doomed), prompt=False)
        return
    control.operations.resume(operation, writes.settle(control, resource.key))
    effects = control.effects.get(resource.type.lower())
    if operation.due is None and effects and effects.put:
        control.start_effect(operation, effects.put(resource), prompt=False)
    elif operation.due is None:
        control.operations.finish(operation)
