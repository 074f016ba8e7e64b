"""What goes along with a model to another environment, and what of it is refused there."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.ai.ml.exceptions import ErrorCategory, ErrorTarget, ValidationException
from azure.core.exceptions import ResourceNotFoundError

from ml import promotion
from ml.commands import find_promoted, share
from ml.errors import MlError
from ml.models import Registered
from tests.ml.test_definitions import OUTPUTS

METRICS = {"model_mae": 19.9071, "baseline_mae": 21.68, "rows_test": 1, "rows_train": 2, "first_test_month": 10}
METRICS |= {f"{who}_{what}": 1.0 for who in ("model", "baseline") for what in ("rmse", "r2")}
TAGS = {"source_job": "calm_fig", "data": "d:1", "commit": "c0ffee", "environment": "e:1"}
TAGS |= {"mae": "19.907", "baseline_mae": "21.680"}
MODEL = Registered("flight-delay", "3", TAGS)


class Models:
    """The models of a registry, as the SDK's client shows them."""

    def __init__(self, tags: dict[str, str] | None) -> None:
        self.tags = tags

    def get(self, name: str, version: str) -> SimpleNamespace:
        if self.tags is None:
            raise ResourceNotFoundError
        return SimpleNamespace(name=name, version=version, tags=self.tags)

    def share(self, name: str, version: str, **_: str) -> None:
        text = "A model with this name and version already exists in registry" if self.tags else "no such thing"
        kind: Any = {"target": ErrorTarget.MODEL, "error_category": ErrorCategory.USER_ERROR}
        raise ValidationException(message=text, no_personal_data_message=text, **kind)


def registry(tags: dict[str, str] | None) -> Any:
    return SimpleNamespace(models=Models(tags))


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What `ml share` leaves."""
    report = tmp_path / "report"
    report.mkdir()
    (report / "metrics.json").write_text(json.dumps(METRICS))
    (report / "sample.csv").write_text("carrier\nUA\n")
    return promotion.write(tmp_path / "left", MODEL, "mlr-x", report).parent


def test_a_registry_s_model_is_deployed_by_its_uri(left: Path) -> None:
    found = promotion.read(left)
    assert found.model.asset == "azureml://registries/mlr-x/models/flight-delay/versions/3"
    assert MODEL.asset == "azureml:flight-delay:3"
    promotion.check(promotion.in_registry(registry(TAGS), found), found, METRICS)


@pytest.mark.parametrize("name", ["metrics.json", "sample.csv"])
def test_another_file_than_was_left_is_refused(left: Path, name: str) -> None:
    (left / name).write_text((left / name).read_text() + " ")
    with pytest.raises(MlError, match=f"is not as `ml share` left it: {name}"):
        promotion.read(left)
    (left / name).unlink()
    with pytest.raises(MlError, match=f"there is no .*{name}"):
        promotion.read(left)


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"registry": 1}'])
def test_a_note_that_is_none_is_refused(left: Path, note: str) -> None:
    (left / "promotion.json").write_text(note)
    with pytest.raises(MlError, match="is no note of `ml share`"):
        promotion.read(left)


def test_a_note_names_all_files(left: Path) -> None:
    note = json.loads((left / "promotion.json").read_text())
    (left / "promotion.json").write_text(json.dumps({**note, "files": {}}))
    with pytest.raises(MlError, match="files are missing"):
        promotion.read(left)


@pytest.mark.parametrize("tag", TAGS)
def test_another_model_than_was_shared_is_refused(left: Path, tag: str) -> None:
    found = promotion.read(left)
    other = promotion.in_registry(registry({**TAGS, tag: "other"}), found)
    with pytest.raises(MlError, match=f"{tag} 'other' instead of '{TAGS[tag]}'"):
        promotion.check(other, found, METRICS)


def test_figures_are_those_of_the_model(left: Path) -> None:
    found = promotion.read(left)
    with pytest.raises(MlError, match=r"says mae 19\.907, its report 12\.000"):
        promotion.check(found.model, found, {**METRICS, "model_mae": 12.0})
    untagged = promotion.Promotion("mlr-x", "m", "1", {"source_job": "j"}, found.files)
    with pytest.raises(MlError, match="has no tags data, commit, environment, mae, baseline_mae"):
        promotion.check(untagged.model, untagged, METRICS)


def test_a_model_no_better_than_the_baseline_is_not_deployed_elsewhere(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.mkdir()
    worse = {**METRICS, "model_mae": 30.0}
    tags = {**TAGS, "mae": "30.000"}
    (report / "metrics.json").write_text(json.dumps(worse))
    (report / "sample.csv").write_text(sample())
    note = promotion.write(tmp_path / "left", Registered("flight-delay", "3", tags), "mlr-x", report)
    workspace: Any = SimpleNamespace(registry=lambda _name: registry(tags))
    with pytest.raises(MlError, match="no better than the baseline"):
        find_promoted(workspace, note.parent)


def sample() -> str:
    """One flight with every column."""
    from ml.components.flight_delay.columns import CATEGORIES, NAMES

    return "\n".join(
        (",".join([*NAMES, "model"]), ",".join([*("x" if one in CATEGORIES else "1" for one in NAMES), "1"]))
    )


def test_what_is_there_already_is_shared_and_what_fails_is_told(left: Path) -> None:
    promotion.share(registry(TAGS), MODEL, "mlr-x")
    with pytest.raises(ValidationException, match="no such thing"):
        promotion.share(registry(None), MODEL, "mlr-x")
    with pytest.raises(MlError, match="the registry mlr-x has no model flight-delay:3"):
        promotion.in_registry(registry(None), promotion.read(left))


def test_without_a_registry_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outputs.json").write_text(json.dumps(OUTPUTS))
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "s")
    monkeypatch.setenv("STACK_OUTPUTS", str(tmp_path / "outputs.json"))
    with pytest.raises(MlError, match="knows no registry to share with") as caught:
        share("")
    assert "workspace.sharedRegistry" in caught.value.hint
