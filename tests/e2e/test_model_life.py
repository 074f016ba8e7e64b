"""A model's first life, by the commands that a data scientist types, on the architecture as it is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
from azure.storage.blob import ContainerClient

from azlocal.entra.principals import SUBSCRIPTION_ID
from tests.e2e.conftest import Platform, acting

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(500), pytest.mark.xdist_group("architecture")]

ML = (sys.executable, "-m", "ml.cli")
PICTURES = ("error_by_month", "feature_importance", "predicted_vs_actual", "residuals")


@dataclass(frozen=True)
class Trained:
    """A platform with the year in its lake and one trained model."""

    platform: Platform
    output: str

    @property
    def report(self) -> Path:
        """The folder of the training's report."""
        found = re.search(r"(build/ml/\S+)/metrics.json", self.output)
        assert found, self.output
        return self.platform.folder.path / found[1]


def ml(platform: Platform, *arguments: str, principal: str = "data-scientist") -> subprocess.CompletedProcess[str]:
    """Run ``ml`` in the state folder, where its ``build`` comes to lie."""
    return platform.run_as(principal, *ML, *arguments)


def done(platform: Platform, *arguments: str) -> str:
    """All that a command printed, which has to go well."""
    run = ml(platform, *arguments)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stderr + run.stdout


def refused(run: subprocess.CompletedProcess[str], *parts: str) -> None:
    """A command ended with one error that says all these."""
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    for part in ("error: ", *parts):
        assert part in run.stderr


def client(platform: Platform) -> MLClient:
    """The SDK's client, for who acts now."""
    outputs = platform.outputs
    return MLClient(DefaultAzureCredential(), SUBSCRIPTION_ID, outputs["resource_group"], outputs["workspace_name"])


def serving(platform: Platform) -> tuple[dict[str, int], set[str]]:
    """The endpoint's traffic, and its deployments."""
    with acting(platform.variables("data-scientist")):
        azure = client(platform)
        (endpoint,) = azure.online_endpoints.list()
        names = {str(item.name) for item in azure.online_deployments.list(str(endpoint.name))}
        return dict(endpoint.traffic), names


def blobs(platform: Platform) -> set[str]:
    """What lies in the lake's raw zone."""
    with (
        acting(platform.variables("data-scientist")),
        ContainerClient(platform.outputs["lake_blob_endpoint"], "raw", DefaultAzureCredential()) as raw,
    ):
        return {f"{blob.name} {blob.etag}" for blob in raw.list_blobs("nycflights13/")}


@pytest.fixture(scope="module")
def trained(platform: Platform) -> Trained:
    done(platform, "ingest")
    return Trained(platform, done(platform, "train"))


@pytest.fixture(scope="module")
def deployed(trained: Trained) -> Trained:
    done(trained.platform, "deploy")
    assert serving(trained.platform) == ({"blue": 100}, {"blue"})
    return trained


def test_the_same_batches_again_change_nothing(trained: Trained) -> None:
    before = blobs(trained.platform)
    output = done(trained.platform, "ingest")
    assert "336,776 flights in 12 months, 0.0 MB uploaded, data asset unchanged" in output
    assert len(re.findall("unchanged │", output)) == 13
    assert blobs(trained.platform) == before


def test_training_beats_the_baseline_and_leaves_figures_and_pictures(trained: Trained) -> None:
    metrics = json.loads((trained.report / "metrics.json").read_text())
    assert metrics["rows_train"] + metrics["rows_test"] == 327_346
    for figure in ("mae", "rmse"):
        assert metrics[f"model_{figure}"] < 0.95 * metrics[f"baseline_{figure}"]
    assert metrics["model_r2"] > 0.1 > metrics["baseline_r2"]
    for name in PICTURES:
        assert (trained.report / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_model_knows_where_it_comes_from(trained: Trained) -> None:
    with acting(trained.platform.variables("data-scientist")):
        azure = client(trained.platform)
        newest = max(azure.models.list("flight-delay"), key=lambda model: int(model.version))
        model = azure.models.get("flight-delay", version=newest.version)
        name, version = model.tags["data"].split(":")
        assert azure.data.get(name, version=version).tags["flights"] == "336776"
        assert azure.jobs.get(model.tags["source_job"]).status == "Completed"
        assert model.tags["source_job"] == trained.report.name
        assert model.type == "mlflow_model"
        assert {"commit", "environment", "mae", "baseline_mae"} <= model.tags.keys()


def test_training_the_same_again_takes_every_step_from_the_first_time(trained: Trained) -> None:
    output = done(trained.platform, "train")
    assert output.count("taken from an earlier run") == 3
    version = re.search(r"model flight-delay:(\d+) registered", trained.output)
    assert version
    assert f"model flight-delay:{version[1]} registered" in output


def test_a_new_deployment_takes_over_and_the_old_one_goes(deployed: Trained) -> None:
    platform = deployed.platform
    (old,) = serving(platform)[1]
    (new,) = {"blue", "green"} - {old}
    assert "deploy flight-delay" not in done(platform, "deploy"), "deployed again what serves already"
    output = done(platform, "deploy", "--new")
    order = [
        f"as {new}",
        f"smoke test of {new}",
        f"{old} 90 %, {new} 10 %",
        "check of",
        f"{new} 100 %",
        f"delete {old}",
    ]
    assert [output.index(part) for part in order] == sorted(output.index(part) for part in order)
    assert serving(platform) == ({new: 100}, {new})


def test_the_endpoint_answers_for_flights_that_the_model_has_not_seen(deployed: Trained) -> None:
    output = done(deployed.platform, "score")
    error = re.search(r"mean absolute error ([\d.]+) minutes", output)
    assert error
    assert 10 < float(error[1]) < 30
    assert (deployed.report / "scored.png").read_bytes().startswith(b"\x89PNG")


def test_a_rollout_that_was_killed_is_carried_on(deployed: Trained) -> None:
    platform = deployed.platform
    (old,) = serving(platform)[1]
    with subprocess.Popen(
        [*ML, "deploy", "--new"],
        env=platform.environ("data-scientist"),
        cwd=platform.folder.path,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stderr
        assert any("10 %" in line for line in process.stderr), "it ended before its first traffic"
        process.kill()
    traffic, names = serving(platform)
    assert names == {"blue", "green"}
    assert traffic[old] == 90
    output = done(platform, "deploy", "--new")
    assert "deploy flight-delay" not in output, "deployed again what was there"
    (new,) = names - {old}
    assert serving(platform) == ({new: 100}, {new})


@pytest.mark.parametrize(
    ("principal", "command", "action"),
    [
        ("reader", "ingest", "blobs/read"),
        ("reader", "train", "AuthorizationFailed"),
        ("reader", "score", "onlineEndpoints/token/action"),
        ("stranger", "train", "AuthorizationFailed"),
        ("stranger", "deploy", "AuthorizationFailed"),
    ],
)
def test_who_may_not_is_told_what_is_missing(deployed: Trained, principal: str, command: str, action: str) -> None:
    refused(ml(deployed.platform, command, principal=principal), "Azure refused: ", action, "hint: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "--data-version", "none"), "nycflights13:none"),
        (("deploy", "--model-version", "99"), "the model flight-delay has no version 99"),
        (("score", "--deployment", "none"), "none"),
    ],
)
def test_what_does_not_exist_is_named(deployed: Trained, arguments: tuple[str, ...], message: str) -> None:
    refused(ml(deployed.platform, *arguments), message)
