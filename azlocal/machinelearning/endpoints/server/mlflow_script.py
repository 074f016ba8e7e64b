"""The scoring script of an MLflow model without code: loads it with pyfunc, reads Azure's input formats.

``{"input_data": {"columns": [...], "index": [...], "data": [...]}}`` (Microsoft Learn, "Deploy MLflow models to
online endpoints"), beside it MLflow's own ``dataframe_split``, ``dataframe_records``, ``instances`` and
``inputs``, and a bare list of records. It is loaded by path, as any scoring script is, and needs mlflow in the
environment.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

_server = sys.modules["azlocal_scoring.script"]
_model: Any = None
_schema: Any = None
_FRAMES = {"dataframe_split": "split", "dataframe_records": "records"}
_TENSORS = ("instances", "inputs")
_EXPECTED = (
    'send {"input_data": {"columns": [...], "index": [...], "data": [[...], ...]}},'
    ' {"dataframe_split": {...}}, {"dataframe_records": [...]}, {"instances": [...]}, {"inputs": ...}'
    " or a list of records"
)


def init() -> None:
    """Load the model in AZUREML_MODEL_DIR."""
    global _model, _schema  # noqa: PLW0603 - the contract of a scoring script
    from mlflow.pyfunc import load_model  # type: ignore[import-not-found]

    _model = load_model(str(find_model(Path(os.environ["AZUREML_MODEL_DIR"]))))
    _schema = _model.metadata.get_input_schema()


def find_model(folder: Path) -> Path:
    """The folder with the MLmodel file: the model's own or one right below it."""
    found = [folder, *sorted(child for child in folder.iterdir() if child.is_dir())]
    for candidate in found:
        if (candidate / "MLmodel").is_file():
            return candidate
    raise FileNotFoundError("the model has no MLmodel file, so it is no MLflow model: register it as custom_model")


def run(raw_data: str) -> Any:
    """Predictions for one request."""
    try:
        payload = json.loads(raw_data)
    except ValueError as problem:
        raise _server.InputError(_server.not_json(problem)) from None
    data, params = parse(payload, _schema)
    return jsonable(_predict(data, params))


def parse(payload: Any, schema: Any) -> tuple[Any, dict[str, Any] | None]:
    """A request's payload as the model's input, and the parameters beside it.

    Raises:
        InputError: none of the formats.
    """
    if isinstance(payload, list):
        return _frame(payload, "records", schema), None
    if not isinstance(payload, dict):
        raise _server.InputError(f"The request body is a JSON {type(payload).__name__}; {_EXPECTED}.")
    params = payload.get("params")
    given = payload.get("input_data")
    if isinstance(given, dict) and "data" in given:
        return _frame(given, "split", schema), params
    if isinstance(given, list):
        return _rows(given, schema), params
    if isinstance(given, dict):
        return _tensors({"inputs": given}, schema), params
    for key, orient in _FRAMES.items():
        if key in payload:
            return _frame(payload[key], orient, schema), params
    if any(key in payload for key in _TENSORS):
        return _tensors({key: payload[key] for key in _TENSORS if key in payload}, schema), params
    raise _server.InputError(f"The request body has the keys {sorted(payload)}; {_EXPECTED}.")


def _rows(rows: list[Any], schema: Any) -> Any:
    if rows and all(isinstance(row, dict) for row in rows):
        return _frame(rows, "records", schema)
    return _tensors({"inputs": rows}, schema)


def _frame(value: Any, orient: str, schema: Any) -> Any:
    from mlflow.exceptions import MlflowException  # type: ignore[import-not-found]
    from mlflow.utils.proto_json_utils import dataframe_from_parsed_json  # type: ignore[import-not-found]

    if orient == "split" and isinstance(value, dict):
        value = {key: value[key] for key in ("columns", "index", "data") if key in value}
    try:
        return dataframe_from_parsed_json(value, pandas_orient=orient, schema=schema)
    except (MlflowException, ValueError, TypeError, KeyError, AssertionError) as error:
        raise _server.InputError(f"The input does not fit the model: {_sentence(error)}") from None


def _tensors(value: dict[str, Any], schema: Any) -> Any:
    from mlflow.exceptions import MlflowException
    from mlflow.utils.proto_json_utils import parse_tf_serving_input

    try:
        return parse_tf_serving_input(value, schema)
    except (MlflowException, ValueError, TypeError, KeyError) as error:
        raise _server.InputError(f"The input does not fit the model: {_sentence(error)}") from None


def _predict(data: Any, params: dict[str, Any] | None) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return _model.predict(data, params=params) if params else _model.predict(data)
    except MlflowException as error:
        if error.error_code in {"INVALID_PARAMETER_VALUE", "BAD_REQUEST"}:
            raise _server.InputError(f"The input does not fit the model: {_sentence(error)}") from None
        raise


def _sentence(error: Exception) -> str:
    """What is wrong, without the repetition of the whole data that MLflow puts before it."""
    text = str(error.args[0] if error.args else error).strip()
    return text.rpartition("Error: ")[2].strip(" '").rstrip(".") + "."


def jsonable(result: Any) -> Any:
    """Predictions as JSON: records for a frame, lists for arrays and series."""
    if hasattr(result, "to_dict") and hasattr(result, "columns"):
        return json.loads(result.to_json(orient="records", date_format="iso"))
    if hasattr(result, "tolist"):
        return result.tolist()
    if isinstance(result, dict):
        return {key: jsonable(value) for key, value in result.items()}
    if isinstance(result, (list, tuple)):
        return [jsonable(value) for value in result]
    return result
