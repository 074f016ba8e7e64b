"""The plan's comment: one, written anew, whatever else is said on the pull request."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tools.ci import comment
from tools.ci.comment import AUTHOR, MOST, fit

ISSUE = "/repos/owner/name/issues"


@dataclass
class GitHub:
    """Comments of one pull request, as GitHub's API keeps them (docs.github.com/rest/issues/comments)."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    refuse: int = 0
    url: str = ""

    def add(self, body: str, login: str = AUTHOR) -> dict[str, Any]:
        made = {"id": len(self.comments) + 1, "body": body, "user": {"login": login}, "html_url": "https://comment"}
        self.comments.append(made)
        return made

    def answer(self, method: str, target: str, body: dict[str, str]) -> tuple[int, Any]:
        if self.refuse:
            return self.refuse, {"message": "Resource not accessible by integration"}
        address = urlsplit(target)
        if method == "GET" and address.path == f"{ISSUE}/7/comments":
            page, size = (int(parse_qs(address.query)[name][0]) for name in ("page", "per_page"))
            return 200, self.comments[(page - 1) * size : page * size]
        if method == "POST" and address.path == f"{ISSUE}/7/comments":
            if len(body["body"]) > MOST:
                return 422, {"message": "Validation Failed"}
            return 201, self.add(body["body"])
        (found,) = [one for one in self.comments if address.path == f"{ISSUE}/comments/{one['id']}"]
        assert method == "PATCH"
        found["body"] = body["body"]
        return 200, found


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    served = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.tokens.add(self.headers["Authorization"])
            length = int(self.headers["Content-Length"] or 0)
            status, value = served.answer(self.command, self.path, json.loads(self.rfile.read(length) or "{}"))
            said = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_PATCH = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        served.url = f"http://127.0.0.1:{server.server_address[1]}"
        given = {"API_URL": served.url, "REPOSITORY": "owner/name", "TOKEN": "of-the-job"}
        for name, value in given.items():
            monkeypatch.setenv(f"GITHUB_{name}", value)
        monkeypatch.setenv("PULL_REQUEST", "7")
        monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
        yield served
        server.shutdown()


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
