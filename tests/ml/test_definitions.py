"""Components, pipeline and environment as the SDK reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ml.environments import jobs
from ml.errors import MlError
from ml.pipelines import training
from ml.workspace import StackOutputs, Workspace, read_outputs

COMPONENTS = Path(training.__file__).parents[1] / "components"
OUTPUTS = {
    "resource_group": "rg",
    "workspace_name": "mlw",
    "workspace_id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/mlw",
    "lake_blob_endpoint": "https://lake.blob.core.windows.net/",
    "lake_datastores": {"raw": "lake_raw", "features": "lake_features"},
    "cpu_cluster": "cpu",
    "kubernetes_compute": "k8s",
    "something_else": 1,
}


@pytest.mark.parametrize("name", training.STEPS)
def test_a_components_command_gives_its_script_exactly_its_arguments(name: str) -> None:
    definition = yaml.safe_load((COMPONENTS / f"{name}.yaml").read_text())
    command = definition["command"]
    used = set(re.findall(r"\$\{\{(inputs|outputs)\.(\w+)\}\}", command))
    assert used == {(kind, key) for kind in ("inputs", "outputs") for key in definition[kind]}
    module = re.match(r"python -m ([\w.]+) ", command)
    assert module
    script = (COMPONENTS / f"{module[1].replace('.', '/')}.py").read_text()
    taken = set(re.findall(r'add_argument\(\s*"(--[\w-]+)"', script))
    assert set(re.findall(r"(--[\w-]+)", command)) == taken


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_pipeline_names_exact_versions_and_this_workspaces_places() -> None:
    workspace = Workspace("00000000-0000-0000-0000-000000000000", StackOutputs.model_validate(OUTPUTS))
    job = training.build(workspace, training.TrainingArgs("abc123", "env:9", 11, 50, 7, "c0ffee"))
    assert job.settings is not None
    assert job.settings.default_compute == "cpu"
    assert {step.component.environment for step in job.jobs.values()} == {"azureml:env:9"}
    inputs = {name: job.inputs[name]._data for name in job.inputs}
    assert inputs["raw"].path.removeprefix("azureml:") == "nycflights13:abc123"
    assert {name: inputs[name] for name in inputs if name != "raw"} == {
        "version": "abc123",
        "first_test_month": 11,
        "trees": 50,
        "leaves": 7,
    }
    features = job.jobs["prepare"].outputs["features"]._data
    assert features.path == "azureml://datastores/lake_features/paths/flight-delay/${{name}}/"
    same = training.fingerprint(training.TrainingArgs("abc123", "env:9", 11, 50, 7, "another commit of the same code"))
    assert job.tags == {"data": "nycflights13:abc123", "commit": "c0ffee", "inputs": same}
    assert same != training.fingerprint(training.TrainingArgs("abc123", "env:9", 11, 50, 8))


def test_every_locked_package_goes_into_the_environment_with_its_hashes() -> None:
    lock = jobs.LOCK.read_text()
    lines = jobs.locked_requirements(lock)
    assert len(lines) == len(re.findall(r"^[a-z0-9]", lock, re.MULTILINE))
    assert all(re.match(r"[\w.-]+==\S+( ; .+?)? --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    assert sum(line.count("--hash=") for line in lines) == lock.count("--hash=")
    assert any(line.startswith("mlflow==2.") for line in lines)


def test_an_environments_version_follows_its_content() -> None:
    one = jobs.conda_definition("a==1 \\\n    --hash=sha256:00\n# note\nb==2 --hash=sha256:11\n")
    assert one["dependencies"][-1] == {"pip": ["a==1 --hash=sha256:00", "b==2 --hash=sha256:11"]}
    assert jobs.version(one) == jobs.version(yaml.safe_load(yaml.safe_dump(one)))
    assert jobs.version(one) != jobs.version(jobs.conda_definition("a==2\n"))
    assert jobs.version(one) != jobs.version(one, "another:image")


def test_missing_outputs_are_all_named_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    file.write_text('{"resource_group": "rg", "cpu_cluster": 3}')
    with pytest.raises(MlError, match=r"outputs.json does not hold the stack's outputs: .*workspace_name") as caught:
        read_outputs(file)
    assert "cpu_cluster: Input should be a valid string" in str(caught.value)
    file.write_text("not json")
    with pytest.raises(MlError, match="does not hold"):
        read_outputs(file)
    with pytest.raises(MlError, match="which does not exist"):
        read_outputs(tmp_path / "none.json")


def test_names_are_this_workspaces_own_and_its_zones_are_known() -> None:
    outputs = StackOutputs.model_validate(OUTPUTS)
    one = Workspace("s", outputs)
    upper = Workspace("s", outputs.model_copy(update={"workspace_id": outputs.workspace_id.upper()}))
    other = Workspace("s", outputs.model_copy(update={"workspace_id": "another"}))
    assert one.unique_name("flight-delay") == upper.unique_name("flight-delay") != other.unique_name("flight-delay")
    assert re.fullmatch(r"[a-z][a-z0-9-]{2,31}", one.unique_name("flight-delay"))
    with pytest.raises(MlError, match="no datastore for the lake's zone 'scores', only features, raw"):
        one.datastore("scores")
