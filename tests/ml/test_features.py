"""What the features are, and that none of them knows the future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.components.flight_delay import features
from ml.components.flight_delay.columns import CATEGORIES, NAMES, POST_DEPARTURE, TARGET
from tests.ml.tables import departed, raw_tables

SEEDS = st.integers(0, 10_000)
few = settings(
    max_examples=15, deadline=None
)  # each example is a table of flights, and two builds of a tenth of a second
DAY = 1362114000  # midnight of 1 March 2013 in New York, in seconds since 1970


def test_nothing_that_is_known_only_after_departure_is_a_feature() -> None:
    assert not set(NAMES) & set(POST_DEPARTURE)
    assert list(features.build(raw_tables(1)).columns[-1:]) == [TARGET]


@few
@given(seed=SEEDS)
def test_a_flights_own_outcome_changes_none_of_its_features(seed: int) -> None:
    raw = raw_tables(seed, flights=1)
    flight = raw.flights.assign(dep_delay=3.0, arr_delay=5.0)
    altered = flight.assign(dep_time=2359.0, dep_delay=700.0, arr_time=1.0, arr_delay=-77.0, air_time=999.0)
    first, second = (features.build(replace(raw, flights=table)) for table in (flight, altered))
    pd.testing.assert_frame_equal(first[NAMES], second[NAMES])


@few
@given(seed=SEEDS)
def test_arrivals_of_no_flight_change_any_feature(seed: int) -> None:
    raw = raw_tables(seed)
    rng = np.random.default_rng(seed + 1)
    altered = raw.flights.copy()
    for column in ("dep_time", "arr_time", "arr_delay", "air_time"):
        altered[column] = altered[column].where(altered[column].isna(), rng.integers(0, 2400, len(altered)))
    first, second = (features.build(replace(raw, flights=table)) for table in (raw.flights, altered))
    pd.testing.assert_frame_equal(first[NAMES], second[NAMES])


@few
@given(seed=SEEDS, hour=st.integers(0, 23))
def test_what_happens_after_a_moment_changes_no_feature_of_a_flight_predicted_by_then(seed: int, hour: int) -> None:
    raw = raw_tables(seed)
    now = DAY + hour * 3600
    future = altered_after(raw.flights, now, seed)
    weather_later = features.epoch_seconds(raw.weather["time_hour"]) >= now
    weather = raw.weather.assign(temp=raw.weather["temp"].where(~weather_later, 1e6))
    first = predicted_by(features.build(raw), now)
    second = predicted_by(features.build(replace(raw, flights=future, weather=weather)), now)
    pd.testing.assert_frame_equal(first[NAMES], second[NAMES])


def altered_after(flights: pd.DataFrame, now: int, seed: int) -> pd.DataFrame:
    """The same past, another future: what had not left by `now` leaves at some other time from then on."""
    rng = np.random.default_rng(seed + 1)
    left = departed(flights)
    later = ~(left < now) & left.notna()
    scheduled = left - flights["dep_delay"] * 60
    leaves = np.maximum(scheduled, now) + rng.integers(0, 600, len(flights)) * 60
    return flights.assign(dep_delay=flights["dep_delay"].where(~later, (leaves - scheduled) / 60))


def predicted_by(table: pd.DataFrame, now: int) -> pd.DataFrame:
    return table[features.epoch_seconds(table["time_hour"]) <= now].reset_index(drop=True)


def test_the_future_test_would_notice_a_leak() -> None:
    raw = raw_tables(3)
    later = raw.flights.assign(dep_delay=raw.flights["dep_delay"] + 30)
    first, second = (features.build(replace(raw, flights=table)) for table in (raw.flights, later))
    assert not first["recent_delay_3h"].equals(second["recent_delay_3h"])


@few
@given(seed=SEEDS)
def test_state_of_an_origin_is_what_counting_by_hand_gives(seed: int) -> None:
    flights = raw_tables(seed).flights.query("origin == 'EWR'")
    left = departed(flights)
    scheduled = left.fillna(features.moments(flights) + flights["sched_dep_time"] % 100 * 60)
    scheduled = scheduled.where(left.isna(), left - flights["dep_delay"] * 60)
    for row in features.origin_state(flights).to_dict("records"):
        now = row["moment"]
        hour, hours = ((left >= now - span) & (left < now) for span in (3600, 3 * 3600))
        assert row["recent_departures_1h"] == hour.sum()
        assert row["recent_delay_1h"] == pytest.approx(flights["dep_delay"][hour].mean(), nan_ok=True)
        assert row["recent_delay_3h"] == pytest.approx(flights["dep_delay"][hours].mean(), nan_ok=True)
        planned = (scheduled >= now - 3 * 3600) & (scheduled < now)
        assert row["overdue_departures"] == (planned & ~(left < now)).sum()


def test_features_of_one_flight_by_hand() -> None:
    raw = raw_tables(5, flights=1)
    flight = raw.flights.assign(
        sched_dep_time=2315,
        sched_arr_time=144,
        time_hour="2013-03-02T04:00:00Z",
        dest="MIA",
        tailnum="N1",
        arr_delay=4.0,
    )
    weather = raw.weather.head(2).assign(origin=flight["origin"][0], temp=[1.0, 2.0])
    weather["time_hour"] = ["2013-03-02T03:00:00Z", "2013-03-02T04:00:00Z"]
    row = features.build(replace(raw, flights=flight, weather=weather)).iloc[0]
    assert row["weekday"] == 4
    assert row["departure_minute"] == 23 * 60 + 15
    assert row["scheduled_minutes"] == 149
    assert row["temp"] == 1.0, "the observation of the departure's own hour is not known when that hour begins"
    assert (row["aircraft_age"], row["seats"], row["dest_altitude"]) == (12, 180, 8)
    assert (row["flights_this_hour"], row["overdue_departures"]) == (1, 0)


@few
@given(seed=SEEDS)
def test_each_arrived_flight_has_one_row_whatever_the_joins_find(seed: int) -> None:
    raw = raw_tables(seed)
    table = features.build(raw)
    assert table["flight"].tolist() == raw.flights.loc[raw.flights["arr_delay"].notna(), "flight"].tolist()
    assert table[CATEGORIES].notna().all(axis=None)
    assert table.loc[table["dest"] == "XXX", "dest_latitude"].isna().all()
    assert (table.loc[table["tailnum"] == "N3", "manufacturer"] == "unknown").all()
