"""What one stack has made: its records, what was being done when it broke off, and how both survive a crash.

A stack is a file of records and, while a deployment runs, a journal beside it. Each step appends a line to the
journal before and after it touches Azure, so that nothing is made without a trace; at the end the journal is
folded into the file, which is replaced as a whole. A journal names the serial number of the file it belongs to:
after a crash between replacing the file and removing the journal, the old journal is known as old.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, Any

from azlocal.engine.errors import EngineError, ResourceError
from azlocal.engine.urns import PROVIDERS
from azlocal.engine.vault import Vault

FORMAT = 1
NO_ROOM_HINT = "free some space there, then run the same command again: it goes on from here"

Json = dict[str, Any]


@dataclass(slots=True)
class Record:
    """One resource as it was last applied. Names and inputs are the SDK's; lists are URNs."""

    urn: str
    type: str
    name: str
    custom: bool
    id: str = ""
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    inputs: Json = field(default_factory=dict)
    outputs: Json = field(default_factory=dict)
    arm_type: str = ""
    api_version: str = ""
    protect: bool = False
    retain: bool = False
    deleted_with: str = ""
    delete_timeout: float = 3600.0
    trigger: Any = None
    external: bool = False
    elsewhere: Json = field(default_factory=dict)  # what its provider was told before it turned to another place
    pending: str = ""  # create, update or delete: begun, and not known to have ended

    @property
    def all_dependencies(self) -> set[str]:
        """Every URN that must outlive this one."""
        return {urn for urn in (*self.dependencies, self.parent, self.provider_urn) if urn}

    @property
    def is_real(self) -> bool:
        """Whether it is something the stack has made: no component, no provider, nothing only looked up."""
        return self.custom and not self.type.startswith(PROVIDERS) and not self.external

    @property
    def grave(self) -> str:
        """What is left of it is known by its id; a dynamic resource's is its provider's choice, and anyone's."""
        return f"{self.urn}::{self.id}" if self.type.startswith("pulumi-python:") else self.id

    @property
    def provider_urn(self) -> str:
        """The explicit provider's URN; ``provider`` is the SDK's ``urn::id``."""
        return self.provider.rpartition("::")[0]


_FIELDS = {item.name for item in fields(Record)}


