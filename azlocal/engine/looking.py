"""A deployment that finds out what it would do, and does nothing.

What Azure would answer to a resource that is made or replaced is unknown to it, but for the id.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from azlocal.engine.dataloss import CODE, Loss
from azlocal.engine.deployment import Deployment, must_be_replaced, unchangeable
from azlocal.engine.diff import changed_paths, spell
from azlocal.engine.errors import UNPROTECT, RefusedError, ResourceError
from azlocal.engine.events import Action, Failure, Watcher
from azlocal.engine.provider import Checked, Difference, Goal, Provider
from azlocal.engine.registration import Outcome, Registration
from azlocal.engine.stack_state import Record, StackState
from azlocal.engine.urns import name_of
from azlocal.engine.values import UNKNOWN, Secret, reveal, with_placeholders


@dataclass(frozen=True, slots=True)
class Change:
    """What an update would do to a resource.

    ``fields`` are the inputs that differ, ``why`` says why a change in place won't do, ``loses`` what would be lost.
    ``protected``: Pulumi's option keeps it from going.
    """

    action: Action
    urn: str
    fields: tuple[str, ...] = ()
    why: str = ""
    loses: str = ""
    protected: bool = False


class Looking(Deployment):
    """A deployment that finds out what it would do to a resource, and leaves it there.

    Args:
        kept: the stack's state, which stays as it is.
        providers: by package name.
        watcher: hears of what was changed outside.
        accepted: resources whose data may be lost.
    """

    def __init__(
        self, kept: StackState, providers: Mapping[str, Provider], watcher: Watcher, *, accepted: Collection[str] = ()
    ) -> None:
        super().__init__(_copy(kept), providers, watcher, planning=True, accepted=accepted)
        self.found: list[Change] = []
        self._replacing: dict[str, tuple[Record, str]] = {}  # the old one, and why
        self._falling: dict[str, list[Record]] = {}  # by what is replaced: what can't stay without it
        self._given_up: list[tuple[Record, str]] = []
        self._kept: set[str] = set()

    @property
    def changes(self) -> list[Change]:
        """All that would be done, once the program has run."""
        changes = {one.urn: one for one in self.found}
        for name, record in self._fallen():
            if record.urn in self._registered:
                why = f"it can't stay while {name} is replaced"
                changes[record.urn] = self._change(Action.REPLACE, record, record, why=why)
        deleted = [self._change(Action.DELETE, one, one, why=why) for one, why in (*self._given_up, *self._left_over())]
        condemned = [
            Change(Action.DELETE, one.urn, why="it was replaced, and is still there")
            for one in self.state.condemned.values()
        ]
        return [*changes.values(), *deleted, *condemned]

    @property
    def same(self) -> int:
        """How many stay as they are."""
        return len(self._kept - {record.urn for _, record in self._fallen()})

    @property
    def open(self) -> list[str]:
        """What hangs on something that is not known yet."""
        known = {record.urn for _, record in self._fallen()} | self._replacing.keys()
        return [urn for urn in self.summary.skipped if urn not in known]

    def lost(self) -> list[Loss]:
        """Each refusal to lose data that nobody has accepted."""
        going = [
            (old, must_be_replaced(why), [old, *self._falling[urn]]) for urn, (old, why) in self._replacing.items()
        ]
        going += [(one, why, [one]) for one, why in (*self._given_up, *self._left_over())]
        going = [each for each in going if not any(one.protect for one in each[2])]
        lost = self.losses.refused({one.urn: one for _, _, records in going for one in records}.values())
        losses: list[Loss] = []
        for of, why, records in going:
            if mine := [one for one in lost if any(one is other for other in records)]:
                failure = Failure(of.urn, CODE, self.losses.told(mine, why))
                losses.append(Loss(failure, tuple(one.name for one in mine)))
                lost = [one for one in lost if one not in mine]
        return losses

    def _left_over(self) -> list[tuple[Record, str]]:
        """What the program no longer has."""
        gone = [one for one in self.state.records.values() if one.is_real and one.urn not in self._registered]
        return [(one, "the program no longer has it") for one in gone]

    def _fallen(self) -> Iterator[tuple[str, Record]]:
        """What can't stay without something that is replaced, with that one's name."""
        for urn, records in self._falling.items():
            for record in records:
                if record.urn not in self._replacing:
                    yield name_of(urn), record

    def settle(self) -> None:
        """Once the program has run: what hangs on something replaced by an input that it can't change, falls too."""
        known = self._registered.keys() - set(self.summary.skipped)
        for urn, (old, _) in self._replacing.items():
            self._falling.setdefault(urn, self.removal.followers(old, known))

    def _give_up(self, old: Record | None, id_: str) -> None:
        if old is not None and old.is_real and old.id.lower() != id_.lower():
            self._given_up.append((old, f"{id_} takes its place"))

    def _create(self, want: Registration, goal: Goal, checked: Checked, action: Action) -> Outcome:
        self.found.append(Change(action, want.urn))
        return self._unmade(want, checked)

    def _update(self, want: Registration, goal: Goal, checked: Checked, old: Record, told: Difference) -> Outcome:
        fields = _fields(old, checked)
        self.found.append(Change(Action.UPDATE, want.urn, fields, "" if fields else "an earlier update did not end"))
        return Outcome(want.urn, old.id, old.outputs)

    def _replace(
        self, want: Registration, goal: Goal, checked: Checked, old: Record, *, moved: bool, told: Difference, why: str
    ) -> Outcome:
        why = why or self._reason(checked, old, moved=moved, told=told)
        self._note_replacement(want, checked, old, why)
        if self._goes_first(want, checked, old, moved=moved, told=told):
            self._falling[want.urn] = self.removal.followers(old, self._registered)
        return self._unmade(want, checked)

    def _note_replacement(self, want: Registration, checked: Checked, old: Record, why: str) -> None:
        self.found.append(self._change(Action.REPLACE, want, old, _fields(old, checked), why))
        self._replacing[want.urn] = old, why
        self._replaced.add(want.urn)  # what is replaced with it follows
        self._replaced.add(want.urn)

    def _reason(self, checked: Checked, old: Record, *, moved: bool, told: Difference) -> str:
        """Why a replacement is needed though no input says so."""
        if moved:
            return "its provider leads elsewhere"
        if checked.id and old.id.lower() != checked.id.lower():
            return f"{old.id} becomes {checked.id}"
        if told.replaces:
            return f"{', '.join(told.replaces)} can't be changed in place"
        return "what it is replaced with, or its trigger, asks for it"

    def _import(self, want: Registration, goal: Goal, checked: Checked) -> Outcome:
        return self._create(want, goal, checked, Action.IMPORT)

    def _same(self, want: Registration, checked: Checked, old: Record) -> Outcome:
        self._kept.add(want.urn)
        return super()._same(want, checked, old)

    def _skip(self, want: Registration) -> Outcome:
        """It hangs on something unknown; that it must be replaced may be known all the same."""
        old = self._find_old(want)
        if old is not None and old.is_real and not self._providers.of(want.type).opaque:
            with contextlib.suppress(ResourceError, RefusedError):
                self._foresee(replace(want, inputs=_as_before(want.inputs, old.inputs)), old)
        return super()._skip(want)

    def _foresee(self, want: Registration, old: Record) -> None:
        checked = self._providers.of(want.type).check(self._goal(want, old))
        fixed = self._unchangeable(want, changed_paths(old.inputs, checked.inputs))
        if fixed:
            self._note_replacement(want, checked, old, unchangeable(fixed))
            if self._goes_first(want, checked, old, moved=False, told=Difference()):
                self._falling[want.urn] = self.removal.followers(old, self._registered)

    def _describe_skipped(self, want: Registration) -> None:
        """What is known stays as it is: it may fall with what it hangs on."""
        if want.urn not in self.state.records:
            super()._describe_skipped(want)

    def _unmade(self, want: Registration, checked: Checked) -> Outcome:
        """What Azure would answer is unknown, but for the id that the program gives it."""
        self.state.put(want.record(checked))
        return Outcome(want.urn, "" if self._providers.of(want.type).opaque else checked.id)

    def _change(
        self, action: Action, of: Registration | Record, old: Record, fields: tuple[str, ...] = (), why: str = ""
    ) -> Change:
        """With what stands in its way, or would be lost."""
        if old.protect:
            why = f"{why}; it is protected: {UNPROTECT}"
        loses = self.losses.holding(old) if old.is_real and not old.retain else ""
        return Change(action, of.urn, fields, why, loses, old.protect)


def _fields(old: Record, checked: Checked) -> tuple[str, ...]:
    """The inputs that differ, each once."""
    return tuple(dict.fromkeys(map(spell, changed_paths(old.inputs, checked.inputs))))


def _as_before(new: Any, old: Any) -> Any:
    """New inputs with the old value, where there is one, in the place of what is not known yet."""
    if new is UNKNOWN:
        return with_placeholders(UNKNOWN) if old is None else old
    if isinstance(new, Secret):
        return Secret(_as_before(new.value, reveal(old)))
    before = reveal(old)
    if isinstance(new, dict):
        return {key: _as_before(one, before.get(key) if isinstance(before, dict) else None) for key, one in new.items()}
    if isinstance(new, list):
        known = before if isinstance(before, list) else []
        return [_as_before(one, known[at] if at < len(known) else None) for at, one in enumerate(new)]
    return new


def _copy(kept: StackState) -> StackState:
    state = StackState(None)
    state.records = copy.deepcopy(kept.records)
    state.condemned = copy.deepcopy(kept.condemned)
    state.outputs = copy.deepcopy(kept.outputs)
    return state
