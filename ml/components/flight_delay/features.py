"""From the raw tables to one row of features for each flight. Pure: tables in, tables out.

The features of a flight depend on nothing that happens after its moment of prediction (see `columns`):
its own outcome is its label and nothing else, and of other flights only departures before that moment count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .columns import CATEGORIES, KEYS, NAMES, NUMBERS, TARGET, WEATHER

HOUR = 3600  # seconds
Seconds = npt.NDArray[Any]


@dataclass(frozen=True)
class RawTables:
    """The tables as they were ingested; times are strings in UTC, `2013-01-01T10:00:00Z`."""

    flights: pd.DataFrame
    weather: pd.DataFrame
    planes: pd.DataFrame
    airports: pd.DataFrame


def build(raw: RawTables) -> pd.DataFrame:
    """One row for each flight that arrived: keys, features, and the arrival delay in minutes as the label."""
    table = schedule_features(raw.flights)
    table = join_airports(table, raw.airports)
    table = join_planes(table, raw.planes)
    table = join_weather(table, raw.weather)
    table = join_origin_state(table, raw.flights)
    table[CATEGORIES] = table[CATEGORIES].astype(object).where(table[CATEGORIES].notna(), "unknown")
    table[NUMBERS] = table[NUMBERS].astype("float64")
    arrived = table[table[TARGET].notna()]
    return arrived[[*KEYS, *NAMES, TARGET]].reset_index(drop=True)


def schedule_features(flights: pd.DataFrame) -> pd.DataFrame:
    """What the timetable says about each flight."""
    table = flights.copy()
    moment = moments(flights)
    table["weekday"] = pd.to_datetime(flights[["year", "month", "day"]]).dt.day_of_week
    table["departure_minute"] = minute_of_day(flights["sched_dep_time"])
    table["arrival_minute"] = minute_of_day(flights["sched_arr_time"])
    table["scheduled_minutes"] = (table["arrival_minute"] - table["departure_minute"]) % 1440
    table["flights_this_hour"] = moment.groupby([flights["origin"], moment]).transform("size")
    return table


def minute_of_day(clock: pd.Series[int]) -> pd.Series[int]:
    """Minutes after midnight of a clock reading written as the number hhmm."""
    return clock // 100 * 60 + clock % 100


def moments(flights: pd.DataFrame) -> pd.Series[int]:
    """The moment of prediction of each flight, in seconds since 1970."""
    return epoch_seconds(flights["time_hour"])


def epoch_seconds(times: pd.Series[str]) -> pd.Series[int]:
    """Seconds since 1970 of ISO times in UTC, whatever resolution pandas parses them to."""
    parsed = pd.to_datetime(times, utc=True).dt.tz_localize(None)
    return parsed.astype("datetime64[s]").astype("int64")


def join_airports(table: pd.DataFrame, airports: pd.DataFrame) -> pd.DataFrame:
    """Where the destination lies."""
    names = {"faa": "dest", "lat": "dest_latitude", "lon": "dest_longitude", "alt": "dest_altitude"}
    places = airports[list(names)].rename(columns=names).drop_duplicates("dest")
    return table.merge(places, on="dest", how="left", validate="many_to_one")


def join_planes(table: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    """The aircraft's age and size; a tail number that the register does not know leaves them empty."""
    aircraft = planes.rename(columns={"year": "built"})[["tailnum", "built", "seats", "manufacturer"]]
    joined = table.merge(aircraft.drop_duplicates("tailnum"), on="tailnum", how="left", validate="many_to_one")
    joined["aircraft_age"] = joined["year"] - joined["built"]
    return joined


def join_weather(table: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """The last full hour's observation: that of the hour before the moment, since a reading is taken in its hour."""
    observed = weather[["origin", *WEATHER]].assign(moment=epoch_seconds(weather["time_hour"]) + HOUR)
    observed = observed.drop_duplicates(["origin", "moment"])
    joined = table.assign(moment=moments(table)).merge(
        observed, on=["origin", "moment"], how="left", validate="many_to_one"
    )
    return joined.drop(columns="moment")


def join_origin_state(table: pd.DataFrame, flights: pd.DataFrame) -> pd.DataFrame:
    """How the origin was running when the flight's hour began."""
    states = [origin_state(group).assign(origin=origin) for origin, group in flights.groupby("origin")]
    joined = table.assign(moment=moments(table)).merge(
        pd.concat(states), on=["origin", "moment"], how="left", validate="many_to_one"
    )
    return joined.drop(columns="moment")


def origin_state(flights: pd.DataFrame) -> pd.DataFrame:
    """For each hour with a departure planned at one origin: what had left by its start, how late, and what had not."""
    moment = moments(flights)
    scheduled = (moment + flights["sched_dep_time"] % 100 * 60).to_numpy(dtype="int64")
    left = flights["dep_delay"].notna().to_numpy()
    delay = flights["dep_delay"].to_numpy(dtype="float64")
    gone = scheduled[left] + (delay[left] * 60).astype("int64")
    at = np.unique(moment.to_numpy(dtype="int64"))
    mean_1h, count_1h = window_mean(gone, delay[left], at, HOUR)
    mean_3h, _ = window_mean(gone, delay[left], at, 3 * HOUR)
    return pd.DataFrame(
        {
            "moment": at,
            "recent_delay_1h": mean_1h,
            "recent_delay_3h": mean_3h,
            "recent_departures_1h": count_1h,
            "overdue_departures": count_within(scheduled, at, 3 * HOUR) - gone_of(scheduled[left], gone, at, 3 * HOUR),
        }
    )


def window_mean(
    times: Seconds, values: npt.NDArray[np.float64], at: Seconds, span: int
) -> tuple[npt.NDArray[np.float64], Seconds]:
    """Mean (empty: NaN) and number of the values whose time lies in [at - span, at)."""
    order = np.argsort(times, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(values[order])])
    first, last = np.searchsorted(times[order], at - span), np.searchsorted(times[order], at)
    count = last - first
    mean = np.where(count > 0, (sums[last] - sums[first]) / np.maximum(count, 1), np.nan)
    return mean, count


def count_within(times: Seconds, at: Seconds, span: int) -> Seconds:
    """How many times lie in [at - span, at)."""
    ordered = np.sort(times)
    return np.searchsorted(ordered, at) - np.searchsorted(ordered, at - span)


def gone_of(scheduled: Seconds, gone: Seconds, at: Seconds, span: int) -> Seconds:
    """How many of those scheduled in [at - span, at) had left before `at`.

    A flight counts from the later of its scheduled and its actual departure until `span` after the scheduled
    one, so the answer is a difference of two sorted counts instead of a search for each hour.
    """
    start = np.maximum(scheduled, gone)
    end = scheduled + span
    counts = start < end
    return np.searchsorted(np.sort(start[counts]), at) - np.searchsorted(np.sort(end[counts]), at)
