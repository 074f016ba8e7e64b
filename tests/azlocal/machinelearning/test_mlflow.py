"""MLflow's REST API, call by call as its client sends them; the client itself runs in a job of the slow tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.azlocal.machinelearning.support import CPU, Workspace, unique

if TYPE_CHECKING:
    from azure.ai.ml import MLClient


class Tracking:
    """The tracking server's REST API."""

    def __init__(self, workspace: Workspace, token: str) -> None:
        self._base = f"https://westeurope.api.azureml.ms/mlflow/v2.0{workspace.id}/api/2.0/mlflow/"
        self.history = f"https://westeurope.api.azureml.ms/history/v1.0{workspace.id}/"
        self._session = requests.Session()
        self._session.headers["authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> Any:
        return self._checked(self._session.get(self._base + path, params=query, timeout=10))

    def post(self, path: str, **body: Any) -> Any:
        return self._checked(self._session.post(self._base + path, json=body, timeout=10))

    def patch(self, path: str, **body: Any) -> Any:
        return self._checked(self._session.patch(self._base + path, json=body, timeout=10))

    def raw(self, method: str, url: str, **arguments: Any) -> Any:
        return self._checked(self._session.request(method, url, timeout=10, **arguments))

    @staticmethod
    def _checked(answer: requests.Response) -> Any:
        body = answer.json()
        if answer.status_code != 200:
            raise LookupError(answer.status_code, body)
        return body


@pytest.fixture
def tracking(workspace: Workspace, owner: Any) -> Tracking:
    return Tracking(workspace, owner.get_token("https://management.azure.com/.default").token)


@pytest.fixture
def experiment(tracking: Tracking) -> str:
    return str(tracking.post("experiments/create", name=unique("exp"))["experiment_id"])


@pytest.fixture
def run(tracking: Tracking, experiment: str) -> str:
    made = tracking.post("runs/create", experiment_id=experiment, start_time=1000, run_name="first", tags=[])
    return str(made["run"]["info"]["run_id"])


def test_experiments(tracking: Tracking, experiment: str) -> None:
    found = tracking.get("experiments/get", experiment_id=experiment)["experiment"]
    assert tracking.get("experiments/get-by-name", experiment_name=found["name"])["experiment"] == found
    tracking.post("experiments/set-experiment-tag", experiment_id=experiment, key="k", value="v")
    assert tracking.get("experiments/get", experiment_id=experiment)["experiment"]["tags"] == [
        {"key": "k", "value": "v"}
    ]
    with pytest.raises(LookupError, match="RESOURCE_ALREADY_EXISTS"):
        tracking.post("experiments/create", name=found["name"])
    tracking.post("experiments/delete", experiment_id=experiment)
    search = {"filter": f"name = '{found['name']}'"}
    assert tracking.post("experiments/search", **search) == {"experiments": []}
    tracking.post("experiments/restore", experiment_id=experiment)
    assert len(tracking.post("experiments/search", **search)["experiments"]) == 1
    with pytest.raises(LookupError, match="RESOURCE_DOES_NOT_EXIST"):
        tracking.get("experiments/get-by-name", experiment_name="none")


def test_a_run_remembers_what_is_logged(tracking: Tracking, run: str) -> None:
    tracking.post("runs/log-metric", run_id=run, key="loss", value=2.0, timestamp=1, step=0)
    tracking.post(
        "runs/log-batch",
        run_id=run,
        metrics=[
            {"key": "loss", "value": 1.0, "timestamp": 2, "step": 1},
            {"key": "bad", "value": "NaN", "timestamp": 2},
        ],
        params=[{"key": "p", "value": "1"}],
        tags=[{"key": "t", "value": "x"}],
    )
    found = tracking.get("runs/get", run_id=run, run_uuid=run)["run"]
    metrics = {one["key"]: one["value"] for one in found["data"]["metrics"]}
    assert metrics == {"loss": 1.0, "bad": "NaN"}
    assert found["data"]["params"] == [{"key": "p", "value": "1"}]
    assert {"key": "t", "value": "x"} in found["data"]["tags"]
    history = tracking.get("metrics/get-history", run_id=run, metric_key="loss")["metrics"]
    assert [(one["step"], one["value"]) for one in history] == [(0, 2.0), (1, 1.0)]
    with pytest.raises(LookupError, match="Changing param values is not allowed"):
        tracking.post("runs/log-parameter", run_id=run, key="p", value="2")
    with pytest.raises(LookupError, match="needs 'key' and a number"):
        tracking.post("runs/log-metric", run_id=run, key="loss", value="much")
    tracking.post("runs/delete-tag", run_id=run, key="t")
    tracking.post("runs/update", run_id=run, status="FINISHED", end_time=5000, run_name="second")
    info = tracking.get("runs/get", run_id=run)["run"]["info"]
    assert (info["status"], info["run_name"], info["end_time"]) == ("FINISHED", "second", 5000)


def test_a_batch_is_logged_whole_or_not_at_all(tracking: Tracking, run: str) -> None:
    with pytest.raises(LookupError):
        tracking.post(
            "runs/log-batch", run_id=run, metrics=[{"key": "a", "value": 1, "timestamp": 1}, {"key": "b"}],
            params=[{"key": "p", "value": "1"}],
        )  # fmt: skip
    assert tracking.get("runs/get", run_id=run)["run"]["data"]["metrics"] == []


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ("metrics.m > 1", [2, 3]),
        ("metrics.m >= 2 and metrics.m < 3", [2]),
        ("params.name = 'run-1'", [1]),
        ("params.name LIKE 'run-%' and metrics.m != 2", [1, 3]),
        ("tags.kind ILIKE 'EV%'", [2]),
        ("attributes.status = 'RUNNING' AND params.`name` IN ('run-1', 'run-3')", [1, 3]),
        ("tags.kind IS NULL", []),
    ],
)
def test_search(tracking: Tracking, experiment: str, filter_: str, found: list[int]) -> None:
    for index in (1, 2, 3):
        made = tracking.post("runs/create", experiment_id=experiment, start_time=index * 1000)["run"]["info"]["run_id"]
        tracking.post(
            "runs/log-batch",
            run_id=made,
            metrics=[{"key": "m", "value": index, "timestamp": 1, "step": 0}],
            params=[{"key": "name", "value": f"run-{index}"}],
            tags=[{"key": "kind", "value": "even" if index % 2 == 0 else "odd"}],
        )
    request = {"experiment_ids": [experiment], "filter": filter_, "order_by": ["metrics.m ASC"]}
    runs = tracking.post("runs/search", **request).get("runs", [])
    assert [int(one["data"]["metrics"][0]["value"]) for one in runs] == found


