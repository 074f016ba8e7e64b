"""Taking resources away: one, all of a stack, and those that fall with one that is replaced."""

from __future__ import annotations

import threading
from collections.abc import Container
from dataclasses import replace

from azlocal.engine.dataloss import DataLoss
from azlocal.engine.deletion import delete_all, deletion_order
from azlocal.engine.errors import UNPROTECT, ResourceError
from azlocal.engine.events import Action, Failure, Summary, Watcher
from azlocal.engine.providers import Providers
from azlocal.engine.softdelete import SoftDeleted
from azlocal.engine.stack_state import Record, StackState

_PROTECTED = f"it is protected: {UNPROTECT}, then delete it"


class Removal:
    """Deletes what a deployment no longer wants."""

    def __init__(
        self,
        state: StackState,
        providers: Providers,
        watcher: Watcher,
        summary: Summary,
        deleted: SoftDeleted,
        *,
        losses: DataLoss,
    ) -> None:
        self._state = state
        self._providers = providers
        self._watcher = watcher
        self._summary = summary
        self._deleted = deleted
        self._losses = losses
        self._going: set[str] = set()
        self._forever = False
        self._lock = threading.Lock()

    def all(self, doomed: list[Record], *, forever: bool = False) -> None:
        """Delete records in an order that their dependencies allow, in parallel.

        ``forever`` also gives up what Azure would keep for a recovery, so that the names are free again.
        """
        self._forever = forever
        self._announce(doomed)
        self._summary.failures.extend(delete_all(doomed, self._state, self.one))

    def refuse_protected(self, doomed: list[Record]) -> bool:
        """Say what of it is protected; whether anything is."""
        protected = [record for record in doomed if record.protect and record.is_real]
        for record in protected:
            failure = Failure(record.urn, "Protected", f"{_PROTECTED}; until then nothing is deleted")
            self._summary.failures.append(failure)
            self._watcher.failed(record.urn, Action.DELETE, failure)
        return bool(protected)

    def before_replacing(self, old: Record, registered: Container[str], why: str) -> set[str]:
        """Delete a resource that is to be made anew, after what can't stay without it; answers their URNs.

        ``registered`` are the resources that the program has registered already: those are as it wants them.

        Raises:
            ResourceError: one of them is protected or holds data, or Azure refuses.
        """
        followers = self.followers(old, registered)
        for record in followers:
            if record.protect:
                raise ResourceError("Protected", f"{record.urn} would have to be replaced too, but is protected")
        self._losses.refuse([old, *followers], why)
        if stays := self._providers.of(old.type).stays(old.type):
            raise ResourceError("NotServed", f"{why}, which is not possible: {stays}; give the new one another name")
        going = [*deletion_order(followers), old]
        self._announce(going)
        for record in going:
            self.one(record)
            self._state.drop(record.urn)
        return {record.urn for record in going}

    def one(self, record: Record) -> None:
        """Delete one resource in Azure, or only in the state where it is not the stack's to delete."""
        if record.protect:
            raise ResourceError("Protected", _PROTECTED)
        if not record.is_real:
            return
        if record.retain:
            self._watcher.note("info", f"{record.id} stays: its option `retain_on_delete` says so")
            return
        if why := self._providers.of(record.type).stays(record.type):
            if not self._forever:
                self._watcher.note("warning", f"{record.id} stays: {why}")
            return
        if record.deleted_with in self._going:
            self._deleted.note(record)
            return
        if self._state.records.get(record.urn) is record:
            self._state.put(replace(record, pending="delete"))
        self._watcher.started(record.urn, Action.DELETE)
        try:
            self._in_azure(record)
        except ResourceError as error:
            self._watcher.failed(record.urn, Action.DELETE, Failure(record.urn, error.code, error.message))
            raise
        with self._lock:
            self._summary.counts[Action.DELETE] += 1
        self._watcher.finished(record.urn, Action.DELETE)

    def _in_azure(self, record: Record) -> None:
        provider = self._providers.of(record.type)
        goal = self._providers.goal_of(record, forever=self._forever)
        provider.delete(goal, record.id, record.api_version, record.delete_timeout)
        self._deleted.note(record, forever=self._forever)

    def _announce(self, going: list[Record]) -> None:
        with self._lock:
            self._going.update(record.urn for record in going)

    def followers(self, old: Record, registered: Container[str]) -> list[Record]:
        """What can't stay when ``old`` goes: what has it in its id, or in an input it can't change.

        ``registered`` are those that the program has registered already.
        """
        going = {old.urn}
        followers: list[Record] = []
        grown = True
        while grown:
            grown = False
            for record in list(self._state.records.values()):
                if record.urn in going or record.urn in registered or not record.is_real:
                    continue
                if _is_within(record, old) or self._hangs_on(record, going):
                    going.add(record.urn)
                    followers.append(record)
                    grown = True
        return followers

    def _hangs_on(self, record: Record, going: set[str]) -> bool:
        named = [name for name, urns in record.property_dependencies.items() if not going.isdisjoint(urns)]
        return bool(named) and self._providers.would_replace(record, named)


def _is_within(record: Record, old: Record) -> bool:
    return bool(old.id) and record.id.lower().startswith(f"{old.id.lower()}/")
