"""Command jobs through the unmodified SDK: what they are given, what they leave, and how they end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from azure.core.exceptions import HttpResponseError

from tests.azlocal.machinelearning.support import CPU, Workspace, marked, unique, wait

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

    Submit = Callable[..., Any]


@pytest.fixture
def submit(ml: MLClient, bare: str) -> Submit:
    """Send a command in the bare environment; other arguments as those of ``command``."""
    from azure.ai.ml import command

    def send(line: str, **arguments: Any) -> Any:
        return ml.jobs.create_or_update(command(**{"command": line, "environment": bare, "compute": CPU, **arguments}))

    return send


@pytest.fixture
def finished(ml: MLClient) -> Callable[[Any], Any]:
    """Wait for a job's end, whatever it is; the job as it is then."""

    def wait(job: Any) -> Any:
        from azure.ai.ml.exceptions import JobException

        with contextlib.suppress(JobException):
            ml.jobs.stream(job.name)
        return ml.jobs.get(job.name)

    return wait


@pytest.fixture
def details(ml: MLClient) -> Callable[[str], Any]:
    """Run history's details of a job."""
    details: Callable[[str], Any] = ml.jobs._runs_operations.get_run_details
    return details


def test_a_job_runs_its_code_with_literals_and_streams_its_log(
    ml: MLClient, submit: Submit, code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (code / "main.py").write_text("import sys; print('hello', *sys.argv[1:])")
    job = submit("python main.py ${{inputs.who}}", code=str(code), inputs={"who": "world"})
    ml.jobs.stream(job.name)
    assert "hello world" in capsys.readouterr().out
    assert ml.jobs.get(job.name).status == "Completed"


def test_equal_code_is_uploaded_once(ml: MLClient, submit: Submit, code: Path) -> None:
    (code / "main.py").write_text(f"print('{unique('once')}')")
    first, second = (submit("python main.py", code=str(code)) for _ in range(2))
    assert first.code == second.code


def test_exit_code_and_log_of_a_failed_job(
    ml: MLClient, submit: Submit, finished: Callable[[Any], Any], details: Callable[[str], Any],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    job = finished(submit("echo before; exit 7"))
    assert job.status == "Failed"
    error = details(job.name).error.error
    assert error.code == "UserError"
    assert "exited with status code 7" in error.message
    assert "before" in error.message
    assert "before" in capsys.readouterr().out


def test_a_failed_job_raises_in_stream(ml: MLClient, submit: Submit) -> None:
    from azure.ai.ml.exceptions import JobException

    job = submit("exit 3")
    with pytest.raises(JobException, match="exited with status code 3"):
        ml.jobs.stream(job.name)


def test_a_canceled_job_leaves_no_process(ml: MLClient, submit: Submit, details: Callable[[str], Any]) -> None:
    mark = unique("mark")
    job = submit(f"(trap '' TERM; exec -a {mark} sleep 600) & exec -a {mark} sleep 601")
    running = wait(lambda: marked(mark) if len(marked(mark)) >= 2 else None)
    ml.jobs.begin_cancel(job.name).result()
    psutil.wait_procs(running, timeout=15)
    assert not marked(mark)
    assert ml.jobs.get(job.name).status == "Canceled"
    assert details(job.name).status == "Canceled"


def test_a_job_over_its_limit_is_canceled(ml: MLClient, submit: Submit, finished: Any, details: Any) -> None:
    from azure.ai.ml.entities import CommandJobLimits

    mark = unique("mark")
    job = finished(submit(f"exec -a {mark} sleep 600", limits=CommandJobLimits(timeout=1)))
    assert job.status == "Canceled"
    assert "its limit of 1 s" in details(job.name).error.error.message
    assert not marked(mark)


def test_what_a_command_leaves_running_ends_with_it(submit: Submit, finished: Any) -> None:
    mark = unique("mark")
    assert finished(submit(f"exec -a {mark} sleep 600 & true")).status == "Completed"
    assert not marked(mark)


def test_what_left_the_command_s_group_ends_with_it_too(submit: Submit, finished: Any) -> None:
    mark = unique("mark")
    line = f"setsid bash -c 'touch begun; exec -a {mark} sleep 600' & until [ -e begun ]; do :; done"
    assert finished(submit(line)).status == "Completed"
    assert not marked(mark)


def test_a_cancel_ends_what_left_the_group(ml: MLClient, submit: Submit) -> None:
    mark = unique("mark")
    job = submit(f"setsid bash -c 'exec -a {mark} sleep 600' & exec -a {mark} sleep 601")
    wait(lambda: len(marked(mark)) >= 2)
    ml.jobs.begin_cancel(job.name).result()
    assert not marked(mark)


def test_inputs_outputs_and_download(ml: MLClient, submit: Submit, finished: Any, tmp_path: Path) -> None:
    from azure.ai.ml import Input, Output

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("alpha")
    job = finished(
        submit(
            "cat ${{inputs.folder}}/a.txt ${{inputs.file}} > ${{outputs.joined}}/both.txt"
            " && echo $AZURE_ML_INPUT_file > ${{outputs.one}} && ! touch ${{inputs.folder}}/a.txt 2>/dev/null"
            " || [ $(id -u) = 0 ]",
            inputs={
                "folder": Input(type="uri_folder", path=str(tmp_path / "in")),
                "file": Input(type="uri_file", path=str(tmp_path / "in" / "a.txt"), mode="download"),
            },
            outputs={"joined": Output(type="uri_folder"), "one": Output(type="uri_file")},
        )
    )
    assert job.status == "Completed"
    ml.jobs.download(job.name, download_path=tmp_path / "out", output_name="joined")
    assert next((tmp_path / "out").rglob("both.txt")).read_text() == "alphaalpha"
    ml.jobs.download(job.name, download_path=tmp_path / "all", all=True)
    assert list((tmp_path / "all").rglob("std_log.txt"))


def test_an_output_is_registered_under_its_name(ml: MLClient, submit: Submit, finished: Any) -> None:
    from azure.ai.ml import Input, Output

    name, model = unique("data"), unique("model")
    job = finished(
        submit(
            "echo 1 > ${{outputs.d}}/x && echo 2 > ${{outputs.m}}/weights",
            outputs={
                "d": Output(type="uri_folder", name=name, version="5"),
                "m": Output(type="custom_model", name=model),
            },
        )
    )
    assert job.status == "Completed"
    assert ml.data.get(name, version="5").path.endswith(f"azureml/{job.name}/d")
    assert ml.models.get(model, label="latest").job_name == job.name
    again = finished(
        submit(
            "cat ${{inputs.d}}/x ${{inputs.m}}/weights",
            inputs={
                "d": Input(type="uri_folder", path=f"azureml:{name}:5"),
                "m": Input(type="custom_model", path=f"azureml:{model}:1"),
            },
        )
    )
    assert again.status == "Completed"


def test_a_job_reads_what_another_left(submit: Submit, finished: Any) -> None:
    from azure.ai.ml import Input, Output

    first = finished(
        submit("mkdir outputs && echo kept > outputs/note.txt && echo x > ${{outputs.o}}/f", outputs={"o": Output()})
    )
    second = finished(
        submit(
            "grep kept ${{inputs.note}} && cat ${{inputs.o}}/f",
            inputs={
                "note": Input(
                    type="uri_file", path=f"azureml://jobs/{first.name}/outputs/artifacts/paths/outputs/note.txt"
                ),
                "o": Input(type="uri_folder", path=f"azureml://jobs/{first.name}/outputs/o"),
            },
        )
    )
    assert second.status == "Completed"


def test_the_environment_of_a_job(
    ml: MLClient, workspace: Workspace, submit: Submit, capsys: pytest.CaptureFixture[str]
) -> None:
    job = submit(
        "env | sort; python -c 'import sys; print(\"prefix\", sys.prefix)'",
        environment_variables={"MINE": "yes"},
        experiment_name="the-experiment",
    )
    ml.jobs.stream(job.name)
    seen = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines() if "=" in line)
    assert seen["MINE"] == "yes"
    assert seen["AZUREML_RUN_ID"] == seen["MLFLOW_RUN_ID"] == job.name
    assert seen["AZUREML_ARM_WORKSPACE_NAME"] == workspace.name
    assert seen["AZUREML_ARM_PROJECT_NAME"] == "the-experiment"
    assert seen["MLFLOW_TRACKING_URI"].startswith("azureml://westeurope.api.azureml.ms/mlflow/v1.0/subscriptions/")
    assert seen["DEFAULT_IDENTITY_CLIENT_ID"] == workspace.identity
    assert seen["IDENTITY_ENDPOINT"].endswith("/msi/token")
    assert "AZURE_CLIENT_SECRET" not in seen
    assert Path(seen["HOME"]) != Path.home()


def test_optional_parts_of_a_command(ml: MLClient, submit: Submit, capsys: pytest.CaptureFixture[str]) -> None:
    from azure.ai.ml import Input

    job = submit(
        "echo '[' $[[--rate ${{inputs.rate}}]] ${{inputs.name}} ']'",
        inputs={"name": "n", "rate": Input(type="number", optional=True)},
    )
    ml.jobs.stream(job.name)
    assert "[ n ]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"compute": "gpu-cluster"}, "Unknown compute target 'gpu-cluster'.*cpu-cluster"),
        ({"instance_count": 2}, "more than one node"),
    ],
)
def test_refused_before_anything_starts(submit: Submit, arguments: dict[str, Any], says: str) -> None:
    line = arguments.pop("line", "true")
    with pytest.raises((HttpResponseError, Exception), match=says):
        submit(line, **arguments)


