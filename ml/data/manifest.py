"""What a version of the data consists of: the list of its files with their hashes, under a name made of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ml.data.batches import Batch


@dataclass(frozen=True, order=True)
class Entry:
    """One file of a version."""

    batch: str
    table: str
    path: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Manifest:
    """An immutable version of the raw data."""

    entries: tuple[Entry, ...] = ()

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits over what it holds: the same batches have the same version everywhere."""
        listing = "\n".join(f"{entry.path} {entry.sha256}" for entry in self.entries)
        return hashlib.sha256(listing.encode()).hexdigest()[:12]

    @property
    def batches(self) -> list[str]:
        """The batches it consists of."""
        return sorted({entry.batch for entry in self.entries})

    def rows(self, table: str) -> int:
        """Rows of one table in all batches."""
        return sum(entry.rows for entry in self.entries if entry.table == table)

    def with_batch(self, batch: Batch) -> Manifest:
        """A version with one batch more: in the place of one of the same name, so the same batch changes nothing."""
        others = [entry for entry in self.entries if entry.batch != batch.name]
        new = [Entry(batch.name, file.table, file.path, file.sha256, file.rows) for file in batch.files]
        return Manifest(tuple(sorted([*others, *new])))

    def with_batches(self, batches: Iterable[Batch]) -> Manifest:
        """A version with several batches more."""
        manifest = self
        for batch in batches:
            manifest = manifest.with_batch(batch)
        return manifest

    def to_json(self) -> bytes:
        """Canonical text: equal manifests are equal bytes."""
        files = [vars(entry) for entry in self.entries]
        return (json.dumps({"version": self.version, "files": files}, indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """What `to_json` wrote."""
        files: list[dict[str, Any]] = json.loads(text)["files"]
        return cls(tuple(sorted(Entry(**file) for file in files)))
