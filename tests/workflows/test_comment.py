"""The plan's comment: one, written anew, whatever else is said on the pull request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.workflows.github import GitHub
from tools.ci import comment
from tools.ci.comment import MOST, SHARE, fit
from tools.ci.github import AUTHOR


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    (tmp_path / "plan.md").write_text("## Plan\n")
    return tmp_path / "plan.md"


def test_it_is_made_once_and_then_written_anew(github: GitHub, plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert comment.main([str(plan)]) == 0
    plan.write_text("## Another plan\n")
    assert comment.main([str(plan)]) == 0
    assert [one["body"] for one in github.comments] == ["<!-- azlocal-plan -->\n## Another plan\n"]
    assert github.tokens == {"Bearer of-the-job"}
    assert capsys.readouterr().out == "https://comment\n" * 2
    assert (plan.parent / "summary.md").read_text() == "## Plan\n\n## Another plan\n\n"


def test_what_others_say_is_left_alone(github: GitHub, plan: Path) -> None:
    said = [("<!-- azlocal-plan -->\nmine", "somebody"), ("<!-- other -->\nx", AUTHOR), ("text", "somebody")]
    for body, login in said:
        github.add(body, login)
    assert comment.main([str(plan)]) == 0
    assert [(one["body"], one["user"]["login"]) for one in github.comments[:3]] == said
    assert len(github.comments) == 4


def test_it_is_found_behind_many_others(github: GitHub, plan: Path) -> None:
    for number in range(150):
        github.add(f"comment {number}", "somebody")
    assert comment.main([str(plan)]) == 0
    for number in range(60):
        github.add(f"later {number}", "somebody")
    assert comment.main([str(plan)]) == 0
    assert len(github.comments) == 211


def test_a_refusal_is_a_sentence(github: GitHub, plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    github.refuse = 403
    assert comment.main([str(plan)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: GitHub answered 403 to GET issues/7/comments")
    assert "hint: the job needs `pull-requests: write`" in said


def test_what_is_missing_is_named(
    plan: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("GITHUB_TOKEN", "PULL_REQUEST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert comment.main([str(plan)]) == 1
    assert "::error::PULL_REQUEST and GITHUB_TOKEN must be set\n" in capsys.readouterr().err
    assert comment.main([str(plan.parent / "none.md")]) == 1
    assert "none.md\nhint: `python -m tools.ci.plan` writes it" in capsys.readouterr().err


def test_a_comment_fits(github: GitHub, plan: Path) -> None:
    fold = "<details><summary>dev</summary>\n\n```mermaid\n"
    plan.write_text("## Plan\n\n" + fold + "  a line of the picture\n" * 5000 + "```\n\n</details>\n")
    assert comment.main([str(plan)]) == 0
    (made,) = github.comments
    assert len(made["body"]) <= MOST
    assert made["body"].count("```") == 2
    assert made["body"].count("<details>") == made["body"].count("</details>") == 1
    assert made["body"].endswith("the run's artifact `plan` has all of it.\n")
    assert fit("short") == "short"


REACHED = [{"environment": "dev", "runner": '"ubuntu-24.04"'}, {"environment": "staging", "runner": '["mlp"]'}]


def test_what_would_change_comes_into_the_same_comment(
    github: GitHub, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENTS", json.dumps(REACHED))
    assert comment.main([str(plan)]) == 0
    (made,) = github.comments
    assert "**dev**: being looked at." in made["body"]
    assert "**prod**: not looked at, since no runner reaches it (`RUNNER_PROD` is not set)." in made["body"]
    found = plan.parent / "previews"
    found.mkdir()
    lines = "    ~ azure-native:keyvault:Vault: (update)\n" * 1000
    (found / "dev.md").write_text(
        f"<details><summary>dev</summary>\n\n```text\n{lines}1 to update\n```\n\n</details>\n"
    )
    assert comment.main([str(plan), "--previews", str(found)]) == 0
    (made,) = github.comments
    assert made["body"].startswith("<!-- azlocal-plan -->\n## Plan\n")
    told = made["body"].partition("## What would change on Azure")[2]
    assert told.count("```") == 2
    assert "```text\n… the whole is on the page of the run …\n    ~ azure" in told
    assert "1 to update\n```" in told
    assert len(told) < SHARE + 1000
    assert "**staging**: could not be looked at; the job `What would change in staging` says why." in told


def test_a_long_plan_leaves_room_for_what_would_change(
    github: GitHub, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENTS", "[]")
    plan.write_text("a line of the plan\n" * 5000)
    assert comment.main([str(plan)]) == 0
    (made,) = github.comments
    assert len(made["body"]) <= MOST
    assert "has all of it.\n\n## What would change on Azure\n\n**dev**: not looked at" in made["body"]
