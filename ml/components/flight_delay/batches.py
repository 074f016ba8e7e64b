"""Reads exactly the files that one version of the raw data consists of, and proves that they are those."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pandas as pd

from .features import RawTables


class DataError(Exception):
    """The raw data is not what its manifest says."""


def read_version(root: Path, version: str) -> RawTables:
    """The tables of a data version below the raw folder.

    Raises DataError if the manifest or a file is missing, or a file's content is not the one ingested.
    """
    manifest = root / "manifests" / f"{version}.json"
    if not manifest.is_file():
        raise DataError(f"no manifest for data version {version!r} at {manifest}")
    tables: dict[str, list[pd.DataFrame]] = {}
    for file in json.loads(manifest.read_text())["files"]:
        tables.setdefault(file["table"], []).append(read_file(root / file["path"], file["sha256"]))
    missing = {"flights", "weather", "planes", "airports"} - tables.keys()
    if missing:
        raise DataError(f"data version {version!r} has no {', '.join(sorted(missing))}")
    whole = {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}
    return RawTables(whole["flights"], whole["weather"], whole["planes"], whole["airports"])


def read_file(path: Path, sha256: str) -> pd.DataFrame:
    """One CSV file, once its content's hash is the given one."""
    if not path.is_file():
        raise DataError(f"{path} is in the manifest and not in the lake")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(f"{path} has changed since it was ingested: sha256 {found}, in the manifest {sha256}")
    return pd.read_csv(io.BytesIO(content))
