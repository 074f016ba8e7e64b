"""What is read without a server: command lines, durations, references, places."""

from __future__ import annotations

from typing import Any

import pytest

from azlocal.arm.errors import ArmError
from azlocal.machinelearning.assets import references
from azlocal.machinelearning.jobs import expand, spec
from azlocal.machinelearning.mlflow.filters import matcher
from azlocal.machinelearning.places import Place, Places, Web
from azlocal.machinelearning.runs import Runs
from azlocal.state import Resource, State

WS = "/subscriptions/s/resourcegroups/g/providers/microsoft.machinelearningservices/workspaces/w"


@pytest.mark.parametrize(
    ("line", "values", "result"),
    [
        ("run ${{inputs.a}} ${{ outputs.b }}", {"inputs": {"a": "1"}, "outputs": {"b": "/o"}}, "run 1 /o"),
        ("run $[[--a ${{inputs.a}}]]x", {"inputs": {}}, "run x"),
        ("run $[[--a ${{inputs.a}}]]", {"inputs": {"a": "1"}}, "run --a 1"),
        ("${{inputs.group.lr}}", {"inputs": {"group.lr": "3"}}, "3"),
        ("$HOME ${x} ${{search_space.lr}}", {"search_space": {"lr": "0.1"}}, "$HOME ${x} 0.1"),
    ],
)
def test_expansion(line: str, values: dict[str, dict[str, str]], result: str) -> None:
    assert expand.expand(line, values) == result


def test_a_missing_input_is_named_with_those_there_are() -> None:
    with pytest.raises(ArmError, match=r"no input 'b' \(it has: a\)"):
        expand.check("${{inputs.a}} ${{inputs.b}} $[[${{inputs.c}}]]", {"a": 1}, {})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT30M", 1800), ("PT1H1M1S", 3661), ("P1DT1S", 86401), ("90", 90), ("1.5", 1.5), (None, None), ("soon", None)],
)
def test_durations(text: str | None, seconds: float | None) -> None:
    assert spec.seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("azureml:d:3", "d:3"),
        ("d:3", "d:3"),
        ("azureml:d@latest", "d@latest"),
        (f"azureml:{WS}/data/d/versions/3", "d:3"),
        (f"{WS}/data/d/labels/latest", "d@latest"),
        ("azureml://locations/x/workspaces/guid/data/d/versions/3", "d:3"),
    ],
)
def test_references(text: str, shown: str) -> None:
    found = references.parse(text, WS, "data")
    assert str(found) == shown
    assert found is not None
    assert (found.workspace, found.kind) == (WS, "data")


def test_what_is_no_reference() -> None:
    assert references.parse("azureml://datastores/x/paths/y", WS, "data") is None
    with pytest.raises(ArmError, match="registry"):
        references.parse("azureml://registries/azureml/environments/e/versions/1", WS, "environments")


@pytest.fixture
def places() -> Places:
    state = State()
    runs = Runs(state)
    kind = f"{references.PROVIDER}/workspaces/datastores"
    stores: dict[str, dict[str, Any]] = {
        "blobs": {"datastoreType": "AzureBlob", "accountName": "acc", "containerName": "c", "isDefault": True},
        "lake": {"datastoreType": "AzureDataLakeGen2", "accountName": "lak", "filesystem": "f"},
        "files": {"datastoreType": "AzureFile", "accountName": "acc", "fileShareName": "s"},
        "workspaceartifactstore": {"datastoreType": "AzureBlob", "accountName": "acc", "containerName": "azureml"},
    }
    for name, properties in stores.items():
        state.put(Resource(f"{WS}/datastores/{name}", kind, {"properties": properties}))
    run = runs.create(WS, "job1", "e")

    def change(one: Any) -> None:
        one.outputs = {"o": {"uri": "azureml://datastores/lake/paths/made"}}

    runs.change(WS, run.id, change)
    for version, uri in (("1", "azureml://datastores/blobs/paths/d"), ("2", "azureml:d:1")):
        body = {"properties": {"dataUri": uri}}
        state.put(Resource(f"{WS}/data/d/versions/{version}", f"{references.PROVIDER}/workspaces/data/versions", body))
    return Places(state, runs)


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("azureml://datastores/blobs/paths/a/b", "acc/c/a/b"),
        ("azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/lake/paths/x", "lak/f/x"),
        ("azureml://jobs/job1/outputs/o", "lak/f/made"),
        ("azureml://jobs/job1/outputs/o/paths/in/side", "lak/f/made/in/side"),
        ("azureml://jobs/job1/outputs/artifacts/paths/model/", "acc/azureml/ExperimentRun/dcid.job1/model"),
        ("runs:/job1/model", "acc/azureml/ExperimentRun/dcid.job1/model"),
        ("azureml:d:1", "acc/c/d"),
        ("azureml:d@latest", "acc/c/d"),
        ("wasbs://raw@acc.blob.core.windows.net/p/q", "acc/raw/p/q"),
        ("abfss://raw@acc.dfs.core.windows.net/p%20q", "acc/raw/p q"),
        ("https://acc.blob.core.windows.net/raw/p", "acc/raw/p"),
    ],
)
def test_places(places: Places, uri: str, place: str) -> None:
    assert str(places.locate(WS, uri)) == place


def test_places_elsewhere(places: Places) -> None:
    assert places.locate(WS, "https://example.org/data.csv") == Web("https://example.org/data.csv")
    assert places.default_datastore(WS) == "blobs"
    found = places.locate(WS, "azureml://datastores/blobs/paths/a")
    assert isinstance(found, Place)
    assert found.below("b").uri == "azureml://datastores/blobs/paths/a/b"
    assert not found.has_credentials


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("azureml://datastores/none/paths/a", "datastore 'none' was not found"),
        ("azureml://datastores/files/paths/a", "AzureFile"),
        ("azureml://jobs/job1/outputs/p", r"no output 'p' \(it has: o\)"),
        ("azureml://jobs/nojob/outputs/o", "The job 'nojob' was not found in the workspace"),
        ("azureml:e:1", "'e:1' was not found"),
        ("some/where", "is no URI that a job can read"),
        ("abfss://acc.dfs.core.windows.net/p", "names no container"),
    ],
)
def test_places_that_are_none(places: Places, uri: str, says: str) -> None:
    with pytest.raises(ArmError, match=says):
        places.locate(WS, uri)


def test_filters_need_and_between_clauses() -> None:
    with pytest.raises(ArmError, match="joined by AND"):
        matcher("metrics.a > 1 metrics.b > 2")
    assert matcher("")(lambda _kind, _key: None)


def test_the_last_value_of_a_metric_is_by_step_then_time() -> None:
    state = State()
    runs = Runs(state)
    runs.create(WS, "r", "e")
    points = [(1.0, 5, 2), (2.0, 9, 1), (3.0, 6, 2)]
    runs.log_metrics(WS, "r", [{"key": "m", "value": v, "timestamp": t, "step": s} for v, t, s in points])
    found = runs.get(WS, "R")
    assert found is not None
    assert found.metrics["m"]["value"] == 3.0
    assert len(runs.metric_history(WS, "r", "m")) == 3
