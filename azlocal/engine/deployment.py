"""One deployment: what is to be done for each resource that the program registers, and doing it.

Registrations come from many threads at once, each when all it depends on is there. A step is recorded before
and after it touches Azure. What fails is named and kept out of the way: whatever does not depend on it goes on,
and nothing is deleted until all else has succeeded.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection, Mapping
from dataclasses import replace

from azlocal.engine.dataloss import DataLoss
from azlocal.engine.diff import Path, changed_paths, keep_ignored, matches, parse_path, spell, touches
from azlocal.engine.dynamic import is_dynamic
from azlocal.engine.errors import UNPROTECT, RefusedError, ResourceError
from azlocal.engine.events import Action, Failure, Summary, Watcher
from azlocal.engine.importing import check_import
from azlocal.engine.provider import Checked, Difference, Goal, Json, Provider
from azlocal.engine.providers import Providers
from azlocal.engine.refresh import Refresh
from azlocal.engine.registration import Outcome, Registration
from azlocal.engine.removal import Removal
from azlocal.engine.softdelete import Held, SoftDeleted
from azlocal.engine.stack_state import Record, StackState
from azlocal.engine.urns import PROVIDERS, alias_urns
from azlocal.engine.values import has_unknown, reveal, with_placeholders


class Deployment:
    """Brings a stack to what the program registers.

    Args:
        state: what was there before.
        providers: by package name.
        watcher: hears of every step.
        planning: nothing is real: what can't be known before ``up`` is reported and passed over.
        held: what to do where a soft-deleted resource holds a name.
        accepted: resources whose data may be lost (``DataLoss``).
        adopt: take over what is there under a name of the program's, though the state does not know it.
    """

    def __init__(
        self,
        state: StackState,
        providers: Mapping[str, Provider],
        watcher: Watcher,
        *,
        planning: bool = False,
        held: Held = Held.REFUSE,
        accepted: Collection[str] = (),
        adopt: bool = False,
    ) -> None:
        self.state = state
        self.planning = planning
        self.adopt = adopt
        self.summary = Summary()
        self.checked: dict[str, Checked] = {}
        self._providers = Providers(providers, state)
        self._watcher = watcher
        self.deleted = SoftDeleted(state, self._providers, watcher, held)
        self.losses = DataLoss(self._providers, accepted)
        self.removal = Removal(state, self._providers, watcher, self.summary, self.deleted, losses=self.losses)
        self._registered: dict[str, Registration] = {}
        self._broken: set[str] = set()
        self._replaced: set[str] = set()
        self._lock = threading.Lock()

    def refresh(self) -> bool:
        """Take into the state what was changed outside; False where something could not be read."""
        Refresh(self.state, self._providers, self.deleted, self._watcher, self.summary).run()
        return not self.summary.failures

    def register(self, want: Registration) -> Outcome:
        """Bring one resource where the program wants it; blocks until it is there."""
        with self._lock:
            duplicate = want.urn in self._registered
            self._registered.setdefault(want.urn, want)
        if duplicate:
            error = ResourceError("DuplicateName", "two resources of this type have this name")
            return self._fail(want, Action.CREATE, error)
        action = [Action.CREATE]
        try:
            if not want.custom:
                return self._keep_component(want)
            if self._is_blocked(want):
                return self._skip(want)
            if want.type.startswith(PROVIDERS):
                return self._keep_provider(want)
            return self._bring(want, action)
        except (ResourceError, RefusedError) as error:
            return self._fail(want, action[0], error)

    def read(self, want: Registration, id_: str) -> Outcome:
        """Look up a resource that is none of the stack's own."""
        with self._lock:
            self._registered[want.urn] = want
        try:
            if self._is_blocked(want):
                return self._skip(want)
            provider = self._providers.of(want.type)
            if provider.opaque and self.planning:
                return Outcome(want.urn, id_)
            outputs = provider.read(self._goal(want, None), id_)
            if outputs is None:
                raise ResourceError("NotFound", f"there is no resource '{id_}' to read")
            self._give_up(self.state.records.get(want.urn), id_)
            self.state.put(replace(want.record(), id=id_, outputs=outputs, external=True))
        except (ResourceError, RefusedError) as error:
            return self._fail(want, Action.READ, error)
        self._end(want.urn, Action.READ)
        return Outcome(want.urn, id_, outputs)

    def _give_up(self, old: Record | None, id_: str) -> None:
        """What the stack made under this name goes when another one is looked up in its place (Pulumi, "Resource
        methods: get"); what is looked up itself stays.
        """
        if old is None or not old.is_real or old.id.lower() == id_.lower():
            return
        if old.protect:
            raise ResourceError("Protected", f"{id_} would take its place, but it is protected: {UNPROTECT}")
        self.losses.refuse([old], f"{id_} takes its place")
        if not old.retain:
            self.state.condemn(copy.copy(old))

    def invoke(self, token: str, arguments: Json, provider: str) -> Json | None:
        """Answer a function of a provider; None where a plan can't know the answer.

        Raises:
            ResourceError: Azure's refusal.
        """
        try:
            return self._providers.of(token).invoke(token, arguments, self._providers.settings(provider))
        except ResourceError as error:
            if not self.planning:
                raise
            with self._lock:
                self.summary.failures.append(Failure(token, error.code, error.message, error.target))
            return None

    def finish(self) -> None:
        """Delete what the program no longer has, unless something failed."""
        if self.summary.failures or self.planning:
            return
        doomed = [record for record in self.state.records.values() if record.urn not in self._registered]
        lost = self.losses.refused(record for record in doomed if not record.protect)
        for record in lost:
            self._refuse_loss(record)
        if not lost:
            self.removal.all(doomed + list(self.state.condemned.values()))
        self.losses.finish(self._watcher)

    def _refuse_loss(self, record: Record) -> None:
        try:
            self.losses.refuse([record], "the program no longer has it")
        except ResourceError as error:
            failure = Failure(record.urn, error.code, error.message)
            self.summary.failures.append(failure)
            self._watcher.failed(record.urn, Action.DELETE, failure)

    # What is to be done

    def _bring(self, want: Registration, action: list[Action]) -> Outcome:
        """Find out what has to be done and do it; ``action`` tells the caller what it was, should it fail."""
        old = self._find_old(want)
        goal = self._goal(want, old)
        provider = self._providers.of(want.type)
        checked = self._check(provider, goal)
        old = old or self.state.pardon(checked.id)
        if old is None and want.import_id:
            action[0] = Action.IMPORT
            return self._import(want, goal, checked)
        if old is None and self.adopt and provider.exists(goal, checked):
            action[0] = Action.IMPORT
            return self._take_over(want, goal, checked)
        if old is None:
            provider.refuse_taken(goal, checked)
            return self._create(want, goal, checked, Action.CREATE)
        moved = bool(old.elsewhere) and provider.place(old.elsewhere) != provider.place(goal.settings)
        if old.pending in {"create", "delete"} and _same_id(old, checked) and not moved:
            # Begun before a break or a failure: it may be there or not, and it is ours.
            return self._create(want, goal, checked, Action.CREATE)
        changes = changed_paths(old.inputs, checked.inputs)
        told = provider.diff(goal, checked) or Difference()
        if told.changes is not None:
            changes = changes if told.changes else []
        differs = bool(changes) or bool(told.changes)
        fixed = self._unchangeable(want, changes)
        if moved or not _same_id(old, checked) or (differs and told.replaces) or fixed or self._is_pulled(want, old):
            action[0] = Action.REPLACE
            why = unchangeable(fixed) if fixed else ""
            return self._replace(want, goal, checked, old, moved=moved, told=told, why=why)
        if differs or old.pending:
            action[0] = Action.UPDATE
            return self._update(want, goal, checked, old, told)
        return self._same(want, checked, old)

    def _goal(self, want: Registration, old: Record | None) -> Goal:
        inputs = want.inputs
        if old and want.ignore_changes:
            inputs = keep_ignored(inputs, old.inputs, want.ignore_changes)
        settings = self._providers.settings(want.provider)
        if old is None:
            return Goal(want.urn, want.type, want.name, inputs, None, settings)
        return Goal(want.urn, want.type, want.name, inputs, old.inputs, settings, id=old.id, outputs=old.outputs)

    def _check(self, provider: Provider, goal: Goal) -> Checked:
        checked = provider.check(goal)
        with self._lock:
            self.checked[goal.urn] = checked
        return checked

    def _unchangeable(self, want: Registration, changes: list[Path]) -> list[Path]:
        """The changes that Azure can't make in place, or that the program wants a replacement for."""
        fixed = self._providers.create_only(want.type, want.provider)
        wanted = [parse_path(path) for path in want.replace_on_changes]
        return [path for path in changes if touches(path, fixed) or any(matches(path, one) for one in wanted)]

    def _is_pulled(self, want: Registration, old: Record) -> bool:
        """Whether a trigger, or what it is replaced with, asks for a replacement."""
        triggered = want.trigger is not None and reveal(want.trigger) != reveal(old.trigger)
        return triggered or any(urn in self._replaced for urn in want.replace_with)

    def _find_old(self, want: Registration) -> Record | None:
        """The record under this name, or under an earlier one that no other resource has now."""
        if record := self.state.records.get(want.urn):
            return None if record.external else record
        for urn in self._earlier_urns(want):
            if urn in self.state.records and urn not in self._registered:
                self.state.rename(urn, want.urn)
                return self.state.records[want.urn]
        return None

    def _earlier_urns(self, want: Registration) -> list[str]:
        if not self.state.records or want.named is None:
            return []
        parent = self._registered.get(want.parent)
        above = self._earlier_urns(parent) if parent else []
        return list(alias_urns(want.named, above))

    # Doing it

    def _create(self, want: Registration, goal: Goal, checked: Checked, action: Action) -> Outcome:
        provider = self._providers.of(want.type)
        self.state.put(replace(want.record(checked), pending="create"))
        self._watcher.started(want.urn, action)
        if provider.opaque and self.planning:
            return self._unknown(want, checked, action)
        try:
            self.deleted.make_way(goal, checked, want.timeouts.create)
            outputs = provider.create(goal, checked, want.timeouts.create)
        except ResourceError as error:
            if not _left_something(provider, goal, checked):
                self.state.drop(want.urn)
            raise self.deleted.explain(error, goal, checked) from None
        self.state.undelete(checked.id)
        return self._done(want, want.record(checked), outputs, action)

    def _update(self, want: Registration, goal: Goal, checked: Checked, old: Record, told: Difference) -> Outcome:
        self.state.put(replace(old, pending="update"))
        self._watcher.started(want.urn, Action.UPDATE)
        provider = self._providers.of(want.type)
        if provider.opaque and self.planning:
            kept = {name: value for name, value in old.outputs.items() if name in told.stables}
            return self._unknown(want, checked, Action.UPDATE, kept)
        outputs = provider.update(goal, checked, want.timeouts.update)
        return self._done(want, want.record(checked), outputs, Action.UPDATE)

    def _unknown(self, want: Registration, checked: Checked, action: Action, kept: Json | None = None) -> Outcome:
        """A plan can't know what the program's own code will answer: the SDK takes what is missing as unknown."""
        self.state.put(want.record(checked))
        self._end(want.urn, action)
        return Outcome(want.urn, checked.id if action is Action.UPDATE else "", kept or {})

    def _replace(
        self, want: Registration, goal: Goal, checked: Checked, old: Record, *, moved: bool, told: Difference, why: str
    ) -> Outcome:
        """Delete first where both would have the same id, or create first and delete the old one at the end."""
        if old.protect:
            raise ResourceError("Protected", f"it must be replaced, but is protected: {UNPROTECT}")
        gone = {want.urn}
        why = must_be_replaced(why)
        if self._goes_first(want, checked, old, moved=moved, told=told):
            self._watcher.started(want.urn, Action.REPLACE)
            gone |= self.removal.before_replacing(old, self._registered, why)
        else:
            self.losses.refuse([old], why)
            if not self.state.pardon(checked.id):  # else it is what an earlier up has replaced, and could not delete
                self._providers.of(want.type).refuse_taken(goal, checked)
            if not old.retain:
                self.state.condemn(copy.copy(old))
        with self._lock:
            self._replaced |= gone
        return self._create(want, goal, checked, Action.REPLACE)

    def _goes_first(self, want: Registration, checked: Checked, old: Record, *, moved: bool, told: Difference) -> bool:
        """Whether the old one has to be deleted before the new one can be made."""
        if want.delete_before_replace is not None:
            return want.delete_before_replace
        return told.delete_first if self._providers.of(want.type).opaque else _same_id(old, checked) and not moved

    def _import(self, want: Registration, goal: Goal, checked: Checked) -> Outcome:
        """Take over what is there, if it is what the program says."""
        self._watcher.started(want.urn, Action.IMPORT)
        provider = self._providers.of(want.type)
        if provider.opaque:
            checked.id = want.import_id
            if self.planning:
                return self._unknown(want, checked, Action.IMPORT)
        outputs = provider.read(goal, want.import_id)
        if outputs is None:
            raise ResourceError("NotFound", f"there is no resource '{want.import_id}' to import")
        if want.import_id.lower() != checked.id.lower():
            raise ResourceError(
                "ImportMismatch", f"its inputs name '{checked.id}', but '{want.import_id}' is to be imported"
            )
        check_import(checked.inputs, outputs, self._providers.create_only(want.type, want.provider))
        return self._done(want, replace(want.record(checked), id=want.import_id), outputs, Action.IMPORT)

    def _take_over(self, want: Registration, goal: Goal, checked: Checked) -> Outcome:
        """Make what is there what the program says; from now on it is the stack's."""
        self.state.put(replace(want.record(checked), pending="update"))
        self._watcher.started(want.urn, Action.IMPORT)
        outputs = self._providers.of(want.type).update(goal, checked, want.timeouts.update)
        return self._done(want, want.record(checked), outputs, Action.IMPORT)

    def _same(self, want: Registration, checked: Checked, old: Record) -> Outcome:
        """Nothing to do in Azure; options may still have changed, and what is secret."""
        kept = replace(want.record(checked), id=old.id, outputs=want.with_secrets(old.outputs))
        if kept != old:
            self.state.put(kept)
        self._end(want.urn, Action.SAME)
        return Outcome(want.urn, kept.id, kept.outputs)

    def _done(self, want: Registration, record: Record, outputs: Json, action: Action) -> Outcome:
        record = replace(record, outputs=want.with_secrets(outputs), pending="")
        self.state.put(record)
        self._end(want.urn, action)
        return Outcome(want.urn, record.id, record.outputs)

    def _keep_component(self, want: Registration) -> Outcome:
        """A component groups others, and is nothing in Azure."""
        if self._find_old(want) != want.record():
            self.state.put(want.record())
        return Outcome(want.urn)

    def _keep_provider(self, want: Registration) -> Outcome:
        """A provider's inputs are what its resources are made with, and later deleted with."""
        provider = self._providers.of(want.type.removeprefix(PROVIDERS))
        provider.configure(want.name, reveal(want.inputs))
        old = self._find_old(want)
        if old and provider.place(old.inputs) != provider.place(want.inputs):
            self._leave_behind(old)
        record = replace(want.record(), id=old.id if old else want.name, inputs=want.inputs)
        if record != old:
            self.state.put(record)
        return Outcome(want.urn, record.id)

    def _leave_behind(self, provider: Record) -> None:
        """Its resources stay where they are until they are made in its new place: remember how to reach them."""
        needed = provider.all_dependencies
        for record in list(self.state.records.values()):
            if record.provider_urn == provider.urn and not record.elsewhere:
                before = sorted({*record.dependencies, *needed})
                self.state.put(replace(record, elsewhere=provider.inputs, dependencies=before))

    # What stands in the way

    def _is_blocked(self, want: Registration) -> bool:
        if any(urn in self._broken for urn in want.needs):
            return True
        return has_unknown(want.inputs) and not (self.planning and is_dynamic(want.type))

    def _skip(self, want: Registration) -> Outcome:
        """Something it needs has failed. Its record, if it has one, stays as it is."""
        with self._lock:
            self._broken.add(want.urn)
            self.summary.skipped.append(want.urn)
        if self.planning:
            self._describe_skipped(want)
        return Outcome(want.urn, failed=True)

    def _describe_skipped(self, want: Registration) -> None:
        """A plan shows also what could not be tried, as far as it is known."""
        if want.type.startswith(PROVIDERS):
            self.state.put(want.record())
            return
        inputs = with_placeholders(want.inputs)
        goal = Goal(want.urn, want.type, want.name, inputs, None, self._providers.settings(want.provider))
        try:
            checked = self._check(self._providers.of(want.type), goal)
        except (ResourceError, RefusedError):
            self.state.put(replace(want.record(), inputs=inputs))
        else:
            self.state.put(want.record(checked))

    def _fail(self, want: Registration, action: Action, error: ResourceError | RefusedError) -> Outcome:
        if isinstance(error, RefusedError):
            message = f"{error.message}; {error.hint}" if error.hint else error.message
            error = ResourceError("NotServed", message)
        failure = Failure(want.urn, error.code, error.message, error.target)
        with self._lock:
            self._broken.add(want.urn)
            self.summary.failures.append(failure)
        if self.planning and want.urn not in self.state.records:
            self.state.put(want.record(self.checked.get(want.urn)))
        self._watcher.failed(want.urn, action, failure)
        return Outcome(want.urn, failed=True)

    def _end(self, urn: str, action: Action) -> None:
        with self._lock:
            self.summary.counts[action] += 1
        self._watcher.finished(urn, action)


def unchangeable(fixed: list[Path]) -> str:
    """Why a replacement is needed: these inputs can't be changed."""
    return f"{', '.join(dict.fromkeys(map(spell, fixed)))} can't be changed in place"


def must_be_replaced(why: str) -> str:
    """The sentence of a replacement, with its reason."""
    return f"it must be replaced{f': {why}' if why else ''}"


def _same_id(old: Record, checked: Checked) -> bool:
    return old.id.lower() == checked.id.lower()


def _left_something(provider: Provider, goal: Goal, checked: Checked) -> bool:
    """Whether a failed create left a resource, which the next ``up`` has to go on with."""
    try:
        return provider.exists(goal, checked)
    except ResourceError:
        return True