def test_a_command_that_uses_what_it_is_not_given(workspace: Workspace, arm: Any, bare: str) -> None:
    """The SDK checks this itself; another client does not."""
    name, _, version = bare.partition(":")
    properties = {
        "jobType": "Command",
        "command": "echo ${{inputs.data}} ${{outputs.o}}",
        "environmentId": f"{workspace.id}/environments/{name}/versions/{version}",
        "computeId": f"{workspace.id}/computes/{CPU}",
        "outputs": {"o": {"jobOutputType": "uri_folder"}},
    }
    with pytest.raises(HttpResponseError, match="the job has no input 'data' \\(it has: none\\)"):
        arm.put(f"{workspace.id}/jobs/{unique('j')}", "2024-10-01", {"properties": properties})


def test_an_input_asset_that_is_not_there_is_refused(submit: Submit) -> None:
    from azure.ai.ml import Input

    with pytest.raises(Exception, match="nosuch"):
        submit("ls ${{inputs.d}}", inputs={"d": Input(type="uri_folder", path="azureml:nosuch:1")})
    with pytest.raises(HttpResponseError, match="datastore 'nostore' was not found"):
        submit(
            "ls ${{inputs.d}}",
            inputs={"d": Input(type="uri_folder", path="azureml://datastores/nostore/paths/x")},
        )


