"""Asking an endpoint, and whether its answers are those that the model gave when it was judged.

Not through the SDK's `invoke`: it keeps the header of a chosen deployment for all later calls of the process,
so a request that should follow the traffic rules would still go to the deployment named before.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from ml.components.flight_delay.columns import CATEGORIES, NAMES, NUMBERS
from ml.errors import MlError

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

DEPLOYMENT_HEADER = "azureml-model-deployment"
TOLERANCE = 0.01  # minutes by which an answer may differ from the evaluation's


@dataclass(frozen=True)
class Answer:
    """Predicted delays in minutes, the deployment that gave them, and how long it took in seconds."""

    predictions: list[float]
    deployment: str
    seconds: float


class Scorer:
    """Sends tables of flights to one endpoint, with its own short-lived token."""

    def __init__(self, client: MLClient, endpoint: str) -> None:
        from azure.core import PipelineClient
        from azure.core.exceptions import ResourceNotFoundError

        try:
            uri = client.online_endpoints.get(endpoint).scoring_uri
        except ResourceNotFoundError:
            raise MlError(f"the workspace has no endpoint {endpoint}", "make it: `ml deploy`") from None
        if not uri:
            raise MlError(f"endpoint {endpoint} has no scoring address yet", "deploy to it: `ml deploy`")
        credentials: Any = client.online_endpoints.get_keys(endpoint)
        self.uri = uri
        self._secret = getattr(credentials, "access_token", None) or credentials.primary_key
        self._http: PipelineClient[Any, Any] = PipelineClient(uri)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, flights: pd.DataFrame, deployment: str | None = None) -> Answer:
        """Predictions for a table of features; of one deployment if it is named, else as the traffic is split."""
        from azure.core.rest import HttpRequest

        headers = {"Authorization": f"Bearer {self._secret}"}
        if deployment:
            headers[DEPLOYMENT_HEADER] = deployment
        started = time.perf_counter()
        response = self._http.send_request(HttpRequest("POST", self.uri, headers=headers, json=request_body(flights)))
        seconds = time.perf_counter() - started
        if response.status_code != 200:
            raise MlError(f"the endpoint answered {response.status_code}: {response.text()[:500]}")
        return Answer(predictions_in(response.json()), response.headers.get(DEPLOYMENT_HEADER, ""), seconds)


def request_body(flights: pd.DataFrame) -> dict[str, Any]:
    """A table as Azure's generated scoring code for MLflow models takes it; empty cells are null."""
    chosen = flights[NAMES].astype(object)
    cells = chosen.where(chosen.notna(), None)
    return {"input_data": {"columns": NAMES, "index": list(range(len(cells))), "data": cells.to_numpy().tolist()}}


def predictions_in(body: Any) -> list[float]:
    """The numbers of an answer, which is a list of them; MlError for anything else."""
    if not isinstance(body, list) or not all(isinstance(value, int | float) for value in body):
        raise MlError(f"the endpoint's answer is not a list of numbers: {str(body)[:200]}")
    return [float(value) for value in body]


def read_flights(path: Path) -> pd.DataFrame:
    """A CSV file with a column for each feature; MlError names what is missing or no number."""
    try:
        flights = pd.read_csv(path, dtype=dict.fromkeys(CATEGORIES, "str"))
    except OSError as error:
        raise MlError(f"{path} cannot be read: {error.strerror}", "give the path of a CSV file") from None
    except ValueError as error:
        raise MlError(f"{path} is no CSV file: {error}", "sample.csv in a training's report is one") from None
    missing = [name for name in NAMES if name not in flights.columns]
    if missing:
        raise MlError(f"{path} lacks columns: {', '.join(missing)}", "sample.csv in a training's report has them all")
    if flights.empty:
        raise MlError(f"{path} holds no flights, only the names of the columns", "give each flight a line")
    for name in [*NUMBERS, "actual"]:
        if name in flights.columns:
            flights[name] = numbers(path, flights[name])
    return flights


def numbers(path: Path, column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of numbers, where an empty cell is unknown; MlError shows the first that is neither."""
    found = pd.to_numeric(column, errors="coerce")
    wrong = column[found.isna() & column.notna()]
    if len(wrong):
        line = int(wrong.index[0]) + 2
        raise MlError(f"{path}, line {line}: {column.name} is {str(wrong.iloc[0])!r}, not a number", "mend that cell")
    return found


def compare(answer: Answer, expected: pd.Series[float]) -> None:
    """Raise MlError unless the answers are those of the evaluation."""
    if len(answer.predictions) != len(expected):
        raise MlError(f"asked for {len(expected)} flights, the endpoint answered {len(answer.predictions)}")
    gap = max(abs(got - wanted) for got, wanted in zip(answer.predictions, expected, strict=True))
    if not gap <= TOLERANCE:
        raise MlError(f"the endpoint's answers differ from the evaluation's by up to {gap:.2f} minutes")
