"""What an error says of a process that ended badly."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlocal.machinelearning.jobs.failures import exited


@pytest.mark.parametrize(
    ("code", "log", "status", "said"),
    [
        (7, "the end of the log\n", 7, "the end of the log"),
        (7, "", 7, "it printed nothing"),
        (-9, "", 137, "ended by SIGKILL"),
        (-9, "as far as it came", 137, "as far as it came"),
    ],
)
def test_an_error_is_never_empty(tmp_path: Path, code: int, log: str, status: int, said: str) -> None:
    path = tmp_path / "std_log.txt"
    path.write_text(log)
    message = exited(code, path).message
    assert f"exited with status code {status}." in message
    assert message.endswith(f"Error: {said}")
