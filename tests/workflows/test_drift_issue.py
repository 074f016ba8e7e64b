"""The issue of an environment that is not what its program says: one, written anew, closed by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflows.github import GitHub
from tools.ci import drift_issue, stack
from tools.ci.engines import ProgramError, Pulumi


class Comparing(Pulumi):
    """An engine that finds what it is given."""

    found = ""

    def drift(self, stack: str) -> str:
        if self.found:
            raise ProgramError("`pulumi preview` ended with status 255", self.found)
        return "no changes"


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUN", "https://run/1")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return tmp_path / "deep" / "drift.md"


def compare(file: Path, found: str) -> None:
    engine = Comparing()
    object.__setattr__(engine, "found", found)
    if not found:
        stack.drift(engine, "prod", file)
        return
    with pytest.raises(ProgramError):
        stack.drift(engine, "prod", file)


def test_it_is_opened_written_anew_and_closed(github: GitHub, night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for found in ("", "~ Vault: tags", "~ Vault: tags, sku", ""):
        compare(night, found)
        assert drift_issue.main(["prod", str(night)]) == 0
        if found:
            (issue,) = github.issues
            assert issue["state"] == "open"
            assert f"```text\n{found}\n```" in issue["body"]
            assert "https://run/1" in issue["body"]
    (issue,) = github.issues
    assert issue["title"] == "Drift in prod"
    assert issue["state"] == "closed"
    assert issue["said"] == ["The program and Azure agree again. https://run/1"]
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "prod is what its program says.",
        "prod differs",
        "prod differs still",
        "prod is what its program says again",
    ]


def test_what_others_wrote_is_left_alone(github: GitHub, night: Path) -> None:
    github.open("<!-- drift of prod -->", login="somebody")
    github.open("<!-- drift of prod -->", pull_request={})
    github.open("<!-- drift of dev -->")
    github.open("")["body"] = None
    compare(night, "")
    assert drift_issue.main(["prod", str(night)]) == 0
    assert [one["state"] for one in github.issues] == ["open"] * 4


def test_where_nothing_was_compared_nothing_is_said(
    github: GitHub, night: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift_issue.main(["prod", str(night)]) == 1
    assert "stack drift --file` writes it" in capsys.readouterr().err
    assert github.issues == []
