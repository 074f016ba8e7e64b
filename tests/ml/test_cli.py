"""The command line as a process: help, wrong usage, a missing environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def ml(*args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "STACK_"))}
    return subprocess.run(
        [sys.executable, "-m", "ml.cli", *args],
        env=environ | {"NO_COLOR": "1", "COLUMNS": "100", "TERMINAL_WIDTH": "100"} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_teaches_the_four_commands() -> None:
    result = ml("--help")
    assert result.returncode == 0
    for command in ("ml ingest", "ml train", "ml deploy", "ml score", "STACK_OUTPUTS"):
        assert command in result.stdout


def test_help_needs_nothing_heavy() -> None:
    heavy = "('azure', 'matplotlib', 'numpy', 'pandas', 'pydantic')"
    code = f"import sys, ml.cli; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("args", [["fly"], ["train", "--trees", "none"], ["train", "--first-test-month", "13"]])
def test_wrong_usage_is_exit_2(args: list[str]) -> None:
    result = ml(*args)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert "--help`" in result.stderr


def test_no_command_shows_the_help() -> None:
    result = ml()
    assert "ml ingest" in result.stdout + result.stderr


def test_a_missing_environment_is_one_sentence_and_a_way_out() -> None:
    result = ml("deploy")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: AZURE_SUBSCRIPTION_ID and STACK_OUTPUTS not set")
    assert "hint: set AZURE_SUBSCRIPTION_ID to" in result.stderr
    assert "write the file with" in result.stderr
    assert "Traceback" not in result.stderr


def test_months_that_are_none_are_refused_before_anything_else() -> None:
    result = ml("ingest", "--months", "13")
    assert (result.returncode, "months are 1 to 12" in result.stderr) == (1, True)


@pytest.mark.parametrize("command", ["deploy", "score"])
@pytest.mark.parametrize("name", ["Bad_Name!", "a", "a--b", "9lives", "x" * 33])
def test_a_name_that_no_endpoint_can_have_is_refused_before_anything_else(command: str, name: str) -> None:
    result = ml(command, "--endpoint", name)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: --endpoint '{name}' is no name of an endpoint\nhint: 3 to 32 letters")


def test_outputs_that_are_not_the_stacks_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    file.write_text("{}")
    result = ml("train", AZURE_SUBSCRIPTION_ID="s", STACK_OUTPUTS=str(file))
    assert result.returncode == 1
    assert "lake_datastores: Field required" in result.stderr


def test_outputs_that_are_a_folder_are_refused(tmp_path: Path) -> None:
    result = ml("train", AZURE_SUBSCRIPTION_ID="s", STACK_OUTPUTS=str(tmp_path))
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: STACK_OUTPUTS names {tmp_path}, which cannot be read: Is a directory")
    assert "Traceback" not in result.stderr
