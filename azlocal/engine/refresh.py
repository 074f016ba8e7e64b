"""Reading what is there before an update, and taking into the state what was changed outside (``pulumi refresh``).

What is gone is dropped, so that the update makes it anew. What drifted is kept as it is found, so that the update
sees the difference and puts it right. As azure-native does it, drift is what changed between two answers of Azure,
not between the program and an answer: Azure writes many things in its own way.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from azlocal.engine.deletion import WORKERS
from azlocal.engine.diff import Path, changed_paths, spell
from azlocal.engine.errors import RefusedError, ResourceError
from azlocal.engine.events import Action, Failure, Summary, Watcher
from azlocal.engine.provider import Json
from azlocal.engine.providers import Providers
from azlocal.engine.softdelete import SoftDeleted
from azlocal.engine.stack_state import Record, StackState
from azlocal.engine.tables import find_type
from azlocal.engine.urns import name_of, short_type
from azlocal.engine.values import Secret, reveal, walk

FOLLOWED = ("tags",)  # inputs that anybody may set, and that count also where the program leaves them out

_MISSING = object()


@dataclass(slots=True)
class _Found:
    """What one read answered: the outputs, None where there is nothing, or why it could not be read."""

    record: Record
    outputs: Json | None = None
    failure: Failure | None = None


@dataclass(slots=True)
class Refresh:
    """One refresh of a stack's state; what it finds is told to the watcher, each resource in a line."""

    state: StackState
    providers: Providers
    deleted: SoftDeleted
    watcher: Watcher
    summary: Summary
    _counts: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Read every resource that the stack has made. What could not be read is among the summary's failures."""
        records = [one for one in self.state.records.values() if one.is_real and not one.pending]
        with ThreadPoolExecutor(WORKERS) as pool:
            found = list(pool.map(self._read, records))
        gone = {one.record.urn for one in found if one.outputs is None and one.failure is None}
        for one in found:
            if one.failure and not self._hangs_on(one.record, gone):
                self.summary.failures.append(one.failure)
                self.watcher.failed(one.record.urn, Action.READ, one.failure)
            elif one.outputs is None:
                self._drop(one.record)
            else:
                self._follow(one.record, one.outputs)
        told = [f"{count} {what}" for what, count in sorted(self._counts.items())]
        self.watcher.note("refresh", ", ".join(told) or "nothing to read")

    def _read(self, record: Record) -> _Found:
        try:
            # The record's own api-version: the SDK, which tells it otherwise, is not there before the program.
            provider, goal = self.providers.of(record.type), self.providers.goal_of(record)
            return _Found(record, reveal(provider.read(goal, record.id, record.api_version)))
        except ResourceError as error:
            return _Found(record, failure=Failure(record.urn, error.code, error.message))
        except RefusedError as error:
            return _Found(record, failure=Failure(record.urn, "NotServed", error.message))

    def _hangs_on(self, record: Record, gone: set[str]) -> bool:
        """Whether what it needs is gone, so that nobody is there to ask: an object of a deleted cluster, say."""
        seen: set[str] = set()
        waiting = [record.urn]
        while waiting:
            urn = waiting.pop()
            if urn in gone:
                return True
            known = self.state.records.get(urn)
            if known and urn not in seen:
                seen.add(urn)
                waiting.extend(known.all_dependencies)
        return False

    def _drop(self, record: Record) -> None:
        self.state.drop(record.urn)
        self.deleted.note(record)
        self._tell("deleted", f"- {short_type(record.urn)} {name_of(record.urn)} deleted")

    def _follow(self, record: Record, outputs: Json) -> None:
        row = find_type(record.type)
        before, now = (_own(one, record.inputs, row.shared if row else ()) for one in (record.outputs, outputs))
        inputs, paths = drift(record.inputs, before, now)
        kept = _with_secrets(outputs, record.outputs)
        if kept != record.outputs:
            self.state.put(replace(record, inputs=inputs, outputs=kept))
        if not paths:
            self._counts["unchanged"] += 1
            return
        where = ", ".join(dict.fromkeys(f"~{spell(path)}" for path in paths))
        self._tell("updated", f"~ {short_type(record.urn)} {name_of(record.urn)} updated [diff: {where}]")

    def _tell(self, what: str, line: str) -> None:
        self._counts[what] += 1
        self.watcher.note("refresh", line)


def drift(inputs: Json, before: Json, now: Json) -> tuple[Json, list[Path]]:
    """The inputs as they would have to be for what is there now, and the paths at which they changed.

    ``before`` are the outputs of the last update, ``now`` those just read. What an answer does not tell, a password
    say, is taken to be as it was.
    """
    told, old = reveal(inputs), reveal(before)
    found = _followed(told, old, now)
    for name in FOLLOWED:
        if old.get(name) != now.get(name):
            found = {**{key: value for key, value in found.items() if key != name}, name: now.get(name) or {}}
    paths = changed_paths(inputs, found)
    changed = {str(path[0]) for path in paths}
    return {
        name: _as_secret_as(inputs.get(name), value) if name in changed or name not in inputs else inputs[name]
        for name, value in found.items()
    }, paths


def _own(outputs: Json, inputs: Json, shared: tuple[str, ...]) -> Json:
    """Outputs without what is others' in lists that are shared: the elements that no input names."""
    own = dict(outputs)
    for name in shared:
        names = {one.get("name") for one in inputs.get(name) or []}
        own[name] = [one for one in outputs.get(name) or [] if one.get("name") in names]
    return own


def _followed(value: Any, before: Any, now: Any) -> Any:
    """An input, changed as Azure's answer has changed at its place."""
    if before is None or before is _MISSING or before == now:
        return value
    if isinstance(value, dict) and isinstance(before, dict) and isinstance(now, dict):
        pairs = ((name, _followed(one, before.get(name, _MISSING), now.get(name))) for name, one in value.items())
        return {name: one for name, one in pairs if one is not None}
    lists = isinstance(value, list) and isinstance(before, list) and isinstance(now, list)
    if lists and len(value) == len(before) == len(now):
        return [_followed(*each) for each in zip(value, before, now, strict=True)]
    return now


def _as_secret_as(old: Any, new: Any) -> Any:
    return Secret(new) if any(isinstance(item, Secret) for item in walk(old)) else new


def _with_secrets(outputs: Json, old: Json) -> Json:
    return {name: _as_secret_as(old.get(name), value) for name, value in outputs.items()}
