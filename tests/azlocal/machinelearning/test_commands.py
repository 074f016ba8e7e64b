"""Command jobs through the unmodified SDK."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.azlocal.machinelearning.support import CPU

if TYPE_CHECKING:
    from azure.ai.ml import MLClient


def test_a_job_runs_its_code_with_literals_and_streams_its_log(
    ml: MLClient, bare: str, code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from azure.ai.ml import command

    (code / "main.py").write_text("import sys; print('hello', *sys.argv[1:])")
    job = ml.jobs.create_or_update(
        command(
            command="python main.py ${{inputs.who}}",
            code=str(code),
            inputs={"who": "world"},
            environment=bare,
            compute=CPU,
        )
    )
    ml.jobs.stream(job.name)
    assert "hello world" in capsys.readouterr().out
    assert ml.jobs.get(job.name).status == "Completed"
