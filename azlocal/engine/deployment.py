"""One deployment: what is to be done for each resource that the program registers, and doing it.

Registrations come from many threads at once, each when all it depends on is there. A step is recorded before
and after it touches Azure. What fails is named and kept out of the way: whatever does not depend on it goes on,
and nothing is deleted until all else has succeeded.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from azlocal.engine.deletion import delete_all, deletion_order
from azlocal.engine.diff import Path, changed_paths, keep_ignored, matches, parse_path, spell, touches
from azlocal.engine.errors import RefusedError, ResourceError
from azlocal.engine.events import Action, Failure, Summary, Watcher
from azlocal.engine.provider import Checked, Goal, Json, Provider, Timeouts
from azlocal.engine.stack_state import Record, StackState
from azlocal.engine.urns import Named, alias_urns
from azlocal.engine.values import UNKNOWN, Secret, has_unknown, reveal

PROVIDERS = "pulumi:providers:"


@dataclass(slots=True)
class Registration:
    """One resource as the program registers it, with its options (Pulumi, "Resource options")."""

    urn: str
    type: str
    name: str
    custom: bool
    inputs: Json
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    named: Named | None = None
    protect: bool = False
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    delete_before_replace: bool | None = None
    retain: bool = False
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    trigger: Any = None
    import_id: str = ""
    timeouts: Timeouts = field(default_factory=Timeouts)
    secret_outputs: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Outcome:
    """What the program is told about a resource."""

    urn: str
    id: str = ""
    outputs: Json = field(default_factory=dict)
    failed: bool = False


class Deployment:
    """Brings a stack to what the program registers.

    Args:
        state: what was there before.
        providers: by package name.
        watcher: hears of every step.
        planning: nothing is real: what can't be known before ``up`` is reported and passed over.
    """

    def __init__(
        self, state: StackState, providers: Mapping[str, Provider], watcher: Watcher, *, planning: bool = False
    ) -> None:
        self.state = state
        self.summary = Summary()
        self.checked: dict[str, Checked] = {}
        self._providers = providers
        self._watcher = watcher
        self.planning = planning
        self._registered: dict[str, Registration] = {}
        self._broken: set[str] = set()
        self._replaced: set[str] = set()
        self._going: set[str] = set()
        self._forever = False
        self._lock = threading.Lock()

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
                return self._keep_plain(want)
            if self._is_blocked(want):
                return self._skip(want)
            if want.type.startswith(PROVIDERS):
                return self._keep_plain(want)
            return self._bring(want, action)
        except RefusedError as error:
            text = f"{error.message}; {error.hint}" if error.hint else error.message
            return self._fail(want, action[0], ResourceError("NotServed", text))
        except ResourceError as error:
            return self._fail(want, action[0], error)

    def read(self, want: Registration, id_: str) -> Outcome:
        """Look up a resource that is none of the stack's own."""
        with self._lock:
            self._registered[want.urn] = want
        try:
            if self._is_blocked(want):
                return self._skip(want)
            outputs = self._provider(want.type).read(want.type, id_, self._settings(want.provider))
            if outputs is None:
                raise ResourceError("NotFound", f"there is no resource '{id_}' to read")
        except (ResourceError, RefusedError) as error:
            problem = error if isinstance(error, ResourceError) else ResourceError("NotServed", error.message)
            return self._fail(want, Action.READ, problem)
        self.state.put(replace(self._record(want), id=id_, outputs=outputs, external=True))
        self._end(want.urn, Action.READ)
        return Outcome(want.urn, id_, outputs)

    def invoke(self, token: str, arguments: Json, provider: str) -> Json | None:
        """Answer a function of a provider; None where a plan can't know the answer.

        Raises:
            ResourceError: Azure's refusal.
        """
        try:
            return self._provider(token).invoke(token, arguments, self._settings(provider))
        except ResourceError as error:
            if not self.planning:
                raise
            with self._lock:
                self.summary.failures.append(Failure(token, error.code, error.message))
            return None

    def finish(self) -> None:
        """Delete what the program no longer has, unless something failed."""
        if self.summary.failures or self.planning:
            return
        doomed = [record for record in self.state.records.values() if record.urn not in self._registered]
        self.delete(doomed + list(self.state.condemned.values()))

    def delete(self, doomed: list[Record], *, forever: bool = False) -> None:
        """Delete records in an order that their dependencies allow, in parallel.

        ``forever`` also gives up what Azure would keep for a recovery, so that the names are free again.
        """
        self._forever = forever
        self._going.update(record.urn for record in doomed)
        for failure in delete_all(doomed, self.state, self._delete_one):
            self.summary.failures.append(failure)

    # -- one resource -----------------------------------------------------------------------------------------

    def _bring(self, want: Registration, action: list[Action]) -> Outcome:
        provider = self._provider(want.type)
        old = self._find_old(want)
        inputs = want.inputs
        if old and want.ignore_changes:
            inputs = keep_ignored(inputs, old.inputs, want.ignore_changes)
        goal = Goal(want.urn, want.type, want.name, inputs, old.inputs if old else None, self._settings(want.provider))
        checked = provider.check(goal)
        with self._lock:
            self.checked[want.urn] = checked
        if old is None:
            old = self.state.pardon(checked.id)
        if old is None and want.import_id:
            action[0] = Action.IMPORT
            return self._import(want, goal, checked)
        if old is None:
            provider.refuse_taken(goal, checked)
            return self._create(want, goal, checked, Action.CREATE)
        if old.pending == "create" and _same_id(old, checked):
            # Begun before a break or a failure: it may be there or not, and it is ours.
            return self._create(want, goal, checked, Action.CREATE)
        changes = changed_paths(old.inputs, checked.inputs)
        if not _same_id(old, checked) or self._must_replace(want, old, changes):
            action[0] = Action.REPLACE
            return self._replace(want, goal, checked, old)
        if changes or old.pending:
            action[0] = Action.UPDATE
            return self._update(want, goal, checked, old)
        return self._same(want, checked, old)

    def _must_replace(self, want: Registration, old: Record, changes: list[Path]) -> bool:
        fixed = self._fixed(want.type, want.provider)
        wanted = [parse_path(path) for path in want.replace_on_changes]
        return (
            any(touches(path, fixed) or any(matches(path, one) for one in wanted) for path in changes)
            or (want.trigger is not None and reveal(want.trigger) != reveal(old.trigger))
            or any(urn in self._replaced for urn in want.replace_with)
        )

    def _create(self, want: Registration, goal: Goal, checked: Checked, action: Action) -> Outcome:
        provider = self._provider(want.type)
        record = replace(self._record(want, checked), pending="create")
        self.state.put(record)
        self._watcher.started(want.urn, action)
        try:
            outputs = provider.create(goal, checked, want.timeouts.create)
        except ResourceError:
            if not self._left_something(provider, goal, checked):
                self.state.drop(want.urn)
            raise
        return self._done(want, replace(record, pending=""), outputs, action)

    def _left_something(self, provider: Provider, goal: Goal, checked: Checked) -> bool:
        """Whether a failed create left a resource, which the next ``up`` has to go on with."""
        try:
            return provider.exists(goal, checked)
        except ResourceError:
            return True

    def _update(self, want: Registration, goal: Goal, checked: Checked, old: Record) -> Outcome:
        self.state.put(replace(old, pending="update"))
        self._watcher.started(want.urn, Action.UPDATE)
        outputs = self._provider(want.type).update(goal, checked, want.timeouts.update)
        return self._done(want, self._record(want, checked), outputs, Action.UPDATE)

    def _replace(self, want: Registration, goal: Goal, checked: Checked, old: Record) -> Outcome:
        """Delete first where both would have the same id, or create first and delete the old one at the end."""
        if old.protect:
            raise ResourceError("Protected", "it must be replaced, but is protected: remove `protect` and run up first")
        with self._lock:
            self._replaced.add(want.urn)
        first = want.delete_before_replace
        if first is None:
            first = _same_id(old, checked)
        if not first:
            self._provider(want.type).refuse_taken(goal, checked)
        if first:
            self._watcher.started(want.urn, Action.REPLACE)
            going = [*self._followers(old), old]
            with self._lock:
                self._going.update(record.urn for record in going)
            for record in going:
                self._delete_one(record)
                self.state.drop(record.urn)
        elif not old.retain:
            self.state.condemn(copy.copy(old))
        return self._create(want, goal, checked, Action.REPLACE)

    def _followers(self, old: Record) -> list[Record]:
        """What can't stay when ``old`` goes: what has it in its id, or in an input it can't change."""
        going = {old.urn: old}
        grown = True
        while grown:
            grown = False
            for record in list(self.state.records.values()):
                if record.urn in going or record.urn in self._registered or not record.custom:
                    continue
                if self._falls_with(record, going, old):
                    going[record.urn] = record
                    grown = True
        del going[old.urn]
        for record in going.values():
            if record.protect:
                raise ResourceError("Protected", f"{record.urn} would have to be replaced too, but is protected")
        with self._lock:
            self._replaced.update(going)
        return deletion_order(list(going.values()))

    def _falls_with(self, record: Record, going: dict[str, Record], old: Record) -> bool:
        if record.type.startswith(PROVIDERS) or record.external:
            return False
        if record.id.lower().startswith(f"{old.id.lower()}/"):
            return True
        fixed = {path.split(".")[0].split("[")[0] for path in self._fixed(record.type, record.provider)}
        return any(
            name in fixed and not going.keys().isdisjoint(urns) for name, urns in record.property_dependencies.items()
        )

    def _import(self, want: Registration, goal: Goal, checked: Checked) -> Outcome:
        """Take over what is there, if it is what the program says."""
        provider = self._provider(want.type)
        self._watcher.started(want.urn, Action.IMPORT)
        outputs = provider.read(want.type, want.import_id, goal.settings)
        if outputs is None:
            raise ResourceError("NotFound", f"there is no resource '{want.import_id}' to import")
        if want.import_id.lower() != checked.id.lower():
            raise ResourceError(
                "ImportMismatch", f"its inputs name '{checked.id}', but '{want.import_id}' is to be imported"
            )
        fixed_by_id = set(self._fixed(want.type, want.provider)) - outputs.keys()
        differing = [
            spell(path)
            for path in changed_paths(_only(outputs, checked.inputs), checked.inputs)
            if path[0] not in fixed_by_id
        ]
        if differing:
            raise ResourceError("ImportMismatch", f"what is there differs from the inputs in: {', '.join(differing)}")
        return self._done(want, replace(self._record(want, checked), id=want.import_id), outputs, Action.IMPORT)

    def _same(self, want: Registration, checked: Checked, old: Record) -> Outcome:
        """Nothing to do in Azure; options may still have changed, and what is secret."""
        outputs = _mark_secrets(want, old.outputs)
        kept = replace(self._record(want, checked), id=old.id, outputs=outputs)
        if kept != old:
            self.state.put(kept)
        self._end(want.urn, Action.SAME)
        return Outcome(want.urn, kept.id, kept.outputs)

    def _done(self, want: Registration, record: Record, outputs: Json, action: Action) -> Outcome:
        record = replace(record, outputs=_mark_secrets(want, outputs), pending="")
        self.state.put(record)
        self._end(want.urn, action)
        return Outcome(want.urn, record.id, record.outputs)

    def _keep_plain(self, want: Registration) -> Outcome:
        """A component or a provider: nothing in Azure."""
        old = self._find_old(want)
        record = self._record(want)
        if want.custom:
            package = want.type.removeprefix(PROVIDERS)
            self._provider(package).configure(want.name, reveal(want.inputs))
            record.id = old.id if old else want.name
            record.inputs = want.inputs
        if record != (replace(old, outputs={}) if old else None):
            self.state.put(record)
        return Outcome(want.urn, record.id, {})

    # -- what stands in the way -------------------------------------------------------------------------------

    def _is_blocked(self, want: Registration) -> bool:
        needed = (*want.dependencies, want.parent, want.provider.rpartition("::")[0])
        return any(urn in self._broken for urn in needed) or has_unknown(want.inputs)

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
            self.state.put(self._record(want))
            return
        inputs = _with_placeholders(want.inputs)
        goal = Goal(want.urn, want.type, want.name, inputs, None, self._settings(want.provider))
        try:
            checked = self._provider(want.type).check(goal)
        except (ResourceError, RefusedError):
            self.state.put(replace(self._record(want), inputs=inputs))
            return
        with self._lock:
            self.checked[want.urn] = checked
        self.state.put(self._record(want, checked))

    def _fail(self, want: Registration, action: Action, error: ResourceError) -> Outcome:
        failure = Failure(want.urn, error.code, error.message)
        with self._lock:
            self._broken.add(want.urn)
            self.summary.failures.append(failure)
        if self.planning and want.urn not in self.state.records:
            self.state.put(self._record(want, self.checked.get(want.urn)))
        self._watcher.failed(want.urn, action, failure)
        return Outcome(want.urn, failed=True)

    # -- helpers ----------------------------------------------------------------------------------------------

    def _delete_one(self, record: Record) -> None:
        """Delete one resource in Azure, or only in the state where it is not the stack's to delete."""
        if record.protect:
            raise ResourceError("Protected", "it is protected: remove `protect` and run up first, then delete it")
        unreal = not record.custom or record.type.startswith(PROVIDERS) or record.external
        if unreal or record.retain or record.deleted_with in self._going:
            return
        self._watcher.started(record.urn, Action.DELETE)
        try:
            self._delete_in_azure(record)
        except ResourceError as error:
            self._watcher.failed(record.urn, Action.DELETE, Failure(record.urn, error.code, error.message))
            raise
        self._end(record.urn, Action.DELETE)

    def _delete_in_azure(self, record: Record) -> None:
        provider = self._provider(record.type)
        gone = Goal(
            record.urn,
            record.type,
            record.name,
            record.inputs,
            None,
            self._settings(record.provider),
            forever=self._forever,
        )
        provider.delete(gone, record.id, record.api_version, record.delete_timeout)
        if self._forever:
            try:
                provider.purge(gone, record.api_version, record.delete_timeout)
            except ResourceError as error:
                self._watcher.note("warning", f"{record.id} keeps its name for now: {error.message}")

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

    def _provider(self, token: str) -> Provider:
        package = token.partition(":")[0]
        provider = self._providers.get(package)
        if provider is None:
            known = ", ".join(sorted(self._providers))
            raise RefusedError(
                f"'{token}' needs the provider '{package}', which this engine has not", f"it has: {known}"
            )
        return provider

    def _fixed(self, type_: str, provider: str) -> tuple[str, ...]:
        return self._provider(type_).create_only(type_, self._settings(provider))

    def _settings(self, provider: str) -> Json:
        """The inputs of an explicit provider."""
        record = self.state.records.get(provider.rpartition("::")[0])
        return record.inputs if record else {}

    def _record(self, want: Registration, checked: Checked | None = None) -> Record:
        return Record(
            urn=want.urn,
            type=want.type,
            name=want.name,
            custom=want.custom,
            id=checked.id if checked else "",
            parent=want.parent,
            provider=want.provider,
            dependencies=sorted(want.dependencies),
            property_dependencies={name: sorted(urns) for name, urns in want.property_dependencies.items() if urns},
            inputs=checked.inputs if checked else {},
            arm_type=checked.arm_type if checked else "",
            api_version=checked.api_version if checked else "",
            protect=want.protect,
            retain=want.retain,
            deleted_with=want.deleted_with,
            delete_timeout=want.timeouts.delete,
            trigger=want.trigger,
        )

    def _end(self, urn: str, action: Action) -> None:
        with self._lock:
            self.summary.counts[action] += 1
        self._watcher.finished(urn, action)


def _same_id(old: Record, checked: Checked) -> bool:
    return old.id.lower() == checked.id.lower()


def _only(outputs: Json, inputs: Json) -> Json:
    """What the outputs say about the inputs; what they don't tell is taken to be right."""
    return {name: _shared(outputs.get(name), value) for name, value in inputs.items()}


def _shared(there: Any, wanted: Any) -> Any:
    if isinstance(wanted, dict) and isinstance(there, dict):
        return _only(there, wanted)
    return wanted if there is None else there


def _mark_secrets(want: Registration, outputs: Json) -> Json:
    """Outputs are secret where the input of the same name is, or where the program says so."""
    hidden = {name for name, value in want.inputs.items() if isinstance(value, Secret)} | set(want.secret_outputs)
    return {
        name: Secret(value) if name in hidden and not isinstance(value, Secret) else value
        for name, value in outputs.items()
    }


def _with_placeholders(value: Any) -> Any:
    if value is UNKNOWN:
        return "[unknown]"
    if isinstance(value, Secret):
        return Secret(_with_placeholders(value.value))
    if isinstance(value, dict):
        return {key: _with_placeholders(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_placeholders(item) for item in value]
    return value
