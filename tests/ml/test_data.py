"""Batches, manifests, and reading a version back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.commands import parse_months
from ml.components.flight_delay.batches import DataError, read_version
from ml.data.batches import Batch, RawFile, split_months
from ml.data.ingest import states
from ml.data.manifest import Manifest
from ml.errors import MlError

HEADER = b"year,month,value\n"


def batch(name: str, text: str = "1\n") -> Batch:
    return Batch(name, (RawFile("flights", name, b"value\n" + text.encode()),))


def test_splitting_keeps_each_line_in_its_month_and_their_order() -> None:
    parts = split_months(HEADER + b"2013,1,a\n2013,12,b\n2013,1,c\n")
    assert parts[1] == HEADER + b"2013,1,a\n2013,1,c\n"
    assert parts[12] == HEADER + b"2013,12,b\n"
    assert parts[6] == HEADER


BATCHES = st.lists(
    st.builds(batch, st.sampled_from(["reference", "2013-01", "2013-02"]), st.sampled_from(["1\n", "2\n"])), max_size=6
)


@given(BATCHES)
def test_the_same_batches_again_change_nothing(batches: list[Batch]) -> None:
    manifest = Manifest().with_batches(batches)
    last = {item.name: item for item in batches}
    again = manifest.with_batches(last.values())
    assert again == manifest
    assert again.version == manifest.version
    assert set(states(manifest, list(last.values())).values()) <= {"unchanged"}
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_a_version_does_not_depend_on_the_order_of_arrival() -> None:
    one, two = batch("2013-01"), batch("2013-02", "7\n")
    assert Manifest().with_batches([one, two]).version == Manifest().with_batches([two, one]).version


def test_states_tell_new_changed_and_unchanged_apart() -> None:
    before = Manifest().with_batches([batch("2013-01"), batch("2013-02")])
    found = states(before, [batch("2013-01"), batch("2013-02", "2\n"), batch("2013-03")])
    assert found == {"2013-01": "unchanged", "2013-02": "changed", "2013-03": "new"}


def test_a_file_lies_under_its_contents_hash() -> None:
    file = RawFile("flights", "2013-01", b"a\n1\n2\n")
    assert file.path == f"flights/batch=2013-01/{file.sha256[:16]}.csv"
    assert file.rows == 2


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Path, Manifest]:
    tables = ("flights", "weather", "planes", "airports")
    whole = Batch("all", tuple(RawFile(table, "all", b"x\n1\n") for table in tables))
    manifest = Manifest().with_batch(whole)
    for file in whole.files:
        path = tmp_path / file.path
        path.parent.mkdir(parents=True)
        path.write_bytes(file.content)
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / f"{manifest.version}.json").write_bytes(manifest.to_json())
    return tmp_path, manifest


def test_a_version_is_read_as_its_manifest_lists_it(stored: tuple[Path, Manifest]) -> None:
    root, manifest = stored
    (root / "flights" / "batch=all" / "other.csv").write_text("x\n2\n")
    assert read_version(root, manifest.version).flights["x"].tolist() == [1]


def test_content_that_is_not_what_was_ingested_is_refused(stored: tuple[Path, Manifest]) -> None:
    root, manifest = stored
    (root / manifest.entries[0].path).write_text("x\n2\n")
    with pytest.raises(DataError, match="has changed since it was ingested"):
        read_version(root, manifest.version)


def test_a_missing_file_a_missing_table_and_a_missing_version_are_named(stored: tuple[Path, Manifest]) -> None:
    root, manifest = stored
    (root / manifest.entries[0].path).unlink()
    with pytest.raises(DataError, match="is in the manifest and not in the lake"):
        read_version(root, manifest.version)
    (root / "manifests" / "none.json").write_text(json.dumps({"files": []}))
    with pytest.raises(DataError, match="has no airports, flights, planes, weather"):
        read_version(root, "none")
    with pytest.raises(DataError, match="no manifest for data version 'other'"):
        read_version(root, "other")


@pytest.mark.parametrize(("text", "months"), [("1-3", [1, 2, 3]), ("12", [12]), ("3,1-2, 2", [1, 2, 3])])
def test_months_are_numbers_and_ranges(text: str, months: list[int]) -> None:
    assert parse_months(text) == months


@pytest.mark.parametrize("text", ["", "0", "13", "1-", "a", "5-3", "-1"])
def test_other_months_are_refused(text: str) -> None:
    with pytest.raises(MlError, match="--months"):
        parse_months(text)