def test_search_pages_and_refuses_what_it_cannot_read(tracking: Tracking, experiment: str) -> None:
    for index in range(3):
        tracking.post("runs/create", experiment_id=experiment, start_time=index)
    first = tracking.post("runs/search", experiment_ids=[experiment], max_results=2)
    assert len(first["runs"]) == 2
    rest = tracking.post("runs/search", experiment_ids=[experiment], max_results=2, page_token=first["next_page_token"])
    assert len(rest["runs"]) == 1
    assert "next_page_token" not in rest
    with pytest.raises(LookupError, match="INVALID_PARAMETER_VALUE"):
        tracking.post("runs/search", experiment_ids=[experiment], filter="metrics.m >")


def test_artifacts_go_through_run_history(tracking: Tracking, experiment: str, run: str) -> None:
    base = f"{tracking.history}experiments/{experiment}/runs/{run}/artifacts"
    reserved = tracking.raw("POST", f"{base}/batch/metadata", json={"paths": [{"path": "a/b.txt"}]})
    link = reserved["artifactContentInformation"]["a/b.txt"]["contentUri"]
    sent = requests.put(link, data=b"content", headers={"x-ms-blob-type": "BlockBlob"}, timeout=10)
    assert sent.status_code == 201
    assert [one["path"] for one in tracking.raw("GET", base)["value"]] == ["a/b.txt"]
    read = tracking.raw("GET", f"{base}/contentinfo", params={"path": "a/b.txt"})["contentUri"]
    assert requests.get(read, timeout=10).content == b"content"
    with pytest.raises(LookupError, match="was not found"):
        tracking.raw("GET", f"{base}/contentinfo", params={"path": "a"})


