"""Tokens of workflow jobs (GitHub Docs, "OpenID Connect reference").

A job that uses an environment has the subject ``repo:OWNER/REPOSITORY:environment:NAME``; where a repository uses
immutable subjects, ``repo:OWNER@ID/REPOSITORY@ID:environment:NAME``.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from azlocal.errors import UsageError

ISSUER = "https://token.actions.githubusercontent.com"
REQUESTS = "https://pipelines.actions.githubusercontent.com"
REQUEST_URL = f"{REQUESTS}/idtoken?api-version=2.0"
AUDIENCE = "api://AzureADTokenExchange"
REQUEST_LIFE = 6 * 3600  # seconds; a hosted job's longest
ID_LIFE = 300

_SPEC = re.compile(
    r"(?P<owner>[A-Za-z0-9-]+)(?:@(?P<owner_id>\d+))?/(?P<name>[\w.-]+)(?:@(?P<name_id>\d+))?:(?P<environment>.+)"
)


@dataclass(frozen=True, slots=True)
class Workflow:
    """A job of a repository that uses an environment; ids where its subjects are immutable."""

    owner: str
    name: str
    environment: str
    owner_id: str = ""
    name_id: str = ""

    @staticmethod
    def parse(text: str) -> Workflow:
        """``OWNER/REPOSITORY:ENVIRONMENT``, with ``@ID`` after both names or none.

        Raises:
            UsageError: it is not that.
        """
        found = _SPEC.fullmatch(text)
        if found is None or bool(found["owner_id"]) != bool(found["name_id"]):
            raise UsageError(
                f"'{text}' names no environment of a repository",
                "write OWNER/REPOSITORY:ENVIRONMENT or OWNER@ID/REPOSITORY@ID:ENVIRONMENT",
            )
        return Workflow(
            found["owner"], found["name"], found["environment"], found["owner_id"] or "", found["name_id"] or ""
        )

    @property
    def subject(self) -> str:
        """The subject claim; a colon in the environment's name is encoded, so that it can't pose as another."""
        owner, name = (
            f"{text}@{id_}" if id_ else text for text, id_ in ((self.owner, self.owner_id), (self.name, self.name_id))
        )
        return f"repo:{owner}/{name}:environment:{quote(self.environment, safe='')}"

    def id_token(self, audience: str, now: int, life: int = ID_LIFE) -> dict[str, Any]:
        """Claims of a token for somebody who trusts GitHub."""
        claims = {
            "iss": ISSUER,
            "sub": self.subject,
            "aud": audience,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + life,
            "repository": f"{self.owner}/{self.name}",
            "repository_owner": self.owner,
            "environment": self.environment,
            "runner_environment": "github-hosted",
        }
        ids = {"repository_owner_id": self.owner_id, "repository_id": self.name_id}
        return {**claims, **{key: value for key, value in ids.items() if value}}

    def request_token(self, now: int) -> dict[str, Any]:
        """Claims of what a job shows to get its tokens."""
        return {
            "iss": REQUESTS,
            "aud": REQUESTS,
            "iat": now,
            "nbf": now,
            "exp": now + REQUEST_LIFE,
            "owner": self.owner,
            "name": self.name,
            "environment": self.environment,
            "owner_id": self.owner_id,
            "name_id": self.name_id,
        }

    @staticmethod
    def from_request(claims: dict[str, Any]) -> Workflow:
        """The job that a request token was given to."""
        return Workflow(*(str(claims[key]) for key in ("owner", "name", "environment", "owner_id", "name_id")))
