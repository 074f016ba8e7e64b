"""The one database: resources by id, operations, documents by kind and key, and append-only records.

Every acknowledged write is committed first. ``synchronous=NORMAL`` in WAL mode survives the death of the
process at any moment; only the loss of the whole machine can take the last commits (SQLite, "Write-Ahead
Logging").
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from azlocal.errors import StateError
from azlocal.state.ids import Ids, random_id

SCHEMA_VERSION = 1
# Enough for the pages of some ten thousand resources, so that writes cost the same at any size.
_CACHE_KIB = 16 * 1024
_CHECKPOINT_PAGES = 4000
REMEMBERED = 16_384

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE resources (
    key TEXT PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, parent TEXT NOT NULL,
    body TEXT NOT NULL, etag TEXT NOT NULL, created REAL NOT NULL, changed REAL NOT NULL);
CREATE INDEX resources_by_parent ON resources (parent, type, key);
CREATE INDEX resources_by_type ON resources (type, key);
CREATE TABLE refs (source TEXT NOT NULL, target TEXT NOT NULL, PRIMARY KEY (source, target)) WITHOUT ROWID;
CREATE INDEX refs_by_target ON refs (target);
CREATE TABLE documents (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE records (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX records_by_key ON records (kind, key, seq);
"""


@dataclass(slots=True)
class Resource:
    """One ARM resource as stored. ``key`` is the lower-cased id: ids compare without case (ARM RPC)."""

    id: str
    type: str
    body: dict[str, Any]
    etag: str = ""
    created: float = 0.0
    changed: float = 0.0
    key: str = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.id.lower()

    @property
    def name(self) -> str:
        """The last segment of the id."""
        return self.id.rsplit("/", 1)[-1]

    @property
    def properties(self) -> dict[str, Any]:
        """The body's ``properties``, made if it is missing."""
        properties: dict[str, Any] = self.body.setdefault("properties", {})
        return properties


def parent_key(key: str) -> str:
    """What a collection GET lists under: the parent resource, or the scope a top-level resource lives in."""
    head, _, _ = key.rpartition("/")  # drop the name
    head, _, _ = head.rpartition("/")  # drop the type
    scope, marker, namespace = head.rpartition("/providers/")
    return scope if marker and "/" not in namespace else head


