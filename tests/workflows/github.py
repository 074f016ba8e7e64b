"""GitHub's API as far as comments and issues go, on a small server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tools.ci.comment import MOST
from tools.ci.github import AUTHOR

Json = dict[str, Any]

ISSUES = "/repos/owner/name/issues"


@dataclass
class GitHub:
    """Issues and the comments of one pull request, as GitHub's API keeps them (docs.github.com/rest/issues)."""

    comments: list[Json] = field(default_factory=list)
    issues: list[Json] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    refuse: int = 0
    url: str = ""

    def add(self, body: str, login: str = AUTHOR) -> Json:
        """A comment."""
        made = {"id": len(self.comments) + 1, "body": body, "user": {"login": login}, "html_url": "https://comment"}
        self.comments.append(made)
        return made

    def open(self, body: str, login: str = AUTHOR, title: str = "", **other: Any) -> Json:
        """An issue."""
        number = len(self.issues) + 1
        made = {"number": number, "title": title, "body": body, "state": "open", "user": {"login": login}, **other}
        self.issues.append({**made, "html_url": f"https://issue/{number}", "said": []})
        return self.issues[-1]

    def answer(self, method: str, target: str, body: Json) -> tuple[int, Any]:
        """One call."""
        if self.refuse:
            return self.refuse, {"message": "Resource not accessible by integration"}
        address = urlsplit(target)
        query = parse_qs(address.query)
        if len(body.get("body", "")) > MOST:
            return 422, {"message": "Validation Failed"}
        match method, *address.path.removeprefix(ISSUES).strip("/").split("/"):
            case "GET", "7", "comments":
                return 200, _page(self.comments, query)
            case "GET", "":
                return 200, _page([one for one in self.issues if one["state"] == query["state"][0]], query)
            case "POST", "":
                return 201, self.open(**body)
            case "POST", "7", "comments":
                return 201, self.add(**body)
            case "POST", number, "comments":
                self.issues[int(number) - 1]["said"].append(body["body"])
                return 201, {"html_url": "https://comment"}
            case "PATCH", "comments", number:
                return 200, _changed(self.comments[int(number) - 1], body)
            case "PATCH", number:
                return 200, _changed(self.issues[int(number) - 1], body)
        raise AssertionError(f"{method} {target}")


def _page(entries: list[Json], query: dict[str, list[str]]) -> list[Json]:
    page, size = (int(query[name][0]) for name in ("page", "per_page"))
    return entries[(page - 1) * size : page * size]


def _changed(entry: Json, body: Json) -> Json:
    entry.update(body)
    return entry


@contextmanager
def serve() -> Iterator[GitHub]:
    """Serve it while a test runs."""
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
        yield served
        server.shutdown()