def test_missing_data_fails_the_job_with_its_place(submit: Submit, finished: Any, details: Any) -> None:
    from azure.ai.ml import Input

    job = finished(
        submit(
            "ls ${{inputs.d}}",
            inputs={"d": Input(type="uri_folder", path="azureml://datastores/workspaceblobstore/paths/not/there")},
        )
    )
    assert job.status == "Failed"
    assert "Input 'd': Nothing exists at 'azureml://datastores/workspaceblobstore/paths/not/there'" in (
        details(job.name).error.error.message
    )


def test_queue_when_all_nodes_are_busy(ml: MLClient, workspace: Workspace, submit: Submit, arm: Any) -> None:
    from azure.ai.ml.entities import AmlCompute

    name = unique("one")
    ml.compute.begin_create_or_update(
        AmlCompute(name=name, size="Standard_DS3_v2", min_instances=0, max_instances=1)
    ).result()
    first = submit("sleep 600", compute=name)
    wait(lambda: ml.jobs.get(first.name).status == "Running" or None)
    second = submit("true", compute=name)
    wait(lambda: ml.jobs.get(second.name).status == "Queued" or None)
    assert ml.compute.get(name).max_instances == 1
    nodes = arm.client.resources.get_by_id(f"{workspace.id}/computes/{name}", api_version="2024-10-01").properties
    assert nodes["properties"]["nodeStateCounts"]["runningNodeCount"] == 1
    ml.jobs.begin_cancel(first.name).result()
    wait(lambda: ml.jobs.get(second.name).status == "Completed" or None)


def test_jobs_that_wait_for_a_deleted_compute_fail(ml: MLClient, submit: Submit, details: Any) -> None:
    from azure.ai.ml.entities import AmlCompute

    name = unique("gone")
    ml.compute.begin_create_or_update(AmlCompute(name=name, size="Standard_DS3_v2", max_instances=1)).result()
    first, second = submit("sleep 600", compute=name), submit("true", compute=name)
    wait(lambda: ml.jobs.get(second.name).status == "Queued" or None)
    ml.compute.begin_delete(name).wait()
    wait(lambda: ml.jobs.get(second.name).status == "Failed" or None)
    assert f"The compute '{name}' was deleted" in details(second.name).error.error.message
    ml.jobs.begin_cancel(first.name).result()


def test_tags_names_and_archive_are_one_record(ml: MLClient, submit: Submit, finished: Any) -> None:
    job = finished(submit("true", tags={"a": "1"}, display_name="first name"))
    job.tags["b"] = "2"
    job.display_name = "second name"
    ml.jobs.create_or_update(job)
    again = ml.jobs.get(job.name)
    assert again.tags == {"a": "1", "b": "2"}
    assert again.display_name == "second name"
    ml.jobs.archive(job.name)
    assert job.name not in {one.name for one in ml.jobs.list()}
    ml.jobs.restore(job.name)
    assert job.name in {one.name for one in ml.jobs.list()}
    ml.jobs.show_services(job.name)
