"""An MLflow model without code and without an environment: both come from the model itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.azlocal.machinelearning.endpoints.making import Endpoints
from tests.azlocal.machinelearning.support import unique

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(400)]

FILES = {
    "MLmodel": """
flavors:
  python_function:
    code: code
    data: data
    env: {conda: conda.yaml}
    loader_module: sums
    python_version: 3.11.7
mlflow_version: 2.22.5
model_uuid: 0123456789abcdef0123456789abcdef
signature:
  inputs: '[{"type": "double", "name": "a", "required": true}, {"type": "double", "name": "b", "required": true}]'
  outputs: '[{"type": "double", "name": "sum", "required": true}]'
""",
    "conda.yaml": """
name: sums
dependencies:
  - python=3.11
  - pip
  - pip: [mlflow-skinny==2.22.5, pandas<3, numpy]
""",
    "code/sums.py": """
class Sums:
    def predict(self, frame, params=None):
        return frame["a"] + frame["b"]

def _load_pyfunc(path):
    return Sums()
""",
    "data/nothing": "",
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "sums"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or " ")
    return folder


def test_a_model_without_code(ml: MLClient, model: Path, tmp_path: Path) -> None:
    from azure.ai.ml.entities import ManagedOnlineDeployment, Model

    endpoints = Endpoints(ml, "", tmp_path)
    name = endpoints.endpoint()
    registered = ml.models.create_or_update(Model(name=unique("sums"), path=str(model), type="mlflow_model"))
    ml.online_deployments.begin_create_or_update(
        ManagedOnlineDeployment(
            name="blue", endpoint_name=name, model=registered.id, instance_type="Standard_F4s_v2", instance_count=1
        )
    ).result()
    endpoints.traffic(name, blue=100)
    call = endpoints.caller(name)
    split = {"columns": ["a", "b"], "index": [0, 1], "data": [[1, 2], [3, 4]]}
    accepted: list[object] = [
        {"input_data": split},
        {"dataframe_split": split},
        {"dataframe_records": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]},
        {"input_data": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]},
        {"inputs": {"a": [1.0, 3.0], "b": [2.0, 4.0]}},
        [{"a": 1, "b": 2}, {"a": 3, "b": 4}],
    ]
    for body in accepted:
        answer = call(body)
        assert answer.status_code == 200, answer.text
        assert answer.json() == [3, 7]
    refusals: list[tuple[object, str]] = [
        ({"input_data": {"columns": ["a"], "data": [[1]]}}, "missing inputs ['b']"),
        ({"input_data": {"columns": ["a", "b"], "data": [["x", 1]]}}, "could not convert string to float"),
        ({"question": 1}, "The request body has the keys ['question']"),
        (5, "The request body is a JSON int"),
    ]
    for wrong, says in refusals:
        refused = call(wrong)
        assert refused.status_code == 400, json.dumps(wrong)
        assert says in refused.json()["error"]["message"]
    assert "is not valid JSON" in call(raw=b"a=1").json()["error"]["message"]
