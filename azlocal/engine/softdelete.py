"""What Azure keeps after a deletion, and its name with it: vaults and Azure ML workspaces.

A deleted one holds its name until it is purged, recovered, or its retention ends (Microsoft Learn, "Azure Key Vault
soft-delete overview" and "Recover workspace data while soft deleted"). The stack's state remembers which of them it
once made; only those are purged or recovered here, and only where it was asked for.
"""

from __future__ import annotations

from enum import Enum

from azlocal.engine.errors import ResourceError
from azlocal.engine.events import Watcher
from azlocal.engine.provider import Checked, Goal, Holder
from azlocal.engine.providers import Providers
from azlocal.engine.stack_state import Record, StackState
from azlocal.engine.urns import stack_of

PURGE, RECOVER = "--purge-deleted", "--recover-deleted"


class Held(Enum):
    """What to do where a name is held by what was deleted."""

    REFUSE = "refuse"
    PURGE = "purge"
    RECOVER = "recover"


class SoftDeleted:
    """The stack's own among them."""

    def __init__(self, state: StackState, providers: Providers, watcher: Watcher, held: Held) -> None:
        self._state = state
        self._providers = providers
        self._watcher = watcher
        self._held = held
        self._refused: set[str] = set()

    def note(self, record: Record, *, forever: bool = False) -> None:
        """A resource was deleted: remember it where Azure keeps it."""
        if self._providers.of(record.type).keeps(self._providers.goal_of(record, forever=forever)):
            self._state.keep_deleted(record)

    def make_way(self, goal: Goal, checked: Checked, timeout: float) -> None:
        """Free a name that is to be used, or bring back what holds it, as was asked for.

        Raises:
            ResourceError: Azure refuses, for purge protection for instance.
        """
        if self._held is Held.PURGE:
            for record in self._namesakes(goal, checked):
                self._purge(record)
        elif self._held is Held.RECOVER and checked.id.lower() in self._state.deleted:
            self._providers.of(goal.type).recover(goal, checked, timeout)
            self._watcher.note("recovered", checked.id)

    def purge_all(self) -> None:
        """Purge all that the stack has left; what may not be purged keeps its name, and that is said."""
        for record in [one for key, one in self._state.deleted.items() if key not in self._refused]:
            try:
                self._purge(record)
            except ResourceError as error:
                self._refused.add(record.id.lower())
                recovering = f"{_up(record.urn, RECOVER)} brings it back with what it held."
                self._watcher.note("warning", f"{record.id} keeps its name for now: {error.message} {recovering}")

    def explain(self, error: ResourceError, goal: Goal, checked: Checked) -> ResourceError:
        """The error of a create, with what holds the name and the ways out where that is the reason."""
        try:
            holder = self._providers.of(goal.type).held_by(goal, checked, error)
        except ResourceError:  # who deploys may not list what is deleted
            holder = Holder(checked.id, "", "") if checked.id.lower() in self._state.deleted else None
        if holder is None:
            return error
        ours = holder.id.lower() in self._state.deleted
        return ResourceError(error.code, f"{error.message} {_ways_out(holder, goal, checked, ours=ours)}")

    def _namesakes(self, goal: Goal, checked: Checked) -> list[Record]:
        """The stack's deleted resources with the name that is wanted: names can be unique in all of Azure."""
        name = _name(checked.id)
        return [one for one in self._state.deleted.values() if one.type == goal.type and _name(one.id) == name]

    def _purge(self, record: Record) -> None:
        goal = self._providers.goal_of(record, forever=True)
        self._providers.of(record.type).purge(goal, record.id, record.api_version, record.delete_timeout)
        self._state.undelete(record.id)
        self._watcher.note("purged", record.id)


def _name(id_: str) -> str:
    return id_.rsplit("/", 1)[-1].lower()


def _up(urn: str, option: str) -> str:
    return f"`azlocal up {stack_of(urn)} {option}`"


def _ways_out(holder: Holder, goal: Goal, checked: Checked, *, ours: bool) -> str:
    until = f", until {holder.until}" if holder.until else ""
    whose = "which this stack made" if ours else "which is not known to be this stack's"
    ways = [] if holder.protected else [(_up(goal.urn, PURGE) if ours else holder.purging) + " gives it up for good"]
    if not ours:
        ways.append(f"{holder.recovering} brings it back")
    elif holder.id.lower() == checked.id.lower():
        ways.append(f"{_up(goal.urn, RECOVER)} brings it back")
    protected = "it is protected from purging; " if holder.protected else ""
    name = "" if ours and ways else "; or use another name" if ways else "use another name"
    return f"The name is held by the deleted {holder.id}{until}, {whose}: {protected}{', '.join(ways)}{name}."