def test_the_registry_is_the_workspaces(ml: MLClient, tracking: Tracking, experiment: str, run: str) -> None:
    base = f"{tracking.history}experiments/{experiment}/runs/{run}/artifacts"
    reserved = tracking.raw("POST", f"{base}/batch/metadata", json={"paths": [{"path": "model/MLmodel"}]})
    link = reserved["artifactContentInformation"]["model/MLmodel"]["contentUri"]
    requests.put(
        link, data="flavors: {sklearn: {code: x}}", headers={"x-ms-blob-type": "BlockBlob"}, timeout=10
    ).raise_for_status()
    name = unique("m")
    tracking.post("registered-models/create", name=name, description="d")
    with pytest.raises(LookupError, match="RESOURCE_ALREADY_EXISTS"):
        tracking.post("registered-models/create", name=name)
    source = tracking.get("runs/get", run_id=run)["run"]["info"]["artifact_uri"] + "/model"
    made = tracking.post("model-versions/create", name=name, source=source, run_id=run)["model_version"]
    assert (made["version"], made["run_id"], made["status"]) == ("1", run, "READY")
    model = ml.models.get(name, version="1")
    assert (model.type, model.flavors) == ("mlflow_model", {"sklearn": {"code": "x"}})
    assert tracking.get("model-versions/get-download-uri", name=name, version="1")["artifact_uri"] == source
    staged = tracking.post("model-versions/transition-stage", name=name, version="1", stage="production")
    assert staged["model_version"]["current_stage"] == "Production"
    latest = tracking.post("registered-models/get-latest-versions", name=name, stages=["Production"])
    assert [one["version"] for one in latest["model_versions"]] == ["1"]
    tracking.patch("model-versions/update", name=name, version="1", description="better")
    tracking.post("model-versions/set-tag", name=name, version="1", key="k", value="v")
    found = tracking.get("model-versions/search", filter=f"name = '{name}'")["model_versions"]
    assert [(one["description"], one["tags"]) for one in found] == [("better", [{"key": "k", "value": "v"}])]
    assert tracking.get("registered-models/get", name=name)["registered_model"]["description"] == "d"


def test_a_job_is_an_mlflow_run(ml: MLClient, tracking: Tracking, bare: str) -> None:
    from azure.ai.ml import command

    job = ml.jobs.create_or_update(command(command="true", environment=bare, compute=CPU, tags={"a": "b"}))
    tracking.post("runs/log-metric", run_id=job.name, key="m", value=1.5, timestamp=1, step=0)
    tracking.post("runs/set-tag", run_id=job.name, key="from", value="mlflow")
    tracking.post("runs/update", run_id=job.name, status="FAILED")
    ml.jobs.stream(job.name)
    assert ml.jobs.get(job.name).tags == {"a": "b", "from": "mlflow"}
    found = tracking.get("runs/get", run_id=job.name)["run"]
    assert found["info"]["status"] == "FINISHED"
    assert found["data"]["metrics"][0]["value"] == 1.5


def test_an_mlflow_operation_that_is_not_served(tracking: Tracking) -> None:
    with pytest.raises(LookupError, match=r"NOT_IMPLEMENTED.*logged-models"):
        tracking.post("logged-models", name="x")