class State:
    """All durable state. ``None`` as path keeps it in memory, which is what a plan uses.

    Raises:
        StateError: the database was written by a newer version, or is damaged.
    """

    def __init__(self, path: Path | None = None, ids: Ids = random_id) -> None:
        self.ids = ids  # by what they are of
        self._lock = threading.RLock()
        self._depth = 0
        self.changes = 0  # transactions ended so far: what was read from here holds while this stays the same
        # Rows as they were read. Only this object writes the database, so a row is true until it writes it.
        self._rows: dict[str, tuple[Any, ...]] = {}
        self._absent: set[str] = set()  # types of which there is no resource: a search for locks comes with each write
        self._db = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            self._prepare(path)
        except sqlite3.OperationalError:
            raise  # it can't be reached or written: whoever opens it says why
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise StateError(
                f"{path} is damaged: {error}", "put back a copy of it, or start anew with `azlocal reset`"
            ) from None

    def _prepare(self, path: Path | None) -> None:
        if path:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
            self._db.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        self._open(path)
        self._pointing = self._sources()  # who points anywhere: most have nothing to take back

    def _sources(self) -> set[str]:
        return {source for (source,) in self._db.execute("SELECT DISTINCT source FROM refs")}

    def _open(self, path: Path | None) -> None:
        version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StateError(
                f"state in {path} has version {version}, this azlocal knows up to {SCHEMA_VERSION}",
                "use the newer azlocal, or start anew with `azlocal reset`",
            )
        if version == 0:
            self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")

    def close(self) -> None:
        """Close the database; everything acknowledged is already in it."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing for the writes inside; nests by joining the outer one."""
        with self._lock:
            if self._depth:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                self._db.execute("COMMIT")  # where a full disk is met, as a rule
            except BaseException:
                self._rows.clear()
                if self._db.in_transaction:  # a full disk has rolled it back already
                    self._db.execute("ROLLBACK")
                self._pointing = self._sources()
                raise
            finally:
                self._depth -= 1
                self.changes += 1

    # Resources

    def get(self, key: str) -> Resource | None:
        """The resource with this lower-cased id."""
        row = self._row(key)
        return _resource(row) if row else None

    def exists(self, key: str) -> bool:
        """Whether a resource with this lower-cased id exists."""
        return self._row(key) is not None

    def _row(self, key: str) -> tuple[Any, ...] | None:
        with self._lock:
            row = self._rows.get(key)
            if row is None:
                row = self._db.execute(
                    "SELECT id, type, body, etag, created, changed FROM resources WHERE key = ?", (key,)
                ).fetchone()
                if row:
                    self._remember(key, row)
        return row

    def _remember(self, key: str, row: tuple[Any, ...]) -> None:
        if len(self._rows) >= REMEMBERED:
            self._rows.clear()
        self._rows[key] = row

    def put(self, resource: Resource, references: set[str] | None = None) -> None:
        """Insert or replace a resource; with ``references`` also the ids (lower-cased) it points to."""
        now = time.time()
        resource.created = resource.created or now
        resource.changed = now
        with self.transaction():
            body = orjson.dumps(resource.body).decode()
            row = (resource.id, resource.type.lower(), body, resource.etag, resource.created, now)
            self._db.execute(
                "INSERT INTO resources (key, parent, id, type, body, etag, created, changed) VALUES (?,?,?,?,?,?,?,?)"
                " ON CONFLICT (key) DO UPDATE SET"
                " body = excluded.body, etag = excluded.etag, changed = excluded.changed",
                (resource.key, parent_key(resource.key), *row),
            )
            if known := self._rows.pop(resource.key, None):  # the conflict leaves these two as they were
                row = (known[0], known[1], body, resource.etag, known[4], now)
                self._remember(resource.key, row)
            self._absent.discard(row[1])
            if references is not None:
                self._point(resource.key, references)

    def _point(self, key: str, references: set[str]) -> None:
        if key in self._pointing:
            self._db.execute("DELETE FROM refs WHERE source = ?", (key,))
            self._pointing.discard(key)
        if references:
            self._db.executemany("INSERT INTO refs VALUES (?, ?)", [(key, target) for target in references])
            self._pointing.add(key)

    def delete(self, key: str) -> list[Resource]:
        """Delete a resource and everything below it; answers what was deleted, deepest first."""
        with self.transaction():
            gone = [*self.below(key), *([one] if (one := self.get(key)) else [])]
            for resource in gone:
                self._rows.pop(resource.key, None)
                self._db.execute("DELETE FROM resources WHERE key = ?", (resource.key,))
                self._point(resource.key, set())
        return gone

    def below(self, key: str) -> list[Resource]:
        """Every resource whose id starts with this one's, deepest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, type, body, etag, created, changed FROM resources WHERE key > ? AND key < ?"
                " ORDER BY length(key) DESC, key",
                (key + "/", key + "0"),  # '0' follows '/' in ASCII
            ).fetchall()
        return [_resource(row) for row in rows]

    def children(self, parent: str, type_: str, after: str = "", limit: int = -1) -> list[Resource]:
        """The resources of one type right below a parent or scope, in order of their ids."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, type, body, etag, created, changed FROM resources"
                " WHERE parent = ? AND type = ? AND key > ? ORDER BY key LIMIT ?",
                (parent, type_.lower(), after, limit),
            ).fetchall()
        return [_resource(row) for row in rows]

    def of_type(self, type_: str, scope: str = "", after: str = "", limit: int = -1) -> list[Resource]:
        """The resources of one type anywhere below a scope, in order of their ids."""
        type_, low = type_.lower(), max(after, scope + "/")
        with self._lock:
            if type_ in self._absent:
                return []
            rows = self._db.execute(
                "SELECT id, type, body, etag, created, changed FROM resources"
                " WHERE type = ? AND key > ? AND key < ? ORDER BY key LIMIT ?",
                (type_, low, scope + "0", limit),
            ).fetchall()
            if not (rows or scope or after):
                self._absent.add(type_)
        return [_resource(row) for row in rows]

    def referrers(self, key: str) -> list[str]:
        """The lower-cased ids of the resources that point to this one."""
        with self._lock:
            rows = self._db.execute("SELECT source FROM refs WHERE target = ?", (key,)).fetchall()
        return [row[0] for row in rows]

    def types(self) -> list[str]:
        """The lower-cased type of every resource."""
        with self._lock:
            return [row[0] for row in self._db.execute("SELECT type FROM resources").fetchall()]

    # Documents: one JSON value by kind and key

    def document(self, kind: str, key: str) -> Any:
        """The JSON value stored under this kind and key, or None."""
        with self._lock:
            row = self._db.execute("SELECT body FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def put_document(self, kind: str, key: str, value: Any) -> None:
        """Store a JSON value under this kind and key."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                (kind, key, json.dumps(value, separators=(",", ":"))),
            )

    def delete_document(self, kind: str, key: str) -> None:
        """Forget the value under this kind and key, if there is one."""
        with self.transaction():
            self._db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))

    def documents(self, kind: str, prefix: str = "") -> list[tuple[str, Any]]:
        """All (key, value) of a kind whose key starts with ``prefix``, in order of their keys."""
        with self._lock:
            rows = self._db.execute(
                "SELECT key, body FROM documents WHERE kind = ? AND key >= ? AND key < ? ORDER BY key",
                (kind, prefix, prefix + "\U0010ffff"),
            ).fetchall()
        return [(row[0], json.loads(row[1])) for row in rows]

    # Records: append-only JSON values by kind and key

    def append(self, kind: str, key: str, values: list[Any]) -> None:
        """Append values under this kind and key, in order."""
        with self.transaction():
            self._db.executemany(
                "INSERT INTO records (kind, key, body) VALUES (?, ?, ?)",
                [(kind, key, json.dumps(value, separators=(",", ":"))) for value in values],
            )

    def delete_records(self, kind: str, prefix: str) -> None:
        """Forget everything of a kind whose key starts with ``prefix``."""
        with self.transaction():
            self._db.execute(
                "DELETE FROM records WHERE kind = ? AND key >= ? AND key < ?", (kind, prefix, prefix + "\U0010ffff")
            )

    def records(self, kind: str, key: str) -> list[Any]:
        """All values appended under this kind and key, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM records WHERE kind = ? AND key = ? ORDER BY seq", (kind, key)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]


def _resource(row: tuple[Any, ...]) -> Resource:
    return Resource(row[0], row[1], orjson.loads(row[2]), row[3], row[4], row[5])
