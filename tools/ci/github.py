"""GitHub's API, as far as a workflow's own comments and issues go. Standard library only."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.ci.job import StepError

PAGE = 100  # entries that one answer has at most
AUTHOR = "github-actions[bot]"  # whose comments and issues the token of a workflow makes


@dataclass(frozen=True)
class Repository:
    """The repository of a job."""

    api: str
    name: str
    token: str

    @classmethod
    def of_job(cls, *others: str) -> Repository:
        """That of this job; further variables that have to be set can be named.

        Raises:
            StepError: a variable is missing.
        """
        names = ("GITHUB_REPOSITORY", *others, "GITHUB_TOKEN")
        if missing := [name for name in names if not os.environ.get(name)]:
            raise StepError(f"{' and '.join(missing)} must be set", "a step of a workflow sets them")
        api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
        return cls(api, os.environ["GITHUB_REPOSITORY"], os.environ["GITHUB_TOKEN"])

    def is_own(self, entry: dict[str, Any]) -> bool:
        """Whether a comment or an issue is of a workflow."""
        return bool(entry["user"]["login"] == AUTHOR)

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Everything that a list has.

        Raises:
            StepError: as ``send``.
        """
        page = 1
        while True:
            found = self.send("GET", f"{path}{'&' if '?' in path else '?'}per_page={PAGE}&page={page}")
            yield from found
            if len(found) < PAGE:
                return
            page += 1

    def send(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        """One call.

        Raises:
            StepError: GitHub refused, or is not there.
        """
        request = urllib.request.Request(  # noqa: S310 - GitHub's own address, from its runner
            f"{self.api}/repos/{self.name}/{path}",
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
                "the job needs `pull-requests: write` for a comment and `issues: write` for an issue, which a pull"
                " request from a fork never gets",
            ) from None
        except OSError as error:
            raise StepError(f"GitHub cannot be reached: {error}", "run the job again") from None
