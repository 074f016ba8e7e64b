# mypy: disable-error-code="untyped-decorator, union-attr, operator"
"""Pipelines through the unmodified SDK: order, failure, reuse, outputs.

The SDK reads the annotations of a pipeline's function, so that they cannot be postponed here.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.azlocal.machinelearning.support import CPU, marked, unique, wait

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

Components = dict[str, Any]


def _dsl() -> Any:
    """The SDK's decorator, whose overloads do not know its own ``default_compute``."""
    from azure.ai.ml import dsl

    return dsl


@pytest.fixture
def components(bare: str, code: Path) -> Components:
    """Three steps: one that writes, one that adds to what it reads, one that always fails."""
    from azure.ai.ml import Input, Output, command

    salt = unique("s")  # nothing an earlier test has run is equal
    write = command(
        name="write",
        command="echo ${{inputs.text}} > ${{outputs.out}}/text; echo writing",
        inputs={"text": Input(type="string"), "salt": Input(type="string", default=salt)},
        outputs={"out": Output(type="uri_folder")},
        environment=bare,
    )
    add = command(
        name="add",
        command="cat ${{inputs.source}}/text > ${{outputs.out}}/text; echo ${{inputs.text}} >> ${{outputs.out}}/text",
        inputs={"source": Input(type="uri_folder"), "text": Input(type="string")},
        outputs={"out": Output(type="uri_folder")},
        environment=bare,
    )
    fail = command(
        name="fail",
        command="echo broken here; cp ${{inputs.source}}/text ${{outputs.out}}; exit 5",
        inputs={"source": Input(type="uri_folder")},
        outputs={"out": Output(type="uri_folder")},
        environment=bare,
    )
    return {"write": write.component, "add": add.component, "fail": fail.component}


def _three(components: Components, middle: str = "add", **options: Any) -> Any:
    dsl = _dsl()

    @dsl.pipeline(default_compute=CPU, **options)
    def three(word: str) -> dict[str, Any]:
        first = components["write"](text=word)
        if middle == "add":
            second = components["add"](source=first.outputs.out, text="two")
        else:
            second = components["fail"](source=first.outputs.out)
        third = components["add"](source=second.outputs.out, text="three")
        third.name = "third"
        return {"result": third.outputs.out}

    return three(word="one")


@pytest.fixture
def run(ml: "MLClient") -> Callable[[Any], Any]:
    """Submit a pipeline and wait for its end, whatever it is."""

    def submit(pipeline: Any, name: str | None = None) -> Any:
        from azure.ai.ml.exceptions import JobException

        job = ml.jobs.create_or_update(pipeline, experiment_name=name or "pipelines")
        with contextlib.suppress(JobException):
            ml.jobs.stream(job.name)
        return ml.jobs.get(job.name)

    return submit


def _children(ml: "MLClient", job: Any) -> dict[str, Any]:
    return {child.properties["azureml.moduleName"]: child for child in ml.jobs.list(parent_job_name=job.name)}


