"""What the columns are: which are known at the moment of prediction, and which only after it.

The moment of prediction is the start of the hour in which a flight is scheduled to depart, at its origin.
Everything in `FEATURES` is known then; a row of them is what the scoring endpoint is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TARGET = "arr_delay"

# Known only once the flight has left its gate, and so never a feature of that flight.
POST_DEPARTURE = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")

# Identify a flight; kept beside the features for tables and splits, never given to the model.
KEYS = ("month", "day", "time_hour", "flight", "tailnum")


@dataclass(frozen=True)
class Feature:
    """One input of the model."""

    name: str
    kind: Literal["number", "category"]
    meaning: str


FEATURES = (
    Feature("carrier", "category", "airline, two letters"),
    Feature("origin", "category", "EWR, JFK or LGA"),
    Feature("dest", "category", "destination airport"),
    Feature("manufacturer", "category", "of the aircraft"),
    Feature("weekday", "number", "0 is Monday"),
    Feature("departure_minute", "number", "scheduled departure, minutes after local midnight"),
    Feature("arrival_minute", "number", "scheduled arrival, minutes after midnight at the destination"),
    Feature("scheduled_minutes", "number", "gate to gate on the local clocks of both ends"),
    Feature("distance", "number", "miles"),
    Feature("aircraft_age", "number", "years"),
    Feature("seats", "number", "of the aircraft"),
    Feature("dest_latitude", "number", "degrees"),
    Feature("dest_longitude", "number", "degrees"),
    Feature("dest_altitude", "number", "feet"),
    Feature("flights_this_hour", "number", "scheduled from the same origin in the same hour"),
    Feature("recent_delay_1h", "number", "mean departure delay of what left the origin in the last hour, minutes"),
    Feature("recent_delay_3h", "number", "the same over three hours"),
    Feature("recent_departures_1h", "number", "flights that left the origin in the last hour"),
    Feature("overdue_departures", "number", "scheduled in the last three hours and not gone yet"),
    Feature("temp", "number", "last hourly observation at the origin, °F"),
    Feature("dewp", "number", "dew point, °F"),
    Feature("humid", "number", "relative humidity, %"),
    Feature("wind_dir", "number", "degrees"),
    Feature("wind_speed", "number", "mph"),
    Feature("wind_gust", "number", "mph"),
    Feature("precip", "number", "inches"),
    Feature("pressure", "number", "sea level, millibars"),
    Feature("visib", "number", "miles"),
)

NAMES = [feature.name for feature in FEATURES]
CATEGORIES = [feature.name for feature in FEATURES if feature.kind == "category"]
NUMBERS = [feature.name for feature in FEATURES if feature.kind == "number"]
WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