class StackState:
    """The records of one stack, in order of creation. Every change is on disk when its call returns.

    ``condemned`` are old selves of replaced resources, still to be deleted; ``deleted`` are those that Azure keeps
    after their deletion, with their names, by lower-cased id. ``program`` is the fingerprint of what went through last.
    ``path`` is None for a plan, which leaves nothing behind. Safe to use from many threads.
    """

    def __init__(self, path: Path | None, vault: Vault | None = None) -> None:
        self.records: dict[str, Record] = {}
        self.condemned: dict[str, Record] = {}
        self.deleted: dict[str, Record] = {}
        self.outputs: Json = {}
        self.program = ""
        self._path = path
        self._vault = vault
        self._serial = 0
        self._journal: IO[str] | None = None
        self._guard: IO[str] | None = None
        self._lock = threading.RLock()

    @classmethod
    def load(cls, folder: Path, project: str, stack: str) -> StackState:
        """Open a stack's state for a deployment, alone.

        Raises:
            EngineError: another deployment of the stack is running, or the file is of a newer version.
        """
        path = folder / "stacks" / project / f"{stack}.json"
        state = cls(path, Vault(folder / "secrets" / "stacks.key"))
        path.parent.mkdir(parents=True, exist_ok=True)
        state._take(f"stack '{stack}'")
        try:
            state._read()
        except BaseException:
            state.close()
            raise
        return state

    def put(self, record: Record) -> None:
        """Keep a record."""
        with self._lock:
            self.records[record.urn] = record
            self._append({"put": self._sealed(record)})

    def drop(self, urn: str) -> None:
        """Forget a record: the resource is gone, or is none of ours any more."""
        with self._lock:
            if self.records.pop(urn, None):
                self._append({"drop": urn})

    def condemn(self, record: Record) -> None:
        """Note that a resource was replaced and its old self is still to be deleted."""
        with self._lock:
            self.condemned[record.grave] = record
            self._append({"condemn": self._sealed(record)})

    def pardon(self, id_: str) -> Record | None:
        """The condemned record with this id, which is wanted again."""
        with self._lock:
            record = self.condemned.pop(id_, None)
            if record:
                self._append({"bury": id_})
            return record

    def buried(self, grave: str) -> None:
        """The old self of a replaced resource is gone."""
        with self._lock:
            if self.condemned.pop(grave, None):
                self._append({"bury": grave})

    def keep_deleted(self, record: Record) -> None:
        """Note that Azure keeps what was deleted, and its name."""
        with self._lock:
            self.deleted[record.id.lower()] = record
            self._append({"delete": self._sealed(record)})

    def undelete(self, id_: str) -> None:
        """What was deleted is there again, or purged: it no longer holds its name."""
        with self._lock:
            if self.deleted.pop(id_.lower(), None):
                self._append({"undelete": id_})

    def rename(self, old: str, new: str) -> None:
        """A resource goes by another URN now; whatever refers to it follows."""
        with self._lock:
            self._rename(old, new)
            self._append({"rename": [old, new]})

    def set_outputs(self, outputs: Json) -> None:
        """Keep the stack's outputs."""
        with self._lock:
            self.outputs = outputs
            self._append({"outputs": self._seal(outputs)})

    def set_program(self, fingerprint: str) -> None:
        """Note which program has gone through; none while one is under way."""
        with self._lock:
            self.program = fingerprint
            self._append({"program": fingerprint})

    def save(self) -> None:
        """Fold the journal into the file."""
        if self._path is None:
            return
        with self._lock:
            self._serial += 1
            whole = {
                "format": FORMAT,
                "serial": self._serial,
                "outputs": self._seal(self.outputs),
                "program": self.program,
                "resources": [self._sealed(record) for record in self.records.values()],
                "condemned": [self._sealed(record) for record in self.condemned.values()],
                "deleted": [self._sealed(record) for record in self.deleted.values()],
            }
            temporary = self._path.with_suffix(".new")
            try:
                temporary.write_text(json.dumps(whole, indent=1))
                temporary.chmod(0o600)
                temporary.replace(self._path)
            except OSError as error:  # the journal has it all, and is folded in by the next deployment
                raise EngineError(f"{temporary} can't be written: {error.strerror}", NO_ROOM_HINT) from None
            self._close_journal()
            self._journal_path().unlink(missing_ok=True)

    def close(self) -> None:
        """Let others have the stack."""
        with self._lock:
            self._close_journal()
            if self._guard:
                self._guard.close()
                self._guard = None

    def remove(self) -> None:
        """Leave nothing behind: the stack is empty."""
        if self._path is not None:
            self._close_journal()
            self._path.unlink(missing_ok=True)
            self._journal_path().unlink(missing_ok=True)

    def _take(self, what: str) -> None:
        guard = self._lock_path().open("a+")
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            guard.close()
            raise EngineError(
                f"another deployment of {what} is running", "wait until it has ended, then try again"
            ) from None
        self._guard = guard

    def _read(self) -> None:
        if self._file.exists():
            whole = json.loads(self._file.read_text())
            if whole["format"] > FORMAT:
                raise EngineError(
                    f"{self._path} was written by a newer azlocal (format {whole['format']}, this one knows {FORMAT})",
                    "update azlocal, or start over with `azlocal reset`",
                )
            self._serial = whole["serial"]
            self.outputs = self._opened(whole["outputs"])
            self.program = whole.get("program", "")
            self.records = {record.urn: record for record in map(self._record, whole["resources"])}
            self.condemned = {record.grave: record for record in map(self._record, whole["condemned"])}
            deleted = map(self._record, whole.get("deleted", ()))
            self.deleted = {record.id.lower(): record for record in deleted}
        if self._journal_path().exists():
            self._replay(self._journal_path().read_text().splitlines())

    def _replay(self, lines: Iterable[str]) -> None:
        entries = list(_complete(lines))
        if not entries or entries[0].get("serial") != self._serial:
            return
        for entry in entries[1:]:
            for step, value in entry.items():
                self._apply(step, value)

    def _apply(self, step: str, value: Any) -> None:
        if step == "put":
            record = self._record(value)
            self.records[record.urn] = record
        elif step == "drop":
            self.records.pop(value, None)
        elif step == "condemn":
            record = self._record(value)
            self.condemned[record.grave] = record
        elif step == "bury":
            self.condemned.pop(value, None)
        elif step == "delete":
            record = self._record(value)
            self.deleted[record.id.lower()] = record
        elif step == "undelete":
            self.deleted.pop(value.lower(), None)
        elif step == "rename":
            self._rename(*value)
        elif step == "outputs":
            self.outputs = self._opened(value)
        elif step == "program":
            self.program = value

    def _rename(self, old: str, new: str) -> None:
        record = self.records.pop(old, None)
        if record is None:
            return
        record.urn, record.name = new, new.rsplit("::", 1)[-1]
        self.records[new] = record
        for other in self.records.values():
            other.dependencies = [new if urn == old else urn for urn in other.dependencies]
            other.parent = new if other.parent == old else other.parent
            other.property_dependencies = {
                key: [new if urn == old else urn for urn in urns] for key, urns in other.property_dependencies.items()
            }

    def _append(self, entry: Json) -> None:
        if self._path is None:
            return
        try:
            self._write(entry)
        except OSError as error:
            text = f"{self._journal_path()} can't be written: {error.strerror}; {NO_ROOM_HINT}"
            raise ResourceError("StateNotWritten", text) from None

    def _write(self, entry: Json) -> None:
        if self._journal is None:
            path = self._journal_path()
            fresh = not path.exists() or not _belongs(path, self._serial)
            self._journal = path.open("w" if fresh else "a")
            path.chmod(0o600)
            # A line that a crash cut short must not swallow the next one.
            self._journal.write(json.dumps({"serial": self._serial}) + "\n" if fresh else "\n")
        self._journal.write(json.dumps(entry) + "\n")
        # Flushed to the system: survives the death of this process, which is what has to be survived.
        self._journal.flush()

    def _close_journal(self) -> None:
        if self._journal:
            with contextlib.suppress(OSError):  # what could not be written has been said
                self._journal.close()
            self._journal = None

    @property
    def _file(self) -> Path:
        if self._path is None:
            raise ValueError("a plan's state has no file")
        return self._path

    def _journal_path(self) -> Path:
        return self._file.with_suffix(".journal")

    def _lock_path(self) -> Path:
        return self._file.with_suffix(".lock")

    def _sealed(self, record: Record) -> Json:
        return dict(self._seal(_slim(record)))

    def _seal(self, value: Any) -> Any:
        return self._vault.seal(value) if self._vault else value

    def _opened(self, value: Any) -> Any:
        return self._vault.open(value) if self._vault else value

    def _record(self, saved: Json) -> Record:
        return Record(**{key: value for key, value in self._opened(saved).items() if key in _FIELDS})


def maker_of(folder: Path, id_: str) -> tuple[str, str, str] | None:
    """What made a resource, by the states in a folder: project, stack and its name there; None where none knows it."""
    for path in sorted((folder / "stacks").glob("*/*.json")):
        try:
            saved = json.loads(path.read_text())["resources"]
        except (OSError, KeyError, TypeError, ValueError):
            continue  # that is for its own stack's next deployment to say
        for one in saved:
            if one.get("id", "").lower() == id_.lower() and not one.get("external"):
                return path.parent.name, path.stem, one["name"]
    return None


def _slim(record: Record) -> Json:
    """The record without what is as it always is."""
    plain = {name: getattr(record, name) for name in _FIELDS}
    return {name: value for name, value in plain.items() if value not in ("", [], {}, None, False) or name == "custom"}


def _complete(lines: Iterable[str]) -> Iterable[Json]:
    """The entries that were written whole; a crash may have cut the last one short."""
    for line in lines:
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(entry, dict):
            yield entry


def _belongs(path: Path, serial: int) -> bool:
    with path.open() as file:
        first = next(iter(_complete([file.readline()])), {})
    return first.get("serial") == serial