def test_nodes_run_in_order_and_the_result_is_the_pipelines(
    ml: "MLClient", components: Components, run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = run(_three(components))
    assert job.status == "Completed"
    assert "Submitting 1 runs" in capsys.readouterr().out
    children = _children(ml, job)
    assert set(children) == {"first", "second", "third"}
    assert {child.status for child in children.values()} == {"Completed"}
    ml.jobs.download(job.name, download_path=tmp_path, output_name="result")
    assert next(tmp_path.rglob("text")).read_text().split() == ["one", "two", "three"]


def test_a_failing_node_is_named_and_what_needs_it_is_not_run(
    ml: "MLClient", components: Components, run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    job = run(_three(components, "fail"))
    assert job.status == "Failed"
    error = ml.jobs._runs_operations.get_run_details(job.name).error.error.message
    assert "Failed nodes: /second" in error
    assert "status code 5" in error
    assert "Not run: third" in error
    children = _children(ml, job)
    assert {name: child.status for name, child in children.items()} == {"first": "Completed", "second": "Failed"}
    shown = capsys.readouterr().out
    assert "Node third was not run, because second failed." in shown
    child = ml.jobs.get(children["second"].name)
    assert child.status == "Failed"


def test_an_unchanged_node_is_reused_until_it_is_forced(ml: "MLClient", components: Components, run: Any) -> None:
    first = _children(ml, run(_three(components)))
    second_job = run(_three(components))
    second = _children(ml, second_job)
    assert second_job.status == "Completed"
    for name, child in second.items():
        assert child.properties["azureml.reusedrunid"] == first[name].name
    forced = _children(ml, run(_three(components, force_rerun=True)))
    assert not any("azureml.reusedrunid" in child.properties for child in forced.values())


def test_only_what_changed_runs_again(ml: "MLClient", components: Components, run: Any) -> None:
    dsl = _dsl()

    @dsl.pipeline(default_compute=CPU)
    def two(word: str) -> None:
        first = components["write"](text="same")
        components["add"](source=first.outputs.out, text=word)

    run(two(word="a"))
    children = _children(ml, run(two(word="b")))
    assert "azureml.reusedrunid" in children["first"].properties
    assert "azureml.reusedrunid" not in children["add"].properties


def test_a_registered_component_and_a_registered_output(
    ml: "MLClient", components: Components, run: Any, tmp_path: Path
) -> None:
    from azure.ai.ml import Input, Output

    dsl = _dsl()

    name, data = unique("write_"), unique("data")
    (tmp_path / "text").write_text("from the caller")
    component = components["add"]
    component.name, component.version = name, "1"
    registered = ml.components.create_or_update(component)
    assert registered.version == "1"
    assert ml.components.get(name, version="1").inputs["text"]["type"] == "string"

    @dsl.pipeline(default_compute=CPU)
    def one(source):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        step = registered(source=source, text="added")
        return {"kept": step.outputs.out}

    pipeline = one(source=Input(type="uri_folder", path=str(tmp_path)))
    pipeline.outputs.kept = Output(type="uri_folder", name=data, version="3")
    assert run(pipeline).status == "Completed"
    ml.data.get(data, version="3")


def test_independent_nodes_run_at_the_same_time(ml: "MLClient", bare: str, run: Any) -> None:
    """Each waits for the other's sign; one after the other neither would end."""
    from azure.ai.ml import Input, command

    dsl = _dsl()

    meeting = f"/tmp/{unique('meeting')}"
    line = (
        f"mkdir -p {meeting}; touch {meeting}/${{{{inputs.me}}}};"
        f" for i in $(seq 300); do [ -e {meeting}/${{{{inputs.other}}}} ] && exit 0; sleep 0.1; done; exit 1"
    )
    step = command(
        name="meet", command=line, environment=bare, is_deterministic=False,
        inputs={"me": Input(type="string"), "other": Input(type="string")},
    ).component  # fmt: skip

    @dsl.pipeline(default_compute=CPU)
    def both() -> None:
        step(me="a", other="b")
        step(me="b", other="a")

    assert run(both()).status == "Completed"


def test_cancel_ends_the_nodes(ml: "MLClient", bare: str) -> None:
    from azure.ai.ml import command

    dsl = _dsl()

    mark = unique("mark")
    step = command(name="long", command=f"exec -a {mark} sleep 600", environment=bare).component

    @dsl.pipeline(default_compute=CPU)
    def long() -> None:
        step()

    job = ml.jobs.create_or_update(long())
    wait(lambda: marked(mark) or None)
    ml.jobs.begin_cancel(job.name).result()
    assert not marked(mark)
    assert ml.jobs.get(job.name).status == "Canceled"
    assert [child.status for child in ml.jobs.list(parent_job_name=job.name)] == ["Canceled"]


def test_a_kind_of_node_that_is_not_served_is_refused_by_name(ml: "MLClient", components: Components) -> None:
    dsl = _dsl()
    from azure.ai.ml.sweep import Choice

    @dsl.pipeline(default_compute=CPU)
    def swept() -> None:
        step = components["write"](text=Choice(["a", "b"]))
        sweep = step.sweep(primary_metric="m", goal="maximize", sampling_algorithm="random", compute=CPU)
        sweep.set_limits(max_total_trials=2)

    with pytest.raises(HttpResponseError, match="node 'sweep' of type 'sweep'"):
        ml.jobs.create_or_update(swept())
