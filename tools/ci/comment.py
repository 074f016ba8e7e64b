"""Put a file as the one comment of its kind on a pull request: made once, then written anew.

In a job: GITHUB_TOKEN, GITHUB_REPOSITORY and PULL_REQUEST (the number). Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.ci.job import StepError, fail, summarize

MOST = 65_536  # characters of a comment; GitHub refuses longer ones with 422
PAGE = 100  # comments that one answer has at most
AUTHOR = "github-actions[bot]"  # whose comments the token of a workflow makes


@dataclass(frozen=True)
class PullRequest:
    """The comments of a pull request, which GitHub keeps with its issue."""

    api: str
    repository: str
    number: str
    token: str

    @classmethod
    def of_job(cls) -> PullRequest:
        """That of this job.

        Raises:
            StepError: a variable is missing.
        """
        names = ("GITHUB_REPOSITORY", "PULL_REQUEST", "GITHUB_TOKEN")
        given = [os.environ.get(name, "") for name in names]
        if missing := [name for name, value in zip(names, given, strict=True) if not value]:
            raise StepError(f"{' and '.join(missing)} must be set", "a step of a pull request's workflow sets them")
        return cls(os.environ.get("GITHUB_API_URL", "https://api.github.com"), *given)

    def put(self, kind: str, text: str) -> str:
        """Write the comment of a kind; answers where it is.

        Raises:
            StepError: GitHub refused.
        """
        marker = f"<!-- {kind} -->"
        body = {"body": fit(f"{marker}\n{text}")}
        if (found := next(self._marked(marker), None)) is None:
            made = self._send("POST", f"issues/{self.number}/comments", body)
        else:
            made = self._send("PATCH", f"issues/comments/{found}", body)
        return str(made["html_url"])

    def _marked(self, marker: str) -> Iterator[int]:
        """Ids of the workflow's own comments of a kind: anybody may write the marker."""
        page = 1
        while True:
            found = self._send("GET", f"issues/{self.number}/comments?per_page={PAGE}&page={page}")
            for comment in found:
                if comment["user"]["login"] == AUTHOR and comment["body"].startswith(marker):
                    yield comment["id"]
            if len(found) < PAGE:
                return
            page += 1

    def _send(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - GitHub's own address, from its runner
            f"{self.api}/repos/{self.repository}/{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:500]
            raise StepError(
                f"GitHub answered {error.code} to {method} {path}: {said}",
                "the job needs `pull-requests: write`, which a pull request from a fork never gets",
            ) from None
        except OSError as error:
            raise StepError(f"GitHub cannot be reached: {error}", "run the job again") from None


def fit(text: str) -> str:
    """A comment that GitHub takes: a longer one ends with a line, closes what it opened, and says so."""
    if len(text) <= MOST:
        return text
    note = "\n\nThe rest did not fit into a comment: the run's artifact `plan` has all of it.\n"
    kept = text[: MOST - len(note) - 100]
    kept = kept[: kept.rfind("\n") + 1]
    if kept.count("```") % 2:
        kept += "```\n"
    return kept + "</details>\n" * (kept.count("<details>") - kept.count("</details>")) + note


def main(arguments: list[str]) -> int:
    """The file to the pull request and to the run's page."""
    parser = argparse.ArgumentParser(prog="comment", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--kind", default="azlocal-plan", help="comments of another kind are left alone")
    chosen = parser.parse_args(arguments)
    try:
        if not chosen.file.is_file():
            raise StepError(f"there is no {chosen.file}", "`python -m tools.ci.plan` writes it")
        text = chosen.file.read_text(encoding="utf-8")
        summarize(text)
        sys.stdout.write(f"{PullRequest.of_job().put(chosen.kind, text)}\n")
    except StepError as error:
        return fail(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
