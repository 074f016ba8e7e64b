"""Environments: what is read from a definition, and how uv builds it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from azlocal.arm.errors import ArmError
from azlocal.machinelearning.jobs import definitions
from azlocal.machinelearning.jobs.definitions import Definition
from azlocal.machinelearning.jobs.environments import BuildError, Environments
from azlocal.state import StateFolder
from tests.azlocal.machinelearning.support import CPU, unique
from tests.azlocal.machinelearning.wheels import make_wheel

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize(
    ("dependencies", "python", "requirements"),
    [
        ([], OWN, ()),
        (["python=3.10"], "3.10", ()),
        (["python==3.12.*"], "3.12", ()),
        (["python>=3.9"], ">=3.9", ()),
        (["python=3.11", "pip=23", {"pip": ["a==1 --hash=sha256:00", "--extra-index-url https://x"]}], "3.11",
         ("a==1 --hash=sha256:00", "--extra-index-url https://x")),
        (["numpy=1.26", "conda-forge::scipy==1.11.1", "pandas>=2", "x=1.0=py_0"], OWN,
         ("numpy==1.26.*", "scipy==1.11.1", "pandas>=2", "x==1.0.*")),
    ],
)  # fmt: skip
def test_what_a_conda_file_asks_for(dependencies: list[Any], python: str, requirements: tuple[str, ...]) -> None:
    import yaml

    read = definitions.read({"image": "i", "condaFile": yaml.safe_dump({"dependencies": dependencies})}, "e")
    assert (read.python, read.requirements) == (python, requirements)
    assert "The image is not used" in read.notes[0]


def test_only_content_makes_a_definition_another() -> None:
    one = definitions.read({"condaFile": "dependencies:\n- python=3.11\n- pip:\n  - a==1"}, "one")
    two = definitions.read({"image": "i", "condaFile": "{dependencies: ['python=3.11', {pip: ['a==1']}]}"}, "two")
    other = definitions.read({"condaFile": "{dependencies: ['python=3.11', {pip: ['a==2']}]}"}, "two")
    assert one.key == two.key != other.key


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"build": {"contextUri": "https://x"}}, "built from a Dockerfile"),
        ({"condaFile": "{ not yaml"}, "is no YAML"),
        ({"condaFile": "- a\n- b"}, "must be a mapping"),
        ({"condaFile": "dependencies: ['%%%']"}, "cannot be read"),
    ],
)
def test_definitions_that_cannot_be_built(properties: dict[str, Any], says: str) -> None:
    with pytest.raises(ArmError, match=says):
        definitions.read(properties, "e")


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environments:
    folder = StateFolder(tmp_path / "state")
    folder.create()
    return Environments(folder)


def _local(tmp_path: Path, *lines: str) -> Definition:
    return Definition(OWN, ("--no-index", f"--find-links {tmp_path / 'wheels'}", *lines))


def test_a_package_is_installed_and_its_command_works(environments: Environments, tmp_path: Path) -> None:
    name = unique("tiny")
    digest = make_wheel(tmp_path / "wheels", name)
    definition = _local(tmp_path, f"{name}==1.0 --hash=sha256:{digest}")
    folder = asyncio.run(environments.ready(definition))
    code = f"import {name}, sys; print({name}.VERSION, sys.prefix)"
    said = subprocess.run([folder / "bin" / "python", "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["1.0", str(folder)]
    assert subprocess.run([folder / "bin" / f"{name}-says"], check=False).returncode == 0
    assert f"{name}==1.0" in environments.log(definition).read_text()


def test_many_wait_for_one_build(environments: Environments, tmp_path: Path) -> None:
    name = unique("tiny")
    make_wheel(tmp_path / "wheels", name)
    definition = _local(tmp_path, name)

    async def many() -> list[Path]:
        return await asyncio.gather(*(environments.ready(definition) for _ in range(4)))

    assert len(set(asyncio.run(many()))) == 1
    assert environments.log(definition).read_text().count("$ uv venv") == 1


def test_a_wrong_hash_is_refused_in_uvs_words(environments: Environments, tmp_path: Path) -> None:
    name = unique("tiny")
    make_wheel(tmp_path / "wheels", name)
    with pytest.raises(BuildError, match=r"[Hh]ash mismatch"):
        asyncio.run(environments.ready(_local(tmp_path, f"{name}==1.0 --hash=sha256:{'0' * 64}")))


def test_a_build_that_failed_is_tried_again(environments: Environments, tmp_path: Path) -> None:
    name = unique("tiny")
    make_wheel(tmp_path / "wheels", unique("other"))
    definition = _local(tmp_path, name)
    with pytest.raises(BuildError, match=name):
        asyncio.run(environments.ready(definition))
    assert not environments.is_ready(definition)
    make_wheel(tmp_path / "wheels", name)
    assert asyncio.run(environments.ready(definition)).is_dir()


def test_no_network_says_so(environments: Environments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(BuildError, match="The package index cannot be reached"):
        asyncio.run(environments.ready(Definition(OWN, (unique("nothing"),))))


def test_without_uv(environments: Environments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZLOCAL_UV", "/nowhere/uv")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(BuildError, match="AZLOCAL_UV"):
        asyncio.run(environments.ready(Definition(OWN)))


def test_what_a_dead_server_left_of_a_build_is_removed(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    (folder.sub("environments") / "abc.building-1").mkdir()
    Environments(folder)
    assert list(folder.sub("environments").iterdir()) == []


def test_an_unresolvable_package_fails_the_job_in_uvs_words(ml: MLClient, capsys: pytest.CaptureFixture[str]) -> None:
    from azure.ai.ml import command
    from azure.ai.ml.entities import Environment
    from azure.ai.ml.exceptions import JobException

    conda = {"dependencies": ["pip", {"pip": ["--no-index", "no-such-package-anywhere==9.9"]}]}
    job = ml.jobs.create_or_update(
        command(
            command="true",
            environment=Environment(name=unique("e"), image="python:3.11", conda_file=conda),
            compute=CPU,
        )
    )
    with pytest.raises(JobException, match="no-such-package-anywhere"):
        ml.jobs.stream(job.name)
    found = ml.jobs._runs_operations.get_run_details(job.name)
    assert found.status == "Failed"
    assert found.error is not None
    assert found.error.error.code == "ImageBuildFailure"  # type: ignore[union-attr]
    assert "azureml-logs/20_image_build_log.txt" in (found.log_files or {})


def test_a_dockerfile_is_refused_before_the_job_starts(ml: MLClient, tmp_path: Path) -> None:
    from azure.ai.ml import command
    from azure.ai.ml.entities import BuildContext, Environment
    from azure.core.exceptions import HttpResponseError

    (tmp_path / "Dockerfile").write_text("FROM scratch")
    environment = ml.environments.create_or_update(
        Environment(name=unique("docker"), version="1", build=BuildContext(path=str(tmp_path)))
    )
    with pytest.raises(HttpResponseError, match="built from a Dockerfile") as caught:
        ml.jobs.create_or_update(command(command="true", environment=f"{environment.name}:1", compute=CPU))
    assert caught.value.status_code == 501
