"""Small raw tables of the same shape as the real ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.components.flight_delay.columns import WEATHER
from ml.components.flight_delay.features import RawTables

ORIGINS = ("EWR", "JFK")
START = pd.Timestamp("2013-03-01T05:00:00Z")  # midnight in New York


def raw_tables(seed: int, flights: int = 40) -> RawTables:
    """Random flights of one day, some of them cancelled, some with unknown aircraft; weather with gaps."""
    rng = np.random.default_rng(seed)
    hour, minute = rng.integers(0, 24, flights), rng.integers(0, 60, flights)
    delay = np.where(rng.random(flights) < 0.15, np.nan, rng.integers(-20, 200, flights))
    table = pd.DataFrame(
        {
            "year": 2013,
            "month": 3,
            "day": 1,
            "dep_time": np.where(np.isnan(delay), np.nan, rng.integers(0, 2400, flights)),
            "sched_dep_time": hour * 100 + minute,
            "dep_delay": delay,
            "arr_time": np.where(np.isnan(delay), np.nan, rng.integers(0, 2400, flights)),
            "sched_arr_time": rng.integers(0, 24, flights) * 100 + rng.integers(0, 60, flights),
            "arr_delay": delay + rng.integers(-30, 30, flights),
            "carrier": rng.choice(["AA", "UA", "B6"], flights),
            "flight": np.arange(flights),
            "tailnum": rng.choice(["N1", "N2", "N3"], flights),
            "origin": rng.choice(ORIGINS, flights),
            "dest": rng.choice(["IAH", "MIA", "XXX"], flights),
            "air_time": rng.integers(30, 400, flights).astype("float64"),
            "distance": rng.integers(100, 2500, flights),
            "hour": hour,
            "minute": minute,
            "time_hour": [(START + pd.Timedelta(hours=int(h))).strftime("%Y-%m-%dT%H:%M:%SZ") for h in hour],
        }
    )
    return RawTables(table, weather(rng), planes(), airports())


def weather(rng: np.random.Generator) -> pd.DataFrame:
    """An observation for most hours of the day before and of the day itself."""
    hours = [START + pd.Timedelta(hours=int(hour)) for hour in range(-2, 24) if rng.random() > 0.1]
    parts = [
        pd.DataFrame({name: rng.random(len(hours)).round(3) for name in WEATHER}).assign(
            origin=origin, time_hour=[hour.strftime("%Y-%m-%dT%H:%M:%SZ") for hour in hours]
        )
        for origin in ORIGINS
    ]
    return pd.concat(parts, ignore_index=True)


def planes() -> pd.DataFrame:
    """Two aircraft; the third tail number is in no register."""
    return pd.DataFrame(
        {"tailnum": ["N1", "N2"], "year": [2001.0, np.nan], "seats": [180, 55], "manufacturer": ["BOEING", "EMBRAER"]}
    )


def airports() -> pd.DataFrame:
    """Two destinations; the third is not listed."""
    return pd.DataFrame({"faa": ["IAH", "MIA"], "lat": [29.98, 25.79], "lon": [-95.34, -80.29], "alt": [97, 8]})


def departed(flights: pd.DataFrame) -> pd.Series[float]:
    """When each flight left, in seconds since 1970; empty for those that did not."""
    moment = pd.to_datetime(flights["time_hour"], utc=True).dt.tz_localize(None)
    scheduled = moment.astype("datetime64[s]").astype("int64") + flights["sched_dep_time"] % 100 * 60
    return scheduled + flights["dep_delay"] * 60
