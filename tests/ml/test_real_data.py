"""The whole year, once: the package's files split, prepared, and free of the future."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.components.flight_delay import features
from ml.components.flight_delay.columns import NAMES
from ml.components.flight_delay.features import RawTables
from ml.data import batches
from ml.data.batches import Batch
from ml.data.manifest import Manifest


@pytest.fixture(scope="module")
def year() -> list[Batch]:
    return list(batches.read_batches(batches.package_folder()))


@pytest.fixture(scope="module")
def raw(year: list[Batch]) -> RawTables:
    tables: dict[str, list[pd.DataFrame]] = {}
    for batch in year:
        for file in batch.files:
            tables.setdefault(file.table, []).append(pd.read_csv(io.BytesIO(file.content)))
    whole = {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}
    return RawTables(whole["flights"], whole["weather"], whole["planes"], whole["airports"])


@pytest.fixture(scope="module")
def prepared(raw: RawTables) -> pd.DataFrame:
    return features.build(raw)


def test_months_hold_every_flight_of_the_year_byte_for_byte(year: list[Batch]) -> None:
    manifest = Manifest().with_batches(year)
    assert manifest.rows("flights") == 336_776
    assert len(manifest.batches) == 13
    whole = batches.table_bytes(batches.package_folder(), "flights")
    lines = whole.splitlines(keepends=True)
    parts = [file.content for batch in year for file in batch.files if file.table == "flights"]
    assert all(part.startswith(lines[0]) for part in parts)
    assert sorted(lines[1:]) == sorted(line for part in parts for line in part.splitlines(keepends=True)[1:])


def test_joins_find_what_there_is(prepared: pd.DataFrame) -> None:
    empty = prepared[NAMES].isna().mean()
    assert len(prepared) == 327_346
    assert empty["temp"] < 0.005
    assert empty["dest_latitude"] < 0.03
    assert empty["seats"] < 0.16
    assert prepared["month"].nunique() == 12


def test_another_future_from_july_on_leaves_the_features_until_then_alone(
    raw: RawTables, prepared: pd.DataFrame
) -> None:
    now = int(pd.Timestamp("2013-07-01T04:00:00").timestamp())
    flights = raw.flights.copy()
    moment = features.moments(flights) + flights["sched_dep_time"] % 100 * 60
    later = moment + flights["dep_delay"] * 60 >= now
    catastrophe = np.maximum(flights["dep_delay"], 0) + 600
    flights["dep_delay"] = flights["dep_delay"].where(~later, catastrophe)
    for column in ("dep_time", "arr_time", "air_time", "arr_delay"):
        flights[column] = flights[column] * 2 + 1
    again = features.build(replace(raw, flights=flights))
    known = features.epoch_seconds(prepared["time_hour"]) <= now
    pd.testing.assert_frame_equal(prepared.loc[known, NAMES], again.loc[known, NAMES])
    assert not prepared["recent_delay_3h"].equals(again["recent_delay_3h"])
