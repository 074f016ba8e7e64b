"""Real mlflow with azureml-mlflow inside a job: metrics, artifacts, a model, its registration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.azlocal.machinelearning.support import CPU, unique

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

CONDA = {
    "name": "mlflow",
    "dependencies": ["python=3.11", "pip", {"pip": ["mlflow==2.22.5", "azureml-mlflow==1.62.*"]}],
}
SCRIPT = """
import sys
import mlflow


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


with mlflow.start_run() as run:
    mlflow.log_param("alpha", 0.5)
    mlflow.log_params({"depth": 3, "kind": "gbm"})
    for step in range(3):
        mlflow.log_metric("rmse", 3.0 - step, step=step)
    mlflow.log_metrics({"mae": 1.5, "nan": float("nan")})
    mlflow.set_tag("team", "flights")
    mlflow.log_text("all is well", "notes/report.txt")
    mlflow.pyfunc.log_model("model", python_model=Doubler())
    mlflow.register_model(f"runs:/{run.info.run_id}/model", sys.argv[1])

client = mlflow.MlflowClient()
assert [one.value for one in client.get_metric_history(run.info.run_id, "rmse")] == [3.0, 2.0, 1.0]
assert [one.path for one in client.list_artifacts(run.info.run_id, "notes")] == ["notes/report.txt"]
assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/report.txt") == "all is well"
assert client.get_latest_versions(sys.argv[1])[0].run_id == run.info.run_id
found = mlflow.search_runs([run.info.experiment_id], "metrics.rmse < 2 and params.kind = 'gbm'")
assert list(found["run_id"]) == [run.info.run_id], found
loaded = mlflow.pyfunc.load_model(f"models:/{sys.argv[1]}/1")
assert loaded.predict(21) == 42
print("seen from mlflow: well")
"""


@pytest.mark.minutes
@pytest.mark.timeout(600)
def test_mlflow_logs_searches_and_registers(
    ml: MLClient, code: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from azure.ai.ml import command
    from azure.ai.ml.entities import Environment

    name = unique("doubler")
    (code / "train.py").write_text(SCRIPT)
    job = ml.jobs.create_or_update(
        command(
            command=f"python train.py {name}",
            code=str(code),
            environment=Environment(image="python:3.11", conda_file=CONDA, name="with-mlflow"),
            compute=CPU,
            experiment_name=unique("exp"),
        )
    )
    ml.jobs.stream(job.name)
    assert "seen from mlflow: well" in capsys.readouterr().out
    assert ml.jobs.get(job.name).tags["team"] == "flights"
    model = ml.models.get(name, version="1")
    assert model.type == "mlflow_model"
    assert "python_function" in model.flavors
    ml.models.download(name, "1", download_path=tmp_path)
    assert list(tmp_path.rglob("MLmodel"))
