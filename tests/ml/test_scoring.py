"""What the endpoint is sent, and what is taken for an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.commands import clock, minutes
from ml.components.flight_delay import features
from ml.components.flight_delay.columns import NAMES
from ml.endpoints.online import model_reference
from ml.endpoints.scoring import Answer, compare, predictions_in, read_flights, request_body
from ml.errors import MlError
from tests.ml.tables import raw_tables


@pytest.fixture
def flights() -> pd.DataFrame:
    return features.build(raw_tables(2)).assign(model=1.0)


def test_a_request_is_json_with_null_for_what_is_not_known(flights: pd.DataFrame) -> None:
    body = json.loads(json.dumps(request_body(flights), allow_nan=False))["input_data"]
    assert body["columns"] == NAMES
    assert body["index"] == list(range(len(flights)))
    table = pd.DataFrame(body["data"], columns=body["columns"])
    unknown = flights["dest_latitude"].isna().to_numpy()
    assert unknown.any()
    assert (table["dest_latitude"].isna().to_numpy() == unknown).all()
    assert table["carrier"].tolist() == flights["carrier"].tolist()


@pytest.mark.parametrize("body", [{"error": "no"}, ["a"], None, "[1.0]", [None]])
def test_anything_but_numbers_is_no_answer(body: Any) -> None:
    with pytest.raises(MlError, match="not a list of numbers"):
        predictions_in(body)


def test_answers_are_compared_with_the_evaluations() -> None:
    compare(Answer([1.0, 2.001], "blue", 0.1), pd.Series([1.0, 2.0]))
    with pytest.raises(MlError, match=r"differ from the evaluation's by up to 3.00"):
        compare(Answer([1.0, 5.0], "blue", 0.1), pd.Series([1.0, 2.0]))
    with pytest.raises(MlError, match="asked for 2 flights, the endpoint answered 1"):
        compare(Answer([1.0], "blue", 0.1), pd.Series([1.0, 2.0]))
    with pytest.raises(MlError, match="differ"):
        compare(Answer([float("nan")], "blue", 0.1), pd.Series([1.0]))


def test_a_file_of_flights_comes_back_as_it_was_written(flights: pd.DataFrame, tmp_path: Path) -> None:
    flights.to_csv(tmp_path / "flights.csv", index=False)
    again = read_flights(tmp_path / "flights.csv")
    assert request_body(again) == request_body(flights)


def test_a_file_without_a_column_is_refused_by_its_name(flights: pd.DataFrame, tmp_path: Path) -> None:
    flights.drop(columns=["carrier", "seats"]).to_csv(tmp_path / "flights.csv", index=False)
    with pytest.raises(MlError, match="lacks columns: carrier, seats"):
        read_flights(tmp_path / "flights.csv")
    with pytest.raises(MlError, match="cannot be read: No such file"):
        read_flights(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "text",
    [
        "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w/models/m/versions/3",
        "azureml:m:3",
        "m:3",
        "azureml://locations/westeurope/workspaces/w/models/m/versions/3",
    ],
)
def test_a_models_reference_in_any_of_azures_forms(text: str) -> None:
    assert model_reference(text) == "m:3"


def test_categories_that_look_like_numbers_or_nothing_stay_text(flights: pd.DataFrame, tmp_path: Path) -> None:
    flights.assign(carrier="9E", dest="unknown").to_csv(tmp_path / "flights.csv", index=False)
    row = request_body(read_flights(tmp_path / "flights.csv").head(1))["input_data"]["data"][0]
    assert row[NAMES.index("carrier")] == "9E"
    assert not isinstance(row[NAMES.index("distance")], np.generic)


@pytest.mark.parametrize("name", ["departure_minute", "actual"])
def test_a_cell_that_is_no_number_is_shown_with_its_line(flights: pd.DataFrame, tmp_path: Path, name: str) -> None:
    table = flights.assign(actual=1.0).astype({name: "object"})
    table.loc[table.index[1], name] = "noon"
    table.to_csv(tmp_path / "flights.csv", index=False)
    with pytest.raises(MlError, match=f"flights.csv, line 3: {name} is 'noon', not a number"):
        read_flights(tmp_path / "flights.csv")


def test_a_file_without_flights_is_refused(flights: pd.DataFrame, tmp_path: Path) -> None:
    flights.head(0).to_csv(tmp_path / "flights.csv", index=False)
    with pytest.raises(MlError, match="holds no flights"):
        read_flights(tmp_path / "flights.csv")


def test_cells_that_are_not_known_stay_empty_in_the_answers(flights: pd.DataFrame, tmp_path: Path) -> None:
    flights.assign(departure_minute=None, actual=None).to_csv(tmp_path / "flights.csv", index=False)
    flight = read_flights(tmp_path / "flights.csv").iloc[0]
    assert (clock(flight["departure_minute"]), minutes(flight["actual"])) == ("", "")
    assert (clock(605.0), minutes(2.4)) == ("10:05", "+2")
